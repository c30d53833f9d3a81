import { MAX_NOT_WRITTEN, type Receipt } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import type { ConnectorStore } from '../store/store.ts';

/** A user of whom the managed domain has something else than the tenant acknowledged. */
export interface ReceiptDifference {
  readonly sourceAnchor: string;
  readonly what: 'account' | 'credential' | 'not deleted';
  /** The sequences that the tenant acknowledged (`ours`) and that the managed domain has (`theirs`). 0 means none. */
  readonly ours: number;
  readonly theirs: number;
  /** The code with which the managed domain refused what arrived. */
  readonly refused: string | null;
}

export interface ReceiptDifferences {
  readonly people: readonly ReceiptDifference[];
  /** Whether the receipt lists every bucket that differs. */
  readonly whole: boolean;
  /** Whether a user who is not named counts as not refused. False if the receipt's list may be cut, unless there is an alarm. */
  readonly namesRefused: boolean;
}

/** What was missing by a receipt: by kind and anchor, the sequence that was there instead. */
export type Lacking = ReadonlyMap<string, number>;

/**
 * Compares the users of a receipt with what the tenant acknowledged. What was acknowledged after the receipt's head is on its way.
 *
 * @param lacking what was missing by the receipt before, or by this one when it came. A user who was signed again since still lacks
 * what was acknowledged first, if the managed domain still has the same sequence.
 */
export function receiptDifferences(
  { store }: Pick<ConnectorContext, 'store'>,
  { headSequence, differing, listed, entries, notWritten, alarmSince }: Receipt,
  lacking: Lacking = new Map(),
): ReceiptDifferences {
  const refusals = new Map(notWritten.map(([anchor, kind, code]) => [`${kind} ${anchor}`, code]));
  const people: ReceiptDifference[] = [];
  const add = (
    sourceAnchor: string,
    what: ReceiptDifference['what'],
    numbers: Pick<ReceiptDifference, 'ours' | 'theirs'>,
  ): void => {
    const refused = refusals.get(`${what === 'credential' ? what : 'account'} ${sourceAnchor}`) ?? null;
    people.push({ sourceAnchor, what, ...numbers, refused });
  };
  const there = new Map(entries.map(([anchor, ...sequences]) => [anchor, sequences]));
  for (const bucket of differing.slice(0, listed)) {
    for (const { anchor, accountSequence, credentialSequence } of store.heads.entries(bucket)) {
      const [account, credential] = there.get(anchor) ?? [0, 0];
      there.delete(anchor);
      const compare = (what: ReceiptDifference['what'], ours: number, theirs: number): void => {
        const lacks = () => ours <= headSequence || lacking.get(lackOf(what, anchor)) === theirs;
        if (theirs > ours || (theirs < ours && lacks())) add(anchor, what, { ours, theirs });
      };
      compare('account', accountSequence, account);
      compare('credential', credentialSequence, credential);
    }
  }
  for (const [anchor, [theirs]] of there)
    if (theirs! <= headSequence) add(anchor, 'not deleted', { ours: 0, theirs: theirs! });
  return {
    people,
    whole: listed >= differing.length,
    namesRefused: notWritten.length < MAX_NOT_WRITTEN || alarmSince !== null,
  };
}

const lackOf = (what: ReceiptDifference['what'], anchor: string): string => `${what} ${anchor}`;

export function readLacking({ forestCursors }: Pick<ConnectorStore, 'forestCursors'>): Lacking {
  return new Map(JSON.parse(forestCursors.get('lacking') ?? '[]') as [string, number][]);
}

/** Stores who lacks something by a new receipt. */
export function noteLacking({ store }: Pick<ConnectorContext, 'store'>, receipt: Receipt): void {
  const { people } = receiptDifferences({ store }, receipt, readLacking(store));
  const lacking = people.filter(({ what, ours, theirs }) => what !== 'not deleted' && theirs < ours);
  const noted = lacking.map(({ what, sourceAnchor, theirs }) => [lackOf(what, sourceAnchor), theirs]);
  store.forestCursors.set('lacking', noted.length === 0 ? undefined : JSON.stringify(noted));
}
