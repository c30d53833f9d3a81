import type { FeedItem } from '@causeway/contract';
import { openCredentialRecord } from '@causeway/records';
import type { ApplyContext } from './apply-context.ts';
import type { PreparedItem } from './task.ts';
import { type VerifiedItem, verifyItem } from './verified-item.ts';

/**
 * Verifies and opens the records of a page. This is the costly part and needs nothing from the pages before it, so it runs while they are
 * written.
 */
export async function prepareItems(
  context: ApplyContext,
  items: readonly FeedItem[],
): Promise<PreparedItem[]> {
  const prepared: PreparedItem[] = [];
  for (const item of items) {
    const verified = verifyItem(item, context.trust, context.tenant);
    prepared.push({ item, verified, opened: await openIfNewer(context, verified) });
  }
  return prepared;
}

async function openIfNewer({ ledger, sealingKey }: ApplyContext, { person, credential }: VerifiedItem) {
  if (!credential?.ok || credential.record.kind !== 'credential') return undefined;
  const known = ledger.accounts.of(person);
  const written =
    known?.hasCredential === true && credential.record.sequence <= (known.credentialSequence ?? -1);
  return written ? undefined : openCredentialRecord(credential.record, sealingKey);
}
