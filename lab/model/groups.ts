import type { ForestGroup, ForestPerson, ScriptedForest } from '@causeway/connect/testing';
import { type DomainGroup, nameWithDigits } from '@causeway/domain-services/testing';
import type { TenantGroup } from '@causeway/tenant/testing';
import { nameKey } from '@causeway/wire';
import type { World } from './world.ts';

const MAX_NAME = 256;

/** How the groups of tenant and managed domain differ from what the forests say now, in words. Empty: they do not. */
export async function differencesOfGroups(world: World): Promise<string[]> {
  const { forests, tenant, domain } = world;
  const atTenant = forests.map(async forest => ofTenant(forest, await tenant.groups(forest.forest)));
  return [...(await Promise.all(atTenant)).flat(), ...ofDomain(forests, domain.groups())];
}

/** The tenant names objects of the forest by anchor, all others by SID. */
function ofTenant(forest: ScriptedForest, found: readonly TenantGroup[]): string[] {
  const own = new Map(objectsOf(forest).map(({ guid, anchor }) => [guid, anchor]));
  const living = new Set(livingOf(forest).map(({ anchor }) => anchor));
  const there = found.map(({ members, ...group }) => ({
    ...{ ...group, name: group.name ?? '-', key: group.anchor },
    // A reference to a deleted object gives no access, and drops out when its slice is next signed.
    members: [...members].filter(reference => reference.startsWith('S-1-') || living.has(reference)),
  }));
  const should = livingGroups(forest).map(group => ({
    ...{ key: group.anchor, name: group.name, security: group.security },
    members: membersOf(forest, group).map(({ guid, sid }) => own.get(guid) ?? sid),
  }));
  return compare(`tenant, ${forest.forest}`, should, there);
}

/** In the managed domain every member is an object of some forest. */
function ofDomain(forests: readonly ScriptedForest[], found: readonly DomainGroup[]): string[] {
  const objects = forests.flatMap(forest =>
    livingOf(forest).map(({ guid, sid, anchor }) => ({ guid, sid, key: `${forest.forest}/${anchor}` })),
  );
  const there = found.map(group => ({ ...group, key: `${group.forest}/${group.anchor}` }));
  const should = forests.flatMap(forest =>
    livingGroups(forest).map(group => {
      const key = `${forest.forest}/${group.anchor}`;
      const has = there.find(one => one.key === key)?.name;
      const members = membersOf(forest, group).flatMap(
        ({ guid, sid }) => objects.find(one => one.guid === guid || one.sid === sid)?.key ?? [],
      );
      return { key, name: nameOf(group, forests, has), security: group.security, members };
    }),
  );
  return [...compare('domain', should, there), ...unusedNames(forests, found)];
}

/** Takes as given which of the groups wanting a name holds it. The others have the name with digits. */
function nameOf({ name, anchor }: ForestGroup, forests: readonly ScriptedForest[], has = ''): string {
  const digits = nameWithDigits(name, anchor, MAX_NAME);
  return has === digits && wanting(name, forests) > 1 ? digits : name;
}

const wanting = (name: string, forests: readonly ScriptedForest[]): number =>
  forests.flatMap(livingOf).filter(one => nameKey(one.name) === nameKey(name)).length;

/** Names that groups want and no object has. */
function unusedNames(forests: readonly ScriptedForest[], found: readonly DomainGroup[]): string[] {
  const isPersons = (name: string) => forests.some(({ people }) => people.some(one => one.name === name));
  const used = new Set(found.map(({ name }) => name));
  const wanted = new Set(forests.flatMap(livingGroups).map(({ name }) => name));
  const free = [...wanted].filter(name => !used.has(name) && !isPersons(name));
  return free.map(name => `domain: nobody is called ${name}`);
}

type Both = ForestPerson | ForestGroup;
const objectsOf = ({ people, groups }: ScriptedForest): Both[] => [...people, ...groups.all];
const livingOf = (forest: ScriptedForest): Both[] => objectsOf(forest).filter(({ deleted }) => !deleted);
const livingGroups = ({ groups }: ScriptedForest): ForestGroup[] => groups.all.filter(one => !one.deleted);

/** What one full recompute yields: the objects in `member`, and the users whose primary group it is. */
function membersOf(forest: ScriptedForest, group: ForestGroup): { guid: string; sid: string }[] {
  const primary = forest.people.filter(
    ({ deleted, primaryGroup }) => !deleted && `${forest.domainSid}-${primaryGroup}` === group.sid,
  );
  return [...forest.groups.shown(group), ...primary];
}

interface Said {
  readonly key: string;
  readonly name: string;
  readonly security: boolean;
  readonly members: Iterable<string>;
}

function compare(place: string, should: readonly Said[], found: readonly Said[]): string[] {
  const there = new Map(found.map(group => [group.key, group]));
  const differences = should.flatMap(group => {
    const [is, ought] = [words(there.get(group.key)), words(group)];
    there.delete(group.key);
    return is === ought ? [] : [`${place}: ${group.name} (${group.key}) is ${is}, should be ${ought}`];
  });
  const strangers = [...there.values()].map(
    group => `${place}: ${words(group)} (${group.key}) is nobody's group`,
  );
  return [...differences, ...strangers];
}

function words(group: Said | undefined): string {
  if (group === undefined) return 'not there';
  const members = [...new Set(group.members)].toSorted();
  const kind = group.security ? 'security' : 'distribution';
  return `${group.name}, ${kind}, with ${members.join(' ') || 'nobody'}`;
}
