/** Why a record is rejected, and what that means in plain words. A closed list; a ledger extends the type with refusals of its own. */
export const REFUSAL_REASONS = {
  malformed: 'it is no record in the documented format',
  'too-large': 'it is larger than any record can be',
  'unsupported-algorithm': 'it is not signed with Ed25519',
  'unsupported-version': 'it is of a format version that this release does not know',
  'wrong-kind': 'it is of another kind than what belongs here',
  'unknown-signer': 'no administrator has confirmed the key that it names as its signer',
  'bad-signature': 'the signature was not made over these bytes by the key that it names',
  'other-tenant': 'it was made for another tenant',
  'other-forest': 'its signer was not confirmed for the forest that it names',
  'other-recipient': 'it was sealed to another key than the one of this managed domain',
  'cannot-open': 'the sealed part does not belong to this header, or was not sealed to this key',
} as const;

export type Refusal = keyof typeof REFUSAL_REASONS;

/** An expected outcome, never an exception. `detail` names the wrong part and holds nothing secret. */
export interface Refused {
  ok: false;
  refusal: Refusal;
  detail: string;
}

/** @param detail for this record; the code's plain reason by default */
export function refused(refusal: Refusal, detail: string = REFUSAL_REASONS[refusal]): Refused {
  return { ok: false, refusal, detail };
}
