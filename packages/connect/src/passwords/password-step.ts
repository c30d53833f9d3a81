import type { ReplicatedUser, ReplicationCookie, ReplicationPage } from '@causeway/active-directory';
import { CausewayError, faultPoint } from '@causeway/service';
import { pairingState } from '../pairing/pairing-state.ts';
import type { Run } from '../runs/run.ts';
import { isSwitchedOn, type PasswordChannel, replicatePasswords } from './password-channel.ts';
import { type PasswordSummary, processUsers } from './process-users.ts';
import { sendPages } from './send-pages.ts';

/**
 * Replicates what changed since the watermark and sends it.
 *
 * INVARIANT: the watermark moves only after the last page, when every earlier change is acknowledged or in the retry queue. If anything
 * ends the step before that, including the channel's switch, the next step reads the same again. What was acknowledged is not sent twice.
 */
export async function passwordStep(
  channel: PasswordChannel,
  namingContext: string,
  run?: Run,
): Promise<PasswordSummary> {
  const { context, controller } = channel;
  const { store, connector } = context;
  const stored = store.cursors.get('replication-cookie');
  const cookie = stored === undefined ? undefined : (JSON.parse(stored) as ReplicationCookie);
  const summary: PasswordSummary = { read: 0, sent: 0 };
  const connection = await controller.replication();
  let next: ReplicationCookie | undefined;
  const pages = async function* (): AsyncGenerator<ReplicationPage, void, undefined> {
    let announced = false;
    for await (const page of replicatePasswords(channel, connection, namingContext, cookie)) {
      faultPoint('connect.after-read');
      if (page.fullCycleReason !== undefined && !announced) {
        announced = true;
        const text = `all passwords of ${connector.forest} are read again: the watermark is of no use at this domain controller any more (${page.fullCycleReason})`;
        store.events.add('fullCycle', connector.name, text);
      }
      next = page.cookie;
      yield page;
    }
  };
  const throughout = await sendPages(channel, pages(), { run }, done => {
    summary.read += done.read;
    summary.sent += done.sent;
  });
  if (!throughout) return summary;
  faultPoint('connect.before-watermark');
  if (next !== undefined) store.cursors.set('replication-cookie', JSON.stringify(next));
  faultPoint('connect.after-watermark');
  return summary;
}

/** Most users read singly in one go. */
const QUEUE_PAGE = 250;
/** Most pages per cycle, so that changes do not wait when thousands of users are asked for at once. */
const QUEUE_PAGES = 4;

/** Reads the due users of the retry queue as they are now and sends them. The next cycle takes the rest. */
export async function retryStep(channel: PasswordChannel, run?: Run): Promise<PasswordSummary> {
  const { store, connector } = channel.context;
  const summary: PasswordSummary = { read: 0, sent: 0 };
  const began = store.clock.now();
  for (let page = 0; page < QUEUE_PAGES; page++) {
    // A user who fails again gets a time after `began`, so each entry has one turn.
    const due = isSwitchedOn(channel) ? store.queue.due('password', QUEUE_PAGE, began) : [];
    if (due.length === 0) return summary;
    store.events.tell('retryTaken', connector.name, `${due.length} passwords taken from the retry queue`);
    store.db.transaction(() => {
      for (const entry of due) store.queue.postpone('password', entry.guid, began);
    });
    const done = await sendSingly(
      channel,
      due.map(entry => entry.guid),
      run,
    );
    summary.read += done.read;
    summary.sent += done.sent;
  }
  return summary;
}

/** Once the managed domain's key is confirmed, reads exactly the users who are owed and sends them with their record. */
export async function owedStep(channel: PasswordChannel, run?: Run): Promise<PasswordSummary> {
  const { store, tenant } = channel.context;
  const summary: PasswordSummary = { read: 0, sent: 0 };
  const pairing = pairingState(store, await tenant.configuration());
  if (pairing.state === 'unconfirmed') return summary;
  const pass = store.passes.open();
  if (pass !== undefined && pass.readAt === null) return summary; // it reads every user, including those who are owed
  for (let after = ''; ; ) {
    const guids = isSwitchedOn(channel) ? store.owed.list(after, QUEUE_PAGE) : [];
    if (guids.length === 0) break;
    after = guids.at(-1)!;
    if (pairing.state === 'off') {
      for (const guid of guids) store.owed.remove(guid); // without a managed domain no user is owed
      continue;
    }
    const done = await sendSingly(channel, guids, run);
    summary.read += done.read;
    summary.sent += done.sent;
  }
  return summary;
}

async function sendSingly(
  channel: PasswordChannel,
  guids: readonly string[],
  run: Run | undefined,
): Promise<PasswordSummary> {
  const { context, controller, inFlight } = channel;
  return inFlight.run(guids, async () => {
    if (!isSwitchedOn(channel)) return { read: 0, sent: 0 };
    const connection = await controller.single();
    const found: ReplicatedUser[] = [];
    const moot: string[] = [];
    for (const objectGuid of guids) {
      const user = await connection.replicateObject({ objectGuid });
      if (user) found.push(user);
      if (!user || context.store.space.get(objectGuid)?.desiredDigest === undefined) moot.push(objectGuid);
    }
    context.store.db.transaction(() => {
      for (const objectGuid of moot) {
        context.store.queue.remove('password', objectGuid);
        context.store.owed.remove(objectGuid);
      }
    });
    return processUsers(context, found, { whole: true, run, single: () => controller.single() });
  });
}

/**
 * Reads one user's password and sends it, even if the tenant has it already. The result is in the user's log.
 * @throws CausewayError 'password-sync-off'
 */
export function singleStep(channel: PasswordChannel, objectGuid: string): Promise<PasswordSummary> {
  const { context, controller, inFlight } = channel;
  return inFlight.run([objectGuid], async () => {
    if (context.staging) throw new CausewayError('staging', 'this Connect stages: it reads no password');
    if (!isSwitchedOn(channel)) {
      const text = `password hash synchronization of '${context.store.name}' is switched off`;
      throw new CausewayError('password-sync-off', text);
    }
    const user = await (await controller.single()).replicateObject({ objectGuid });
    if (user === undefined) return { read: 0, sent: 0 };
    const options = { whole: true, again: true, single: () => controller.single() };
    return processUsers(context, [user], options);
  });
}
