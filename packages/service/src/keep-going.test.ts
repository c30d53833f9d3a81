import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bell, every, type KeepGoing, keepGoing, sleep, Trouble } from './index.ts';

/** Plays a script, one step per turn, and ends with it. */
async function play(
  script: readonly ((bell: Bell) => unknown)[],
  options: Partial<KeepGoing> = {},
): Promise<{ told: string[]; woken: boolean[] }> {
  const stop = new AbortController();
  const bell = new Bell();
  const told: string[] = [];
  const woken: boolean[] = [];
  const trouble = new Trouble(
    text => told.push(text),
    () => told.push('over'),
  );
  let turns = 0;
  await keepGoing({
    ...{ signal: stop.signal, trouble, bell, firstWaitMs: 0, lastWaitMs: 0, ...options },
    turn: async rung => {
      woken.push(rung);
      const step = script[turns++];
      if (turns >= script.length) stop.abort();
      await step?.(bell);
    },
  });
  return { told, woken };
}

const fails = (text: string) => () => Promise.reject(new Error(text));
const works = () => {};

test('reports a trouble once each when it begins, when it changes and when it is over', async () => {
  const { told } = await play([
    ...[works, fails('no disk'), fails('no disk'), fails('no network'), fails('no network'), works, works],
    ...[fails('no disk'), works, works],
  ]);
  assert.deepEqual(told, ['no disk', 'no network', 'over', 'no disk', 'over']);
});

test("of two that share a trouble, one without any does not end the other's", async () => {
  const told: string[] = [];
  const trouble = new Trouble(
    text => told.push(text),
    () => told.push('over'),
  );
  const down = fails('down');
  const meanwhile = () => play([works, works], { trouble });
  await play([down, () => meanwhile().then(down), works, works], { trouble });
  assert.deepEqual(told, ['down', 'over']);
});

test('waits as long as an error asks for, and otherwise in growing pauses', async () => {
  const waits: number[] = [];
  const clock = { sleep: async (milliseconds: number) => void waits.push(milliseconds) };
  const growing = { clock, firstWaitMs: 1000, lastWaitMs: 4000 };
  await play([fails('a'), fails('a'), fails('a'), fails('a'), fails('a'), works], growing);
  for (const [i, full] of [1000, 2000, 4000, 4000, 4000].entries())
    assert.ok(waits[i]! >= full / 2 && waits[i]! <= full, `${waits}`);
  waits.length = 0;
  await play([works, fails('busy'), works, fails('busy'), works], {
    ...{ ...growing, pauseMs: 7 },
    waitAfter: error => ((error as Error).message === 'busy' ? 60_000 : 0),
  });
  assert.deepEqual(waits, [7, 60_000, 7, 60_000, 7]);
});

test('a ring ends a wait, even if it comes first, and the next turn sees it', async () => {
  const patient = { pauseMs: 60_000, firstWaitMs: 60_000, lastWaitMs: 60_000 };
  const late = (bell: Bell) => void sleep(5).then(() => bell.ring());
  const early = (bell: Bell) => bell.ring();
  const failing = async (bell: Bell) => {
    bell.ring();
    throw new Error('no');
  };
  const { woken } = await play([late, early, failing, works], patient);
  assert.deepEqual(woken, [false, true, true, true]);
});

test('a turn that a ring ended has not failed', async () => {
  const rung = async (bell: Bell) => {
    bell.ring();
    throw bell.signal.reason;
  };
  const { told, woken } = await play([rung, works], { firstWaitMs: 60_000, lastWaitMs: 60_000 });
  assert.deepEqual([told, woken], [[], [false, true]]);
});

test('a failure because of the signal is no trouble', async () => {
  assert.deepEqual((await play([fails('stopped')])).told, []);
});

test('a beat repeats after its time or at once on a ring, and ends with what it throws', async () => {
  const stop = new AbortController();
  const bell = new Bell();
  let beats = 0;
  await every(1, stop.signal, async () => void (++beats === 3 && stop.abort()));
  assert.equal(beats, 3);
  const beating = every(
    60_000,
    new AbortController().signal,
    async () => {
      if (++beats === 5) throw new Error('enough');
    },
    { bell },
  );
  bell.ring();
  await assert.rejects(beating, /enough/);
});
