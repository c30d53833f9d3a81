import type { PasswordOrder } from '@causeway/contract';
import { comparePasswordOrder } from '@causeway/credentials';
import { type AccountRecord, peekRecord } from '@causeway/records';

/** What the item of a batch claims. Its record must say the same. */
export interface Claim {
  readonly kind: 'account' | 'credential' | 'withdrawal';
  readonly tenant: string;
  readonly forest: string;
  readonly sourceAnchor: string;
  readonly objectGuid?: string;
  readonly sequence?: number;
  readonly passwordOrder?: PasswordOrder;
  /** Of the encapsulation that came with a batch's credential records. */
  readonly encapsulationDigest?: string | undefined;
  /** Key id of the sending agent: only its key can have signed. */
  readonly signerKeyId: string | undefined;
}

/** A record's content, unverified. */
export interface Said {
  readonly sequence: number;
  readonly objectGuid: string;
  /** For a record about a password. */
  readonly passwordOrder?: PasswordOrder | undefined;
  /** For an account record. */
  readonly account?: AccountRecord;
}

/**
 * Compares a record's content with the item around it. Returns the content, or the name of the first field
 * that differs. It verifies no signature: the managed domain does. This finds mistakes early, and keeps one
 * agent from relaying what another signed.
 */
export function checkRecord(record: string, claim: Claim): Said | { differs: string } {
  const said = peekRecord(record);
  if (said === undefined) return { differs: 'format' };
  for (const field of [
    'kind',
    'tenant',
    'forest',
    'sourceAnchor',
    'signerKeyId',
    'encapsulationDigest',
  ] as const) {
    if (said[field] !== claim[field]) return { differs: field };
  }
  for (const field of ['objectGuid', 'sequence'] as const) {
    if (claim[field] !== undefined && said[field] !== claim[field]) return { differs: field };
  }
  if (
    claim.passwordOrder &&
    !(said.passwordOrder && comparePasswordOrder(said.passwordOrder, claim.passwordOrder) === 0)
  ) {
    return { differs: 'passwordOrder' };
  }
  const { sequence, objectGuid, passwordOrder, account } = said;
  return { sequence, objectGuid, passwordOrder, ...(account && { account }) };
}
