import { comparePasswordOrder, type PasswordOrder } from '@causeway/credentials';

/** What says how old something about a user is. What is not known is absent or null. */
export interface Dated {
  /** Of the signer. */
  readonly sequence?: number | null | undefined;
  /** Of the domain controllers; only of what is about a password. */
  readonly passwordOrder?: PasswordOrder | null | undefined;
}

export type Age = 'older-sequence' | 'older-password-order' | 'same' | 'newer';

/**
 * Compares what is said of a user with the newest that was believed of the same kind. INVARIANT: a smaller sequence is older, always;
 * then the password order decides, and of equal orders the sequence. What was said before by nobody is newer.
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
