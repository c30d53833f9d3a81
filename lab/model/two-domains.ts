import assert from 'node:assert/strict';
import {
  type ForestGroup,
  type ForestPerson,
  movePerson,
  type ScriptedForest,
} from '@causeway/connect/testing';
import { randomFrom } from '../random.ts';
import { playing } from '../seeds.ts';
import { EMEA, FOREST } from './forests.ts';
import { type Found, lookAtDomain, lookAtTenant } from './look.ts';
import { World } from './world.ts';

const HOUR_MS = 60 * 60_000;
const STEPS = 60;

/** A forest of two domains, read by one Connect, with a real tenant and managed domain. */
export class TwoDomains {
  readonly world: World;
  readonly root: ScriptedForest;
  readonly emea: ScriptedForest;

  static async make(): Promise<TwoDomains> {
    return new TwoDomains(await World.make([FOREST], [EMEA]));
  }

  private constructor(world: World) {
    this.world = world;
    [this.root, this.emea] = world.sides[0]!.domains as [ScriptedForest, ScriptedForest];
  }

  /** Starts a new story. */
  async begin(): Promise<void> {
    this.emea.people.length = 0;
    this.emea.groups.all.length = 0;
    await this.world.begin();
  }

  get domains(): readonly ScriptedForest[] {
    return [this.root, this.emea];
  }

  /** Runs a cycle of one domain's connector alone. */
  async read(domain: ScriptedForest): Promise<void> {
    const { connect } = this.world;
    await this.world.pass(1_000);
    await connect.clock.during(connect.cycle([connect.connectors[this.domains.indexOf(domain)]!]));
  }

  /** Which users of the forest tenant and managed domain have, with which password, and whether they are enabled. */
  async found(): Promise<Record<'tenant' | 'domain', string[]>> {
    const { tenant, domain } = this.world;
    const forest = { forest: FOREST, people: this.domains.flatMap(livingOf) };
    return {
      tenant: (await lookAtTenant(tenant, forest)).map(words).sort(),
      domain: lookAtDomain(domain, forest).map(words).sort(),
    };
  }

  /** Asserts that exactly these people are in both places, with their newest passwords. */
  async everywhere(...people: ForestPerson[]): Promise<void> {
    const should = people.map(one => words({ ...one, enabled: true, password: one.passwords.at(-1) })).sort();
    assert.deepEqual(await this.found(), { tenant: should, domain: should });
  }

  /** The members of a group in the managed domain. */
  membersOf({ anchor }: ForestGroup): string[] {
    return [...(this.world.domain.groups().find(group => group.anchor === anchor)?.members ?? [])].sort();
  }

  /** The members it should have, as its domain shows them now. */
  shownIn(group: ForestGroup): string[] {
    const domain = this.domains.find(({ groups }) => groups.all.includes(group))!;
    const living = this.domains.flatMap(({ people, groups }) => [...people, ...groups.all]);
    const shown = domain.groups.shown(group).flatMap(({ guid, sid }) => {
      const one = living.find(object => !object.deleted && object.guid === guid && object.sid === sid);
      return one ? [keyOf(one)] : [];
    });
    return [...new Set(shown)].sort();
  }

  /** Hires and moves people, lets them leave and join groups at random, and reads each domain now and then. */
  async play(seed: number): Promise<void> {
    const told: string[] = [];
    await playing(seed, told, () => this.#play(randomFrom(seed), told));
  }

  async #play(random: () => number, told: string[]): Promise<void> {
    const { world, domains, root, emea } = this;
    const one = <T>(some: readonly T[]): T | undefined => some[Math.floor(random() * some.length)];
    const groups = domains.map(({ groups: all, domain }) => all.make(`g-${domain}`, { scope: 'universal' }));
    const withOne = (domain: ScriptedForest, act: (person: ForestPerson) => unknown) => {
      const person = one(livingOf(domain));
      return person && act(person);
    };
    let made = 0;
    const steps: Record<string, (from: ScriptedForest, to: ScriptedForest) => unknown> = {
      hire: from => from.hire(`person${++made}`, `Made.Up.${made}`),
      move: (from, to) => withOne(from, person => movePerson(from, to, person)),
      'set a password': from => withOne(from, person => from.setPassword(person, `Made.Up.New.${++made}`)),
      delete: from => withOne(from, person => random() < 0.3 && from.delete(person)),
      'add a member': (from, to) =>
        withOne(one([from, to])!, person => from.groups.add(groups[domains.indexOf(from)]!, person)),
      read: from => this.read(from),
      write: () => world.domain.turn(),
    };
    for (let n = 0; n < STEPS; n++) {
      const [from, to] = random() < 0.5 ? [root, emea] : [emea, root];
      const name = one([...Object.keys(steps), 'hire', 'move', 'add a member', 'read', 'read'])!;
      told.push(`${name}: ${from.domain}`);
      await steps[name]!(from, to);
    }
    await world.turns(4);
    for (let n = 0; n < 3; n++) {
      await world.turn(25 * HOUR_MS); // lists are read whole once a day
      world.connect.approve();
      world.domain.approve();
      await world.turns(2);
    }
    await this.everywhere(...domains.flatMap(livingOf));
    for (const group of groups) assert.deepEqual(this.membersOf(group), this.shownIn(group), group.name);
    assert.equal(world.connect.arrival().state, 'complete');
  }
}

export const keyOf = ({ anchor }: { anchor: string }): string => `${FOREST}/${anchor}`;

const livingOf = ({ people }: ScriptedForest): ForestPerson[] => people.filter(({ deleted }) => !deleted);

const words = ({
  anchor,
  principal,
  enabled,
  password,
}: Pick<Found, 'anchor' | 'principal' | 'enabled' | 'password'>): string =>
  `${anchor} ${principal} ${enabled} ${password}`;
