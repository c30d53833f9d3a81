import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CausewayError } from './causeway-error.ts';
import { reportError } from './command-line.ts';
import { ERRORS } from './errors/errors.ts';

function reported(t: TestContext, error: unknown, json = false): string {
  const write = t.mock.method(process.stderr, 'write', () => true);
  try {
    assert.equal(reportError(error, json), 1);
    return write.mock.calls.map(({ arguments: [text] }) => String(text)).join('');
  } finally {
    write.mock.restore();
  }
}

const { todo } = ERRORS['port-taken'];

test('shows what happened, and below it what to do', t => {
  const error = new CausewayError('port-taken', 'port 443 is taken');
  assert.equal(reported(t, error), `causeway: port 443 is taken\n${todo}\n`);
  assert.match(todo, /\n {2}ss -ltnp$/);
});

test('adds no command below a message that has one', t => {
  const message = 'port 443 is taken; run\n  causeway tenant run --listen 127.0.0.1:444';
  assert.equal(reported(t, new CausewayError('port-taken', message)), `causeway: ${message}\n`);
});

test('gives programs the code, the message and what to do', t => {
  const error = new CausewayError('port-taken', 'port 443 is taken');
  const expected = { error: { code: 'port-taken', message: 'port 443 is taken', todo } };
  assert.deepEqual(JSON.parse(reported(t, error, true)), expected);
});

test('shows an error that no table knows unchanged', t => {
  const error = CausewayError.passOn({ code: 'of-next-year', message: 'something new', status: 409 });
  assert.equal(reported(t, error), 'causeway: something new\n');
  assert.deepEqual(JSON.parse(reported(t, error, true)), {
    error: { code: 'of-next-year', message: 'something new' },
  });
  assert.equal(reported(t, new TypeError('a defect')), 'causeway: a defect\n');
});
