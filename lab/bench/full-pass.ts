import { eventually } from '@causeway/service/testing';
import pg from 'pg';
import { askConnect, connectorStatus } from './connect.ts';
import { peakMemory } from './measure/memory.ts';
import { OF_MEDIAN_RATIO, ofMedianRatio } from './measure/numbers.ts';
import { measurePbkdf2 } from './measure/pbkdf2.ts';
import type { Measurement } from './measure/row.ts';
import { pullAtOnce } from './pull.ts';
import type { Scene } from './scene.ts';

interface FullPass {
  readonly ms: number;
  /** Users whose credential record the tenant received in this pass. */
  readonly users: number;
}

export interface FullPasses {
  /** Per pass. */
  readonly users: number;
  readonly measurement: Measurement;
}

/** A forced full password sync of every forest over existing data, from the request until the tenant has acknowledged every user. */
async function runFullPass(scene: Scene): Promise<FullPass> {
  const { stage } = scene;
  await scene.imported();
  scene.ground.report('forced full password sync');
  const before = new Set((await passesOf(scene)).map(pass => pass?.id));
  await stage.forcePasswordSync();
  const spans: { from: string; to: string }[] = [];
  const look = async (): Promise<boolean> => {
    const ended = (await passesOf(scene)).flatMap(pass =>
      pass === null || before.has(pass.id) || pass.completedAt === null
        ? []
        : [{ from: pass.requestedAt, to: pass.completedAt }],
    );
    spans.splice(0, Infinity, ...ended);
    return ended.length === scene.forests.length;
  };
  await eventually('the full pass is complete', look, { patienceMs: scene.patienceMs, lookMs: 2000 });
  const from = spans.map(span => span.from).toSorted()[0]!;
  const to = spans
    .map(span => span.to)
    .toSorted()
    .at(-1)!;
  const users = await recordsSince(scene, from);
  const connectors = await connectorStatus(stage);
  const withRecord = connectors.reduce((sum, { withLegacyRecord }) => sum + withLegacyRecord, 0);
  if (users === 0 || users !== withRecord)
    throw new Error(`the tenant received ${users} records in the pass, Connect counts ${withRecord}`);
  return { ms: Date.parse(to) - Date.parse(from), users };
}

const passesOf = async ({ stage }: Scene) =>
  (await askConnect(stage, 'getFullPasswordSync')).passes.map(({ pass }) => pass);

/** Counts in the tenant's own database. */
async function recordsSince({ ground }: Scene, since: string): Promise<number> {
  const client = new pg.Client({ connectionString: ground.postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      'select count(encapsulation_id) as count from users where credential_record_received_at >= $1',
      [since],
    );
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

/** Connect's peak memory after the import and as many forced full passes as are measured. */
export async function peakAfterPasses(scene: Scene): Promise<number> {
  for (let round = 0; round < scene.ground.rounds; round++) await runFullPass(scene);
  return peakMemory(scene.stage.connect);
}

/** @param what names the pull */
export async function measureFullPasses(
  name: string,
  what: string,
  scene: Scene,
  atMost = 2,
): Promise<FullPasses> {
  await scene.imported();
  // Each pass is compared with the yardstick of its own round.
  const rounds: { users: number; pass: number; pull: number; hashing: number; ratio: number }[] = [];
  while (rounds.length < scene.ground.rounds) {
    const pull = await pullAtOnce(scene.forests, forest => scene.reader(forest));
    const pass = await runFullPass(scene);
    const hashing = await measurePbkdf2(pass.users);
    const ratio = pass.ms / (pull + hashing);
    const times = `${Math.round(pass.ms)} ms, pull ${Math.round(pull)} ms, PBKDF2 ${Math.round(hashing)} ms`;
    scene.ground.report(`  full pass ${times}: ${ratio.toFixed(2)}`);
    rounds.push({ users: pass.users, pass: pass.ms, pull, hashing, ratio });
  }
  const { users, pass, pull, hashing } = ofMedianRatio(rounds);
  const measurement: Measurement = {
    name,
    value: pass,
    unit: 'ms',
    against: `${what} (${Math.round(pull)} ms) + PBKDF2 alone on all cores (${Math.round(hashing)} ms); ${users} users, PostgreSQL, legacy hashes on; ${OF_MEDIAN_RATIO}`,
    yardstick: pull + hashing,
    budget: { of: 'ratio', atMost },
  };
  return { users, measurement };
}
