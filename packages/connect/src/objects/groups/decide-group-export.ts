import { GroupChange } from '@causeway/contract';
import { encodableGroup, signGroupRecord } from '@causeway/records';
import type { SpaceObject } from '../../store/space-object.ts';
import type { RecordContext } from '../decide-export.ts';
import { groupOf } from './decide-group.ts';

/**
 * The change that brings the tenant up to date for one group, with its signed record. If there can be none, the reason in words.
 *
 * INVARIANT: state before names. A value that no record can hold costs only itself: a name becomes null, a SID becomes nobody's.
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
