import { CausewayError, describeError } from '@causeway/service';
import { pairingState } from '../pairing/pairing-state.ts';
import type { FullPass } from '../store/full-passes.ts';
import { expectedEnd, ratePerSecond } from './full-pass-progress.ts';
import type { Sending } from './password-channel.ts';
import { isSwitchedOn, type PasswordChannel, replicatePasswords } from './password-channel.ts';
import { sendPages } from './send-pages.ts';

/** How often progress becomes an event. */
const SAY_EVERY_MS = 5_000;

/**
 * Carries out a forced full password synchronization: reads every user again whatever the watermark says, on its own connection, while
 * ordinary changes continue. After a restart, or when the channel is switched on again, it reads from the beginning but sends only users
 * whom it has not sent before. It does not touch the watermark.
 */
export async function fullPassStep(channel: PasswordChannel, namingContext: string): Promise<void> {
  const { context } = channel;
  const { store, connector } = context;
  const pass = store.passes.open();
  if (pass === undefined || pass.readAt !== null || !isSwitchedOn(channel)) return;
  if (store.cursors.get('dirsync-cookie') === undefined) {
    const text = 'full password sync waits: the full directory import is not completed';
    throw new CausewayError('waiting-for-import', text);
  }
  const say = (event: 'fullPassStarted' | 'fullPassDomain', text: string) =>
    store.events.add(event, connector.name, text);
  const begins = pass.startedAt === null ? 'started' : 'goes on';
  say('fullPassStarted', `Full password hash synchronization ${begins} for forest: ${connector.forest}`);
  say('fullPassDomain', `Full password hash synchronization ${begins} for domain: ${namingContext}`);
  store.passes.start(pass.id, store.passwords.countOfPass(pass.id));
  const run = store.runs.begin('passwords', true);
  const through = await store.runs.during(run, async () => {
    const isThrough = await readEverybody(channel, { fullPass: pass.id, run }, namingContext);
    if (!isThrough) store.runs.end(run, SWITCHED_OFF);
    return isThrough;
  });
  if (through) await completePass(channel);
}

const SWITCHED_OFF = new CausewayError(
  'cycle-stopped',
  'the password channel was switched off; the pass goes on when it is switched on again',
);

/** @returns false if the channel was switched off meanwhile */
async function readEverybody(
  channel: PasswordChannel,
  sending: Sending & { readonly fullPass: number },
  namingContext: string,
): Promise<boolean> {
  const { context, controller } = channel;
  const { store, connector } = context;
  const say = (event: 'fullPassDomainCompleted' | 'fullPassFailed', text: string) =>
    store.events.add(event, connector.name, text);
  const connection = await controller.openReplication();
  const pace = { began: store.clock.now(), sent: 0, said: 0 };
  channel.pace = pace;
  try {
    const pages = replicatePasswords(channel, connection, namingContext);
    const throughout = await sendPages(channel, pages, sending, ({ sent }) => {
      pace.sent += sent;
      if (store.clock.now() < pace.said + SAY_EVERY_MS) return;
      pace.said = store.clock.now();
      sayProgress(channel);
    });
    if (!throughout) return false;
    store.runs.transaction(() => store.passes.read(sending.fullPass));
    sayProgress(channel);
    say(
      'fullPassDomainCompleted',
      `Full password hash synchronization completed for domain: ${namingContext}`,
    );
    return true;
  } catch (error) {
    say(
      'fullPassFailed',
      `Full password hash synchronization attempt failed, and is made again: ${describeError(error)}`,
    );
    throw error;
  } finally {
    channel.pace = undefined;
    await connection.close();
  }
}

function sayProgress(channel: PasswordChannel): void {
  const { store, connector } = channel.context;
  const pass = store.passes.last();
  if (pass === undefined) return;
  const total = store.space.countInScope();
  const now = store.clock.now();
  const rate = ratePerSecond(pass, channel.pace, now);
  const until = expectedEnd(pass, total, rate, now);
  const text = [
    `Full password hash synchronization: ${pass.users} of ${total} users`,
    ...(rate === null ? [] : [`${Math.round(rate)}/s`]),
    ...(until === null ? [] : [`expected to be through at ${until}`]),
  ];
  store.events.add('fullPassProgress', connector.name, text.join(', '));
}

/** Ends the pass when every user is read and no user is owed. */
export async function completePass({ context }: PasswordChannel): Promise<FullPass | undefined> {
  const { store, connector, tenant } = context;
  const pass = store.passes.open();
  if (pass === undefined || pass.readAt === null) return pass;
  if (store.owed.count() > 0 && pairingState(store, await tenant.configuration()).state !== 'off')
    return pass;
  store.db.transaction(() => {
    store.passes.complete(pass.id);
    store.events.add(
      'fullPassCompleted',
      connector.name,
      `Full password hash synchronization completed for forest: ${connector.forest}`,
    );
  });
  return undefined;
}
