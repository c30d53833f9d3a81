import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CausewayError, createLog } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { connectorStore, openStore } from '../store.ts';
import { errorsOf, getRun, listRuns, pruneRuns, stopOpenRuns } from './run-table.ts';

const log = createLog('test', { write: () => {} });

function memory() {
  const clock = new HandClock();
  const store = connectorStore(openStore(undefined, log, clock), 'c');
  const stored = () => listRuns(store.db, { limit: 100 });
  return { ...store, clock, stored, flush: () => store.runs.transaction(() => {}) };
}

/** How many rows were written to the database. */
const writes = ({ db }: ReturnType<typeof memory>) => db.get<{ n: number }>('SELECT total_changes() AS n')!.n;

test('stores a run along with other writes, as in progress until it ends', () => {
  const at = memory();
  const before = writes(at);
  const run = at.runs.begin('export');
  run.count('adds', 2);
  assert.equal(writes(at), before, 'nothing waits for the disk');
  at.runs.transaction(() => at.cursors.set('usn', '1'));
  assert.deepEqual(
    at.stored().map(({ result, counts }) => [result, counts.adds]),
    [['in-progress', 2]],
  );
  run.fail({ guid: 'g', dn: 'CN=g', code: 'refused', reason: 'no' });
  at.runs.end(run);
  assert.equal(at.stored()[0]!.result, 'in-progress');
  at.flush();
  const [stored] = at.stored();
  assert.deepEqual(
    [stored!.id, stored!.connector, stored!.result, stored!.counts.errors],
    [run.id, 'c', 'completed-export-errors', 1],
  );
  assert.deepEqual(errorsOf(at.db, run.id), [{ guid: 'g', dn: 'CN=g', code: 'refused', reason: 'no' }]);
  const after = writes(at);
  at.flush();
  assert.equal(writes(at), after, 'what is stored is not stored again');
});

test('stores looks that found nothing as one row, after a restart too, and a run with results as another', async () => {
  const at = memory();
  const look = async () => {
    await at.clock.pass(1_000);
    at.runs.end(at.runs.begin('import'));
    at.flush();
  };
  for (let n = 0; n < 10; n++) await look();
  const again = connectorStore({ db: at.db, confirmations: at.confirmations, events: at.events }, 'c');
  await at.clock.pass(1_000);
  again.runs.end(again.runs.begin('import'));
  again.runs.transaction(() => {});
  const [row, ...others] = at.stored();
  assert.deepEqual([row!.looks, others.length], [11, 0]);
  assert.equal(Date.parse(row!.endedAt) - Date.parse(row!.startedAt), 10_000);
  const run = again.runs.begin('import');
  run.count('updates');
  again.runs.end(run);
  again.runs.end(again.runs.begin('import'));
  again.runs.transaction(() => {});
  assert.deepEqual(
    at.stored().map(({ looks, counts }) => [looks, counts.updates]),
    [
      [1, 0],
      [1, 1],
      [11, 0],
    ],
  );
});

test('keeps a run although its transaction is rolled back', () => {
  const at = memory();
  const run = at.runs.begin('export');
  run.count('deletes');
  run.fail({ guid: 'g', dn: 'CN=g', code: 'c', reason: 'r' });
  at.runs.end(run);
  assert.throws(() =>
    at.db.transaction(() => {
      at.flush();
      throw new Error('the disk is full');
    }),
  );
  assert.deepEqual(at.stored(), []);
  at.flush();
  assert.deepEqual([at.stored()[0]!.result, errorsOf(at.db, run.id).length], ['completed-export-errors', 1]);
});

test('stores the reason of a run that stopped, and one that could not start as a run too', async () => {
  const at = memory();
  const failure = new CausewayError('domain-controller-timeout', 'dc1 does not answer');
  const work = at.runs.during(at.runs.begin('import'), () => Promise.reject(failure));
  await assert.rejects(work);
  at.runs.conclude(failure, 'import');
  at.flush();
  at.runs.conclude(failure, 'import');
  at.flush();
  const [row, ...others] = at.stored();
  assert.deepEqual(
    [row!.result, row!.problem, row!.looks, others.length],
    ['no-start-connection', 'dc1 does not answer', 2, 0],
  );
});

test('keeps at most a limit of runs per connector, and removes the oldest first', () => {
  const at = memory();
  const many = (connector: string, count: number) =>
    at.db.run(
      `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
       INSERT INTO run (id, connector, kind, whole, started_at, ended_at, result, looks, adds, updates, deletes, unchanged, errors)
       SELECT ? || n, ?, 'import', 0, ?, ?, 'success', 1, 1, 0, 0, 0, 0 FROM n`,
      ...[count, connector, connector, at.db.timestamp(), at.db.timestamp()],
    );
  many('other', 3);
  many('c', 50_007);
  pruneRuns(at.db, 7 * 86_400);
  const kept = (connector: string) =>
    at.db.get<{ n: number; first: string }>(
      'SELECT count(*) AS n, min(number) AS first FROM run WHERE connector = ?',
      connector,
    )!;
  assert.equal(kept('c').n, 50_000);
  assert.equal(getRun(at.db, 'c7'), undefined);
  assert.ok(getRun(at.db, 'c8'));
  assert.equal(kept('other').n, 3);
});

test('marks runs in progress at a kill as stopped, and removes runs older than the interval with their errors', async () => {
  const at = memory();
  const run = at.runs.begin('passwords', true);
  run.fail({ guid: 'g', dn: 'CN=g', code: 'c', reason: 'r' });
  at.flush();
  stopOpenRuns(at.db);
  assert.equal(getRun(at.db, run.id)!.result, 'stopped-server');
  pruneRuns(at.db, 7 * 86_400);
  assert.equal(at.stored().length, 1);
  await at.clock.pass(7 * 86_400_000 + 1);
  pruneRuns(at.db, 7 * 86_400);
  assert.deepEqual([at.stored(), errorsOf(at.db, run.id)], [[], []]);
});
