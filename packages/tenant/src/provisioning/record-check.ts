import type { PasswordOrder } from '@causeway/contract';
import { comparePasswordOrder } from '@causeway/credentials';
import { type AccountRecord, peekRecord } from '@causeway/records';

/** What the item of a batch says of itself, and the record that it brings must say, too. */
export interface Claim {
  readonly kind: 'account' | 'credential' | 'withdrawal';
  readonly tenant: string;
  readonly forest: string;
  readonly sourceAnchor: string;
  readonly objectGuid?: string;
  readonly sequence?: number;
  readonly passwordOrder?: PasswordOrder;
  /** Of what came beside a batch's credential records. */
  readonly encapsulationDigest?: string | undefined;
  /** Key id of the agent that sends; only it can have signed. */
  readonly signerKeyId: string | undefined;
}

/** A record's own words, unbelieved. */
export interface Said {
  readonly sequence: number;
  readonly objectGuid: string;
  /** Of what is said of a password. */
  readonly passwordOrder?: PasswordOrder | undefined;
  /** Of an account record. */
  readonly account?: AccountRecord;
}

/**
 * Compares a record's own words with the item around it, and returns these words, or the name of
 * the first field that differs. Nothing is believed: the managed domain verifies the signature. This finds
 * mistakes early, and keeps one agent from relaying what another signed.
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
