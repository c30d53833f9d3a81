import type { BulkLine, BulkList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { sourceAnchorOf } from '../source-anchor.ts';

/** So many may leave a group by a conclusion alone, of a group of any size. */
const LEAST_REMOVALS = 50;

/** Members whom two whole reads did not show, and of whom nobody said that they left: those who wait for an administrator. */
export const missingMembersOf = ({ connector }: Pick<ConnectorContext, 'connector'>): BulkList => ({
  scope: connector.name,
  operation: 'delete',
  kind: 'member',
});

/** One line: of which group, and who. */
export interface MissingMember extends BulkLine {
  readonly reference: string;
}

/** Of a list, as it stands in the book: the anchor is that of the group and the member's reference, the change the group's GUID. */
export function missingMember(groupGuid: string, reference: string): MissingMember {
  return { anchor: `${sourceAnchorOf(groupGuid)} ${reference}`, change: groupGuid, reference };
}

export const referenceOfLine = ({ anchor }: BulkLine): string => anchor.slice(anchor.indexOf(' ') + 1);

/** Whether so many may leave a group by a conclusion: not most of it, and never all. */
export function mayLeave(missing: number, members: number): boolean {
  return missing <= Math.max(LEAST_REMOVALS, Math.floor(members / 2)) && missing < members;
}

/** Takes out who is missing, or has it wait. What was held goes by an administrator's approval alone, or ceases when a read shows it again. */
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
