import { createPrivateKey, sign } from 'node:crypto';
import {
  type AccountFields,
  BUCKETS,
  bucketDigest,
  bucketOf,
  CLOUD_FOREST,
  type CredentialFields,
  type CredentialSealer,
  type CredentialSecret,
  type Entry,
  exportSigningKey,
  type HeadFields,
  joinEncapsulation,
  packBuckets,
  type ReceiptFields,
  type SigningKey,
  signingPublicKey,
  type TrustedSigner,
  type WithdrawalFields,
} from '../index.ts';

export const TENANT = '0a6b2f6e-6f0a-4f7e-9f1c-4d5f3c2b1a00';
export const FOREST = 'corp.example.com';

export const ACCOUNT: AccountFields = {
  tenant: TENANT,
  forest: FOREST,
  sourceAnchor: 'Y0JR4wZL0RGrBADAT8LNxg==',
  objectGuid: 'e3514235-4b06-11d1-ab04-00c04fc2dcd2',
  sequence: 1_795_437_727_000_001,
  userPrincipalName: 'žofie@corp.example.com',
  sAMAccountName: 'žofie',
  objectSid: 'S-1-5-21-1004336348-1177238915-682003330-1104',
  enabled: true,
  accountExpires: '2027-01-31T12:00:00.000Z',
  deleted: false,
};

export const CREDENTIAL: CredentialFields = {
  tenant: TENANT,
  forest: FOREST,
  sourceAnchor: ACCOUNT.sourceAnchor,
  objectGuid: ACCOUNT.objectGuid,
  sequence: 1_795_437_727_000_002,
  passwordOrder: {
    version: 3,
    originatingTime: 13_439_911_327,
    originatingInvocationId: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  },
  mustChange: false,
};

export const WITHDRAWAL: WithdrawalFields = {
  tenant: TENANT,
  forest: FOREST,
  sourceAnchor: ACCOUNT.sourceAnchor,
  objectGuid: ACCOUNT.objectGuid,
  sequence: 1_795_437_727_000_007,
  passwordOrder: { ...CREDENTIAL.passwordOrder, version: 4 },
  reason: 'must-change',
};

/** The same for a forest that was restored. */
export const RESTORED_CREDENTIAL: CredentialFields = {
  ...CREDENTIAL,
  sequence: 1_795_437_727_000_009,
  passwordOrder: { epoch: 1_795_437_727_000_008, ...CREDENTIAL.passwordOrder },
};
export const RESTORED_WITHDRAWAL: WithdrawalFields = {
  ...WITHDRAWAL,
  sequence: 1_795_437_727_000_010,
  passwordOrder: { epoch: 1_795_437_727_000_008, ...WITHDRAWAL.passwordOrder },
};

/** Three users, one of whom has no credential record yet. */
export const ENTRIES: Entry[] = [
  {
    anchor: ACCOUNT.sourceAnchor,
    accountSequence: ACCOUNT.sequence,
    credentialSequence: CREDENTIAL.sequence,
  },
  { anchor: 'AAAAAAAAAAAAAAAAAAAAAA==', accountSequence: 1_795_437_727_000_003, credentialSequence: 0 },
  { anchor: 'user 83', accountSequence: 1_795_437_727_000_004, credentialSequence: 1_795_437_727_000_005 },
];

/** The digests of all buckets of a forest with these users. */
export function bucketsOf(entries: readonly Entry[]): string {
  const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.anchor), Buffer.from(b.anchor)));
  const buckets = Map.groupBy(sorted, ({ anchor }) => bucketOf(anchor));
  return packBuckets(Array.from({ length: BUCKETS }, (_, n) => bucketDigest(buckets.get(n) ?? [])));
}

export const HEAD: HeadFields = {
  tenant: TENANT,
  forest: FOREST,
  sequence: 1_795_437_727_000_006,
  time: '2026-11-23T10:42:07.000Z',
  accounts: 3,
  credentials: 2,
  buckets: bucketsOf(ENTRIES),
};

export const RECEIPT: ReceiptFields = {
  tenant: TENANT,
  forest: FOREST,
  sequence: 1_795_437_728_000_000,
  time: '2026-11-23T10:42:08.000Z',
  headSequence: HEAD.sequence,
  headTime: HEAD.time,
  completeAsOf: '2026-11-23T10:40:00.000Z',
  alarmSince: null,
  accounts: 3,
  credentials: 1,
  differing: [bucketOf(ACCOUNT.sourceAnchor)],
  listed: 1,
  entries: [[ACCOUNT.sourceAnchor, ACCOUNT.sequence, 0]],
  notWritten: [[ACCOUNT.sourceAnchor, 'credential', 'cannot-open']],
};

/** From a managed domain that has not compared a head yet. */
export const FIRST_RECEIPT: ReceiptFields = {
  ...RECEIPT,
  ...{ headSequence: 0, headTime: null, completeAsOf: null, differing: [], listed: 0, entries: [] },
  reads: ['receipt-3'],
  newest: ACCOUNT.sequence,
};

/** From a managed domain to which the tenant showed an older record of a cloud-only user, and a record of a user who is deleted there. */
export const CLOUD_RECEIPT: ReceiptFields = {
  ...FIRST_RECEIPT,
  forest: CLOUD_FOREST,
  completeAsOf: null,
  notWritten: [],
  older: [
    ['8d6f5a1e-0000-4000-8000-000000000001', ACCOUNT.sequence, ACCOUNT.sequence - 1, false],
    ['8d6f5a1e-0000-4000-8000-000000000002', ACCOUNT.sequence, 0, true],
  ],
};

/** Bytes that count up: nobody's password. */
export function someSecret(): Required<CredentialSecret> {
  const bytes = (length: number, first: number) => Uint8Array.from({ length }, (_, i) => first + i);
  return {
    ntHash: bytes(16, 1),
    kerberosKeys: {
      salt: 'CORP.EXAMPLE.COMžofie',
      iterations: 4096,
      keys: [
        { enctype: 18, key: bytes(32, 0x20) },
        { enctype: 17, key: bytes(16, 0x40) },
        { enctype: 3, key: bytes(8, 0x60) },
      ],
    },
  };
}

/** A whole record of a batch. */
export async function sealedBy(
  sealer: CredentialSealer,
  ...of: Parameters<CredentialSealer['seal']>
): Promise<string> {
  return joinEncapsulation({ signed: await sealer.seal(...of), encapsulation: sealer.encapsulation });
}

/** Compares without showing: an assertion's diff would print the keys. */
export function isSameSecret(a: CredentialSecret, b: CredentialSecret): boolean {
  const plain = (secret: CredentialSecret) =>
    JSON.stringify([
      [...secret.ntHash],
      secret.kerberosKeys?.salt,
      secret.kerberosKeys?.iterations,
      secret.kerberosKeys?.keys.map(({ enctype, key }) => [enctype, ...key]),
    ]);
  return plain(a) === plain(b);
}

export function trusting(
  key: SigningKey,
  ...forests: string[]
): (keyId: string) => TrustedSigner | undefined {
  const { keyId, publicKey } = signingPublicKey(key);
  const signer = { publicKey, forests: new Set(forests.length === 0 ? [FOREST] : forests) };
  return id => (id === keyId ? signer : undefined);
}

/** A JWS with any header and payload and a real signature, and the part beside it: what a faulty signer could make. */
export function signedBy(
  key: SigningKey,
  header: string | object,
  payload: string | object,
  encapsulation?: string,
): string {
  const part = (value: string | object) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(payload)}`;
  const signature = sign(null, Buffer.from(signed), createPrivateKey(exportSigningKey(key)));
  const jws = `${signed}.${signature.toString('base64url')}`;
  return encapsulation === undefined ? jws : `${jws}~${encapsulation}`;
}

// biome-ignore lint/suspicious/noExplicitAny: tests put anything there
type Anything = any;

interface Parts {
  header: Anything;
  payload: Anything;
  signature: string;
  /** The part beside the signed text. */
  encapsulation: string | undefined;
}

/** Header and payload are objects that may be changed. */
export function partsOf(record: string): Parts {
  const [header, payload, signature, encapsulation] = record.split(/[.~]/) as [
    string,
    string,
    string,
    string?,
  ];
  const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { header: json(header), payload: json(payload), signature, encapsulation };
}

/** The record with one of its parts replaced and the others unchanged. */
export function withPart(record: string, index: 0 | 1 | 2, part: string | object): string {
  const [signed, ...beside] = record.split('~');
  const parts = signed!.split('.');
  const text = typeof part === 'string' ? part : JSON.stringify(part);
  parts[index] = index === 2 ? text : Buffer.from(text).toString('base64url');
  return [parts.join('.'), ...beside].join('~');
}
