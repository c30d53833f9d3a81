import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideContinues, decideResult } from './decide-run.ts';
import { MAX_RUN_ERRORS, Run, type RunKind, type RunRecord } from './run.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 12, minutes)).toISOString();
const make = (kind: RunKind, more: Partial<RunRecord> = {}) =>
  new Run({ id: 'r', kind, startedAt: at(0), ...more });
const error = (n: number, reason = 'no') => ({ guid: `g${n}`, dn: `CN=${n}`, code: 'refused', reason });

test('names the result of a run as the original does', () => {
  const through = make('export');
  assert.equal(decideResult(through, undefined), 'success');
  for (const [kind, result] of [
    ['import', 'completed-discovery-errors'],
    ['synchronization', 'completed-sync-errors'],
    ['export', 'completed-export-errors'],
    ['passwords', 'completed-export-errors'],
  ] as const) {
    const run = make(kind);
    run.fail(error(1));
    assert.equal(decideResult(run, undefined), result);
  }
  through.waiting = 1;
  assert.equal(decideResult(through, undefined), 'stopped-deletion-threshold-exceeded');
});

test('distinguishes a run that could not begin from one that stopped midway', () => {
  const idle = make('import');
  const under = make('import');
  under.count('unchanged');
  for (const [failure, before, meanwhile] of [
    [{ code: 'domain-controller-timeout', status: 502 }, 'no-start-connection', 'stopped-connectivity'],
    [{ code: 'no-answer', status: 0 }, 'no-start-connection', 'stopped-connectivity'],
    [{ code: 'connector-account', status: 502 }, 'no-start-credentials', 'stopped-connectivity'],
    [{ code: 'invalid_client', status: 401 }, 'no-start-credentials', 'stopped-connectivity'],
    [{ code: 'disk-full', status: 503 }, 'stopped-database-disk-full', 'stopped-database-disk-full'],
    [
      { code: 'cycle-stopped', status: 409 },
      'stopped-user-termination-from-wmi-or-ui',
      'stopped-user-termination-from-wmi-or-ui',
    ],
    [{ code: '' }, 'stopped-server', 'stopped-server'],
  ] as const) {
    assert.equal(decideResult(idle, failure), before);
    assert.equal(decideResult(under, failure), meanwhile);
  }
});

test('counts an object that fails once, with its last reason, and names at most a hundred', () => {
  const run = make('export');
  run.fail(error(1, 'first'));
  run.fail(error(1, 'then'));
  assert.equal(run.counts.errors, 1);
  assert.equal(run.news.at(-1)!.reason, 'then');
  for (let n = 2; n < 300; n++) run.fail(error(n, 'x'.repeat(5_000)));
  assert.equal(run.counts.errors, 299);
  assert.equal(new Set(run.news.map(({ guid }) => guid)).size, MAX_RUN_ERRORS);
  assert.ok(run.news.every(({ reason }) => reason.length <= 1_000));
});

test('merges a run that found nothing into the previous one that found nothing, for up to half an hour', () => {
  const nothing = { result: 'success' } as const;
  const last = make('import', { ...nothing, endedAt: at(20) });
  const next = (minutes: number, more: Partial<RunRecord> = {}) =>
    make('import', { ...nothing, startedAt: at(minutes), endedAt: at(minutes), ...more });
  assert.equal(decideContinues(last, next(29)), true);
  assert.equal(decideContinues(last, next(30)), false);
  assert.equal(decideContinues(last, next(-1)), false, 'a clock that went back');
  assert.equal(decideContinues(undefined, next(1)), false);
  const did = { adds: 0, updates: 1, deletes: 0, unchanged: 0, errors: 0 };
  assert.equal(decideContinues(last, next(1, { counts: did })), false);
  assert.equal(decideContinues(make('import', { ...nothing, counts: did }), next(1)), false);
  assert.equal(decideContinues(last, next(1, { whole: true })), false, 'a full import is one of its own');
  assert.equal(decideContinues(last, next(1, { result: 'no-start-connection' })), false);
  assert.equal(decideContinues(make('import'), next(1)), false, 'one that is under way');
  last.absorb(next(25, { counts: { ...did, updates: 0, unchanged: 3 } }));
  assert.deepEqual([last.looks, last.endedAt, last.counts.unchanged], [2, at(25), 3]);
});
