import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, test } from 'node:test';
import {
  backoff,
  CausewayError,
  createLog,
  describeError,
  lockState,
  plainText,
  readPrivateFile,
  table,
  writePrivateFile,
  writeRuntimeFile,
} from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-service-'));
after(() => rmSync(folder, { recursive: true }));

test('refuses a second instance with the process id of the first', () => {
  const state = join(folder, 'locked');
  const lock = lockState(state);
  const second = spawnSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { lockState } from ${JSON.stringify(import.meta.resolve('./index.ts'))};
     try { lockState(${JSON.stringify(state)}); } catch (e) { console.log(e.code, e.message); }`,
  ]);
  assert.match(String(second.stdout), new RegExp(`^already-running .* in use by process ${process.pid}\n`));
  lock.release();
  lockState(state).release();
});

test('lets everybody read a note in a folder for all', () => {
  const note = join(folder, 'run', 'connect.json');
  writeRuntimeFile(note, '{}');
  writeRuntimeFile(note, '{"socket":"/x"}');
  assert.equal(readFileSync(note, 'utf8'), '{"socket":"/x"}');
  assert.deepEqual([statSync(note).mode & 0o777, statSync(join(folder, 'run')).mode & 0o777], [0o644, 0o755]);
  assert.deepEqual(readdirSync(join(folder, 'run')), ['connect.json']);
});

test('redacts in a log what has the name of a secret', () => {
  const lines: string[] = [];
  const log = createLog(
    'test',
    new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    }),
  );
  log.info(
    { password: 'made-up-1', user: { password: 'made-up-2' }, a: { b: { token: 'made-up-3' } } },
    'hello',
  );
  assert.equal(lines.length, 1);
  assert.ok(!lines[0]!.includes('made-up'));
  assert.equal(lines[0]!.split('[redacted]').length, 4);
});

test('a crash is a kill: nothing after an armed fault point runs', () => {
  const run = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { faultPoint } from ${JSON.stringify(import.meta.resolve('./index.ts'))};
       for (let i = 1; i <= 3; i++) { console.log(i); faultPoint('x.step'); faultPoint('x.other'); }`,
    ],
    { env: { ...process.env, CAUSEWAY_CRASH_AT: 'x.step:2' } },
  );
  assert.equal(run.signal, 'SIGKILL');
  assert.equal(String(run.stdout), '1\n2\n');
});

test('describes errors with their causes, each once', () => {
  const inner = new Error('connection refused');
  assert.equal(
    describeError(new Error('no answer: connection refused', { cause: inner })),
    'no answer: connection refused',
  );
  assert.equal(
    describeError(new CausewayError('file-unreadable', 'cannot read', { cause: inner })),
    'cannot read: connection refused',
  );
  assert.equal(
    describeError(new CausewayError('not-running', 'it does not run\nTo start it:\n  run', { cause: inner })),
    'it does not run: connection refused\nTo start it:\n  run',
  );
});

test('doubles waits up to their limit', () => {
  for (let attempt = 1; attempt < 40; attempt++) {
    const wait = backoff(attempt, 100, 5000);
    assert.ok(wait >= Math.min(5000, 100 * 2 ** (attempt - 1)) / 2 && wait <= 5000);
  }
});

test('private files are private and whole', () => {
  const path = join(folder, 'deep', 'file');
  writePrivateFile(path, 'x');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(
    table([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
    ['a    bb', 'ccc  d'],
  );
});

test('closes a state folder that was open before', () => {
  const state = join(folder, 'open');
  mkdirSync(state, { mode: 0o755 });
  chmodSync(state, 0o755);
  lockState(state).release();
  assert.equal(statSync(state).mode & 0o777, 0o700);
});

test('writes a private file through nothing that somebody else put in its way', () => {
  const open = join(folder, 'shared');
  mkdirSync(open);
  const elsewhere = join(folder, 'elsewhere');
  writeFileSync(elsewhere, 'theirs');
  symlinkSync(elsewhere, join(open, `made-up.${process.pid}.new`)); // a predictable name
  writePrivateFile(join(open, 'made-up'), 'ours');
  rmSync(join(open, `made-up.${process.pid}.new`), { force: true });
  assert.equal(readPrivateFile(join(open, 'made-up')), 'ours');
  assert.throws(() => readPrivateFile(elsewhere), { code: 'file-not-private' });
  const long = 'x'.repeat(3_000_000);
  writePrivateFile(join(open, 'long'), long);
  assert.equal(readPrivateFile(join(open, 'long')).length, long.length);
  mkdirSync(join(open, 'in-the-way', 'full'), { recursive: true });
  assert.throws(() => writePrivateFile(join(open, 'in-the-way'), 'a secret'));
  assert.deepEqual(readdirSync(open).sort(), ['in-the-way', 'long', 'made-up']);
});

test('prints text from other machines as plain text only', () => {
  assert.equal(plainText('a\u001b[2Jb\u202ec\td\ne\u009bf'), 'a�[2Jb�c�d\ne�f');
});
