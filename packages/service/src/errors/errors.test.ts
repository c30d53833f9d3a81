import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CausewayError } from '../causeway-error.ts';
import { ERROR_TABLES, ERRORS, type ErrorCode, errorEntry, MERGED_CODES } from './errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

test('each code is in one table only', () => {
  const all = Object.values(ERROR_TABLES).flatMap(table => Object.keys(table));
  assert.deepEqual(
    all.filter((code, i) => all.indexOf(code) !== i),
    [],
  );
  assert.deepEqual(all.sort(), codes.sort());
});

test('each row tells in whole sentences what happened and what to do', () => {
  for (const code of codes) {
    const { status, means, todo } = ERRORS[code];
    assert.ok(status >= 400 && status < 600, code);
    assert.match(means, /^['A-Z].*\.$/, code);
    assert.match(todo, /^[`'A-Z]/, code);
    assert.match(todo, /(\.|:\n( {2}\S.*\n?)+)$/, `${code} ends with a sentence or a command`);
  }
});

test('an error has the status and the retry of its row', () => {
  const error = new CausewayError('disk-full', 'no room');
  assert.deepEqual([error.status, error.retry, error.todo], [503, 'later', ERRORS['disk-full'].todo]);
  assert.equal(new CausewayError('no-such-user', 'nobody').retry, 'never');
});

test('an error of another release keeps its code and status', () => {
  const came = { code: 'of-next-year', message: 'something new', status: 418 };
  const cause = new Error('why');
  const error = CausewayError.passOn(came, { cause });
  assert.deepEqual(
    [error.code, error.message, error.status, error.retry, error.todo, error.cause],
    ['of-next-year', 'something new', 418, 'never', undefined, cause],
  );
  assert.equal(errorEntry('constructor'), undefined);
});

test('reads a code of the previous release under its current name', () => {
  for (const [before, now] of Object.entries(MERGED_CODES)) {
    assert.ok(!codes.includes(before as ErrorCode), `${before} is still thrown`);
    const error = CausewayError.passOn({ code: before, message: 'as before', status: 409 });
    assert.deepEqual([error.code, error.status, error.todo], [now, 409, ERRORS[now].todo]);
  }
});
