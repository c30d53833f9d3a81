import type { Sid } from '@causeway/wire';
import {
  divideMembers,
  type GroupFields,
  type MembersFields,
  type SigningKey,
  signGroupRecord,
  signMembers,
} from '../index.ts';
import { ACCOUNT, FOREST, TENANT } from './fixtures.ts';

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

/** All its members: a user and a group of the same forest, and somebody of another one. */
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

type Identity = Pick<GroupFields, 'sourceAnchor' | 'objectGuid' | 'objectSid' | 'sAMAccountName'>;

/** Another group for each number: its anchor is that of its GUID, as Connect makes it. @param number below 2^32 */
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

/** The record of a group. @param changes what is not as in `GROUP` */
export function signedGroup(signer: SigningKey, changes: Partial<GroupFields> = {}): string {
  return signGroupRecord(signer, { ...GROUP, ...changes });
}

/** One slice, of whatever members, in their order. @param changes what is not as in `MEMBERS` */
export function signedMembers(signer: SigningKey, changes: Partial<MembersFields> = {}): string {
  const { members, ...rest } = { ...MEMBERS, ...changes };
  return signMembers(signer, { ...rest, members: members.toSorted() });
}

/**
 * The whole list of a group in as many slices as it takes, as its Connect signs it, each with a sequence of its own.
 *
 * @param changes what is not as in `MEMBERS`; the sequence is that of the first slice
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
