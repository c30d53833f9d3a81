import { type GroupEntry, groupLineKey } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { objectGuidOf } from '../objects/source-anchor.ts';
import { isKnown, tellAlarm } from './say-anew.ts';

/** A group, or a slice of its members, that differs at another place from what was acknowledged. */
export type DifferingGroup = Pick<GroupEntry, 'anchor' | 'prefix'>;

/**
 * Queues groups and slices of a forest to be signed and sent again, each within the budget of users, by the to-do lists of every other
 * change. If another place has a slice that was never acknowledged, all slices of the group are queued, because newer ones override it.
 *
 * @returns how many were queued
 */
export function sayGroupsAnew({ domains }: ConnectorContext, differing: readonly DifferingGroup[]): number {
  return domains.reduce((said, domain) => said + sayOfDomain(domain, differing), 0);
}

function sayOfDomain(context: ConnectorContext, differing: readonly DifferingGroup[]): number {
  const { store } = context;
  return store.db.transaction(() => {
    store.saidAnew.prune();
    const alarming = new Set<string>();
    let said = 0;
    for (const one of differing) {
      const known = store.groups.findByAnchor(one.anchor);
      const group = known && store.lists.get(known.guid);
      if (!known || !group || known.exportedSequence === undefined || known.desiredDigest === undefined)
        continue;
      const key = groupLineKey(one);
      const { may, alarm } = store.saidAnew.budget(key);
      if (alarm) {
        store.saidAnew.noteAlarm(key);
        alarming.add(one.anchor);
      }
      if (may !== 'now') continue;
      if (one.prefix === null) store.groups.sayAnew(known.guid);
      else store.slices.sayAnew(group.id, one.prefix);
      store.saidAnew.note(key);
      said += 1;
    }
    if (alarming.size > 0) tellAlarm(context, [...alarming]);
    return said;
  });
}

/** Notes groups that another place has and no connector of the forest has, so that `lookUpStrangers` looks them up. */
export function strangeGroups({ store, domains }: ConnectorContext, anchors: Iterable<string>): void {
  store.db.transaction(() => {
    store.strangers.prune();
    for (const anchor of anchors) {
      if (objectGuidOf(anchor) === undefined) continue; // no object can have it
      if (domains.some(domain => isKnown(domain.store.groups, anchor))) continue;
      if (store.saidAnew.budget(anchor).may === 'now') store.strangers.note(anchor, 'group');
    }
  });
}
