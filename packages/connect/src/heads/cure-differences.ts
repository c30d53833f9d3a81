import type { Receipt } from '@causeway/records';
import { sayAnew, strangers } from '../comparison/say-anew.ts';
import type { ConnectorContext } from '../context.ts';
import { cureGroups, type SeenGroups } from './group-differences.ts';
import { type ReceiptDifference, receiptDifferences } from './receipt-differences.ts';

/** What a receipt said: what the next one must say, too. */
export interface Seen {
  readonly headSequence: number;
  readonly differences: ReadonlySet<string>;
  readonly groups: SeenGroups;
}

/**
 * Has signed anew whoever is otherwise in the managed domain than the tenant acknowledged, or has the directory asked for whom nobody
 * knows here: once two receipts in turn, of two heads, have said the same, as one may speak of what was on its way. What the managed
 * domain refused for another reason than its age is no better for being signed anew.
 *
 * @param before of the receipt of an earlier head
 * @returns what is to be compared with the next one, and how many were said anew
 */
export function cureDifferences(
  context: ConnectorContext,
  receipt: Receipt,
  before: Seen | undefined,
): { seen: Seen; said: number } {
  const { headSequence } = receipt;
  if (before?.headSequence === headSequence) return { seen: before, said: 0 };
  const { people, namesRefused } = receiptDifferences(context, receipt);
  const cured = people.filter(one => isCurable(one, namesRefused));
  const lasting = cured.filter(one => before?.differences.has(textOf(one)));
  const byAnchor = Map.groupBy(
    lasting.filter(({ what }) => what !== 'not deleted'),
    ({ sourceAnchor }) => sourceAnchor,
  );
  const has = (some: readonly ReceiptDifference[], what: ReceiptDifference['what']) =>
    some.some(one => one.what === what);
  const said = sayAnew(
    context,
    [...byAnchor].map(([sourceAnchor, some]) => ({
      sourceAnchor,
      account: has(some, 'account'),
      password: has(some, 'credential'),
    })),
  );
  strangers(
    context,
    lasting.filter(({ what }) => what === 'not deleted').map(({ sourceAnchor }) => sourceAnchor),
  );
  const groups = cureGroups(context, receipt, before?.groups);
  const seen = { headSequence, differences: new Set(cured.map(textOf)), groups: groups.seen };
  return { seen, said: said + groups.said };
}

/** By what the managed domain waits for another word of the forest: a record that is newer, or a deletion of whom it found and nobody said. */
const CURED_BY_SAYING: ReadonlySet<string> = new Set(['older-sequence', 'unclaimed']);

function isCurable({ what, ours, theirs, refused }: ReceiptDifference, namesRefused: boolean): boolean {
  if (refused !== null) return CURED_BY_SAYING.has(refused);
  return namesRefused || (what !== 'not deleted' && theirs > ours);
}

const textOf = ({ sourceAnchor, what, ours, theirs }: ReceiptDifference): string =>
  `${what} ${ours} ${theirs} ${sourceAnchor}`;
