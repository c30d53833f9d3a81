import { parseExtendedDn } from '@causeway/ldap';
import { baseDn, type DomainPlace, readDomain } from '@causeway/samba';
import { describeError } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';
import { MARK_ATTRIBUTE, OUR_GROUPS } from './account-mark.ts';
import { findGeneration, putGeneration } from './generations/generations.ts';
import { writeInBulk } from './ldb/bulk.ts';
import { LdbModify } from './ldb/ldb-modify.ts';
import { ldbSearch, ldbWrite } from './ldb/ldb-tools.ts';
import { renderLdif } from './ldb/ldif.ts';
import { raiseRids } from './rid-pools.ts';
import { ADMINISTRATORS_GROUP, usersDn } from './structure.ts';
import type { Write, WriteResult } from './write.ts';

/** A group with objectGUIDs of its members. */
export interface GroupAtRest {
  readonly guid: string;
  readonly groupType: string;
  readonly members: ReadonlySet<string>;
}

/** The directory's database before the domain serves anybody: everything that must be read or written until then. */
export interface DatabaseAtRest {
  readonly realm: string;
  /** The text of the generation in it; undefined if there is none. */
  generation(): Promise<string | undefined>;
  putGeneration(text: string, isThere: boolean): Promise<void>;
  /** objectGUIDs of all user accounts. */
  people(): Promise<ReadonlySet<string>>;
  /** The administrators' group; undefined if there is none. */
  administrators(): Promise<GroupAtRest | undefined>;
  /** Groups that say they are ours, with their marks. */
  markedGroups(): Promise<{ guid: string; mark: string }[]>;
  /** Those of these groups that exist. @param guids up to a hundred */
  groups(guids: readonly string[]): Promise<GroupAtRest[]>;
  /** @param members objectGUIDs of members that the group has: all of them are removed, or none is */
  takeOut(guid: string, members: readonly string[]): Promise<WriteResult>;
  /** @param slow called with a batch that has to be written one by one, and why */
  write(writes: readonly Write[], slow: (writes: number, reason: string) => void): Promise<WriteResult[]>;
  /** Takes RIDs out of use that may have been issued after the database's backup. */
  raiseRids(ledger: Ledger): Promise<void>;
}

/** The database of a Samba domain, through Samba's command-line tools. */
export function databaseAtRest(place: DomainPlace): DatabaseAtRest {
  const description = readDomain(place);
  const ldbModify = new LdbModify(place);
  return {
    realm: description.realm,
    generation: () => findGeneration(place),
    putGeneration: (text, isThere) => putGeneration(place, text, isThere),
    people: async () => {
      const filter = '(&(objectCategory=person)(objectClass=user))';
      const found = await ldbSearch(place, baseDn(description), { filter }, ['objectGUID']);
      return new Set(found.map(object => object.get('objectGUID')![0]!));
    },
    administrators: async () => {
      const [group] = await groupsAt(place, usersDn(description), 'one', `(cn=${ADMINISTRATORS_GROUP})`);
      return group;
    },
    markedGroups: async () => {
      const search = { filter: OUR_GROUPS };
      const found = await ldbSearch(place, baseDn(description), search, ['objectGUID', MARK_ATTRIBUTE]);
      return found.map(object => ({
        guid: object.get('objectGUID')![0]!,
        mark: object.get(MARK_ATTRIBUTE)?.[0] ?? '',
      }));
    },
    groups: guids => groupsOf(place, baseDn(description), guids),
    takeOut: async (guid, members) => {
      const values = members.map(member => `member: <GUID=${member}>\n`).join('');
      const ldif = `dn: <GUID=${guid}>\nchangetype: modify\ndelete: member\n${values}-\n`;
      return attempt(ldbWrite(place, ldif));
    },
    write: (writes, slow) => writeInBulk(ldbModify, writes, write => writeOne(ldbModify, write), slow),
    raiseRids: ledger => raiseRids(ledger, place),
  };
}

const writeOne = (ldbModify: LdbModify, write: Write): Promise<WriteResult> =>
  attempt(ldbModify.write(renderLdif([write]).ldif));

async function attempt(write: Promise<void>): Promise<WriteResult> {
  try {
    await write;
    return { ok: true };
  } catch (error) {
    return { ok: false, gone: false, reason: describeError(error) };
  }
}

/** Reads the groups by halves if together they have more members than a tool may print. */
async function groupsOf(place: DomainPlace, base: string, guids: readonly string[]): Promise<GroupAtRest[]> {
  const any = guids.map(guid => `(objectGUID=${guid})`).join('');
  try {
    return await groupsAt(place, base, 'sub', `(&(objectClass=group)(|${any}))`);
  } catch (error) {
    if (guids.length < 2) throw error;
    const half = guids.length >> 1;
    const first = await groupsOf(place, base, guids.slice(0, half));
    return [...first, ...(await groupsOf(place, base, guids.slice(half)))];
  }
}

async function groupsAt(
  place: DomainPlace,
  base: string,
  scope: string,
  filter: string,
): Promise<GroupAtRest[]> {
  const search = { scope, filter, controls: ['extended_dn:1:1'] };
  const found = await ldbSearch(place, base, search, ['objectGUID', 'groupType', 'member']);
  return found.map(group => ({
    guid: group.get('objectGUID')![0]!,
    groupType: group.get('groupType')?.[0] ?? '',
    members: new Set((group.get('member') ?? []).flatMap(member => parseExtendedDn(member).guid ?? [])),
  }));
}
