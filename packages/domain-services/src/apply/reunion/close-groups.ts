import type { Log } from '@causeway/service';
import { standingAdministrators } from '../../administrators/administrators.ts';
import { readAccountMark } from '../../directory/account-mark.ts';
import type { DatabaseAtRest, GroupAtRest } from '../../directory/database-at-rest.ts';
import { UNIVERSAL_DISTRIBUTION, UNIVERSAL_SECURITY } from '../../directory/groups/group-values.ts';
import type { GroupEntry } from '../../ledger/groups/group-book.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** How many groups' members are read at once. */
const GROUPS = 100;
/** How many members one change removes. */
const MEMBERS = 1000;

interface Closing {
  ledger: Ledger;
  database: DatabaseAtRest;
  log: Log;
}

/**
 * Removes from the groups of a restored database every member that the ledger does not have in them, empties deleted groups, and takes the
 * rights of groups that are no longer security groups. The keeper adds missing members once the domain serves.
 */
export async function closeGroups(closing: Closing): Promise<void> {
  const { ledger, database, log } = closing;
  const known = [...(await knownGroups(closing))];
  const count = { groups: 0, members: 0 };
  for (let at = 0; at < known.length; at += GROUPS) {
    const some = new Map(known.slice(at, at + GROUPS));
    for (const found of await database.groups([...some.keys()])) {
      const entry = some.get(found.guid);
      if (entry === undefined) continue;
      const members = entry.managedGuid === found.guid ? ledger.memberships.written(entry) : NOBODY;
      count.members += await takeOut(closing, found, members);
      count.groups += await takeRights(closing, found, entry);
    }
  }
  const administrators = await database.administrators();
  const standing = new Set(standingAdministrators(ledger).map(({ entry }) => entry.managedGuid ?? ''));
  if (administrators) count.members += await takeOut(closing, administrators, standing);
  log.info(count, 'removed again members and rights that were removed since the backup');
}

/** Some members, by objectGUID. */
interface People {
  has(guid: string): boolean;
}

const NOBODY: People = new Set();

/** By objectGUID: the groups that the ledger has or had, and those whose mark names one that has been created again since. */
async function knownGroups({ ledger, database }: Closing): Promise<ReadonlyMap<string, GroupEntry>> {
  const known = new Map<string, GroupEntry>();
  for (const entry of ledger.groups.allEver()) known.set(entry.managedGuid ?? entry.lastManagedGuid!, entry);
  for (const { guid, mark } of await database.markedGroups()) {
    const whose = readAccountMark(mark);
    const entry = whose && ledger.groups.of(whose);
    if (entry && !known.has(guid)) known.set(guid, entry);
  }
  return known;
}

/** @returns how many were removed */
async function takeOut(
  { database, log }: Closing,
  { guid, members }: GroupAtRest,
  stay: People,
): Promise<number> {
  const strangers = [...members].filter(one => !stay.has(one));
  let out = 0;
  for (let at = 0; at < strangers.length; at += MEMBERS) {
    const some = strangers.slice(at, at + MEMBERS);
    const all = await database.takeOut(guid, some);
    if (all.ok) {
      out += some.length;
      continue;
    }
    // One member fails the change for all, so try each alone.
    for (const one of some) {
      const result = await database.takeOut(guid, [one]);
      if (result.ok) out++;
      else log.error({ guid, member: one, reason: result.reason }, 'cannot remove a member from a group');
    }
  }
  return out;
}

/** @returns how many groups lost them */
async function takeRights(
  { database, log }: Closing,
  { guid, groupType }: GroupAtRest,
  { securityEnabled }: GroupEntry,
): Promise<number> {
  if (securityEnabled || groupType !== UNIVERSAL_SECURITY) return 0;
  const values = { groupType: [UNIVERSAL_DISTRIBUTION] };
  const [result] = await database.write([{ kind: 'modify', guid, values }], () => {});
  if (result?.ok) return 1;
  log.error({ guid, reason: result?.reason }, "cannot remove a group's rights");
  return 0;
}
