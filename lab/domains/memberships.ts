import { groupType } from './groups.ts';
import { type Attributes, type Change, modifyDirectory } from './ldif.ts';
import type { Report } from './lifecycle.ts';
import { organizationalUnits, type Person } from './people.ts';
import { type LabDomain, layoutOf } from './table.ts';
import { escapeRdn, userDn } from './users.ts';

// Many groups with many members, more than anybody would type. The database's own modules make links, back links and their metadata.

/** The number of groups, and of all their memberships together. */
export interface Memberships {
  readonly groups: number;
  readonly memberships: number;
}

/** The members of a group: a run of the people, in their order, and at most one other group. */
export interface SizedGroup {
  readonly name: string;
  readonly first: number;
  readonly people: number;
  readonly group: string | undefined;
}

/** The shares of all memberships that the two large groups have. The others share the rest evenly. */
const LARGE = [1 / 20, 1 / 100] as const;
/** One of so many groups has the group before it as a member. */
const NESTED = 10;
/** Memberships per transaction. */
const BATCH = 50_000;

/** @throws if so many people cannot have so many memberships */
export function planMemberships(people: number, { groups, memberships }: Memberships): SizedGroup[] {
  const planned: SizedGroup[] = [];
  let [first, left] = [0, memberships];
  for (let index = 0; index < groups; index++) {
    const part = LARGE[index];
    const even = Math.ceil(left / (groups - index));
    const size = Math.min(left, part === undefined ? even : Math.max(even, Math.floor(memberships * part)));
    const nested = index > LARGE.length && index % NESTED === 0 && size > 0;
    const group = nested ? sizedName(index - 1) : undefined;
    const count = size - (nested ? 1 : 0);
    if (count > people)
      throw new Error(`${memberships} memberships in ${groups} groups need more than ${people} people`);
    planned.push({ name: sizedName(index), first: first % Math.max(people, 1), people: count, group });
    first += count;
    left -= size;
  }
  return planned;
}

/** The name of the group with this index. The first is the largest. */
export const sizedName = (index: number): string => `Group ${String(index + 1).padStart(5, '0')}`;

const containerOf = (domain: LabDomain): string => organizationalUnits(domain)[0]!;
export const sizedDn = (domain: LabDomain, name: string): string =>
  `CN=${escapeRdn(name)},${containerOf(domain)}`;

/**
 * @param people all of the plan, already in the domain
 * @param present names of accounts, in lower case: existing ones stay
 */
export async function addMemberships(
  domain: LabDomain,
  people: readonly Person[],
  wanted: Memberships,
  present: ReadonlySet<string>,
  report: Report,
): Promise<number> {
  const dns = people.map(person => userDn(domain, person));
  const missing = planMemberships(people.length, wanted).filter(
    ({ name }) => !present.has(name.toLowerCase()),
  );
  let [batch, size, made]: [Change[], number, number] = [[], 0, 0];
  const store = async (): Promise<void> => {
    report(`storing groups ${made + 1} to ${made + batch.length} of ${missing.length}`);
    await modifyDirectory(layoutOf(domain), batch, { bulk: true });
    made += batch.length;
    [batch, size] = [[], 0];
  };
  for (const group of missing) {
    const member = Array.from({ length: group.people }, (_, i) => dns[(group.first + i) % dns.length]!);
    if (group.group !== undefined) member.push(sizedDn(domain, group.group));
    const attributes: Attributes = {
      objectClass: ['group'],
      sAMAccountName: [group.name],
      groupType: [groupType()],
      ...(member.length > 0 && { member }),
    };
    batch.push({ dn: sizedDn(domain, group.name), change: 'add', attributes });
    size += member.length;
    if (size >= BATCH) await store();
  }
  if (batch.length > 0) await store();
  return missing.length;
}
