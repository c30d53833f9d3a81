import { type ReplicatedUser, type ReplicationConnection, wipeUser } from '@causeway/active-directory';
import type { ConnectorContext } from '../context.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import { decidePassword, type PasswordDecision } from './decide-password.ts';
import { type LegacyState, legacyState } from './legacy.ts';
import { quarantine } from './quarantine.ts';
import { type PasswordItem, sendBatch } from './send-batch.ts';

export interface PasswordSummary {
  /** Users of which replication said something. */
  read: number;
  sent: number;
}

export interface ProcessOptions {
  /** The users are told whole, not only what changed of them. */
  whole: boolean;
  fullPass?: number | undefined;
  /** Sends also what the tenant has already: somebody asked for this very user. */
  again?: boolean;
  /** A connection to read single users by: another one than the one that a cycle runs on. */
  single(): Promise<ReplicationConnection>;
}

/**
 * Decides and does what is to be done with users that replication brought. When it returns, every one of them is acknowledged,
 * queued or noted, durably, and wiped. INVARIANT: called with users who were asked for at `UsersInFlight`, so that nobody is in
 * flight twice.
 */
export async function processUsers(
  context: ConnectorContext,
  users: readonly ReplicatedUser[],
  options: ProcessOptions,
): Promise<PasswordSummary> {
  if (users.length === 0) return { read: 0, sent: 0 };
  const { store, tenant, settings } = context;
  const items: PasswordItem[] = [];
  const again: string[] = [];
  const work: ReplicatedUser[] = [...users];
  try {
    const legacy = legacyState(store.db, await tenant.configuration());
    store.db.transaction(() => {
      for (const user of users) decideOne(context, user, options, legacy, items, again);
    });
    if (again.length > 0) {
      const connection = await options.single();
      for (const objectGuid of again) {
        const user = await connection.replicateObject({ objectGuid });
        if (user === undefined) continue; // deleted meanwhile: the next object step says so
        work.push(user);
        decideOne(context, user, { ...options, whole: true }, legacy, items, []);
      }
    }
    let sent = 0;
    for (let i = 0; i < items.length; i += settings.passwordBatch)
      sent += await sendBatch(context, items.slice(i, i + settings.passwordBatch), legacy, options.fullPass);
    return { read: users.length, sent };
  } finally {
    for (const user of work) wipeUser(user);
  }
}

function decideOne(
  context: ConnectorContext,
  user: ReplicatedUser,
  { whole, fullPass, again: wanted }: ProcessOptions,
  legacy: LegacyState,
  items: PasswordItem[],
  again: string[],
): void {
  const { store, connector } = context;
  const { inetOrgPersonPasswords } = connector;
  const holder = store.holders.get(user.objectGuid);
  const state = { user, whole, holder, legacy: legacy.state, inetOrgPersonPasswords };
  const decision = decidePassword({ ...state, fullPass, wanted });
  if (decision.action === 'send') items.push({ holder: holder!, password: decision });
  else if (decision.action === 'read-again') again.push(user.objectGuid);
  else applyDecision(context, user.objectGuid, holder, decision);
}

/** Records a decision that sends nothing. */
function applyDecision(
  context: ConnectorContext,
  guid: string,
  holder: PasswordHolder | undefined,
  decision: Exclude<PasswordDecision, { action: 'send' | 'read-again' }>,
): void {
  const { store } = context;
  switch (decision.action) {
    case 'ignore':
      return;
    case 'current': {
      store.queue.remove('password', guid);
      const state = store.passwords.get(guid);
      if (state && (state.mustChange || (state.status !== 'Success' && state.status !== 'MissingAttribute')))
        store.passwords.note(guid, 'Success', 'the tenant has the current password');
      return;
    }
    case 'wait':
      store.queue.remove('password', guid);
      store.owed.remove(guid); // a temporary password is nobody's yet; the user's own one is sent when it comes
      store.passwords.note(
        guid,
        'FilteredByTarget',
        'waits: the user must change password at next logon (a temporary password is not sent)',
        true,
      );
      return;
    case 'note':
      store.queue.remove('password', guid);
      if (decision.status === 'FilteredByTarget') store.owed.remove(guid); // nothing of it is ever sent
      store.passwords.note(guid, decision.status, decision.detail);
      return;
    case 'quarantine':
      quarantine(context, guid, holder, decision);
  }
}
