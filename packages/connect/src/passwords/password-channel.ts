import type { ReplicationConnection, ReplicationCookie, ReplicationPage } from '@causeway/active-directory';
import type { ConnectorContext } from '../context.ts';
import type { DomainController } from '../domain-controller/domain-controller.ts';
import type { Run } from '../runs/run.ts';
import type { UsersInFlight } from './users-in-flight.ts';

/** What the steps of one connector's passwords share. */
export interface PasswordChannel {
  readonly context: ConnectorContext;
  readonly controller: DomainController;
  /** Whoever processes users asks for them here. */
  readonly inFlight: UsersInFlight;
  /** How fast a forced full pass goes, while it reads. */
  pace: { readonly began: number; sent: number; said: number } | undefined;
}

/** For what passwords are sent. */
export interface Sending {
  /** The forced full pass. */
  readonly fullPass?: number | undefined;
  /** Counts it; a password that somebody asked for alone is no run. */
  readonly run?: Run | undefined;
}

/** What the connector's passwords are read with: everything that a password is made of, and nothing else. */
export function replicatePasswords(
  { context }: PasswordChannel,
  connection: ReplicationConnection,
  namingContext: string,
  cookie?: ReplicationCookie,
): AsyncIterable<ReplicationPage> {
  const { replicationPage: pageSize } = context.settings;
  return connection.replicateChanges({ namingContext, cookie, pageSize, attributeSet: 'passwords' });
}

/** Off: nothing of this forest's passwords is read or sent, as always where Connect stages. Looked at before every slice, so that it takes effect at once. */
export function isSwitchedOn({ context }: PasswordChannel): boolean {
  return !context.staging && context.store.settings.passwordSync;
}
