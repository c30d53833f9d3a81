import type { LedgerEntry } from './account-book.ts';
import type { Block } from './block-book.ts';

/**
 * INVARIANT: only this function decides whether an account is enabled. Nobody can sign in without a credential, and no user whom an
 * administrator blocks can, whatever the forest says.
 */
export function mayBeEnabled(
  { wantsEnabled, hasCredential }: Pick<LedgerEntry, 'wantsEnabled' | 'hasCredential'>,
  block: Block | undefined,
): boolean {
  return wantsEnabled && hasCredential && block === undefined;
}
