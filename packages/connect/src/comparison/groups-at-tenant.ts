import { CallError } from '@causeway/api';
import { type GroupEntry, groupBucketOf, groupLineKey } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { raiseUnverified } from '../store/sequence.ts';
import { type DifferingGroup, sayGroupsAnew, strangeGroups } from './say-groups-anew.ts';

/** How many answers one comparison reads, so that a tenant that invents groups cannot fill the memory. */
const MAX_PAGES = 100;

/**
 * Compares what the tenant acknowledged of a forest's groups with what it has, as for users. It runs between two cycles, when no
 * group is being sent.
 *
 * @returns how many groups and slices are signed again; undefined for a tenant whose release cannot compare groups
 */
export async function compareGroups(context: ConnectorContext): Promise<number | undefined> {
  const { store, tenant, connector, domains } = context;
  const { forest } = connector;
  const reply = await tenant.compareGroups({ forest, buckets: store.groupHeads.lineDigests() });
  if (reply === undefined) return undefined;
  if (reply.differing.length === 0) return 0;
  const theirs = await readTheirs(context, reply.differing);
  countOn(context, theirs);
  const { differing, strangers } = compareGroupLines(store.groupHeads.entriesOf(reply.differing), theirs);
  strangeGroups(
    context,
    strangers
      .filter(
        ({ anchor, prefix }) =>
          prefix === null && domains.every(domain => domain.store.groups.findByAnchor(anchor) === undefined),
      )
      .map(({ anchor }) => anchor),
  );
  const said = sayGroupsAnew(context, [...differing, ...strangers]);
  if (said > 0) {
    const text = `the tenant has ${differing.length + strangers.length} groups, or slices of their members, of ${forest} otherwise than it acknowledged: ${said} of them are signed anew and sent again`;
    store.events.add('runErrors', connector.name, text);
  }
  return said;
}

/** If this Connect lost count, the tenant refuses its new records as older than those that it has. */
function countOn({ store }: ConnectorContext, theirs: readonly GroupEntry[]): void {
  const newest = theirs.reduce((most, { sequence }) => Math.max(most, sequence), 0);
  if (raiseUnverified(store.db, newest) === 'raised') store.queue.hurryAll('older-sequence');
}

/** @returns what differs from what the tenant acknowledged, and what it has without having acknowledged it */
export function compareGroupLines(
  ours: readonly GroupEntry[],
  theirs: readonly GroupEntry[],
): { differing: DifferingGroup[]; strangers: DifferingGroup[] } {
  const there = new Map(theirs.map(line => [groupLineKey(line), line]));
  const differing = ours.filter(line => {
    const key = groupLineKey(line);
    const other = there.get(key);
    there.delete(key);
    return other?.sequence !== line.sequence;
  });
  return { differing, strangers: [...there.values()] };
}

async function readTheirs({ tenant, connector }: ConnectorContext, buckets: number[]): Promise<GroupEntry[]> {
  const asked = new Set(buckets);
  const theirs: GroupEntry[] = [];
  let after: { sourceAnchor: string; prefix: string | null } | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { lines, more } = await tenant.readGroupLines({ forest: connector.forest, buckets, after });
    for (const { sourceAnchor: anchor, prefix, sequence } of lines) {
      if (!asked.has(groupBucketOf({ anchor, prefix }))) {
        const text = `the tenant's line of the group '${anchor}' was not asked for`;
        throw new CallError(0, 'bad-answer', text);
      }
      theirs.push({ anchor, prefix, sequence });
    }
    const last = lines.at(-1);
    if (!more || last === undefined) break;
    after = { sourceAnchor: last.sourceAnchor, prefix: last.prefix };
  }
  return theirs;
}
