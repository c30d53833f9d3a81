import { type ReplicatedUser, type ReplicationConnection, wipeUser } from '@causeway/active-directory';
import { inEpoch } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import { mapLimit } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { lagOf } from '../domain-controller/lag.ts';
import type { Run } from '../runs/run.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import { decidePassword } from './decide-password.ts';
import type { PasswordItem } from './make-changes.ts';
import type { Sending } from './password-channel.ts';
import type { PasswordDecision, Withdraw } from './password-decision.ts';
import { quarantine } from './quarantine.ts';
import { sendBatch } from './send-batch.ts';
import { sendWithdrawals, type WithdrawalItem } from './send-withdrawals.ts';
import { type TenantTerms, tenantTerms } from './tenant-terms.ts';

export interface PasswordSummary {
  /** Users that replication reported. */
  read: number;
  sent: number;
}

export interface ProcessOptions extends Sending {
  /** The users are complete, not only their changes. */
  whole: boolean;
  /** Sends even what the tenant already has, because somebody asked for this user. */
  again?: boolean;
  /** Opens a connection for reading single users, separate from the cycle's own. */
  single(): Promise<ReplicationConnection>;
}

/** Batches in flight at once: the tenant gets the few withdrawals while the others are derived. */
const BATCHES = 2;

/**
 * Decides about users that replication brought, and acts on it. On return each user is acknowledged, queued or noted, durably, and wiped.
 * INVARIANT: call it only with users reserved at `UsersInFlight`, so that no user is in flight twice.
 */
export async function processUsers(
  context: ConnectorContext,
  users: readonly ReplicatedUser[],
  options: ProcessOptions,
): Promise<PasswordSummary> {
  if (users.length === 0) return { read: 0, sent: 0 };
  const { store, tenant, settings } = context;
  const todo: Todo = { send: [], withdraw: [], again: [] };
  const work: ReplicatedUser[] = [...users];
  try {
    const terms = tenantTerms(store, await tenant.configuration());
    store.db.transaction(() => {
      for (const user of users) decideOne(context, user, options, terms, todo);
    });
    const { again } = todo;
    if (again.length > 0) {
      const connection = await options.single();
      for (const objectGuid of again.splice(0)) {
        const user = await connection.replicateObject({ objectGuid });
        if (user === undefined) continue; // deleted meanwhile, as the next object step reports
        work.push(user);
        decideOne(context, user, { ...options, whole: true }, terms, todo);
      }
    }
    if (options.run && todo.send.length + todo.withdraw.length > 0) options.run.isAtWork = true;
    // No user is in two batches.
    const batches = [
      ...batchesOf(todo.withdraw, settings.passwordBatch).map(
        batch => () => sendWithdrawals(context, batch, options),
      ),
      ...batchesOf(todo.send, settings.passwordBatch).map(
        batch => () => sendBatch(context, batch, terms, options),
      ),
    ];
    const taken = await mapLimit(batches, BATCHES, send => send());
    const sent = taken.reduce((sum, count) => sum + count, 0);
    return { read: users.length, sent };
  } finally {
    for (const user of work) wipeUser(user);
  }
}

/** What to do with the users of one call. */
interface Todo {
  send: PasswordItem[];
  withdraw: WithdrawalItem[];
  /** Users to read again, whole. */
  again: string[];
}

function batchesOf<T>(items: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

function decideOne(
  context: ConnectorContext,
  user: ReplicatedUser,
  { whole, fullPass, again: wanted, run }: ProcessOptions,
  { pairing, withdrawals, epochs }: TenantTerms,
  todo: Todo,
): void {
  const { store, settings, connector } = context;
  const { temporaryPasswords } = settings;
  const { inetOrgPersonPasswords } = connector;
  const holder = store.holders.get(user.objectGuid);
  const { state } = pairing;
  const lags = lagOf(context) !== undefined;
  const decision = decidePassword({
    ...{
      user: inItsEpoch(user, Math.max(store.restores.epoch, holder?.epoch ?? 0)),
      whole,
      holder,
      pairing: state,
      fullPass,
      wanted,
      temporaryPasswords,
      inetOrgPersonPasswords,
      lags,
    },
  });
  if (decision.action === 'older') store.restores.hold('password', user.objectGuid, holder!.dn);
  else if (decision.action !== 'ignore') store.restores.release('password', user.objectGuid);
  if ('order' in decision && decision.order.epoch !== undefined && !epochs)
    quarantine(context, user.objectGuid, holder, TENANT_WITHOUT_EPOCHS, run);
  else if (decision.action === 'send') todo.send.push({ holder: holder!, password: decision });
  else if (decision.action === 'read-again') todo.again.push(user.objectGuid);
  else if (decision.action === 'withdraw' && withdrawals)
    todo.withdraw.push({ holder: holder!, withdrawal: decision });
  else applyDecision(context, user.objectGuid, { holder, run }, decision);
}

/** What the domain controller says of a password belongs to the forest's present epoch, and to the user's in this domain. */
const inItsEpoch = (user: ReplicatedUser, epoch: number): ReplicatedUser =>
  epoch > 0 && user.passwordOrder ? { ...user, passwordOrder: inEpoch(user.passwordOrder, epoch) } : user;

const TENANT_WITHOUT_EPOCHS = {
  status: 'FilteredByTarget',
  code: 'tenant-too-old',
  reason:
    'the forest was restored, or the user came from another domain of it, and the tenant is of a release that knows no passwords of a restored forest: update the tenant',
} as const;

/** Stores a decision that sends nothing. */
function applyDecision(
  context: ConnectorContext,
  guid: string,
  { holder, run }: { holder: PasswordHolder | undefined; run: Run | undefined },
  decision: Exclude<PasswordDecision, { action: 'send' | 'read-again' }>,
): void {
  const { store } = context;
  if (decision.action === 'quarantine') {
    quarantine(context, guid, holder, decision, run);
    return;
  }
  if (decision.action === 'withdraw') {
    cannotWithdraw(context, guid, { holder, run }, decision);
    return;
  }
  run?.count('unchanged');
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
      store.owed.remove(guid); // a temporary password is not the user's own; that one is sent when it comes
      store.passwords.note(guid, 'FilteredByTarget', decision.detail, true);
      return;
    case 'withdrawn':
      store.queue.remove('password', guid);
      store.owed.remove(guid);
      store.passwords.note(guid, 'FilteredByTarget', decision.detail, decision.reason === 'must-change');
      return;
    case 'note':
      store.queue.remove('password', guid);
      if (decision.status === 'FilteredByTarget') store.owed.remove(guid); // no password of theirs is ever sent
      store.passwords.note(guid, decision.status, decision.detail);
      return;
    case 'older':
      store.queue.remove('password', guid);
      store.passwords.note(guid, 'Unknown', decision.detail);
  }
}

/** A tenant of the first release accepts no withdrawal. It is retried, so that it goes once the tenant is updated. */
function cannotWithdraw(
  { store }: ConnectorContext,
  guid: string,
  { holder, run }: { holder: PasswordHolder | undefined; run: Run | undefined },
  { reason }: Withdraw,
): void {
  const text = `no password is sent (${WHY_NOT_SENT[reason]}); one that was sent before still opens the cloud, because the tenant is of a release that takes no withdrawal: update the tenant`;
  store.owed.remove(guid);
  store.passwords.note(guid, 'FilteredByTarget', text, reason === 'must-change');
  store.queue.put('password', guid, { quarantined: true, code: 'tenant-too-old', reason: text });
  run?.fail({ guid, dn: holder?.dn ?? guid, code: 'tenant-too-old', reason: text });
}

const WHY_NOT_SENT: Record<WithdrawalReason, string> = {
  'must-change': 'the user must change password at next logon',
  'smart-card': 'the account signs in by smart card only',
  'empty-password': 'the account has an empty password',
  scope: 'the account is not in the scope of passwords',
};
