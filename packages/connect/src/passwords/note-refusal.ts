import type { Verdict } from '@causeway/contract';
import type { ConnectorContext } from '../context.ts';
import type { Run } from '../runs/run.ts';
import type { PasswordHolder } from '../store/password-holders.ts';

/** Stores that the tenant did not accept a password or a withdrawal, and what happens next. */
export function noteRefusal(
  { store, connector }: ConnectorContext,
  { guid, dn }: PasswordHolder,
  { verdict, code, reason }: Verdict,
  run: Run | undefined,
): void {
  const fail = (why: string) => run?.fail({ guid, dn, code: code ?? verdict, reason: why });
  if (code === 'unknown-user') {
    // The next object step exports the user again, and the acknowledgement brings the password after it. The tenant lost a user whom it had
    // acknowledged, so the head still counts them.
    const text = 'the tenant does not know the user: exported again, then its password';
    store.space.sayAnew(guid);
    store.passwords.sayAnew(guid);
    store.passwords.note(guid, 'TargetNotExportedToDirectory', text);
    store.queue.put('password', guid, { quarantined: false, code, reason: text });
    fail(text);
  } else if (code === 'older-password-order') {
    const text =
      'the tenant has a newer password already; if the forest was restored, or this Connect has lost its state since it was: causeway connect accept-restore';
    store.passwords.note(guid, 'FilteredByTarget', text);
    store.restores.hold('password', guid, dn);
    fail(text);
    store.queue.settle('password', guid);
  } else {
    const quarantined = verdict === 'refused';
    const text = reason ?? (quarantined ? 'the tenant refused it' : 'the tenant asked for another try');
    store.passwords.note(guid, quarantined ? 'FilteredByTarget' : 'RetryRequestedByTarget', text);
    store.queue.put('password', guid, { quarantined, code: code ?? verdict, reason: text });
    fail(text);
    store.events.add('retryQueued', connector.name, `password of '${dn}' put in the retry queue: ${text}`);
  }
}
