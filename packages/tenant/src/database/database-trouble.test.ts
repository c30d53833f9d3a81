import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CausewayError } from '@causeway/service';
import { databaseTrouble, isFatal } from './database-trouble.ts';
import { openDatabase } from './open-database.ts';

test('answers 503 with a plain reason while the database cannot work, and keeps every other error as it is', () => {
  const of = (fields: object) => databaseTrouble(Object.assign(new Error('inside'), fields));
  for (const [fields, code] of [
    [{ code: '53100' }, 'disk-full'],
    [{ code: '42501', file: 'md.c' }, 'disk-failed'], // PostgreSQL's name of EROFS
    [{ code: '58030' }, 'disk-failed'],
    [{ code: '25006' }, 'disk-failed'],
    [{ code: '57P01' }, 'database-unavailable'],
    [{ code: '53300' }, 'database-unavailable'],
    [{ code: 'ECONNREFUSED' }, 'database-unavailable'],
    [{ message: 'Connection terminated unexpectedly' }, 'database-unavailable'],
  ] as const) {
    const told = of(fields);
    assert.equal(told?.code, code);
    assert.deepEqual([told?.status, told?.retry], [503, 'later']);
    assert.match(told!.message, /try again later; nothing was stored$/);
    assert.doesNotMatch(told!.message, /inside/);
  }
  for (const fields of [{}, { code: '42501', file: 'aclchk.c' }, { code: '23505' }, { code: '57014' }]) {
    assert.equal(of(fields), undefined);
  }
  assert.equal(databaseTrouble(new CausewayError('no-such-user', 'y')), undefined);
  assert.deepEqual([isFatal({ severity: 'PANIC' }), isFatal({ severity: 'ERROR' })], [true, false]);
});

test('names, at the start, a server that cannot be reached', async () => {
  await assert.rejects(openDatabase({ kind: 'postgres', url: 'postgres://x:y@127.0.0.1:1/z' }), {
    code: 'database-unavailable',
    message: /^cannot open the database at databaseUrl: connect ECONNREFUSED 127\.0\.0\.1:1$/,
  });
});
