import { type LdapConnection, LdapError } from '@causeway/ldap';
import type { Guid } from '@causeway/wire';
import type { MemberValue } from './member-changes.ts';

/** A part of the list of one group. */
export interface MemberList {
  objectGuid: Guid;
  members: MemberValue[];
  /** The list ends with it. */
  isLast: boolean;
}

/** Stands here until the reading of lists does. */
// biome-ignore lint/correctness/useYield: as above
export async function* readMemberLists(
  connection: LdapConnection,
  _options: { namingContext: string; objectGuids?: Iterable<Guid> },
): AsyncGenerator<MemberList, void> {
  throw new LdapError('protocol', `${connection.peer}: lists of members are not read yet`);
}

/** Stands here until the reading of lists does. */
export async function readMemberOf(
  connection: LdapConnection,
  _options: { namingContext: string; objectGuid: Guid },
): Promise<Guid[]> {
  throw new LdapError('protocol', `${connection.peer}: groups of a member are not read yet`);
}
