import { compareFullPass, type FullPass, runFullPass } from './full-pass.ts';
import type { Ground } from './ground.ts';
import { compareLoad, loadDomain } from './initial-load.ts';
import { measureLatency } from './latency.ts';
import { memoryRow, peakMemory } from './memory.ts';
import { measurePull, type PullResult } from './pull.ts';
import type { Measurement } from './row.ts';

const PEOPLE = 5000;
const FEW_PEOPLE = 1000;
const CONNECT_MEMORY_MB = 300;

/** What can be measured, in the order of a whole run; `--only` names one. What one needs of another is done once. */
export const BENCHMARKS = ['pull', 'full-pass', 'initial-load', 'memory', 'latency'] as const;
export type BenchmarkName = (typeof BENCHMARKS)[number];

export class Benchmarks {
  readonly #ground: Ground;
  readonly #done = new Map<string, Promise<unknown>>();

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  run(name: BenchmarkName): Promise<Measurement[]> {
    switch (name) {
      case 'pull':
        return this.#pull().then(({ measurements }) => measurements);
      case 'full-pass':
        return this.#compareFullPass();
      case 'initial-load':
        return this.#compareLoad();
      case 'memory':
        return this.#memory();
      case 'latency':
        return this.#latency();
    }
  }

  /** Connect's memory after a pass over few people; before there are many. */
  prepareMemory(): Promise<number> {
    return this.#once('few', async () => {
      const ground = this.#ground;
      await ground.people(FEW_PEOPLE);
      await runFullPass(ground);
      const peak = peakMemory(ground.stage.connect);
      await ground.stage.connect.stop();
      await ground.people(PEOPLE);
      await ground.stage.connect.start();
      await ground.imported(); // nothing else is measured beside it
      return peak;
    });
  }

  #pull(): Promise<PullResult> {
    return this.#once('pull', async () => {
      await this.#ground.people(PEOPLE);
      this.#ground.report('pulling in turns, by Connect’s client and by Samba’s');
      return measurePull(this.#ground.onprem, this.#ground.reader, this.#ground.report);
    });
  }

  #fullPass(): Promise<FullPass> {
    return this.#once('full-pass', async () => {
      await this.#ground.people(PEOPLE);
      return runFullPass(this.#ground);
    });
  }

  async #compareFullPass(): Promise<Measurement[]> {
    const { theirMs } = await this.#pull();
    return [await compareFullPass(await this.#fullPass(), theirMs)];
  }

  #load(): Promise<Awaited<ReturnType<typeof loadDomain>>> {
    return this.#once('load', async () => loadDomain(this.#ground, (await this.#fullPass()).users));
  }

  async #compareLoad(): Promise<Measurement[]> {
    return [await compareLoad(this.#ground, await this.#load(), PEOPLE)];
  }

  async #memory(): Promise<Measurement[]> {
    const few = await this.prepareMemory();
    await this.#load();
    const { stage } = this.#ground;
    const connect = memoryRow(stage.connect, PEOPLE, CONNECT_MEMORY_MB);
    return [
      connect,
      memoryRow(stage.tenant, PEOPLE),
      memoryRow(stage.domain, PEOPLE),
      {
        name: `peak memory, connect, ${PEOPLE} people`,
        value: connect.value,
        unit: 'MB',
        against: `the same with ${FEW_PEOPLE} people`,
        yardstick: few,
      },
    ];
  }

  async #latency(): Promise<Measurement[]> {
    await this.#load();
    return measureLatency(this.#ground);
  }

  #once<T>(name: string, work: () => Promise<T>): Promise<T> {
    const known = this.#done.get(name) ?? work();
    this.#done.set(name, known);
    return known as Promise<T>;
  }
}
