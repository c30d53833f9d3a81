import type { Receipt } from '@causeway/records';
import { sayAnew, strangers } from '../comparison/say-anew.ts';
import type { ConnectorContext } from '../context.ts';
import { cureGroups, type SeenGroups } from './group-differences.ts';
import { type ReceiptDifference, receiptDifferences } from './receipt-differences.ts';

/** The differences of a receipt, which the next one has to confirm. */
export interface Seen {
  readonly headSequence: number;
  readonly differences: ReadonlySet<string>;
  readonly groups: SeenGroups;
}

/**
 * Queues users to be signed again who differ in the managed domain from what the tenant acknowledged, and notes unknown ones to be
 * looked up. Acts only on what two consecutive receipts, of two heads, agree on: one alone may show what was being sent. Leaves out
 * what the managed domain refused for a reason other than age, because signing again would not help.
 *
 * @param before the differences of an earlier head's receipt
 * @returns what to compare with the next receipt, and how many users were queued
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

/** Refusals that a new record ends: a newer one, or the deletion of an account that the managed domain found and no record claims. */
const CURED_BY_SAYING: ReadonlySet<string> = new Set(['older-sequence', 'unclaimed']);

function isCurable({ what, ours, theirs, refused }: ReceiptDifference, namesRefused: boolean): boolean {
  if (refused !== null) return CURED_BY_SAYING.has(refused);
  return namesRefused || (what !== 'not deleted' && theirs > ours);
}

const textOf = ({ sourceAnchor, what, ours, theirs }: ReceiptDifference): string =>
  `${what} ${ours} ${theirs} ${sourceAnchor}`;
