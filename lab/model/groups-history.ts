import type { ForestGroup, ForestPerson, ScriptedForest } from '@causeway/connect/testing';
import { randomFrom } from '../random.ts';
import { type Moment, PARTS, type World } from './world.ts';

const ADDED_FIRST = 8;
const ROUNDS = 3;
/** Per round. */
const STEPS = 6;
const PEOPLE = 4;
const GROUPS = 4;
/** How many passes of Connect at most within one turn. */
const MAX_PASSES = 10;
/** SIDs of a forest that this world does not have. */
const ELSEWHERE = ['S-1-5-21-4-5-6-1100', 'S-1-5-21-4-5-6-1101'];
const FEEDS = /^\/api\/v1\/domain\/(group-)?changes\?/;
const RUNNING = [['connect', 'domain'], ['connect', 'domain'], ['connect'], ['domain']] as const;

/**
 * A random history of people and groups of one or two forests. The places run now and then, stop, lose what they had, and read again what
 * they have read.
 */
export class GroupsHistory {
  /** What happened, for the report of a failure. */
  readonly told: string[] = [];
  readonly #world: World;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #forests: readonly ScriptedForest[];
  #moment: Moment | undefined;
  #names = 0;

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#seed = seed;
    this.#random = randomFrom(seed);
    this.#forests = world.forests;
  }

  async play(): Promise<void> {
    for (const [n, forest] of this.#forests.entries()) {
      for (let i = 0; i < PEOPLE; i++) forest.hire(`p${n}${i}`, 'Made.Up.1');
      for (let i = 0; i < GROUPS; i++)
        forest.groups.make(`g${n}${i}`, { scope: i === 0 ? 'domainLocal' : 'universal' });
    }
    for (let i = 0; i < ADDED_FIRST; i++) {
      const forest = this.#pick(this.#forests)!;
      this.#add(forest, this.#pick(forest.groups.all)!);
    }
    if (this.#chance(0.3)) this.#reorder();
    const kept = this.#below(ROUNDS);
    for (let round = 0; round < ROUNDS; round++) {
      await this.#run();
      if (round === kept) {
        this.#tell('-- the moment');
        this.#moment = await this.#world.moment();
      }
      for (let i = 0; i < STEPS; i++) this.#step(this.#pick(this.#forests)!);
    }
    if (this.#chance(0.7)) await this.#lose();
  }

  /** The tenant shows its changes in any order, one page at a time. */
  #reorder(): void {
    this.#tell('the feeds are in another order');
    const random = randomFrom(~this.#seed); // its own generator: the number of pages read must not change the history
    this.#world.lie = (_method, path, answer) => {
      if (!FEEDS.test(path)) return undefined;
      const page = answer as { items: unknown[] };
      const drawn = page.items.map(item => ({ item, at: random() }));
      return { ...page, items: drawn.sort((a, b) => a.at - b.at).map(({ item }) => item) };
    };
  }

  async #run(): Promise<void> {
    const { domain } = this.#world;
    if (this.#chance(0.1)) {
      this.#tell('the feed is repeated');
      domain.readAgain();
    }
    const running = this.#pick(RUNNING)!;
    if (running[0] === 'connect' && this.#chance(0.3)) await this.#kill(this.#pick(this.#world.sides)!);
    const end = this.#chance(0.2) ? this.#below(5) : undefined;
    if (end !== undefined) domain.samba.endAfter(end);
    this.#tell(`run: ${running.join(', ')}${end === undefined ? '' : `; killed after ${end} changes`}`);
    await this.#world.turn(undefined, running);
    if (end === undefined) return;
    await domain.stop();
    await domain.start();
  }

  async #kill({ connect, forest }: World['sides'][number]): Promise<void> {
    const point = await connect.turnKilledAfter(this.#below(MAX_PASSES));
    if (point !== undefined) this.#tell(`Connect of ${forest.forest} is killed at ${point}`);
  }

  async #lose(): Promise<void> {
    const part = this.#pick(PARTS)!;
    const to = this.#chance(0.5) ? this.#moment : undefined;
    this.#tell(`lost: ${part} to ${to === undefined ? 'nothing' : 'the moment'}`);
    await this.#world.lose([part], to);
  }

  #step(forest: ScriptedForest): void {
    const person = this.#pick(forest.people.filter(one => !one.deleted));
    const group = this.#pick(forest.groups.all.filter(one => !one.deleted));
    if (person === undefined || group === undefined) {
      this.#restore(forest);
      return;
    }
    const steps = [
      ...Array.from({ length: 6 }, () => () => this.#add(forest, group)),
      ...Array.from({ length: 2 }, () => () => this.#remove(forest, group)),
      ...Array.from({ length: 2 }, () => () => this.#rename(forest, group)),
      () => this.#make(forest),
      () => this.#move(forest, group),
      () => this.#movePerson(forest, person),
      () => this.#renamePerson(forest, person),
      () => this.#changeType(forest, group),
      () => this.#changeScope(forest, group),
      ...Array.from({ length: 2 }, () => () => this.#setPrimaryGroup(forest, person)),
      () => this.#deleteGroup(forest, group),
      () => this.#deletePerson(forest, person),
      ...Array.from({ length: 3 }, () => () => this.#restore(forest)),
    ];
    this.#pick(steps)!();
  }

  #add(forest: ScriptedForest, group: ForestGroup): void {
    const local = this.#pick(livingOf(forest))!;
    // A domain controller accepts foreign members in domain local groups only.
    const others = [...this.#forests.filter(one => one !== forest).flatMap(livingOf), ...ELSEWHERE];
    const other = group.scope === 'domainLocal' && this.#chance(0.5) ? this.#pick(others)! : undefined;
    // It also refuses a user whose primary group it is.
    if (other === undefined && 'primaryGroup' in local && isPrimary(forest, local, group)) return;
    const member = other ?? local;
    this.#tell(`${typeof member === 'string' ? member : member.name} into ${group.name}`);
    forest.groups.add(group, typeof member === 'string' || member === local ? member : member.sid);
  }

  #remove(forest: ScriptedForest, group: ForestGroup): void {
    const gone = this.#pick(forest.groups.shown(group));
    if (gone === undefined) return;
    this.#tell(`${gone.name} out of ${group.name}`);
    const isOwn = gone.sid.startsWith(`${forest.domainSid}-`);
    forest.groups.remove(group, isOwn ? gone : gone.sid);
  }

  #make(forest: ScriptedForest): void {
    const name = this.#newName(forest);
    this.#tell(`made ${name} in ${forest.forest}`);
    const scope = this.#pick(['universal', 'global', 'domainLocal'] as const)!;
    forest.groups.make(name, { scope });
  }

  /** May also be the name of an object of the other forest. */
  #newName(forest: ScriptedForest): string {
    const others = this.#forests.filter(one => one !== forest).flatMap(livingOf);
    const taken = new Set([...forest.people, ...forest.groups.all].map(({ name }) => name));
    const free = others.map(({ name }) => name).filter(name => !taken.has(name));
    const contested = this.#chance(0.3) ? this.#pick(free) : undefined;
    return contested ?? `new${this.#names++}`;
  }

  #rename(forest: ScriptedForest, group: ForestGroup): void {
    const name = this.#newName(forest);
    this.#tell(`${group.name} is called ${name}`);
    forest.groups.change(group, { name });
  }

  #move(forest: ScriptedForest, group: ForestGroup): void {
    const container = this.#otherContainer(group);
    this.#tell(`${group.name} is in ${container}`);
    forest.groups.change(group, { container });
  }

  #movePerson(forest: ScriptedForest, person: ForestPerson): void {
    const container = this.#otherContainer(person);
    this.#tell(`${person.name} is in ${container}`);
    forest.change(person, { container });
  }

  #otherContainer({ container }: { container: string }): string {
    return container === 'OU=People' ? 'OU=Groups' : 'OU=People';
  }

  #renamePerson(forest: ScriptedForest, person: ForestPerson): void {
    const name = this.#newName(forest);
    this.#tell(`${person.name} is called ${name}`);
    forest.change(person, { name, principal: `${name}@${forest.forest}` });
  }

  #changeType(forest: ScriptedForest, group: ForestGroup): void {
    this.#tell(`${group.name} is ${group.security ? 'a distribution' : 'a security'} group`);
    const mail = `${group.name}@${forest.forest}`; // without a mail address it would be out of scope
    forest.groups.change(group, { security: !group.security, mail });
  }

  #changeScope(forest: ScriptedForest, group: ForestGroup): void {
    const hasOthers = forest.groups.shown(group).some(({ sid }) => !sid.startsWith(`${forest.domainSid}-`));
    const scope = hasOthers || group.scope !== 'domainLocal' ? 'domainLocal' : 'universal';
    this.#tell(`${group.name} is ${scope}`);
    forest.groups.change(group, { scope });
  }

  /** Makes one of their groups the primary one, or Domain Users again. */
  #setPrimaryGroup(forest: ScriptedForest, person: ForestPerson): void {
    const { groups } = forest;
    const has = (group: ForestGroup) => groups.shown(group).some(({ guid }) => guid === person.guid);
    const group = this.#pick([...groups.all.filter(one => !one.deleted && has(one)), undefined]);
    this.#tell(`${person.name} has ${group?.name ?? 'Domain Users'} as primary group`);
    forest.setPrimaryGroup(person, group);
  }

  #deleteGroup(forest: ScriptedForest, group: ForestGroup): void {
    // No domain controller deletes a primary group, or restores a user whose primary group is deleted.
    if (forest.people.some(one => isPrimary(forest, one, group))) return;
    this.#tell(`deleted ${group.name}`);
    forest.groups.delete(group);
  }

  #deletePerson(forest: ScriptedForest, person: ForestPerson): void {
    this.#tell(`deleted ${person.name}`);
    forest.delete(person);
  }

  /** Restores a deleted object whose name is free, if there is one. */
  #restore(forest: ScriptedForest): void {
    const taken = new Set(livingOf(forest).map(({ name }) => name));
    const all = [...forest.people, ...forest.groups.all];
    const gone = this.#pick(all.filter(({ deleted, name }) => deleted && !taken.has(name)));
    if (gone === undefined) return;
    const isFromBin = this.#chance(0.5);
    this.#tell(`restored ${gone.name}${isFromBin ? ' from the bin' : ''}`);
    if ('links' in gone) forest.groups.restore(gone, isFromBin);
    else forest.restore(gone, isFromBin);
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #pick<T>(some: readonly T[]): T | undefined {
    return some[this.#below(some.length)];
  }

  #tell(what: string): void {
    this.told.push(what);
  }
}

const livingOf = ({ people, groups }: ScriptedForest): (ForestPerson | ForestGroup)[] =>
  [...people, ...groups.all].filter(({ deleted }) => !deleted);

const isPrimary = ({ domainSid }: ScriptedForest, person: ForestPerson, { sid }: ForestGroup): boolean =>
  sid === `${domainSid}-${person.primaryGroup}`;
