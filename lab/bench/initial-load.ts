import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { callLocally, serviceIn } from '@causeway/api';
import { domainRoutes, MAX_PAGE, type DomainStatus as Status } from '@causeway/contract';
import { dnsDomain, stopDomain } from '@causeway/samba';
import { describeError } from '@causeway/service';
import { eventually, NotYet } from '@causeway/service/testing';
import { decodeSid } from '@causeway/wire';
import { planPeople } from '../domains/people.ts';
import { seedOf } from '../domains/seed.ts';
import { domainDirectory, type LabDomain, layoutOf } from '../domains/table.ts';
import { readAttribute } from '../domains/users.ts';
import { loadByLdbmodify } from './ldbmodify-alone.ts';
import { OF_MEDIAN_RATIO, ofMedianRatio } from './measure/numbers.ts';
import type { Measurement } from './measure/row.ts';
import type { Scene } from './scene.ts';
import { copy } from './snapshots.ts';

/** A page of the feed, as Domain Services logs it when it is written. */
interface Page {
  /** ISO 8601. */
  readonly time: string;
  readonly users: number;
  readonly failed: number;
}

/** Resets the managed domain to how it was made: empty, with the keys that passwords are sealed to. */
async function empty({ stage, managed }: Scene): Promise<void> {
  await stage.domain.stop();
  await stopDomain(layoutOf(managed));
  for (const [name, now] of [
    ['ledger', stage.stateOf('domain')],
    ['samba', domainDirectory(managed)],
  ] as const) {
    const made = stage.stateOf(`${name}-as-made`);
    if (!existsSync(made)) {
      await copy(now, made); // it was never started
      continue;
    }
    await rm(now, { recursive: true, force: true });
    await copy(made, now);
  }
}

/** An initial load, read from the log of Domain Services. */
interface Load {
  readonly pages: readonly Page[];
  /** When the last item was written, ISO 8601. */
  readonly end: string;
}

/**
 * Starts Domain Services with an empty domain and waits until it has written what the tenant has.
 * @param withSids how many people get their on-premises SIDs, too
 */
async function loadDomain(scene: Scene, users: number, withSids: number): Promise<Load> {
  const { ground, stage } = scene;
  ground.report(`starting Domain Services: ${users} people into an empty domain`);
  const since = new Date().toISOString();
  await stage.domain.start();
  if (withSids > 0) for (const forest of scene.forests) await confirmSids(scene, forest);
  const logged = <T extends { time: string }>(message: string): T[] =>
    stage
      .readLog('domain')
      .split('\n')
      .filter(line => line.includes(`"${message}"`))
      .map(line => JSON.parse(line) as T)
      .filter(({ time }) => time >= since);
  const look = async (): Promise<boolean | NotYet> => {
    const status = await stage.domainStatus<Status>();
    const { withCredential } = status.accounts;
    const written = status.onPremisesSids?.written ?? 0;
    return (
      (withCredential >= users && written >= withSids && !status.feed.reportsWaiting) ||
      new NotYet(`${withCredential} of ${users} people, ${written} on-premises SIDs`)
    );
  };
  const patience = { patienceMs: scene.patienceMs, lookMs: 3000 };
  await eventually('everybody is in the managed domain', look, patience);
  const pages = logged<Page>('applied a page');
  const sids = logged<{ time: string }>('wrote on-premises SIDs');
  const times = [...pages, ...sids].map(({ time }) => time);
  return { pages, end: times.toSorted().at(-1)! };
}

/** Confirms whose the SIDs of a forest's people are, as soon as the managed domain answers. */
async function confirmSids({ stage }: Scene, forest: LabDomain): Promise<void> {
  const ofAlice = decodeSid(Buffer.from((await readAttribute(forest, 'alice', 'objectSid'))!, 'base64'));
  const sid = ofAlice.slice(0, ofAlice.lastIndexOf('-'));
  const service = serviceIn(stage.stateOf('domain'), 'domain');
  const body = { sid, forest: dnsDomain(forest) };
  const confirm = () =>
    callLocally(service, domainRoutes.confirmSid, { body }).then(
      () => true,
      (error: unknown) => new NotYet(describeError(error)),
    );
  await eventually('the SIDs are confirmed', confirm);
}

/**
 * Domain Services loads an empty domain with every user. Before and after it `ldbmodify` alone does the same, and its middle counts,
 * because the machine's own speed drifts. Both sides leave out the first page, which also waits for the domain controller to start. The
 * last round's domain stays.
 *
 * @param users users with a credential record
 * @param count people per forest
 * @param withSids both sides also write the groups that carry on-premises SIDs, and the load ends with the last of them
 */
export async function measureLoad(
  name: string,
  scene: Scene,
  users: number,
  count: number,
  { withSids } = { withSids: false },
): Promise<Measurement> {
  const { ground, forests } = scene;
  const people = forests.flatMap(forest => planPeople(forest, count, seedOf(forest)));
  const byLdbmodify = (when: string): Promise<number> => {
    ground.report(`${people.length} people by ldbmodify alone, ${when}`);
    return loadByLdbmodify(people, withSids);
  };
  const rounds: { ours: number; yardstick: number; ratio: number }[] = [];
  let before = await byLdbmodify('before');
  while (rounds.length < ground.rounds) {
    await empty(scene);
    const ours = rateOf(await loadDomain(scene, users, withSids ? people.length : 0), ground.trial);
    const after = await byLdbmodify('after');
    const yardstick = (before + after) / 2;
    const ratio = ours / yardstick;
    ground.report(`  ${perSecond(ours)}, ldbmodify alone ${perSecond(yardstick)}: ${ratio.toFixed(2)}`);
    rounds.push({ ours, yardstick, ratio });
    before = after;
  }
  const { ours, yardstick } = ofMedianRatio(rounds);
  return {
    name,
    value: ours * 1000,
    unit: 'users/s',
    against: `ldbmodify alone, before and after: the same ${withSids ? 'people and groups' : 'changes'}, batches of ${MAX_PAGE}; ${OF_MEDIAN_RATIO}`,
    yardstick: yardstick * 1000,
    budget: { of: 'ratio', atLeast: 0.8 },
  };
}

const perSecond = (rate: number): string => `${Math.round(rate * 1000)} users/s`;

/** @returns users per millisecond, without the first page; means nothing in a trial with one page */
function rateOf({ pages, end }: Load, trial: boolean): number {
  const failed = pages.reduce((sum, page) => sum + page.failed, 0);
  const whole = pages.filter(page => page.users === MAX_PAGE);
  if (failed > 0 || (whole.length < 3 && !trial))
    throw new Error(
      `three whole pages without a failure are needed, there were ${whole.length} with ${failed}: no initial load to measure`,
    );
  const users = pages.slice(1).reduce((sum, page) => sum + page.users, 0);
  return users / (Date.parse(end) - Date.parse(pages[0]!.time));
}
