import type { ForestPerson } from '@causeway/connect/testing';
import { randomFrom } from '../random.ts';
import { HostileTenant, type Withheld } from './hostile-tenant.ts';
import { FILTERED } from './should-be.ts';
import { type Moment, PARTS, type Part, type World } from './world.ts';

const NAMES = [
  'ann',
  'bob',
  'cid',
  'dot',
  'eve',
  'fay',
  'gus',
  'hal',
  'ida',
  'joe',
  'kim',
  'leo',
  'mia',
  'ned',
];
const HIRED_FIRST = 5;
const STEPS = 8;
const DAY_MS = 86_400_000;
/** Each place alone, each pair, all three. A managed domain loses its ledger, its directory or both. */
const LOSSES = [
  ['connect'],
  ['tenant'],
  ['domain'],
  ['connect', 'tenant'],
  ['connect', 'domain'],
  ['tenant', 'domain'],
  ['connect', 'tenant', 'domain'],
] as const;
const OF_DOMAIN = [['ledger'], ['directory'], ['ledger', 'directory']] as const;

/** A random history of a forest, and of what its places lose. The same seed gives the same history. */
export class History {
  readonly world: World;
  /** What happened, for the report of a failure. */
  readonly told: string[] = [];
  readonly losses: string[] = [];
  readonly moments: Moment[] = [];
  readonly #seed: number;
  readonly #random: () => number;
  /** Set in a third of the seeds. */
  hostile: HostileTenant | undefined;
  #passwords = 0;
  /** The USN up to which Connect last read. */
  #heard = 0;

  constructor(world: World, seed: number) {
    this.world = world;
    this.#seed = seed;
    this.#random = randomFrom(seed);
  }

  pick<T>(some: readonly T[]): T {
    return some[Math.floor(this.#random() * some.length)]!;
  }

  chance(of: number): boolean {
    return this.#random() < of;
  }

  /** Days of the forest, with turns of the places between them. */
  async play(): Promise<void> {
    await this.world.begin();
    if (this.#seed % 3 === 2) this.hostile = new HostileTenant(this.world);
    const from = Math.floor(this.#random() * STEPS);
    for (let i = 0; i < HIRED_FIRST; i++) this.#hire();
    await this.world.quiet();
    for (let i = 0; i < STEPS; i++) {
      this.moments.push(await this.world.moment());
      this.told.push(`-- moment ${i}`);
      if (i === from && this.hostile) this.#turnHostile(this.hostile);
      this.step();
      if (this.chance(0.3)) this.step();
      const running = this.pick([['connect', 'domain'], ['connect', 'domain'], ['connect'], []] as const);
      await this.#run(running);
    }
  }

  #turnHostile(hostile: HostileTenant): void {
    const people = this.world.forest.people.filter(() => this.chance(0.4));
    const withheld = this.pick<Withheld>([
      { people: new Set(people.map(({ anchor }) => anchor)) },
      { people: new Set(people.map(({ anchor }) => anchor)) },
      'heads',
      'receipts',
    ]);
    const deceives = this.chance(0.5);
    hostile.begin(withheld, deceives);
    const what = typeof withheld === 'string' ? withheld : people.map(({ name }) => name).join(', ');
    this.told.push(`the tenant withholds ${what}${deceives ? ', and says that nothing differs' : ''}`);
  }

  /** The losses of this seed: one, or a second before the first is repaired. The seed also says which place notices first. */
  async loseAll(): Promise<void> {
    await this.lose(LOSSES[this.#seed % LOSSES.length]!);
    while (this.chance(0.3)) {
      await this.#run(this.#some());
      await this.lose(this.pick(LOSSES));
    }
    if (this.chance(0.5)) await this.#run(this.#some());
    this.#forgetTombstones();
  }

  #some() {
    return this.pick([['connect'], ['domain'], ['connect', 'domain'], ['domain', 'domain']] as const);
  }

  async #run(running: readonly ('connect' | 'domain')[]): Promise<void> {
    this.told.push(`run: ${running.join(', ') || 'nobody'}`);
    if (running.length > 0) await this.world.turn(undefined, running);
    if (running.some(place => place === 'connect')) this.#heard = this.world.forest.usn;
  }

  /** The parts lose something: back to one moment, to several, or to nothing, as the seed says. */
  async lose(lost: (typeof LOSSES)[number]): Promise<void> {
    const parts = lost.flatMap((place): readonly Part[] =>
      place === 'domain' ? this.pick(OF_DOMAIN) : [place],
    );
    const isOne = this.chance(0.5);
    const any = () => (this.chance(0.3) ? undefined : Math.floor(this.#random() * this.moments.length));
    const one = any();
    const groups = new Map<number | undefined, Part[]>();
    for (const part of PARTS.filter(some => parts.includes(some))) {
      const to = isOne ? one : any();
      groups.set(to, [...(groups.get(to) ?? []), part]);
    }
    if (this.chance(0.3)) this.step();
    if (groups.get(undefined)?.includes('connect')) this.#heard = Number.POSITIVE_INFINITY;
    else if (parts.includes('connect')) this.#heard = 0;
    this.losses.push(
      ...[...groups].map(([to, some]) => this.#tell(`lost: ${some.join(', ')} to ${to ?? 'nothing'}`)),
    );
    await this.world.loseEach(
      new Map(
        [...groups].flatMap(([to, some]) =>
          some.map(part => [part, to === undefined ? undefined : this.moments[to]]),
        ),
      ),
    );
  }

  /** One step of an administrator of the forest. */
  step(): void {
    const { forest } = this.world;
    const living = forest.people.filter(({ deleted }) => !deleted);
    if (living.length === 0) return void this.#hire();
    const gone = forest.people.filter(one => one.deleted && one.isThere && this.#isFree(one));
    const someone = this.pick(living);
    const another = this.pick(living);
    const day = (days: number) => new Date(this.world.date.getTime() + days * DAY_MS).toISOString();
    const steps: (() => string | undefined)[] = [
      () => this.#hire(),
      () => this.#change(someone, { enabled: false }),
      () => this.#change(someone, { enabled: !someone.enabled }),
      () => this.#change(someone, { expires: this.pick([null, day(-3), day(300)]) }),
      () => this.#setPassword(someone, false),
      () => this.#setPassword(someone, false),
      () => this.#setPassword(someone, true),
      () => this.#mark(someone),
      () => this.#rename(someone),
      () => this.#swap(someone, another),
      () => this.#delete(someone),
      () => (gone.length > 0 ? this.#restore(this.pick(gone)) : undefined),
    ];
    for (;;) {
      const done = this.pick(steps)();
      if (done !== undefined) return;
    }
  }

  #hire(): string | undefined {
    const free = NAMES.filter(name => this.#isFree({ name, principal: '' }));
    if (free.length === 0) return undefined;
    const name = this.pick(free);
    this.world.forest.hire(name, this.#password());
    return this.#tell(`hired ${name}`);
  }

  #change(person: ForestPerson, what: Partial<Pick<ForestPerson, 'enabled' | 'expires'>>): string {
    this.world.forest.change(person, what);
    return this.#tell(`${person.name} is ${JSON.stringify(what)}`);
  }

  #setPassword(person: ForestPerson, mustChange: boolean): string {
    this.world.forest.setPassword(person, this.#password(), { mustChange });
    return this.#tell(
      `${person.name} got password ${person.passwords.at(-1)}${mustChange ? ', to be changed' : ''}`,
    );
  }

  /** Takes a person out of the scope of passwords, or back into it. */
  #mark(person: ForestPerson): string {
    const adminDescription = person.adminDescription === undefined ? FILTERED : undefined;
    this.world.forest.change(person, { adminDescription });
    return this.#tell(`${person.name} is ${adminDescription === undefined ? 'not ' : ''}marked`);
  }

  #rename(person: ForestPerson): string | undefined {
    const name = this.pick(NAMES);
    if (!this.#isFree({ name, principal: '' })) return undefined;
    const before = person.name;
    this.world.forest.change(person, { name, principal: this.#principal(name) });
    return this.#tell(`${before} is called ${name}`);
  }

  #swap(one: ForestPerson, other: ForestPerson): string | undefined {
    if (one === other) return undefined;
    const { forest } = this.world;
    const [first, second] = [one, other].map(({ name, principal }) => ({ name, principal }));
    forest.change(one, { name: `${one.name}-x`, principal: `${one.name}-x@${forest.forest}` });
    forest.change(other, first!);
    forest.change(one, second!);
    return this.#tell(`${first!.name} and ${second!.name} exchange names`);
  }

  #delete(person: ForestPerson): string {
    this.world.forest.delete(person);
    return this.#tell(`deleted ${person.name}`);
  }

  /**
   * Forgets some tombstones: of users whose deletion Connect has seen, or of whom it knows nothing. The others keep theirs: a Connect of an
   * earlier day that still finds its place in the directory also finds tombstones, which outlive it by far.
   */
  #forgetTombstones(): void {
    for (const person of this.world.forest.people) {
      if (!person.deleted || person.objectUsn > this.#heard || this.chance(0.5)) continue;
      this.world.forest.forget(person);
      this.#tell(`of ${person.name} no tombstone is left`);
    }
  }

  #restore(person: ForestPerson): string {
    this.world.forest.restore(person);
    return this.#tell(`restored ${person.name}`);
  }

  #isFree({ name, principal }: Pick<ForestPerson, 'name' | 'principal'>): boolean {
    const { people } = this.world.forest;
    const wanted = principal === '' ? this.#principal(name) : principal;
    return people.every(one => one.deleted || (one.name !== name && one.principal !== wanted));
  }

  #principal(name: string): string {
    return `${name}@${this.world.forest.forest}`;
  }

  #password(): string {
    this.#passwords += 1;
    return `Made.Up.${this.#passwords}`;
  }

  #tell(what: string): string {
    this.told.push(what);
    return what;
  }
}
