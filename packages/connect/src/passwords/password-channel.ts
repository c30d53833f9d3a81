import type { ReplicationConnection, ReplicationCookie, ReplicationPage } from '@causeway/active-directory';
import type { ConnectorContext } from '../context.ts';
import type { DomainController } from '../domain-controller/domain-controller.ts';
import type { Run } from '../runs/run.ts';
import type { UsersInFlight } from './users-in-flight.ts';

/** What the steps for one connector's passwords share. */
export interface PasswordChannel {
  readonly context: ConnectorContext;
  readonly controller: DomainController;
  /** Code that processes users reserves them here. */
  readonly inFlight: UsersInFlight;
  /** The speed of a forced full pass while it reads. */
  pace: { readonly began: number; sent: number; said: number } | undefined;
}

/** Why passwords are sent. */
export interface Sending {
  /** The forced full pass. */
  readonly fullPass?: number | undefined;
  /** The run that counts it. A password that somebody asked for is no run. */
  readonly run?: Run | undefined;
}

/** Replicates the connector's passwords: every attribute that makes up a password, and nothing else. */
export function replicatePasswords(
  { context }: PasswordChannel,
  connection: ReplicationConnection,
  namingContext: string,
  cookie?: ReplicationCookie,
): AsyncIterable<ReplicationPage> {
  const { replicationPage: pageSize } = context.settings;
  return connection.replicateChanges({ namingContext, cookie, pageSize, attributeSet: 'passwords' });
}

/** If off, or while Connect stages, none of this forest's passwords is read or sent. Checked before every slice to take effect at once. */
export function isSwitchedOn({ context }: PasswordChannel): boolean {
  return !context.staging && context.store.settings.passwordSync;
}
