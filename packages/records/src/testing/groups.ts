import type { Sid } from '@causeway/wire';
import {
  divideMembers,
  type GroupEntry,
  type GroupFields,
  groupBucketOf,
  type HeadFields,
  type MembersFields,
  type ReceiptFields,
  type SigningKey,
  signGroupRecord,
  signMembers,
  summarizeGroups,
} from '../index.ts';
import { ACCOUNT, FIRST_RECEIPT, FOREST, HEAD, RECEIPT, TENANT } from './fixtures.ts';

export const GROUP: GroupFields = {
  tenant: TENANT,
  forest: FOREST,
  sourceAnchor: 'H3hNPBlCmkyzfGpSnuBT8Q==',
  objectGuid: '3c4d781f-4219-4c9a-b37c-6a529ee053f1',
  sequence: 1_795_437_727_000_011,
  sAMAccountName: 'Učetní',
  displayName: 'Učetní oddělení',
  mail: 'ucetni@corp.example.com',
  objectSid: 'S-1-5-21-1004336348-1177238915-682003330-1201',
  securityEnabled: true,
  scope: 'global',
  deleted: false,
};

/** All its members: a user and a group of the same forest, and a member from another forest. */
export const MEMBERS: MembersFields = {
  tenant: TENANT,
  forest: FOREST,
  sourceAnchor: GROUP.sourceAnchor,
  objectGuid: GROUP.objectGuid,
  sequence: 1_795_437_727_000_012,
  prefix: '',
  members: [
    'AAAAAAAAAAAAAAAAAAAAAA==',
    'S-1-5-21-2000478354-1708537768-1957994488-1105',
    ACCOUNT.sourceAnchor,
  ],
};

/** A group of one slice, and one with divided members. */
export const GROUP_ENTRIES: GroupEntry[] = [
  { anchor: GROUP.sourceAnchor, prefix: null, sequence: GROUP.sequence },
  { anchor: GROUP.sourceAnchor, prefix: '', sequence: MEMBERS.sequence },
  { anchor: 'AQAAAAAAAAAAAAAAAAAAAA==', prefix: null, sequence: 1_795_437_727_000_013 },
  { anchor: 'AQAAAAAAAAAAAAAAAAAAAA==', prefix: '0', sequence: 1_795_437_727_000_014 },
  { anchor: 'AQAAAAAAAAAAAAAAAAAAAA==', prefix: '1', sequence: 1_795_437_727_000_015 },
];

/** The head of a forest with groups. */
export const GROUP_HEAD: HeadFields = {
  ...HEAD,
  sequence: 1_795_437_727_000_016,
  reads: ['head-3', 'receipt-5'],
  ...summarizeGroups(GROUP_ENTRIES),
};

/** From a managed domain that has an older slice of one group, and has not written another group. */
export const GROUP_RECEIPT: ReceiptFields = {
  ...RECEIPT,
  headSequence: GROUP_HEAD.sequence,
  reads: ['head-3', 'receipt-5'],
  newest: GROUP_HEAD.sequence,
  groups: 2,
  slices: 3,
  groupsDiffering: [groupBucketOf(GROUP_ENTRIES[1]!)],
  groupsListed: 1,
  groupEntries: [[GROUP.sourceAnchor, '', MEMBERS.sequence - 1]],
  groupsNotWritten: [
    ['AQAAAAAAAAAAAAAAAAAAAA==', null, 'name-taken'],
    ['AQAAAAAAAAAAAAAAAAAAAA==', '0', 'older-sequence'],
  ],
};

/** From one that supports groups and has not compared a head yet. */
export const FIRST_GROUP_RECEIPT: ReceiptFields = {
  ...FIRST_RECEIPT,
  reads: ['receipt-5'],
  groups: 0,
  slices: 0,
  ...{ groupsDiffering: [], groupsListed: 0, groupEntries: [], groupsNotWritten: [] },
};

type Identity = Pick<GroupFields, 'sourceAnchor' | 'objectGuid' | 'objectSid' | 'sAMAccountName'>;

/** A different group for each number. Its anchor is derived from its GUID, as Connect does. @param number below 2^32 */
export function numberedGroup(number: number): Identity {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(number);
  const objectGuid = `${number.toString(16).padStart(8, '0')}-0000-0000-0000-000000000000`;
  return {
    sourceAnchor: bytes.toString('base64'),
    objectGuid,
    objectSid: `S-1-5-21-1004336348-1177238915-682003330-${10_000 + number}` as Sid,
    sAMAccountName: `group ${number}`,
  };
}

/** The record of a group. @param changes differences from `GROUP` */
export function signedGroup(signer: SigningKey, changes: Partial<GroupFields> = {}): string {
  return signGroupRecord(signer, { ...GROUP, ...changes });
}

/** One slice of any members, in their order. @param changes differences from `MEMBERS` */
export function signedMembers(signer: SigningKey, changes: Partial<MembersFields> = {}): string {
  const { members, ...rest } = { ...MEMBERS, ...changes };
  return signMembers(signer, { ...rest, members: members.toSorted() });
}

/**
 * The whole list of a group in as many slices as needed, signed as Connect does, each with its own sequence.
 *
 * @param changes differences from `MEMBERS`; the sequence is that of the first slice
 */
export function signedSlices(
  signer: SigningKey,
  changes: Partial<MembersFields> = {},
): { prefix: string; sequence: number; record: string }[] {
  const all = { ...MEMBERS, ...changes };
  return [...divideMembers(all.prefix, all.members)].map(([prefix, members], number) => {
    const sequence = all.sequence + number;
    return { prefix, sequence, record: signMembers(signer, { ...all, prefix, sequence, members }) };
  });
}
