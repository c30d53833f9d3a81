import { Listr } from 'listr2';

/** Runs work that reports its steps: with a spinner on a terminal, otherwise one line per step with its time. */
export async function withProgress<T>(work: (report: (step: string) => void) => Promise<T>): Promise<T> {
  if (process.stderr.isTTY) return onTerminal(work);
  let running: { step: string; since: number } | undefined;
  const close = () => {
    if (running) process.stderr.write(`${running.step}: ${seconds(running.since)}\n`);
    running = undefined;
  };
  const result = await work(step => {
    close();
    running = { step, since: performance.now() };
  });
  close();
  return result;
}

async function onTerminal<T>(work: (report: (step: string) => void) => Promise<T>): Promise<T> {
  let result: T | undefined;
  const list = new Listr([
    {
      title: 'lab',
      task: async (_, task) => {
        const start = performance.now();
        result = await work(step => {
          task.title = step;
        });
        task.title = `${task.title}: done in ${seconds(start)}`;
      },
    },
  ]);
  await list.run();
  return result as T;
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
