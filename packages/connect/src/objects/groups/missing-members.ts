import type { BulkLine, BulkList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { sourceAnchorOf } from '../source-anchor.ts';

/** Most members that may leave a group of any size only because reads did not show them. */
const LEAST_REMOVALS = 50;

/** Members whom two complete reads did not show and whom nobody reported as removed. They wait for an administrator. */
export const missingMembersOf = ({ connector }: Pick<ConnectorContext, 'connector'>): BulkList => ({
  scope: connector.name,
  operation: 'delete',
  kind: 'member',
});

/** One line: a group and one of its members. */
export interface MissingMember extends BulkLine {
  readonly reference: string;
}

/** A line as it is stored: the anchor is the group's anchor and the member's reference, the change is the group's GUID. */
export function missingMember(groupGuid: string, reference: string): MissingMember {
  return { anchor: `${sourceAnchorOf(groupGuid)} ${reference}`, change: groupGuid, reference };
}

export const referenceOfLine = ({ anchor }: BulkLine): string => anchor.slice(anchor.indexOf(' ') + 1);

/** Whether so many members may leave a group only because reads did not show them: never most of it, and never all. */
export function mayLeave(missing: number, members: number): boolean {
  return missing <= Math.max(LEAST_REMOVALS, Math.floor(members / 2)) && missing < members;
}

/** Removes missing members, or holds them. A held line ends only when an administrator approves it or a read shows the member again. */
export function concludeMissing(context: ConnectorContext): void {
  const { store, connector } = context;
  const list = missingMembersOf(context);
  const groups = store.lists.withMissing();
  if (groups.length === 0 && !store.bulk.isHolding(list)) return;
  store.db.transaction(() => {
    const held = new Set(store.bulk.lines(list).map(({ anchor }) => anchor));
    const waiting: MissingMember[] = [];
    for (const { id, guid, members } of groups) {
      const lines = store.members.missedTwice(id).map(reference => missingMember(guid, reference));
      const leave = mayLeave(lines.length, members);
      const leaving: string[] = [];
      for (const line of lines) {
        if (leave && !held.has(line.anchor)) leaving.push(line.reference);
        else waiting.push(line);
      }
      store.members.remove(id, leaving);
    }
    const now = store.db.now();
    const decided = store.bulk.decideAll(list, waiting, now);
    for (const line of decided.approved) {
      const group = store.lists.get(line.change);
      if (group) store.members.remove(group.id, [line.reference]);
      store.bulk.noteWent(list, line.anchor, now);
    }
    if (decided.fresh.length === 0) return;
    const text = `${decided.held.length} members are missing from the lists of groups of ${connector.forest}, and the directory did not say that they left: most of a group, or all of it. Can the connector's account still read those lists? They stay members until you have looked at them: causeway connect deletions --connector '${connector.name}'`;
    store.events.add('deletionThreshold', connector.name, text);
  });
}
