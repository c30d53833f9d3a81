import { MAX_NOT_WRITTEN, type Receipt } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import type { ConnectorStore } from '../store/store.ts';

/** Somebody of whom the managed domain has something else than the tenant acknowledged. */
export interface ReceiptDifference {
  readonly sourceAnchor: string;
  readonly what: 'account' | 'credential' | 'not deleted';
  /** Sequences: what the tenant acknowledged, and what is there; 0: none. */
  readonly ours: number;
  readonly theirs: number;
  /** The code by which the managed domain refused what came. */
  readonly refused: string | null;
}

export interface ReceiptDifferences {
  readonly people: readonly ReceiptDifference[];
  /** The receipt tells of every bucket that differs. */
  readonly whole: boolean;
  /** Whoever is not named as refused was not refused, or that is no reason: more may be refused than a receipt names. */
  readonly namesRefused: boolean;
}

/** Who lacked something by a receipt: what of whom, and what was there instead. */
export type Lacking = ReadonlyMap<string, number>;

/**
 * The people whom a receipt tells of, beside what the tenant acknowledged. What was acknowledged after the receipt's head is on its way.
 *
 * @param lacking by the receipt before, or by this one when it came: who is signed anew in between, and of whom the managed domain still
 * has what it had, lacks all the same what was acknowledged first
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

/** Keeps who lacks something by a receipt that has come. */
export function noteLacking({ store }: Pick<ConnectorContext, 'store'>, receipt: Receipt): void {
  const { people } = receiptDifferences({ store }, receipt, readLacking(store));
  const lacking = people.filter(({ what, ours, theirs }) => what !== 'not deleted' && theirs < ours);
  const noted = lacking.map(({ what, sourceAnchor, theirs }) => [lackOf(what, sourceAnchor), theirs]);
  store.forestCursors.set('lacking', noted.length === 0 ? undefined : JSON.stringify(noted));
}
