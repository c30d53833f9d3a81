import { createHash } from 'node:crypto';
import type { AttributeType } from '@causeway/protocols';

/** The attributes that replication asks for, by OID. Each reply has its own table of what it calls them. */
export const AttributeOid = {
  isDeleted: '1.2.840.113556.1.2.48',
  userAccountControl: '1.2.840.113556.1.4.8',
  unicodePwd: '1.2.840.113556.1.4.90',
  pwdLastSet: '1.2.840.113556.1.4.96',
  supplementalCredentials: '1.2.840.113556.1.4.125',
  objectSid: '1.2.840.113556.1.4.146',
  sAMAccountName: '1.2.840.113556.1.4.221',
  userPrincipalName: '1.2.840.113556.1.4.656',
} as const;

/** `passwords`: what a password consists of. `all`: also an account's names, which a synchronization does not need. */
export type AttributeSet = 'all' | 'passwords';

/** Sorted, under the prefix indexes that every DC has from the start ([MS-DRSR] 5.16.4). */
export const ATTRIBUTE_SETS: Readonly<Record<AttributeSet, readonly AttributeType[]>> = {
  all: [0x2_0030, 0x9_0008, 0x9_005a, 0x9_0060, 0x9_007d, 0x9_0092, 0x9_00dd, 0x9_0290],
  passwords: [0x2_0030, 0x9_005a, 0x9_0060, 0x9_007d, 0x9_0092],
};

/** Nothing secret: readable without the right Replicating Directory Changes All. */
export const HARMLESS_ATTRIBUTE_SET: readonly AttributeType[] = [0x9_00dd];

/** The prefixes of `ATTRIBUTE_SETS`, for a DC whose own table does not resolve them ([MS-DRSR] 5.16.4). */
export const ATTRIBUTE_PREFIXES: ReadonlyMap<number, Uint8Array> = new Map([
  [2, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x01, 0x02)],
  [9, Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x01, 0x04)],
]);

/**
 * Names a set in a cookie. A delta does not bring attributes that were added to the request later and have not changed since, so another
 * set means a full cycle.
 */
export const digestOfSet = (set: AttributeSet): string =>
  createHash('sha256').update(ATTRIBUTE_SETS[set].join()).digest('hex').slice(0, 16);
