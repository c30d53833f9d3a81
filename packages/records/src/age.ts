import { comparePasswordOrder, type PasswordOrder } from '@causeway/credentials';

/** What tells the age of a statement about a user. Unknown values are absent or null. */
export interface Dated {
  /** The signer's. */
  readonly sequence?: number | null | undefined;
  /** The domain controllers'. Only for a statement about a password. */
  readonly passwordOrder?: PasswordOrder | null | undefined;
}

export type Age = 'older-sequence' | 'older-password-order' | 'same' | 'newer';

/**
 * Compares a statement about a user with the newest accepted one of the same kind. INVARIANT: a smaller sequence is always older; then the
 * password order decides, and for equal orders the sequence. A statement without a predecessor is newer.
 */
export function ageOf(said: Dated, believed: Dated): Age {
  const sequence = said.sequence ?? -1;
  const newest = believed.sequence ?? -1;
  if (said.sequence != null && sequence < newest) return 'older-sequence';
  if (said.passwordOrder) {
    const order = believed.passwordOrder
      ? comparePasswordOrder(said.passwordOrder, believed.passwordOrder)
      : 1;
    if (order !== 0) return order < 0 ? 'older-password-order' : 'newer';
  }
  return sequence > newest ? 'newer' : 'same';
}
