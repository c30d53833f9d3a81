import { type GroupEntry, groupLineKey, type Receipt } from '@causeway/records';
import { sayGroupsAnew, strangeGroups } from '../comparison/say-groups-anew.ts';
import type { ConnectorContext } from '../context.ts';

/** A group or slice that differs in the managed domain from what the tenant acknowledged. */
export interface GroupDifference extends Pick<GroupEntry, 'anchor' | 'prefix'> {
  /** The sequences that the tenant acknowledged (`ours`) and that the managed domain has (`theirs`). 0 means none. */
  readonly ours: number;
  readonly theirs: number;
}

/**
 * Compares the groups and slices of a receipt with what the tenant acknowledged. Leaves out what was acknowledged or signed again
 * after the receipt's head, because it may still be on its way.
 */
export function groupDifferences(
  { store }: Pick<ConnectorContext, 'store'>,
  { headSequence, groupsDiffering = [], groupsListed = 0, groupEntries = [] }: Receipt,
): GroupDifference[] {
  const buckets = groupsDiffering.slice(0, groupsListed);
  if (buckets.length === 0) return [];
  const there = new Map(
    groupEntries.map(([anchor, prefix, sequence]) => [
      groupLineKey({ anchor, prefix }),
      { anchor, prefix, sequence },
    ]),
  );
  const differences: GroupDifference[] = [];
  for (const { anchor, prefix, sequence: ours } of store.groupHeads.entriesOf(buckets)) {
    const key = groupLineKey({ anchor, prefix });
    const theirs = there.get(key)?.sequence ?? 0;
    there.delete(key);
    if (theirs > ours || (theirs < ours && ours <= headSequence))
      differences.push({ anchor, prefix, ours, theirs });
  }
  for (const { anchor, prefix, sequence } of there.values())
    if (sequence <= headSequence) differences.push({ anchor, prefix, ours: 0, theirs: sequence });
  return differences;
}

/** The group differences of a receipt, which the next one has to confirm. */
export type SeenGroups = ReadonlySet<string>;

const textOf = ({ anchor, prefix, ours, theirs }: GroupDifference): string =>
  `${groupLineKey({ anchor, prefix })} ${ours} ${theirs}`;

/**
 * Queues groups and slices to be signed again that differ in the managed domain from what the tenant acknowledged, and notes unknown
 * groups to be looked up. Acts only on what two consecutive receipts, of two heads, agree on.
 */
export function cureGroups(
  context: ConnectorContext,
  receipt: Receipt,
  before: SeenGroups | undefined,
): { seen: SeenGroups; said: number } {
  const differences = groupDifferences(context, receipt);
  const lasting = differences.filter(one => before?.has(textOf(one)));
  const isUnknown = ({ anchor, ours }: GroupDifference) =>
    ours === 0 && context.domains.every(({ store }) => store.groups.findByAnchor(anchor) === undefined);
  strangeGroups(
    context,
    lasting.filter(one => one.prefix === null && isUnknown(one)).map(({ anchor }) => anchor),
  );
  const said = sayGroupsAnew(context, lasting);
  return { seen: new Set(differences.map(textOf)), said };
}
