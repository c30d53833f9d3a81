import type { LedgerEntry } from './account-book.ts';
import type { Block } from './block-book.ts';

/**
 * INVARIANT: the one place that says whether an account is enabled. Nobody signs in without a credential, and nobody whom an
 * administrator blocks, whatever the forest says.
 */
export function mayBeEnabled(
  { wantsEnabled, hasCredential }: Pick<LedgerEntry, 'wantsEnabled' | 'hasCredential'>,
  block: Block | undefined,
): boolean {
  return wantsEnabled && hasCredential && block === undefined;
}
