import { type Receipt, verifyReceipt } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { noteReads } from '../pairing/signed-reads.ts';
import { raiseSequences } from '../store/sequence.ts';
import { noteLacking } from './receipt-differences.ts';

/** The receipt that the tenant hands over, if the managed domain signed it, whose keys an administrator confirmed. */
export function readReceipt(
  { store, agent, connector }: ConnectorContext,
  text: string,
): { ok: true; receipt: Receipt } | { ok: false; detail: string } {
  const publicKey = store.confirmations.managedDomain?.receiptKey;
  if (publicKey === undefined) return { ok: false, detail: "the managed domain's keys are not confirmed" };
  const signer = { publicKey, forests: new Set([connector.forest]) };
  // There is one key that may sign: whatever id the receipt names, it has to be of this one.
  return verifyReceipt(text, () => signer, { tenant: agent.tenantId });
}

/** Whoever lost count goes on above what the managed domain believed of the forest. The release before says its last head alone. */
function countOn({ store, connector }: ConnectorContext, { headSequence, newest = 0 }: Receipt): void {
  const above = Math.max(headSequence, newest);
  if (raiseSequences(store.db, above) !== 'raised') return;
  store.queue.hurryAll('older-sequence');
  const text = `the managed domain has believed sequence ${above} of ${connector.forest} already: this Connect was restored, or its clock went back; it counts on from there, and signs anew what was refused as older`;
  store.events.add('managedDomainChanged', connector.name, text);
}

/**
 * By the head that a receipt names, as this Connect made that; by the receipt's own sequence where they name the same. A managed domain
 * whose ledger was restored, or whose clock went back, counts from there: it is believed again with the next head.
 */
function isNewer(receipt: Receipt, before: Receipt): boolean {
  const heads = receipt.headSequence - before.headSequence;
  return heads > 0 || (heads === 0 && receipt.sequence > before.sequence);
}

/** Keeps a receipt that is newer than the last. @returns why it is not believed; undefined when it is */
export function takeReceipt(context: ConnectorContext, text: string): string | undefined {
  const { receipts, db } = context.store;
  const last = receipts.last();
  if (last?.receipt === text) return undefined;
  const read = readReceipt(context, text);
  if (!read.ok) return read.detail;
  const { sequence, time } = read.receipt;
  // One of other keys that were confirmed before does not count any more.
  const before = last && readReceipt(context, last.receipt);
  if (before?.ok && !isNewer(read.receipt, before.receipt))
    return `it is of ${time}, older than the last one: an old state was replayed`;
  db.transaction(() => {
    receipts.save({ receipt: text, sequence, receivedAt: db.timestamp() });
    noteLacking(context, read.receipt);
  });
  // A receipt of version 1 says nothing of it: the tenant decides by its header whether another one can go through it.
  const { reads } = read.receipt;
  countOn(context, read.receipt);
  if (reads) noteReads(context.store, context.store.confirmations.managedDomain!.receiptKey, reads);
  return undefined;
}
