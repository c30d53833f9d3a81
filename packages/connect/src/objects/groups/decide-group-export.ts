import { GroupChange } from '@causeway/contract';
import { encodableGroup, signGroupRecord } from '@causeway/records';
import type { SpaceObject } from '../../store/space-object.ts';
import type { RecordContext } from '../decide-export.ts';
import { groupOf } from './decide-group.ts';

/**
 * The change that makes the tenant have what it should have of a group, with its signed record; or, in words, why there can be none.
 *
 * INVARIANT: state before names. A value that no record can hold costs itself alone: a name is null then, and a SID that of nobody.
 */
export function decideGroupExport(
  { anchor: sourceAnchor, guid: objectGuid, attributes, desiredDigest }: SpaceObject,
  sequence: number,
  { tenant, forest, signingKey }: Omit<RecordContext, 'scope' | 'profile'>,
): { change: GroupChange } | { problem: string } {
  const fields = encodableGroup({
    ...{ tenant, forest, sourceAnchor, objectGuid, sequence },
    ...groupOf(attributes),
    deleted: desiredDigest === undefined,
  });
  const change = GroupChange.safeParse({ sourceAnchor, record: signGroupRecord(signingKey, fields) });
  if (change.success) return { change: change.data };
  const [issue] = change.error.issues;
  return { problem: `${issue?.path.join('.')}: ${issue?.message}` };
}
