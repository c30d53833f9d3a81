import type { ForestGroup, ForestMember, ForestPerson } from '@causeway/connect/testing';
import type { World } from './world.ts';

const STEPS = 30;
const PEOPLE = 6;
const GROUPS = 5;
/** Somebody of a forest that this world does not have. */
const ELSEWHERE = ['S-1-5-21-4-5-6-1100', 'S-1-5-21-4-5-6-1101'];

/** What administrators do with people and groups at random; the places run now and then. */
export class GroupsHistory {
  /** What happened, for who reads a failure. */
  readonly told: string[] = [];
  readonly #world: World;
  readonly #random: () => number;
  #names = GROUPS;

  constructor(world: World, random: () => number) {
    this.#world = world;
    this.#random = random;
  }

  async play(): Promise<void> {
    const { forest } = this.#world;
    for (let i = 0; i < PEOPLE; i++) forest.hire(`p${i}`, `Made.Up.${i}`);
    for (let i = 0; i < GROUPS; i++)
      forest.groups.make(`g${i}`, { scope: i === 0 ? 'domainLocal' : 'universal' });
    for (let i = 0; i < STEPS; i++) {
      this.#step();
      if (this.#random() > 0.4) continue;
      this.#tell('run');
      await this.#world.turn();
    }
  }

  #step(): void {
    const { forest } = this.#world;
    const person = this.#pick(forest.people.filter(one => !one.deleted));
    const group = this.#pick(forest.groups.all.filter(one => !one.deleted));
    if (person === undefined || group === undefined) {
      this.#restore();
      return;
    }
    const steps = [
      ...Array.from({ length: 5 }, () => () => this.#add(group)),
      ...Array.from({ length: 2 }, () => () => this.#remove(group)),
      () => this.#rename(group),
      () => this.#changeType(group),
      () => this.#setPrimaryGroup(person, group),
      () => this.#deleteGroup(group),
      () => this.#deletePerson(person),
      () => this.#restore(),
    ];
    this.#pick(steps)!();
  }

  #add(group: ForestGroup): void {
    const { people, groups } = this.#world.forest;
    const living = [...people, ...groups.all].filter(({ deleted }) => !deleted);
    const member = this.#pick<ForestMember & (ForestPerson | ForestGroup | string)>([
      ...living,
      ...(group.scope === 'domainLocal' ? ELSEWHERE : []),
    ])!;
    // No domain controller takes a person into the group that is the primary one.
    if (typeof member !== 'string' && 'primaryGroup' in member && this.#isPrimary(member, group)) return;
    this.#tell(`${typeof member === 'string' ? member : member.name} into ${group.name}`);
    groups.add(group, member);
  }

  #remove(group: ForestGroup): void {
    const { groups } = this.#world.forest;
    const gone = this.#pick(groups.shown(group));
    if (gone === undefined) return;
    this.#tell(`${gone.name} out of ${group.name}`);
    groups.remove(group, ELSEWHERE.includes(gone.sid) ? gone.sid : gone);
  }

  #rename(group: ForestGroup): void {
    const name = `g${this.#names++}`;
    this.#tell(`${group.name} is called ${name}`);
    this.#world.forest.groups.change(group, { name });
  }

  #changeType(group: ForestGroup): void {
    const { forest } = this.#world;
    this.#tell(`${group.name} is ${group.security ? 'a distribution' : 'a security'} group`);
    const mail = `${group.name}@${forest.forest}`; // without one it would be left out
    forest.groups.change(group, { security: !group.security, mail });
  }

  #setPrimaryGroup(person: ForestPerson, group: ForestGroup): void {
    const { forest } = this.#world;
    const isMember = forest.groups.shown(group).some(({ guid }) => guid === person.guid);
    this.#tell(`${person.name} has ${isMember ? group.name : 'Domain Users'} as primary group`);
    forest.setPrimaryGroup(person, isMember ? group : undefined);
  }

  #deleteGroup(group: ForestGroup): void {
    const { people, groups } = this.#world.forest;
    if (people.some(one => this.#isPrimary(one, group))) return; // no domain controller lets it go
    this.#tell(`deleted ${group.name}`);
    groups.delete(group);
  }

  #deletePerson(person: ForestPerson): void {
    this.#tell(`deleted ${person.name}`);
    this.#world.forest.delete(person);
  }

  /** One of those who are gone, if there is one. */
  #restore(): void {
    const { forest } = this.#world;
    const gone = this.#pick([...forest.people, ...forest.groups.all].filter(({ deleted }) => deleted));
    if (gone === undefined) return;
    const isFromBin = this.#random() < 0.5;
    this.#tell(`restored ${gone.name}${isFromBin ? ' from the bin' : ''}`);
    if ('links' in gone) forest.groups.restore(gone, isFromBin);
    else forest.restore(gone, isFromBin);
  }

  #isPrimary(person: ForestPerson, { sid }: ForestGroup): boolean {
    return sid === `${this.#world.forest.domainSid}-${person.primaryGroup}`;
  }

  #pick<T>(some: readonly T[]): T | undefined {
    return some[Math.floor(this.#random() * some.length)];
  }

  #tell(what: string): void {
    this.told.push(what);
  }
}
