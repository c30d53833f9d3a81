import { memberKey } from '@causeway/records';
import { type GroupEntry, newGroup } from '../ledger/groups/group-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Person } from '../person.ts';

/** Saves changes of a group. A new group is a security group in the directory. */
export function saveGroup(ledger: Ledger, person: Person, changes: Partial<GroupEntry> = {}): void {
  const { forest, anchor } = person;
  const made = { securityEnabled: true, managedGuid: `guid of ${anchor}`, hasName: anchor, sequence: 1 };
  const known = ledger.groups.of(person) ?? { ...newGroup({ forest, anchor }, anchor), ...made };
  ledger.groups.save({ ...known, ...changes });
}

/** Gives the group these members in the directory. @param guids objectGUIDs, which also serve as anchors */
export function saveMembers(ledger: Ledger, group: Person, guids: readonly string[]): void {
  const slice = { prefix: '', sequence: 1, objectGuid: group.anchor, digest: '' };
  ledger.slices.believe(group, slice, guids, [slice]);
  for (const guid of guids) ledger.memberships.wrote(group, { key: memberKey(guid), reference: guid }, guid);
}
