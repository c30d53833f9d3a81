import type { FullPasswordSync } from '@causeway/contract';
import { printResult, sleep } from '@causeway/service';
import { ask, askOrDo, type CommonOptions } from './at-hand.ts';

interface Pass {
  connector: string;
  pass: FullPasswordSync | null;
  merged?: true | undefined;
}

const ASK_EVERY_MS = 500;
/** How often progress is printed without a terminal to draw a bar on. */
const TELL_EVERY_MS = 10_000;

/** Requests a full pass and waits until it has read everybody. It reports users who are owed, and does not wait for them. */
export async function forcePasswordSync(
  options: CommonOptions & { connector?: string; wait: boolean },
): Promise<void> {
  const { connector } = options;
  const which = connector === undefined ? {} : { connector };
  const { result, running, configuration } = await askOrDo(
    options,
    'forceFullPasswordSync',
    { body: which },
    async (connect, handlers, asked) => {
      await connect.sync();
      for (const each of connect.connectors) await each.fullPass();
      const now = await handlers.getFullPasswordSync(
        { params: undefined as never, query: which, body: undefined as never },
        '',
      );
      return { passes: keepMerged(asked.passes, now.passes) };
    },
  );
  if (!running || !options.wait) {
    print(options, result.passes);
    return;
  }
  const show = progress();
  for (;;) {
    const { passes } = await ask(configuration, 'getFullPasswordSync', { query: which });
    show(passes);
    if (passes.every(({ pass }) => pass === null || pass.readAt !== null))
      return print(options, keepMerged(result.passes, passes));
    await sleep(ASK_EVERY_MS);
  }
}

/** The passes as they are now, marked where the request was merged into one that ran already. */
function keepMerged(asked: readonly Pass[], now: readonly Pass[]): Pass[] {
  const merged = new Set(asked.filter(each => each.merged).map(({ connector }) => connector));
  return now.map(each => ({ ...each, ...(merged.has(each.connector) && { merged: true as const }) }));
}

function print(options: CommonOptions, passes: readonly Pass[]): void {
  const flat = passes.map(({ pass, ...which }) => ({ ...which, ...pass }));
  printResult(options.json, { passes: flat }, () =>
    passes.flatMap(each => [
      ...(each.merged
        ? [`${each.connector}: a full password sync is already running; this request was merged with it`]
        : []),
      describe(each),
    ]),
  );
}

function describe({ connector, pass }: Pass): string {
  return `${connector}: ${pass === null ? 'no full password sync was asked for yet' : describePass(pass)}`;
}

/** A forced full pass in one line. */
export function describePass(pass: FullPasswordSync): string {
  const { users, total, rate, expectedAt, readAt, completedAt, startedAt, waitingFor } = pass;
  const fast = rate === null ? '' : `, ${Math.round(rate)}/s`;
  if (completedAt !== null) return `full password sync completed ${completedAt}: ${users} users sent${fast}`;
  const why = waitingFor === null ? '' : `; waits: ${waitingFor}`;
  if (readAt !== null)
    return `full password sync: ${users} users sent${fast}; open until those who are owed are sent${why}`;
  if (startedAt === null) return `full password sync requested${why}`;
  const until = expectedAt === null ? '' : `, expected to be through at ${expectedAt}`;
  return `full password sync under way: ${users} of ${total} users sent${fast}${until}${why}`;
}

/** A bar on a terminal, elsewhere a line now and then. Both go to standard error, because standard output is for the result. */
function progress(): (passes: readonly Pass[]) => void {
  const { stderr } = process;
  let told = 0;
  return passes => {
    if (stderr.isTTY) {
      const done = passes.every(({ pass }) => pass === null || pass.readAt !== null);
      stderr.write(`\r\u001b[K${passes.map(bar).join('   ')}${done ? '\n' : ''}`);
    } else if (Date.now() - told >= TELL_EVERY_MS) {
      if (told > 0) stderr.write(`${passes.map(describe).join('\n')}\n`);
      told = Date.now();
    }
  };
}

const BAR_WIDTH = 24;

function bar({ connector, pass }: Pass): string {
  if (pass === null) return connector;
  const part = pass.readAt !== null ? 1 : Math.min(1, pass.users / Math.max(1, pass.total));
  const filled = Math.round(part * BAR_WIDTH);
  const seconds = pass.expectedAt === null ? undefined : (Date.parse(pass.expectedAt) - Date.now()) / 1000;
  const left = seconds === undefined ? '' : `, ${Math.max(0, Math.ceil(seconds))} s left`;
  const fast = pass.rate === null ? (pass.waitingFor ?? '') : `${Math.round(pass.rate)}/s${left}`;
  return `${connector} [${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${pass.users}/${pass.total} ${fast}`;
}
