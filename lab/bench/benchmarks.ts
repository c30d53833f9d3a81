import { BENCH_DOMAINS, ONE_FOREST, TWO_FORESTS } from './domains.ts';
import { measureFlood } from './flood.ts';
import { measureForests } from './forests.ts';
import { type FullPasses, measureFullPasses, peakAfterPasses } from './full-pass.ts';
import type { Ground } from './ground.ts';
import { measureLargeGroup } from './groups/large-group.ts';
import { measureGroups } from './groups/measure-groups.ts';
import { measureLoad } from './initial-load.ts';
import { measureLatency } from './latency.ts';
import { measureMany } from './many.ts';
import { CONNECT_MEMORY_MB, memoryRow } from './measure/memory.ts';
import type { Measurement } from './measure/row.ts';
import { measurePull } from './pull.ts';
import type { Scene } from './scene.ts';

/** Per forest. */
export const PEOPLE = 5000;
/** The share of people with whom memory is measured first, so that the peak of all shows whether it grows. */
const FEW = 1 / 5;

/** A large site has this many times more people. */
const MANY = 20;
const MANY_IN_A_TRIAL = 2;

/**
 * What can be measured, in the order of a whole run. `--only` names some. A measurement that several need is done once. All but the last
 * three share one scene.
 */
export const BENCHMARKS = [
  'pull',
  'full-pass',
  'initial-load',
  'memory',
  'on-premises-sids',
  'latency',
  'flood',
  'large-group',
  'forests',
  'many',
  'groups',
] as const;
export type BenchmarkName = (typeof BENCHMARKS)[number];

export class Benchmarks {
  readonly #ground: Ground;
  readonly #people: number;
  readonly #done = new Map<string, Promise<unknown>>();

  /** @param people per forest */
  constructor(ground: Ground, people: number) {
    this.#ground = ground;
    this.#people = people;
  }

  /** Measures with few people what needs that, before there are many. */
  async prepare(names: readonly BenchmarkName[]): Promise<void> {
    if (names.includes('forests')) await this.#fewOfForests();
    if (names.includes('memory')) await this.#few();
  }

  run(name: BenchmarkName): Promise<Measurement[]> {
    switch (name) {
      case 'pull':
        return this.#pull();
      case 'full-pass':
        return this.#fullPass().then(({ measurement }) => [measurement]);
      case 'initial-load':
        return this.#load().then(load => [load]);
      case 'memory':
        return this.#memory();
      case 'on-premises-sids':
        return this.#loadWithSids().then(load => [load]);
      case 'latency':
        return this.#latency();
      case 'flood':
        this.#ground.report('a hundred sign-ins at once');
        return measureFlood();
      case 'large-group':
        return measureLargeGroup(this.#ground);
      case 'forests':
        return this.#forests();
      case 'many':
        return measureMany(this.#ground, this.#many);
      case 'groups':
        return measureGroups(this.#ground, this.#many);
    }
  }

  /** Measures again: repeats its own rounds, not what it needs of others. */
  again(name: BenchmarkName): Promise<Measurement[]> {
    this.#done.delete(name);
    return this.run(name);
  }

  #few(): Promise<number> {
    return this.#once('few', async () => {
      const scene = await this.#scene(this.#fewPeople);
      const peak = await peakAfterPasses(scene);
      const { connect } = scene.stage;
      await connect.stop();
      await this.#ground.people(BENCH_DOMAINS.onprem, this.#people);
      await connect.start();
      await scene.imported(); // nothing else may be measured beside it
      return peak;
    });
  }

  #scene(people = this.#people): Promise<Scene> {
    return this.#once('scene', () => this.#ground.scene(ONE_FOREST, people));
  }

  async #pull(): Promise<Measurement[]> {
    const scene = await this.#scene();
    const { report } = this.#ground;
    report('pulling in turns, by Connect’s client and by Samba’s');
    const { onprem } = BENCH_DOMAINS;
    return measurePull(onprem, scene.reader(onprem), this.#ground);
  }

  #fullPass(): Promise<FullPasses> {
    return this.#once('full-pass', async () =>
      measureFullPasses('full password sync', "pull by Samba's client", await this.#scene()),
    );
  }

  #load(): Promise<Measurement> {
    return this.#once('initial-load', async () => {
      const { users } = await this.#fullPass();
      return measureLoad('initial load of the managed domain', await this.#scene(), users, this.#people);
    });
  }

  /** Changes are later measured in the domain that this leaves: everybody in it has an on-premises SID. */
  #loadWithSids(): Promise<Measurement> {
    return this.#once('on-premises-sids', async () => {
      const { users } = await this.#fullPass();
      const name = 'initial load of the managed domain, with on-premises SIDs';
      return measureLoad(name, await this.#scene(), users, this.#people, { withSids: true });
    });
  }

  async #memory(): Promise<Measurement[]> {
    const few = await this.#few();
    await this.#load();
    const { stage } = await this.#scene();
    const connect = memoryRow(stage.connect, this.#people, CONNECT_MEMORY_MB);
    return [
      connect,
      memoryRow(stage.tenant, this.#people),
      memoryRow(stage.domain, this.#people),
      {
        name: `peak memory, connect, ${this.#people} people`,
        value: connect.value,
        unit: 'MB',
        against: `the same with ${this.#fewPeople} people`,
        yardstick: few,
      },
    ];
  }

  async #latency(): Promise<Measurement[]> {
    await this.#loadWithSids();
    return measureLatency(await this.#scene());
  }

  get #many(): number {
    return this.#people * (this.#ground.trial ? MANY_IN_A_TRIAL : MANY);
  }

  get #fewPeople(): number {
    return Math.ceil(this.#people * FEW);
  }

  /** As many people as with one forest, spread over two. */
  get #fewOfEach(): number {
    return Math.ceil(this.#fewPeople / TWO_FORESTS.length);
  }

  #fewOfForests(): Promise<number> {
    return this.#once('few-of-forests', async () =>
      peakAfterPasses(await this.#ground.scene(TWO_FORESTS, this.#fewOfEach)),
    );
  }

  async #forests(): Promise<Measurement[]> {
    const few = { people: this.#fewOfEach, peak: await this.#fewOfForests() };
    return measureForests(this.#ground, this.#people, few);
  }

  #once<T>(name: string, work: () => Promise<T>): Promise<T> {
    const known = this.#done.get(name) ?? work();
    this.#done.set(name, known);
    return known as Promise<T>;
  }
}
