import type { ForestGroup } from './forest-groups.ts';
import type { ForestPerson } from './forest-person.ts';
import type { ScriptedForest } from './scripted-forest.ts';

/**
 * Moves a user from one domain of a forest to another: the same objectGUID with a new SID, and a password that starts again at version 1.
 * Links of groups stay, and the former domain keeps a tombstone.
 */
export function movePerson(from: ScriptedForest, to: ScriptedForest, person: ForestPerson): ForestPerson {
  const moved = to.arrive(structuredClone(person));
  from.delete(person);
  for (const { groups } of [from, to]) groups.follow(moved);
  return moved;
}

/** Moves a group in the same way, with its members. */
export function moveGroup(from: ScriptedForest, to: ScriptedForest, group: ForestGroup): ForestGroup {
  const moved = to.groups.arrive(structuredClone(group), from.groups.shown(group));
  from.groups.delete(group);
  for (const { groups } of [from, to]) groups.follow(moved);
  return moved;
}
