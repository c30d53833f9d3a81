import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { askSecret, confirm } from './ask.ts';

/** A user who answers, or ends the input instead; or a pipe. */
function terminal(answer: string | undefined, isTTY = true) {
  const shown: string[] = [];
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  output.on('data', chunk => shown.push(String(chunk)));
  if (answer === undefined) input.end();
  else input.write(`${answer}\n`);
  return { at: { input, output }, shown: () => shown.join('') };
}

const ask = ({ at }: ReturnType<typeof terminal>, yes?: boolean) =>
  confirm(['nobody is deleted', 'but \u001b[2Jthis'], 'do it?', yes, at);

test('continues only after yes at a terminal or --yes, and first shows what will happen', async () => {
  for (const answer of ['y', 'Yes ']) await ask(terminal(answer));
  for (const answer of ['', 'n', 'yesterday', undefined])
    await assert.rejects(ask(terminal(answer)), { code: 'not-confirmed' });
  const script = terminal('y', false);
  await assert.rejects(ask(script), { code: 'confirmation-needed', todo: /--yes/ });
  assert.equal(script.shown(), 'nobody is deleted\nbut \ufffd[2Jthis\n');
  const told = terminal('', false);
  await ask(told, true);
  assert.equal(told.shown(), script.shown());
});

test('asks for a secret without showing it, and never asks a pipe', async () => {
  const person = terminal(' typed ');
  assert.equal(await askSecret('code: ', person.at), 'typed');
  assert.equal(person.shown(), 'code: \n');
  assert.equal(await askSecret('code: ', terminal('x', false).at), undefined);
});
