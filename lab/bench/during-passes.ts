import { setTimeout as delay } from 'node:timers/promises';
import type { FullPasswordSync } from '@causeway/contract';
import { dnsDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { seededUsers } from '../domains/seed.ts';
import { randomPassword } from '../domains/table.ts';
import { setPassword } from '../domains/users.ts';
import { openClients, type Sample, untilBoth } from './clients.ts';
import { askConnect } from './connect.ts';
import { type Measurement, percentiles } from './measure/row.ts';
import type { Scene } from './scene.ts';

const SAMPLES = 20;
/** Passes of few people end before anybody is changed. In a trial a change outside a pass will do. */
const TRIAL_SAMPLES = 2;
/** How many changes to make at most for one that counts, because the pass may end before the domain controller answers. */
const TRIES = 3;
const BUDGET_MS = 3000;
const PATIENCE = { patienceMs: 180_000 };

/** Where the passes of all forests are: after `ended` they are forced again, in the `first half` somebody may be changed. */
export type Stand = 'ended' | 'first half' | 'elsewhere';

/** Where the passes of all forests are, taken together. A change is made only while each of them reads. */
export function standOf(passes: readonly (FullPasswordSync | null)[]): Stand {
  if (passes.every(pass => pass === null || pass.completedAt !== null)) return 'ended';
  const inFirstHalf = passes.every(pass => isReading(pass) && pass.users > 0 && pass.users * 2 < pass.total);
  return inFirstHalf ? 'first half' : 'elsewhere';
}

function isReading(pass: FullPasswordSync | null): pass is FullPasswordSync {
  return pass !== null && pass.startedAt !== null && pass.readAt === null;
}

/** Changes passwords while forced full passes of all forests read, and waits until other people's clients sign in with them. */
export async function measureDuringPasses(scene: Scene): Promise<Measurement[]> {
  const clients = await openClients(scene);
  const { trial } = scene.ground;
  const wanted = trial ? TRIAL_SAMPLES : SAMPLES;
  const candidates = candidatesInTurns(scene);
  const samples: Sample[] = [];
  scene.ground.report(
    `changing ${wanted} passwords while full passes of ${scene.forests.length} forests read`,
  );
  for (const { forest, user } of candidates) {
    if (samples.length === wanted) break;
    if (trial) await askConnect(scene.stage, 'forceFullPasswordSync', { body: {} });
    else await underWay(scene);
    await delay(Math.random() * 500);
    const password = randomPassword();
    await setPassword(forest, user.sam, password);
    const [sample, counts] = await Promise.all([
      untilBoth(clients, user, password, 'accepted', PATIENCE),
      allRead(scene),
    ]);
    if (counts || trial) samples.push(sample);
  }
  if (samples.length < wanted) {
    const text = `only ${samples.length} of ${candidates.length} changes came in the middle of a pass: make more people`;
    throw new Error(text);
  }
  await eventually('the last passes end', async () => standOf(await passesOf(scene)) === 'ended', PATIENCE);
  const against = { against: `${wanted} changes, each while full passes of every forest read` };
  const rows = (client: string, values: number[]) =>
    percentiles(`password change during full passes to ${client}`, values, BUDGET_MS, against);
  return [
    ...rows(
      'web sign-in',
      samples.map(sample => sample.web),
    ),
    ...rows(
      'kinit',
      samples.map(sample => sample.kinit),
    ),
  ];
}

/** People of each forest in turn. */
function candidatesInTurns({ forests }: Scene) {
  const plain = forests.map(forest =>
    seededUsers(forest)
      .filter(user => user.kind === 'plain')
      .map(user => ({ forest, user })),
  );
  return Array.from({ length: SAMPLES * TRIES }, (_, i) => {
    const people = plain[i % plain.length]!;
    return people[Math.floor(i / plain.length)];
  }).filter(candidate => candidate !== undefined);
}

const passesOf = async ({ stage, forests }: Scene): Promise<(FullPasswordSync | null)[]> => {
  const { passes } = await askConnect(stage, 'getFullPasswordSync');
  return forests.map(forest => passes.find(({ connector }) => connector === dnsDomain(forest))?.pass ?? null);
};

const allRead = async (scene: Scene): Promise<boolean> => (await passesOf(scene)).every(isReading);

/** Waits until each forest's pass is in its first half. When all have ended, it forces new ones. */
async function underWay(scene: Scene): Promise<void> {
  const look = async (): Promise<boolean> => {
    const stand = standOf(await passesOf(scene));
    if (stand === 'ended') await askConnect(scene.stage, 'forceFullPasswordSync', { body: {} });
    return stand === 'first half';
  };
  await eventually('full passes of every forest are under way', look, PATIENCE);
}
