import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HandClock } from '@causeway/service/testing';
import { describeRun, describeRuns, sinceWhen } from '../commands/show-runs.ts';
import type { RunKind } from '../runs/run.ts';
import { FORESTS, openConnect } from '../testing/open-connect.ts';
import { adminHandlers } from './handlers.ts';

const [corp, fabrikam] = FORESTS;
const clock = new HandClock();
const at = await openConnect(clock);
const api = adminHandlers(at.connect, () => {});
after(() => at.close());

const tenant = at.connect.tenantConnector.name;
const list = async (query: Partial<Parameters<typeof api.listRuns>[0]['query']> = {}) =>
  (await api.listRuns({ params: undefined, query: { limit: 100, ...query }, body: undefined }, '')).runs;

/** Records a run of one second at a forest. An export has an error. */
async function work(forest: string, kind: RunKind, whole = false): Promise<string> {
  const { runs } = at.connect.connectors.find(({ name }) => name === forest)!.context.store;
  const run = runs.begin(kind, whole);
  run.count('adds', 2);
  if (kind === 'export') run.fail({ guid: 'g', dn: 'CN=Ann', code: 'refused', reason: 'not today' });
  await clock.pass(1_000);
  runs.end(run);
  return run.id;
}

test('lists runs by connector, profile and time, newest first', async () => {
  await work(corp, 'import', true);
  await work(corp, 'synchronization');
  await work(corp, 'export');
  await clock.pass(60_000);
  await work(fabrikam, 'import');
  await work(fabrikam, 'export');
  const told = async (query: Parameters<typeof list>[0]) =>
    (await list(query)).map(run => `${run.connectorName}: ${run.runProfileName}, ${run.sourceConnector}`);
  assert.deepEqual(await told({}), [
    `${tenant}: Export, ${fabrikam}`,
    `${fabrikam}: Delta Import, ${fabrikam}`,
    `${tenant}: Export, ${corp}`,
    `${corp}: Delta Synchronization, ${corp}`,
    `${corp}: Full Import, ${corp}`,
  ]);
  assert.deepEqual(await told({ connector: tenant }), [
    `${tenant}: Export, ${fabrikam}`,
    `${tenant}: Export, ${corp}`,
  ]);
  assert.equal((await list({ connector: corp })).length, 3, 'with the exports of what it reads');
  assert.deepEqual(await told({ profile: 'Full Import' }), [`${corp}: Full Import, ${corp}`]);
  const since = new Date(clock.now() - 30_000).toISOString();
  assert.equal((await list({ since })).length, 2);
  const [first] = await list({ limit: 1 });
  const [, second] = await list();
  assert.deepEqual(await list({ before: first!.runNumber, limit: 1 }), [second]);
  assert.deepEqual(
    (await list({ number: second!.runNumber })).map(({ runHistoryId }) => runHistoryId),
    [second!.runHistoryId],
  );
  await assert.rejects(list({ connector: 'nobody' }), { code: 'no-such-connector' });
  await assert.rejects(list({ profile: 'Half Import' }), {
    code: 'no-such-profile',
    message: /'Full Import'/,
  });
});

test("a connector's run profiles include those of all its runs", async () => {
  const { connectors } = await api.listConnectors(
    { params: undefined, query: undefined, body: undefined },
    '',
  );
  const known = connectors.flatMap(({ runProfiles = [], name }) =>
    runProfiles.map(each => ({ ...each, name, profile: each.name })),
  );
  assert.equal(new Set(known.map(({ identifier }) => identifier)).size, known.length);
  for (const run of await list()) {
    const profile = known.find(({ identifier }) => identifier === run.runProfileId);
    assert.deepEqual([profile!.name, profile!.profile], [run.connectorName, run.runProfileName]);
    assert.ok(
      (await list({ profile: run.runProfileId })).every(
        ({ runProfileId }) => runProfileId === run.runProfileId,
      ),
    );
  }
});

test('shows one run with the objects that had an error, and rejects an unknown run', async () => {
  const id = await work(corp, 'export');
  const details = await api.getRun({ params: { id }, query: undefined, body: undefined }, '');
  assert.equal(details.run.result, 'completed-export-errors');
  assert.deepEqual(details.objectErrors, [
    { objectId: 'g', distinguishedName: 'CN=Ann', code: 'refused', reason: 'not today' },
  ]);
  const lines = describeRun(details).join('\n');
  assert.match(lines, /CN=Ann {2}refused {2}not today/);
  assert.match(lines, new RegExp(`${tenant}, of ${corp}`));
  const [head, first] = describeRuns(await list());
  assert.match(head!, /^started +lasted +connector +profile +result/);
  assert.match(
    first!,
    new RegExp(`1\\.0s +${tenant} +Export +completed-export-errors +2 +0 +0 +0 +1 +1 +${id}$`),
  );
  const unknown = {
    params: { id: '00000000-0000-4000-8000-000000000000' },
    query: undefined,
    body: undefined,
  };
  await assert.rejects(async () => api.getRun(unknown, ''), {
    code: 'no-such-run',
    message: /kept for 7 days/,
  });
});

test('reads a time as a number of minutes, hours or days ago, or as a date and time', () => {
  const now = Date.UTC(2026, 10, 29, 12);
  assert.equal(sinceWhen('30m', now), '2026-11-29T11:30:00.000Z');
  assert.equal(sinceWhen('2d', now), '2026-11-27T12:00:00.000Z');
  assert.equal(sinceWhen('2026-11-29T08:00:00+01:00', now), '2026-11-29T07:00:00.000Z');
  assert.throws(() => sinceWhen('yesterday', now), { code: 'bad-time' });
});
