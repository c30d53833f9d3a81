import { randomBytes } from 'node:crypto';
import { type CredentialChange, isDone, type Verdict } from '@causeway/contract';
import { CLOUD_SALT_LENGTH, deriveCloudCredential, wipeKeys } from '@causeway/credentials';
import { faultPoint } from '@causeway/service';
import { filetimeToIso } from '@causeway/wire';
import type { ConnectorContext } from '../context.ts';
import { EventId } from '../store/events.ts';
import type { PasswordHolder } from '../store/password-holders.ts';
import { reserveSequences } from '../store/sequence.ts';
import { inTurn } from './in-turn.ts';
import { noteRefusal } from './note-refusal.ts';
import { openSealer } from './open-sealer.ts';
import type { SendPassword } from './password-decision.ts';
import { quarantine } from './quarantine.ts';
import type { TenantTerms } from './tenant-terms.ts';

export interface PasswordItem {
  holder: PasswordHolder;
  password: SendPassword;
}

/**
 * Derives, seals and sends one batch, and stores the verdicts in one transaction. The hashes are wiped as soon as they are sealed,
 * also when something fails.
 *
 * @throws CallError when the tenant did not answer: nothing of the batch is acknowledged then
 */
export async function sendBatch(
  context: ConnectorContext,
  all: readonly PasswordItem[],
  terms: TenantTerms,
  fullPass: number | undefined,
): Promise<number> {
  const { store, tenant, connector } = context;
  let batch: Batch;
  try {
    batch = await makeChanges(context, all, terms);
  } finally {
    for (const item of all) wipe(item);
  }
  const { made, encapsulation } = batch;
  all.forEach(({ holder }, i) => {
    const unfit = made[i];
    if (!(unfit instanceof RangeError)) return;
    const decision = { status: 'Error', code: 'invalid', reason: unfit.message } as const;
    quarantine(context, holder.guid, holder, decision);
  });
  const items = all.filter((_, i) => !(made[i] instanceof RangeError));
  const fit = made.flatMap(one => (one instanceof RangeError ? [] : [one]));
  const changes = fit.map(({ change }) => change);
  if (changes.length === 0) return 0;
  const text = `Provision credentials batch start. Count: ${changes.length}`;
  store.events.tell(EventId.batchStart, connector.name, text);
  tellUsers(context, EventId.changeRequest, items, ({ holder }, i) => {
    const { changeDate } = changes[i]!;
    return `Password Change Request - Anchor : ${holder.anchor}, Dn : ${holder.dn}, Change Date : ${changeDate}`;
  });
  faultPoint('connect.before-send');
  let verdicts: Verdict[];
  try {
    verdicts = await tenant.exportCredentials(connector.forest, encapsulation, changes);
  } catch (error) {
    const text = `Provision credentials batch failed. Count: ${changes.length}: ${(error as Error).message}`;
    store.events.add(EventId.batchFailed, 'error', connector.name, text);
    throw error;
  }
  faultPoint('connect.after-send');
  tellUsers(context, EventId.changeResult, items, ({ holder }, i) => {
    const { verdict, code } = verdicts[i]!;
    const result = isDone({ verdict }) ? 'Success' : `${verdict}${code ? ` (${code})` : ''}`;
    return `Password Change Result - Anchor : ${holder.anchor}, Dn : ${holder.dn}, PwdChangeOnLogon=False, Result : ${result}.`;
  });
  return store.db.transaction(() => {
    const taken = items.filter((item, i) =>
      applyVerdict(context, { ...item, sequence: fit[i]!.sequence }, verdicts[i]!, terms, fullPass),
    );
    if (fullPass !== undefined) store.passes.progress(fullPass, taken.length);
    store.events.add(
      EventId.batchEnd,
      'info',
      connector.name,
      `Provision credentials batch end. Count: ${items.length}, taken: ${taken.length}`,
    );
    faultPoint('connect.before-commit');
    return taken.length;
  });
}

/** Users that one event names, as in the original. */
const USERS_AN_EVENT = 50;

/** Who was sent, and what became of it: names and dates, nothing of a password. */
function tellUsers(
  { store, connector }: ConnectorContext,
  eventId: number,
  items: readonly PasswordItem[],
  line: (item: PasswordItem, i: number) => string,
): void {
  for (let i = 0; i < items.length; i += USERS_AN_EVENT) {
    const lines = items.slice(i, i + USERS_AN_EVENT).map((item, j) => line(item, i + j));
    store.events.tell(eventId, connector.name, lines.join('\n'));
  }
}

function wipe({ password }: PasswordItem): void {
  password.ntHash.fill(0);
  if (password.kerberosKeys) wipeKeys(password.kerberosKeys);
}

interface Made {
  change: CredentialChange;
  /** Of the record; undefined without one. */
  sequence: number | undefined;
}

interface Batch {
  /** A change an item, or why no record can hold it: that is the item's own trouble. */
  made: (Made | RangeError)[];
  /** Of all records; null without any. */
  encapsulation: string | null;
}

async function makeChanges(
  { store, agent, connector }: ConnectorContext,
  items: readonly PasswordItem[],
  { pairing, numbers }: TenantTerms,
): Promise<Batch> {
  const opening = pairing.state === 'confirmed' ? openSealer(pairing.key) : undefined;
  const salts = randomBytes(items.length * CLOUD_SALT_LENGTH); // at once: each call costs as much as a look into the database
  const credentials = await inTurn(items, ({ password }, i) =>
    deriveCloudCredential(
      password.ntHash,
      salts.subarray(i * CLOUD_SALT_LENGTH, (i + 1) * CLOUD_SALT_LENGTH),
    ),
  );
  const sealer = await opening;
  // A tenant of the first release knows of no sequence beside a password.
  const numbered = sealer !== undefined || numbers;
  const first = numbered ? reserveSequences(store.db, items.length) : 0;
  try {
    const made: (Made | RangeError)[] = [];
    for (const [i, { holder, password }] of items.entries()) {
      const header = {
        tenant: agent.tenantId,
        forest: connector.forest,
        sourceAnchor: holder.anchor,
        objectGuid: holder.guid,
        sequence: first + i,
        passwordOrder: password.order,
        mustChange: false,
      };
      const { ntHash, kerberosKeys } = password;
      const secret = { ntHash, ...(kerberosKeys && { kerberosKeys }) };
      let record: string | null;
      try {
        record = (await sealer?.seal(agent.signingKey, header, secret)) ?? null;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        made.push(error);
        continue;
      }
      const change = {
        sourceAnchor: holder.anchor,
        passwordOrder: password.order,
        changeDate: filetimeToIso(password.changed),
        cloudCredential: credentials[i]!,
        record,
        ...(record === null && numbers && { sequence: header.sequence }),
      };
      made.push({ change, sequence: record === null ? undefined : header.sequence });
    }
    return { made, encapsulation: sealer?.encapsulation ?? null };
  } finally {
    sealer?.close();
  }
}

const withoutKeys = ({ keysProblem }: SendPassword): string =>
  keysProblem === undefined
    ? 'sent without Kerberos keys: the account has no AES key until its password is changed'
    : `sent without Kerberos keys, which the managed domain could not use (change the password once for new ones): ${keysProblem}`;

/** @returns whether the tenant has the password now */
function applyVerdict(
  context: ConnectorContext,
  { holder, password, sequence }: PasswordItem & Pick<Made, 'sequence'>,
  verdict: Verdict,
  { pairing }: TenantTerms,
  fullPass: number | undefined,
): boolean {
  const { store, connector } = context;
  const { guid } = holder;
  if (isDone(verdict)) {
    const detail = password.kerberosKeys === undefined ? withoutKeys(password) : undefined;
    if (password.keysProblem !== undefined && store.passwords.get(guid)?.detail !== detail) {
      const text = `password of '${holder.dn}' is ${detail}`;
      store.events.add(EventId.changeResult, 'warn', connector.name, text);
    }
    store.passwords.acknowledge(guid, {
      order: password.order,
      recipientKeyId: pairing.state === 'confirmed' ? pairing.key.keyId : undefined,
      recordSequence: sequence,
      status: detail === undefined ? 'Success' : 'MissingAttribute',
      detail,
      fullPass,
    });
    store.queue.remove('password', guid);
    if (pairing.state === 'unconfirmed') store.owed.put(guid);
    else if (holder.owed) store.owed.remove(guid);
    return true;
  }
  noteRefusal(context, holder, verdict);
  return false;
}
