import type { ConnectArrival } from '@causeway/contract';
import type { Receipt } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { type GroupDifference, groupDifferences } from './group-differences.ts';

type Missing = ConnectArrival['missing'][number];

/** What a receipt says of groups, compared with what the tenant acknowledged. */
export interface GroupArrival {
  /** One line per group and kind. A group's slices share a line. */
  readonly missing: readonly Missing[];
  /** Whether the receipt lists every bucket that differs. */
  readonly whole: boolean;
  /** How many have arrived. Undefined if the receipt says nothing of groups. */
  readonly counts: Pick<ConnectArrival, 'groups' | 'slices'> | undefined;
  /** What arrived there and is not written, missing or not. One line per group and kind. */
  readonly notWritten: readonly NotWritten[];
}

type NotWritten = NonNullable<ConnectArrival['groupsNotWritten']>['groups'][number];

const NOTHING: GroupArrival = { missing: [], whole: true, counts: undefined, notWritten: [] };

const STILL_THERE =
  'deleted here, still in the managed domain; the tenant withholds the deletion, or the managed domain refused it';

/** Groups and slices that the managed domain lacks, or has in excess. Leaves out those of which it has something newer. */
export function groupArrival(context: ConnectorContext, receipt: Receipt | undefined): GroupArrival {
  if (receipt?.groups === undefined) return NOTHING;
  const { groups, slices = 0, groupsDiffering = [], groupsListed = 0 } = receipt;
  const differences = groupDifferences(context, receipt);
  const lacking = differences.filter(({ ours, theirs }) => theirs < ours);
  const tooMany = differences.filter(({ ours, prefix }) => ours === 0 && prefix === null);
  const whole = groupsListed >= groupsDiffering.length;
  const all = context.store.groupHeads.counts();
  const arrived = (of: number, there: number, gone: number) => ({
    arrived: whole ? of - gone : Math.min(of, there),
    all: of,
  });
  const isSlice = ({ prefix }: GroupDifference): boolean => prefix !== null;
  const sliceCount = lacking.filter(isSlice).length;
  return {
    missing: linesOf(context, receipt, lacking, tooMany),
    whole,
    counts: {
      groups: arrived(all.groups, groups, lacking.length - sliceCount),
      slices: arrived(all.slices, slices, sliceCount),
    },
    notWritten: notWrittenOf(context, receipt),
  };
}

function notWrittenOf(context: ConnectorContext, { groupsNotWritten = [] }: Receipt): NotWritten[] {
  const lines = groupsNotWritten.map(([anchor, prefix, code]): [string, NotWritten] => {
    const what = prefix === null ? 'group' : 'members';
    return [`${what} ${anchor}`, { group: nameOf(context, anchor), sourceAnchor: anchor, what, code }];
  });
  return [...new Map(lines).values()];
}

function nameOf({ store, domains }: ConnectorContext, anchor: string): string {
  const [found] = domains.flatMap(domain => domain.store.groups.findByAnchor(anchor) ?? []);
  return String(store.deletions.get(anchor)?.name ?? found?.attributes.sAMAccountName ?? anchor);
}

function linesOf(
  context: ConnectorContext,
  { headSequence, groupsNotWritten = [] }: Receipt,
  lacking: readonly GroupDifference[],
  tooMany: readonly GroupDifference[],
): Missing[] {
  const refusals = new Map(
    groupsNotWritten.map(([anchor, prefix, code]) => [`${prefix === null} ${anchor}`, code]),
  );
  const lines = new Map<string, Missing>();
  const add = ({ anchor, prefix }: GroupDifference, what: Missing['what'], reason?: string): void => {
    const refused = refusals.get(`${prefix === null} ${anchor}`) ?? null;
    const line = { user: nameOf(context, anchor), sourceAnchor: anchor, what, refused };
    lines.set(`${what} ${anchor}`, { ...line, ...(reason !== undefined && refused === null && { reason }) });
  };
  for (const one of lacking) add(one, one.prefix === null ? 'group' : 'members');
  for (const one of tooMany) {
    const deletion = context.store.deletions.get(one.anchor);
    const isOver = deletion !== undefined && deletion.sequence < headSequence;
    add(one, 'group not deleted', isOver ? STILL_THERE : undefined);
  }
  return [...lines.values()];
}
