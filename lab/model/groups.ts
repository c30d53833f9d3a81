import type { ForestGroup, ScriptedForest } from '@causeway/connect/testing';

/** A group as a place has it. */
export interface FoundGroup {
  readonly anchor: string;
  readonly name: string | null;
  readonly security: boolean;
  /** Anchors of the forest's own, and SIDs of everybody else. */
  readonly members: ReadonlySet<string>;
}

/** How the groups of a place differ from what the forest says now, in words. */
export function differencesOfGroups(
  place: string,
  forest: ScriptedForest,
  found: readonly FoundGroup[],
): { anchor: string; text: string }[] {
  const there = new Map(found.map(group => [group.anchor, group]));
  const isThere = livingOf(forest);
  const differences = forest.groups.all.flatMap(group => {
    const is = words(there.get(group.anchor), isThere);
    const ought = words(shouldBe(forest, group), isThere);
    there.delete(group.anchor);
    if (is === ought) return [];
    return [
      {
        anchor: group.anchor,
        text: `${place}: ${group.name} (${group.anchor}) is ${is}, should be ${ought}`,
      },
    ];
  });
  const strangers = [...there.values()].map(group => ({
    ...{ anchor: group.anchor, text: `${place}: ${words(group, isThere)} is nobody's group` },
  }));
  return [...differences, ...strangers];
}

/** What one full recompute says: whom `member` shows, and whose primary group it is. */
function shouldBe(forest: ScriptedForest, group: ForestGroup): FoundGroup | undefined {
  if (group.deleted) return undefined;
  const own = new Map([...forest.people, ...forest.groups.all].map(({ guid, anchor }) => [guid, anchor]));
  const members = new Set(forest.groups.shown(group).map(({ guid, sid }) => own.get(guid) ?? sid));
  for (const person of forest.people)
    if (`${forest.domainSid}-${person.primaryGroup}` === group.sid) members.add(person.anchor);
  return { anchor: group.anchor, name: group.name, security: group.security, members };
}

/** A reference to somebody who is gone opens nothing, and drops out when its slice is next signed. */
function livingOf(forest: ScriptedForest): (reference: string) => boolean {
  const living = [...forest.people, ...forest.groups.all].filter(({ deleted }) => !deleted);
  const anchors = new Set(living.map(({ anchor }) => anchor));
  return reference => reference.startsWith('S-1-') || anchors.has(reference);
}

function words(group: FoundGroup | undefined, isThere: (reference: string) => boolean): string {
  if (group === undefined) return 'not there';
  const members = [...group.members].filter(isThere).toSorted();
  return `${group.name ?? '-'}, ${group.security ? 'security' : 'distribution'}, with ${members.join(' ') || 'nobody'}`;
}
