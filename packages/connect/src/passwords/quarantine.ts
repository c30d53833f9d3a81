import type { ConnectorContext } from '../context.ts';
import type { Run } from '../runs/run.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import type { PasswordDecision } from './password-decision.ts';

type Quarantine = Extract<PasswordDecision, { action: 'quarantine' }>;

/** Sets a password aside that cannot be sent as it is. One bad object never stops a run. */
export function quarantine(
  { store, connector }: ConnectorContext,
  guid: string,
  holder: PasswordHolder | undefined,
  { status, code, reason }: Omit<Quarantine, 'action'>,
  run: Run | undefined,
): void {
  run?.fail({ guid, dn: holder?.dn ?? guid, code, reason });
  const known = store.queue.get('password', guid);
  store.owed.remove(guid);
  store.passwords.note(guid, status, reason);
  store.queue.put('password', guid, { quarantined: true, code, reason });
  if (known?.code === code) return;
  const text = `password of '${holder?.dn}' is not sent: ${reason}`;
  store.events.add('retryQueued', connector.name, text);
}
