import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, httpSend } from '@causeway/api';
import { ConnectPlace, ScriptedForest } from '@causeway/connect/testing';
import { enrolmentRoutes } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { makeDatabase, runTenantCommand, spawnTenant } from '@causeway/tenant/testing';
import type { Ground } from '../ground.ts';
import { timed } from '../measure/numbers.ts';
import { type Measurement, percentiles } from '../measure/row.ts';
import { TenantGroups } from './group-places.ts';

const FOREST = 'large.example.com';
const NAME = 'everybody';
/** The limit of the original; and the number in a trial. */
const MEMBERS = 250_000;
const MEMBERS_IN_A_TRIAL = 2_500;
const SAMPLES = 12;
const TRIAL_SAMPLES = 2;
const AT_THE_TENANT_MS = 1_000;
const PATIENCE_MS = 600_000;
/** Turns of Connect until it has sent all of a new group. */
const TURNS = 3;

/**
 * One changed member of a group of 250,000. A tenant runs as a process on PostgreSQL. Connect has a scripted domain controller, and the
 * members are people of a forest that nobody connected. One turn is all that the service does at once: poll, cycle, comparison, head.
 */
export async function measureLargeGroup({ postgres, report, trial }: Ground): Promise<Measurement[]> {
  const members = trial ? MEMBERS_IN_A_TRIAL : MEMBERS;
  const state = mkdtempSync(join(tmpdir(), 'causeway-large-group-'));
  const database = await makeDatabase(postgres.url);
  const clock = new HandClock(Date.now());
  const forest = await ScriptedForest.listen(FOREST, clock);
  const { child, url } = await spawnTenant(['--state', join(state, 'tenant'), '--listen', '127.0.0.1:0'], {
    DATABASE_URL: database.url,
  });
  const connect = new ConnectPlace(join(state, 'connect'), url, [forest], clock);
  try {
    await connect.enrol(await makeCode(url, join(state, 'tenant')));
    await connect.start();
    const group = forest.groups.make(NAME);
    const outsider = (n: number): string => `S-1-5-21-4-5-6-${1000 + n}`;
    for (let n = 0; n < members; n++) forest.groups.add(group, outsider(n));
    await using tenant = await TenantGroups.open(database.url);
    report(`importing a group of ${members} members from a scripted domain controller`);
    for (let turn = 0; turn < TURNS; turn++) await connect.turn();
    await tenant.until(NAME, members, PATIENCE_MS);
    report(`changing one of ${members} members, at the tenant`);
    const took: number[] = [];
    for (let n = 0; n < (trial ? TRIAL_SAMPLES : SAMPLES); n++) {
      const isNew = n % 2 === 0;
      if (isNew) forest.groups.add(group, outsider(members));
      else forest.groups.remove(group, outsider(members));
      clock.set(Date.now());
      const change = async () => {
        await connect.turn();
        await tenant.until(NAME, isNew ? members + 1 : members);
      };
      took.push((await timed(change)).ms);
    }
    const against =
      'a turn of Connect with a scripted domain controller, until it is in the tenant’s database';
    return percentiles(`one changed member of ${members}, at the tenant`, took, AT_THE_TENANT_MS, {
      against,
    });
  } finally {
    await connect.stop();
    child.kill();
    await forest.close();
    await database.drop();
    rmSync(state, { recursive: true, force: true });
  }
}

/** The code is made on the machine itself, with the tenant's first administrator. */
async function makeCode(url: string, state: string): Promise<string> {
  const admin = ['--admin', 'administrator@contoso.example.net'];
  const made = await runTenantCommand(['create', 'contoso', ...admin, '--state', state, '--json']);
  const token = readFileSync(JSON.parse(made.stdout).tokenFile, 'utf8').trim();
  const send = httpSend({ url }, async () => token);
  const body = { kind: 'connect' as const, name: 'connect', forests: [FOREST], replaces: [] };
  return (await call(send, enrolmentRoutes.createEnrolment, { body })).code;
}
