import { type GroupEntry, groupLineKey, type Receipt } from '@causeway/records';
import { sayGroupsAnew, strangeGroups } from '../comparison/say-groups-anew.ts';
import type { ConnectorContext } from '../context.ts';

/** A group, or a slice, of which the managed domain has something else than the tenant acknowledged. */
export interface GroupDifference extends Pick<GroupEntry, 'anchor' | 'prefix'> {
  /** Sequences: what the tenant acknowledged, and what is there; 0: none. */
  readonly ours: number;
  readonly theirs: number;
}

/**
 * The groups and slices that a receipt tells of, beside what the tenant acknowledged. What was acknowledged after the receipt's head is on its
 * way, as is what was said anew since.
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

/** What a receipt said of groups: what the next one must say, too. */
export type SeenGroups = ReadonlySet<string>;

const textOf = ({ anchor, prefix, ours, theirs }: GroupDifference): string =>
  `${groupLineKey({ anchor, prefix })} ${ours} ${theirs}`;

/**
 * Has signed anew what is otherwise in the managed domain than the tenant acknowledged, and has the directory asked for groups that nobody
 * knows here: once two receipts in turn, of two heads, have said the same.
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
