/** Why a decoder gave up. A closed list, so that callers can tell a truncated message from a false one. */
export type DecodeReason = 'truncated' | 'limit' | 'unexpected' | 'trailing';

/**
 * Thrown by every decoder. `field` is the path of the field that could not be read (`V6.pObjects/3/attributes/len`). Never holds the bytes
 * themselves, which may be secret.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly field: string;
  readonly reason: DecodeReason;

  constructor(field: string, reason: DecodeReason, detail: string) {
    super(`${field}: ${detail}`);
    this.field = field;
    this.reason = reason;
  }
}
