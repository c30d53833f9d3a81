import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { provisionDomain, startDomain, stopDomain } from '@causeway/samba';
import type { Memberships } from '../domains/memberships.ts';
import { seedDomain } from '../domains/seed.ts';
import { labDirectory, labPath, openLab } from '../domains/state.ts';
import { domainDirectory, domainSettings, type LabDomain, layoutOf } from '../domains/table.ts';
import { emptyDatabase } from '../places/fresh-stage.ts';
import { startPostgres, type ThrowAwayPostgres } from '../run/postgres.ts';
import { BENCH_DOMAINS, useBenchFolder, writeBenchKrb5Conf } from './domains.ts';
import { Scene } from './scene.ts';
import { Snapshots } from './snapshots.ts';

export type Report = (step: string) => void;

/** A thing and its yardstick are measured in turns, because the machine's speed varies. */
const ROUNDS = 5;

/**
 * What all benchmarks run on: PostgreSQL, and forests with people. Made from nothing in each run and removed afterwards, except for the
 * snapshots.
 */
export class Ground {
  readonly postgres: ThrowAwayPostgres;
  readonly report: Report;
  /** Runs each stage to its end, with too few people to measure anything. */
  readonly trial: boolean;
  readonly #folder: string;
  readonly #snapshots: Snapshots;
  /** How many people each running forest has. */
  readonly #people = new Map<LabDomain, number>();
  #scene: Scene | undefined;

  static async open(report: Report, trial = false): Promise<Ground> {
    const snapshots = new Snapshots(join(labDirectory(), 'bench-snapshots'));
    const folder = useBenchFolder();
    await clear(folder);
    openLab();
    writeBenchKrb5Conf();
    report('starting PostgreSQL');
    return new Ground(folder, snapshots, await startPostgres({ durable: true }), report, trial);
  }

  private constructor(
    folder: string,
    snapshots: Snapshots,
    postgres: ThrowAwayPostgres,
    report: Report,
    trial: boolean,
  ) {
    this.#folder = folder;
    this.#snapshots = snapshots;
    this.postgres = postgres;
    this.report = report;
    this.trial = trial;
  }

  /** Makes sure that the forest runs and has at least this many people. */
  async people(forest: LabDomain, count: number): Promise<void> {
    if (!this.#people.has(forest)) {
      this.report(`making the domain ${forest.realm}`);
      await provisionDomain(domainSettings(forest));
      await startDomain(layoutOf(forest));
      this.#people.set(forest, 0);
    }
    if (this.peopleOf(forest) >= count) return;
    this.report(`making people of ${forest.realm}, up to ${count}`);
    await seedDomain(forest, { users: count });
    this.#people.set(forest, count);
  }

  /** Makes the forest run with exactly so many people and memberships: from a snapshot, or made once and kept for the next run. */
  async memberships(forest: LabDomain, people: number, wanted: Memberships): Promise<void> {
    const layout = layoutOf(forest);
    await this.#scene?.close();
    if (this.#people.has(forest)) await stopDomain(layout);
    const name = `${people}-people-${wanted.groups}-groups-${wanted.memberships}-memberships`;
    this.report(`looking for ${forest.realm} with ${name.replaceAll('-', ' ')}`);
    if (!(await this.#snapshots.restore(forest, name))) {
      await this.#manyPeople(forest, people);
      await seedDomain(forest, { users: people, memberships: wanted, report: this.report });
      await this.#snapshots.keep(forest, name);
    }
    await startDomain(layout);
    this.#people.set(forest, people);
  }

  /** People are kept separately: they take as long to make as their memberships, and stay the same with other memberships. */
  async #manyPeople(forest: LabDomain, people: number): Promise<void> {
    const name = `${people}-people`;
    if (await this.#snapshots.restore(forest, name)) return;
    await rm(layoutOf(forest).directory, { recursive: true, force: true });
    await provisionDomain(domainSettings(forest));
    const memberships = { groups: 0, memberships: 0 };
    await seedDomain(forest, { users: people, memberships, report: this.report });
    await this.#snapshots.keep(forest, name);
  }

  /** How often something is measured against its yardstick. */
  get rounds(): number {
    return this.trial ? 1 : ROUNDS;
  }

  peopleOf(forest: LabDomain): number {
    return this.#people.get(forest) ?? 0;
  }

  /** A scene over forests with at least so many people each. Closes the scene before it. */
  async scene(forests: readonly LabDomain[], people: number): Promise<Scene> {
    await this.#scene?.close();
    const { managed } = BENCH_DOMAINS;
    await stopDomain(layoutOf(managed));
    for (const place of [domainDirectory(managed), labPath('places')])
      await rm(place, { recursive: true, force: true });
    await emptyDatabase(this.postgres.url);
    for (const forest of forests) await this.people(forest, people);
    const scene = new Scene(this, forests);
    this.#scene = scene;
    await scene.stage.createConnectorAccounts();
    return scene;
  }

  async close(): Promise<void> {
    this.report('ending everything');
    await this.#scene?.close();
    await this.postgres.stop();
    await clear(this.#folder);
  }
}

async function clear(folder: string): Promise<void> {
  for (const domain of Object.values(BENCH_DOMAINS)) await stopDomain(layoutOf(domain));
  await rm(folder, { recursive: true, force: true });
}
