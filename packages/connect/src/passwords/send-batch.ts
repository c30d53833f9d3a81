import { isDone, type Verdict } from '@causeway/contract';
import { wipeKeys } from '@causeway/credentials';
import { faultPoint } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import type { LoggedEvent } from '../store/events.ts';
import { type Batch, type Made, makeChanges, type PasswordItem } from './make-changes.ts';
import { noteRefusal } from './note-refusal.ts';
import type { Sending } from './password-channel.ts';
import type { SendPassword } from './password-decision.ts';
import { quarantine } from './quarantine.ts';
import type { TenantTerms } from './tenant-terms.ts';

/**
 * Derives, seals and sends one batch, and stores the verdicts in one transaction. The hashes are wiped as soon as they are sealed, even if
 * something fails.
 *
 * @throws CallError if the tenant did not answer; then nothing of the batch is acknowledged
 */
export async function sendBatch(
  context: ConnectorContext,
  all: readonly PasswordItem[],
  terms: TenantTerms,
  { fullPass, run }: Sending,
): Promise<number> {
  const { store, tenant, connector } = context;
  let batch: Batch;
  try {
    batch = await makeChanges(context, all, terms);
  } finally {
    for (const item of all) wipe(item);
  }
  const { made, unfit, encapsulation } = batch;
  for (const { holder, reason } of unfit) {
    quarantine(context, holder.guid, holder, { status: 'Error', code: 'invalid', reason }, run);
  }
  if (made.length === 0) return 0;
  const text = `Provision credentials batch start. Count: ${made.length}`;
  store.events.tell('batchStart', connector.name, text);
  tellUsers(context, 'changeRequest', made, ({ holder, change: { changeDate } }) => {
    return `Password Change Request - Anchor : ${holder.anchor}, Dn : ${holder.dn}, Change Date : ${changeDate}`;
  });
  faultPoint('connect.before-send');
  let verdicts: Verdict[];
  try {
    const changes = made.map(({ change }) => change);
    verdicts = await tenant.exportCredentials(connector.forest, encapsulation, changes);
  } catch (error) {
    const text = `Provision credentials batch failed. Count: ${made.length}: ${(error as Error).message}`;
    store.events.add('batchFailed', connector.name, text);
    throw error;
  }
  faultPoint('connect.after-send');
  const answered = made.map((one, i) => ({ ...one, verdict: verdicts[i]! }));
  tellUsers(context, 'changeResult', answered, ({ holder, verdict: { verdict, code } }) => {
    const result = isDone({ verdict }) ? 'Success' : `${verdict}${code ? ` (${code})` : ''}`;
    return `Password Change Result - Anchor : ${holder.anchor}, Dn : ${holder.dn}, PwdChangeOnLogon=False, Result : ${result}.`;
  });
  return store.runs.transaction(() => {
    const taken = answered.filter(one => applyVerdict(context, one, terms, { fullPass, run }));
    if (fullPass !== undefined) store.passes.progress(fullPass, taken.length);
    store.events.add(
      'batchEnd',
      connector.name,
      `Provision credentials batch end. Count: ${made.length}, taken: ${taken.length}`,
    );
    faultPoint('connect.before-commit');
    return taken.length;
  });
}

/** Users per event, as in the original. */
const USERS_AN_EVENT = 50;

/** Logs who was sent and the result: names and dates, nothing of a password. */
function tellUsers<Item>(
  { store, connector }: ConnectorContext,
  event: LoggedEvent,
  items: readonly Item[],
  line: (item: Item) => string,
): void {
  for (let i = 0; i < items.length; i += USERS_AN_EVENT) {
    const lines = items.slice(i, i + USERS_AN_EVENT).map(line);
    store.events.tell(event, connector.name, lines.join('\n'));
  }
}

function wipe({ password }: PasswordItem): void {
  password.ntHash.fill(0);
  if (password.kerberosKeys) wipeKeys(password.kerberosKeys);
}

const withoutKeys = ({ keysProblem }: SendPassword): string =>
  keysProblem === undefined
    ? 'sent without Kerberos keys: the account has no AES key until its password is changed'
    : `sent without Kerberos keys, which the managed domain could not use (change the password once for new ones): ${keysProblem}`;

/** @returns whether the tenant now has the password */
function applyVerdict(
  context: ConnectorContext,
  { holder, password, sequence, verdict }: Made & { verdict: Verdict },
  { pairing }: TenantTerms,
  { fullPass, run }: Sending,
): boolean {
  const { store, connector } = context;
  const { guid } = holder;
  if (isDone(verdict)) {
    run?.count(holder.acknowledged === undefined ? 'adds' : 'updates');
    const detail = password.kerberosKeys === undefined ? withoutKeys(password) : undefined;
    if (password.keysProblem !== undefined && store.passwords.get(guid)?.detail !== detail) {
      const text = `password of '${holder.dn}' is ${detail}`;
      store.events.add('sentWithoutKeys', connector.name, text);
    }
    store.passwords.acknowledge(guid, {
      order: password.order,
      recipientKeyId: pairing.state === 'confirmed' ? pairing.key.keyId : undefined,
      // A record that another place lost does not count as kept by the tenant.
      keepsRecord: sequence === undefined && verdict.verdict === 'unchanged' && !holder.anew,
      recordSequence: sequence,
      status: detail === undefined ? 'Success' : 'MissingAttribute',
      detail,
      fullPass,
    });
    store.queue.settle('password', guid);
    if (pairing.state === 'unconfirmed') store.owed.put(guid);
    else if (holder.owed) store.owed.remove(guid);
    return true;
  }
  noteRefusal(context, holder, verdict, run);
  return false;
}
