import { type Receipt, verifyReceipt } from '@causeway/records';
import type { ConnectorContext } from '../context.ts';
import { noteReads } from '../pairing/signed-reads.ts';
import { raiseSequences } from '../store/sequence.ts';
import { noteLacking } from './receipt-differences.ts';

/** Reads the receipt that the tenant relays. It has to be signed by the managed domain whose keys an administrator confirmed. */
export function readReceipt(
  { store, agent, connector }: ConnectorContext,
  text: string,
): { ok: true; receipt: Receipt } | { ok: false; detail: string } {
  const publicKey = store.confirmations.managedDomain?.receiptKey;
  if (publicKey === undefined) return { ok: false, detail: "the managed domain's keys are not confirmed" };
  const signer = { publicKey, forests: new Set([connector.forest]) };
  // Only one key may sign, whatever key id the receipt names.
  return verifyReceipt(text, () => signer, { tenant: agent.tenantId });
}

/** If this Connect lost count, raises its sequence above what the managed domain accepted. An older release reports only its last head. */
function countOn({ store, connector }: ConnectorContext, { headSequence, newest = 0 }: Receipt): void {
  const above = Math.max(headSequence, newest);
  if (raiseSequences(store.db, above) !== 'raised') return;
  store.queue.hurryAll('older-sequence');
  const text = `the managed domain has believed sequence ${above} of ${connector.forest} already: this Connect was restored, or its clock went back; it counts on from there, and signs anew what was refused as older`;
  store.events.add('managedDomainChanged', connector.name, text);
}

/**
 * Compares receipts by the head that they name, because this Connect made it. If both name the same head, compares their own sequences.
 * So a managed domain whose ledger was restored, or whose clock went back, is accepted again with the next head.
 */
function isNewer(receipt: Receipt, before: Receipt): boolean {
  const heads = receipt.headSequence - before.headSequence;
  return heads > 0 || (heads === 0 && receipt.sequence > before.sequence);
}

/** Stores a receipt that is newer than the last. @returns why it rejects the receipt; undefined if it does not */
export function takeReceipt(context: ConnectorContext, text: string): string | undefined {
  const { receipts, db } = context.store;
  const last = receipts.last();
  if (last?.receipt === text) return undefined;
  const read = readReceipt(context, text);
  if (!read.ok) return read.detail;
  const { sequence, time } = read.receipt;
  // A receipt of formerly confirmed keys does not count any more.
  const before = last && readReceipt(context, last.receipt);
  if (before?.ok && !isNewer(read.receipt, before.receipt))
    return `it is of ${time}, older than the last one: an old state was replayed`;
  db.transaction(() => {
    receipts.save({ receipt: text, sequence, receivedAt: db.timestamp() });
    noteLacking(context, read.receipt);
  });
  // A receipt of version 1 does not say what is read. The tenant's header decides whether a newer version can pass through it.
  const { reads } = read.receipt;
  countOn(context, read.receipt);
  if (reads) noteReads(context.store, context.store.confirmations.managedDomain!.receiptKey, reads);
  return undefined;
}
