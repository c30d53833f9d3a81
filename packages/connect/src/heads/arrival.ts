import type { ConnectArrival } from '@causeway/contract';
import type { Receipt } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { signedReads } from '../pairing/signed-reads.ts';
import { isExhausting } from '../store/sequence.ts';
import { type GroupArrival, groupArrival } from './group-arrival.ts';
import { readLacking, receiptDifferences } from './receipt-differences.ts';
import { readReceipt } from './take-receipt.ts';

type State = ConnectArrival['state'];
type Missing = ConnectArrival['missing'][number];

const NAMED = 50;

/** What the managed domain has of the forest, compared with what it should have. @param since as for `judge` */
export function arrivalOf(context: ConnectorContext, since: number): ConnectArrival {
  const { accounts, credentials } = context.store.heads.summary();
  const { state, alarm, receipt, missing, groups } = judge(context, since);
  const lacking = [...missing.people, ...groups.missing];
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
    missing: lacking.slice(0, NAMED),
    missingCount: lacking.length,
    ...groups.counts,
    ...(groups.notWritten.length > 0 && {
      groupsNotWritten: { count: groups.notWritten.length, groups: groups.notWritten.slice(0, NAMED) },
    }),
    ...(reads.length > 0 && { reads: [...reads] }),
  };
}

interface Judgement extends Pick<ConnectArrival, 'state' | 'alarm'> {
  /** The last receipt, if it is valid. */
  receipt: Receipt | undefined;
  missing: Compared;
  groups: GroupArrival;
}

/**
 * What the last receipt means. Does not go through all users.
 *
 * @param since milliseconds since 1970; nothing could have been received before
 */
export function judge(context: ConnectorContext, since: number): Judgement {
  const { store, settings } = context;
  const confirmed = store.confirmations.managedDomain;
  const last = store.receipts.last();
  const read = last && readReceipt(context, last.receipt);
  const receipt = read?.ok ? read.receipt : undefined;
  const missing = receipt
    ? compare(context, receipt)
    : { people: [], accounts: 0, credentials: 0, whole: true };
  const groups = groupArrival(context, receipt);
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
    const lacking = [...missing.people, ...groups.missing];
    if (lacking.some(({ refused }) => refused === null) || !missing.whole || !groups.whole)
      return 'on its way';
    if (receipt.notWritten.length + (receipt.groupsNotWritten?.length ?? 0) > 0) return 'not all written';
    return receipt.completeAsOf === null ? 'on its way' : 'complete';
  })();
  return { state, alarm: alarmOf(state, receipt, heard || start), receipt, missing, groups };
}

function alarmOf(state: State, receipt: Receipt | undefined, heard: number): string | null {
  if (state === 'silent')
    return `no receipt for a head newer than ${new Date(heard).toISOString()}: the managed domain does not run, or the tenant withholds`;
  if (state === 'differs')
    return `since ${receipt!.alarmSince} something that the tenant took has not come to the managed domain: the tenant withholds it, or has lost it`;
  if (isExhausting(receipt?.newest ?? 0))
    return `the managed domain has believed sequence ${receipt!.newest} of this forest, and none is left above it: it takes nothing new any more. Somebody signed with this Connect's key, or a clock ran very far ahead; the managed domain's ledger is to be made anew`;
  return null;
}

interface Compared {
  people: Missing[];
  accounts: number;
  credentials: number;
  whole: boolean;
}

/** Users whom the managed domain lacks, or has in excess. Leaves out users of whom it has something newer: they are signed again. */
function compare(context: ConnectorContext, receipt: Receipt): Compared {
  const { people, whole, namesRefused } = receiptDifferences(context, receipt, readLacking(context.store));
  const missing = people.filter(({ ours, theirs, what }) => what === 'not deleted' || theirs < ours);
  const count = (what: Missing['what']) => missing.filter(one => one.what === what).length;
  return {
    people: missing.map(({ sourceAnchor, what, refused }) => {
      const gone = what === 'not deleted' ? context.store.deletions.get(sourceAnchor) : undefined;
      const isWithheld =
        gone !== undefined && gone.sequence < receipt.headSequence && refused === null && namesRefused;
      const user = gone?.name ?? nameOf(context, sourceAnchor);
      return { user, sourceAnchor, what, refused, ...(isWithheld && { reason: WITHHELD }) };
    }),
    accounts: count('account'),
    credentials: count('credential'),
    whole,
  };
}

const WITHHELD = 'deleted here, still in the managed domain; the tenant withholds the deletion';

function nameOf({ domains }: ConnectorContext, anchor: string): string {
  const [object] = domains.flatMap(({ store }) => store.space.findByAnchor(anchor) ?? []);
  const name = object?.attributes.userPrincipalName ?? object?.attributes.sAMAccountName;
  return typeof name === 'string' ? name : (object?.dn ?? anchor);
}
