import type { ConnectArrival } from '@causeway/contract';
import type { Receipt } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { signedReads } from '../pairing/signed-reads.ts';
import { confirmedKey } from '../store/pairing.ts';
import { readReceipt } from './take-receipt.ts';

type State = ConnectArrival['state'];
type Missing = ConnectArrival['missing'][number];

const NAMED = 50;

/** What the managed domain has of the forest, beside what it should have. @param since as for `judge` */
export function arrivalOf(context: ConnectorContext, since: number): ConnectArrival {
  const { accounts, credentials } = context.store.heads.summary();
  const { state, alarm, receipt, missing } = judge(context, since);
  const reads = signedReads(context.store);
  const arrivedOf = (all: number, there: number | undefined, gone: number): number => {
    if (there === undefined) return 0;
    return missing.whole ? all - gone : Math.min(all, there);
  };
  return {
    state,
    accounts: { arrived: arrivedOf(accounts, receipt?.accounts, missing.accounts), all: accounts },
    credentials: {
      arrived: arrivedOf(credentials, receipt?.credentials, missing.credentials),
      all: credentials,
    },
    completeAsOf: receipt?.completeAsOf ?? null,
    receiptAt: receipt?.time ?? null,
    alarm,
    missing: missing.people.slice(0, NAMED),
    missingCount: missing.people.length,
    ...(reads.length > 0 && { reads: [...reads] }),
  };
}

interface Judgement extends Pick<ConnectArrival, 'state' | 'alarm'> {
  /** The last one, when it is believed. */
  receipt: Receipt | undefined;
  missing: Compared;
}

/**
 * What the last receipt means, without a look at everybody.
 *
 * @param since milliseconds since 1970: before that nobody could have received anything
 */
export function judge(context: ConnectorContext, since: number): Judgement {
  const { store, settings } = context;
  const confirmed = confirmedKey(store.db);
  const last = store.receipts.last();
  const read = last && readReceipt(context, last.receipt);
  const receipt = read?.ok ? read.receipt : undefined;
  const missing = receipt
    ? compare(context, receipt)
    : { people: [], accounts: 0, credentials: 0, whole: true };
  const heard = receipt?.headTime
    ? Math.min(Date.parse(receipt.time), Date.parse(receipt.headTime), Date.parse(last!.receivedAt))
    : 0;
  const start = Math.max(since, confirmed ? Date.parse(confirmed.confirmedAt) : 0);
  const silent = confirmed !== undefined && store.clock.now() - Math.max(heard, start) > settings.silenceMs;
  const state = ((): State => {
    if (!confirmed) return 'no managed domain';
    if (silent) return 'silent';
    if (!receipt) return 'no receipt yet';
    if (receipt.alarmSince !== null) return 'differs';
    if (missing.people.some(({ refused }) => refused === null) || !missing.whole) return 'on its way';
    if (receipt.notWritten.length > 0) return 'not all written';
    return receipt.completeAsOf === null ? 'on its way' : 'complete';
  })();
  return { state, alarm: alarmOf(state, receipt, heard || start), receipt, missing };
}

function alarmOf(state: State, receipt: Receipt | undefined, heard: number): string | null {
  if (state === 'silent')
    return `no receipt for a head newer than ${new Date(heard).toISOString()}: the managed domain does not run, or the tenant withholds`;
  if (state === 'differs')
    return `since ${receipt!.alarmSince} something that the tenant took has not come to the managed domain: the tenant withholds it, or has lost it`;
  return null;
}

interface Compared {
  people: Missing[];
  accounts: number;
  credentials: number;
  /** The receipt tells of every bucket that differs. */
  whole: boolean;
}

/** Compares the users whom a receipt tells of with what the tenant acknowledged, up to the head that it answers. */
function compare(context: ConnectorContext, receipt: Receipt): Compared {
  const { store } = context;
  const { headSequence, differing, listed, entries, notWritten } = receipt;
  const compared: Compared = { people: [], accounts: 0, credentials: 0, whole: listed >= differing.length };
  const refusals = new Map(notWritten.map(([anchor, kind, code]) => [`${kind} ${anchor}`, code]));
  const add = (sourceAnchor: string, what: Missing['what']): void => {
    const refused = refusals.get(`${what === 'credential' ? what : 'account'} ${sourceAnchor}`) ?? null;
    compared.people.push({ user: nameOf(context, sourceAnchor), sourceAnchor, what, refused });
    if (what === 'account') compared.accounts += 1;
    if (what === 'credential') compared.credentials += 1;
  };
  const there = new Map(entries.map(([anchor, account, credential]) => [anchor, { account, credential }]));
  for (const bucket of differing.slice(0, listed)) {
    for (const { anchor, accountSequence, credentialSequence } of store.heads.entries(bucket)) {
      const entry = there.get(anchor);
      there.delete(anchor);
      const lacks = (ours: number, theirs: number): boolean => ours <= headSequence && theirs < ours;
      if (lacks(accountSequence, entry?.account ?? -1)) add(anchor, 'account');
      if (lacks(credentialSequence, entry?.credential ?? 0)) add(anchor, 'credential');
    }
  }
  for (const [anchor, { account }] of there) if (account <= headSequence) add(anchor, 'not deleted');
  return compared;
}

function nameOf({ store }: ConnectorContext, anchor: string): string {
  const object = store.space.find(anchor);
  const name = object?.attributes.userPrincipalName ?? object?.attributes.sAMAccountName;
  return typeof name === 'string' ? name : (object?.dn ?? anchor);
}
