import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { CausewayError, diskError, isDiskError, lockState, lockStateSoon, StateDatabase } from './index.ts';

// Tests that need no mount. `lab/e2e/disks.test.ts` has disks that are really full or fail.

const folder = mkdtempSync(join(tmpdir(), 'causeway-disk-'));
after(() => rmSync(folder, { recursive: true }));

const SERVICE = JSON.stringify(import.meta.resolve('./index.ts'));

/** Runs a separate program. On request its standard output is a file that accepts nothing. */
function run(program: string, stdout: 'pipe' | 'full' = 'pipe') {
  return spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `import * as service from ${SERVICE}; ${program}`],
    {
      stdio: ['ignore', stdout === 'full' ? openSync('/dev/full', 'w') : 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
}

test('maps errors of the system and of SQLite to one code each, and says what to do', () => {
  const system = (code: string) => Object.assign(new Error(`${code}: as it is`), { code });
  const sqlite = (errcode: number) =>
    Object.assign(new Error('sqlite'), { code: 'ERR_SQLITE_ERROR', errcode });
  for (const [error, code, words] of [
    [system('ENOSPC'), 'disk-full', /^no space left on device: '.*' cannot be written: make room/],
    [system('EDQUOT'), 'disk-full', /make room/],
    [sqlite(13), 'disk-full', /make room/],
    [system('EROFS'), 'disk-failed', /is read-only: look into the system's log/],
    [system('EIO'), 'disk-failed', /fails: look into the system's log/],
    [sqlite(10 | (3 << 8)), 'disk-failed', /fails/],
    [sqlite(8), 'disk-failed', /fails/],
  ] as const) {
    const told = diskError(error, folder);
    assert.equal(told?.code, code);
    assert.match(told.message, words);
    assert.deepEqual([told.status, told.retry, told.cause], [503, 'later', error]);
    assert.equal(diskError(told, folder), told);
  }
  for (const other of [
    system('EACCES'),
    sqlite(14),
    sqlite(5),
    new CausewayError('port-taken', 'y'),
    undefined,
  ]) {
    assert.equal(diskError(other, folder), undefined);
  }
});

test('rolls back a transaction without disk space, reports why, and continues when there is space', () => {
  const database = new StateDatabase(join(folder, 'small.db'));
  database.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
  const insert = database.prepare('INSERT INTO t VALUES (randomblob(100000))');
  const count = database.prepare('SELECT count(*) AS n FROM t');
  database.exec('PRAGMA max_page_count = 3');
  const fill = () =>
    database.transaction(() => {
      database.exec('UPDATE t SET x = 2');
      insert.run();
    });
  assert.throws(fill, { code: 'disk-full' });
  assert.equal(database.isTransaction, false);
  assert.deepEqual({ ...count.get() }, { n: 1 });
  database.exec('PRAGMA max_page_count = 1000');
  fill();
  assert.deepEqual({ ...database.prepare('SELECT min(x) AS x, count(*) AS n FROM t').get() }, { x: 2, n: 2 });
  database.close();
});

test('reports the first error of a transaction that SQLite ended, not that there is none to roll back', () => {
  const database = new StateDatabase(':memory:');
  assert.throws(
    () =>
      database.transaction(() => {
        database.exec('ROLLBACK');
        throw new RangeError('the first');
      }),
    /the first/,
  );
  database.transaction(() => database.exec('CREATE TABLE t (x)'));
});

test('a lock without its note still locks, and names nobody as its owner', () => {
  const state = join(folder, 'noteless');
  const lock = lockState(state);
  for (const note of [undefined, '', '12', `${process.pid}\n`, `${process.pid} 1\n`, `${2 ** 22 + 1} 1\n`]) {
    rmSync(join(state, 'lock.pid'), { force: true });
    if (note !== undefined) writeFileSync(join(state, 'lock.pid'), note);
    const second = run(
      `try { service.lockState(${JSON.stringify(state)}); } catch (e) { console.log(e.code, e.message); }`,
    );
    assert.match(second.stdout, /^already-running .* is in use by another process\n/, note);
  }
  lock.release();
});

test('starts although a note cannot be written or was left behind', () => {
  const state = join(folder, 'stale');
  mkdirSync(join(state, 'lock.pid', 'in-the-way'), { recursive: true }); // neither removable nor writable
  lockState(state).release();
  rmSync(join(state, 'lock.pid'), { recursive: true });
  writeFileSync(join(state, 'lock.pid'), '1\n');
  lockState(state).release();
});

test('waits only for a lock that another process holds', async () => {
  const state = join(folder, 'broken');
  mkdirSync(join(state, 'lock.db'), { recursive: true });
  const began = performance.now();
  await assert.rejects(lockStateSoon(state), (error: Error) => !/in use by/.test(error.message));
  assert.ok(performance.now() - began < 2000);
});

test('keeps running if the log cannot be written', () => {
  const logging = run(
    `const log = service.createLog('x'); for (let i = 0; i < 3; i++) log.info('y'); log.fatal('z'); process.exitCode = 7;`,
    'full',
  );
  assert.equal(logging.status, 7, logging.stderr);
});

test('a service that fails ends all others, waits for them, and reports the first reason', () => {
  const ended = run(`
    const log = service.createLog('x', { write: () => {} });
    const failing = { name: 'a', run: async () => { throw new Error('the first'); } };
    const other = { name: 'b', run: async signal => {
      await service.sleep(60_000, signal);
      await service.sleep(50);
      process.stdout.write('put away;');
      throw new Error('the second');
    } };
    await service.runServices([failing, other], log).catch(error => process.stdout.write(error.message));
  `);
  assert.equal(ended.stdout, 'put away;the first');
});

test('exits with code 1 if something is not closed in time after a failure', () => {
  const ended = run(`
    setInterval(() => {}, 1000);
    const log = service.createLog('x', { write: () => {} });
    const failing = { name: 'a', run: async () => { throw new Error('x'); } };
    await service.runServices([failing], log, { graceMs: 100 }).catch(() => {});
  `);
  assert.equal(ended.status, 1);
});

test("recognizes a disk's failure among other errors", () => {
  assert.equal(isDiskError(new CausewayError('disk-full', 'x')), true);
  assert.equal(isDiskError(new CausewayError('already-running', 'x')), false);
  assert.throws(
    () => new DatabaseSync(join(folder, 'no', 'such', 'folder')),
    (error: unknown) => diskError(error, folder) === undefined,
  );
});
