import { decodeSid, encodeSid, isGuid } from '@causeway/wire';
import { fromBase64url } from './base64url.ts';
import { BUCKETS, DIGEST_LENGTH } from './buckets.ts';
import { canonicalJson, type Json } from './canonical-json.ts';
import { TAG_LENGTH } from './hpke-suite.ts';
import { isKeyId } from './public-key.ts';
import {
  type AccountFields,
  CLOUD_ACCOUNT_VERSION,
  CLOUD_FOREST,
  CREDENTIAL_VERSION,
  type CredentialFields,
  type HeadFields,
  MAX_ENTRIES,
  MAX_NOT_WRITTEN,
  NAMELESS_ACCOUNT_VERSION,
  RECORD_VERSION,
  type ReceiptFields,
  type SealingFields,
  type SignedKind,
  WITHDRAWAL_REASONS,
  type WithdrawalFields,
} from './record.ts';
import { type Refused, refused } from './refusal.ts';
import { BUCKET_LENGTH, MAX_SECRET_LENGTH } from './sealed-secret.ts';

const MAX_PAYLOAD_LENGTH = 12 * 1024;
/** A receipt tells pairs one by one. */
const MAX_RECEIPT_PAYLOAD_LENGTH = 256 * 1024;
/** `S-1-`, an authority of at most 14 characters, and 15 times a hyphen with 10 digits. */
const MAX_SID_LENGTH = 184;
const U32_MAX = 0xffff_ffff;

/** A check of one member: what was expected, and whether the value is that. */
interface Check {
  expected: string;
  holds(value: unknown): boolean;
}

const bool: Check = { expected: 'true or false', holds: value => typeof value === 'boolean' };
const guid: Check = {
  expected: 'a GUID in lower case',
  holds: value => typeof value === 'string' && isGuid(value) && value === value.toLowerCase(),
};
const keyId: Check = { expected: 'a key id', holds: isKeyId };
const sid: Check = {
  expected: 'a SID',
  holds: value => typeof value === 'string' && value.length <= MAX_SID_LENGTH && isSid(value),
};
const time: Check = {
  expected: 'a time as 2026-01-31T12:00:00.000Z',
  holds: value => typeof value === 'string' && isIsoTime(value),
};
const timeOrNull: Check = {
  expected: `${time.expected}, or null`,
  holds: value => value === null || time.holds(value),
};

/** Whether it is the text of a SID that the bytes of a SID lead back to. */
function isSid(text: string): boolean {
  try {
    return decodeSid(encodeSid(text)) === text;
  } catch {
    return false;
  }
}

function isIsoTime(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return false;
  const time = new Date(text);
  return !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

/** One to `limit` characters; no control characters, which have no business in a name, a log or a terminal. */
function text(limit: number): Check {
  return {
    expected: `text of 1 to ${limit} characters`,
    holds: value =>
      typeof value === 'string' &&
      value.length >= 1 &&
      value.length <= limit &&
      value.isWellFormed() &&
      !/\p{Cc}/u.test(value),
  };
}

function integer(least: number, most: number): Check {
  return {
    expected: `a whole number from ${least} to ${most}`,
    holds: value => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
  };
}

function base64url(expected: string, isLength: (length: number) => boolean): Check {
  return {
    expected: `${expected} in base64url`,
    holds: value => typeof value === 'string' && isLength(fromBase64url(value)?.length ?? -1),
  };
}

/** At most `limit` rows, each with a value for each check. */
function rows(limit: number, ...columns: Check[]): Check {
  const expected = columns.map(column => column.expected).join(', ');
  return {
    expected: `at most ${limit} rows of ${expected}`,
    holds: value =>
      Array.isArray(value) &&
      value.length <= limit &&
      value.every(
        row =>
          Array.isArray(row) &&
          row.length === columns.length &&
          columns.every((column, i) => column.holds(row[i])),
      ),
  };
}

const forestName = text(255);
const sequence = integer(1, Number.MAX_SAFE_INTEGER);
const sequenceOrNone = integer(0, Number.MAX_SAFE_INTEGER);
const count = integer(0, U32_MAX);
const anchor = text(256);

const forest: Check = {
  expected: 'a DNS name in lower case',
  holds: value =>
    forestName.holds(value) && value === (value as string).toLowerCase() && value !== CLOUD_FOREST,
};
const noForest: Check = { expected: `'${CLOUD_FOREST}'`, holds: value => value === CLOUD_FOREST };
const forestOrNone: Check = {
  expected: `a DNS name in lower case, or '${CLOUD_FOREST}',`,
  holds: value => forest.holds(value) || noForest.holds(value),
};
const none: Check = { expected: 'null', holds: value => value === null };

const COMMON = {
  version: integer(RECORD_VERSION, RECORD_VERSION),
  tenant: text(128),
  forest,
  sequence,
};
const OF_USER = { ...COMMON, sourceAnchor: anchor, objectGuid: guid };

const reason: Check = {
  expected: `one of ${WITHDRAWAL_REASONS.join(', ')}`,
  holds: value => (WITHDRAWAL_REASONS as readonly unknown[]).includes(value),
};

/** Ascending, so that no bucket comes twice. */
const buckets: Check = {
  expected: `ascending numbers from 0 to ${BUCKETS - 1}`,
  holds: value =>
    Array.isArray(value) &&
    value.every((n, i) => Number.isInteger(n) && n >= 0 && n < BUCKETS && (i === 0 || n > value[i - 1])),
};

const PASSWORD_ORDER: Record<string, Check> = {
  version: integer(0, U32_MAX),
  originatingTime: integer(0, Number.MAX_SAFE_INTEGER),
  originatingInvocationId: guid,
};

type Members = Record<string, Check | Record<string, Check>>;
type Rules = readonly (readonly [name: string, rule: Check | Rules])[];

const rulesOf = (members: Members): Rules =>
  Object.entries(members).map(([name, rule]) => [name, isCheck(rule) ? rule : rulesOf(rule)]);

const principalName = text(1024);
const accountName = text(256);
const orNull = ({ expected, holds }: Check): Check => ({
  expected: `${expected}, or null`,
  holds: value => value === null || holds(value),
});

const ACCOUNT: Members = {
  ...OF_USER,
  userPrincipalName: principalName,
  sAMAccountName: accountName,
  objectSid: sid,
  enabled: bool,
  accountExpires: timeOrNull,
  deleted: bool,
};
const CLOUD_ACCOUNT: Members = {
  ...ACCOUNT,
  version: integer(CLOUD_ACCOUNT_VERSION, CLOUD_ACCOUNT_VERSION),
  forest: noForest,
  objectSid: none,
};
const NAMELESS_ACCOUNT: Members = {
  ...ACCOUNT,
  version: integer(NAMELESS_ACCOUNT_VERSION, NAMELESS_ACCOUNT_VERSION),
  userPrincipalName: orNull(principalName),
  sAMAccountName: orNull(accountName),
};
const CREDENTIAL: Members = {
  ...OF_USER,
  version: integer(CREDENTIAL_VERSION, CREDENTIAL_VERSION),
  forest: forestOrNone,
  passwordOrder: PASSWORD_ORDER,
  mustChange: bool,
  recipientKeyId: keyId,
  counter: integer(0, U32_MAX),
  encapsulationDigest: base64url('a SHA-256 digest', length => length === 32),
  sealed: base64url('whole buckets and a tag', length => {
    const opened = length - TAG_LENGTH;
    return opened >= BUCKET_LENGTH && opened <= MAX_SECRET_LENGTH && opened % BUCKET_LENGTH === 0;
  }),
};

/** Of a forest's people alone: the tenant has other means for its own. */
const WITHDRAWAL: Members = { ...OF_USER, passwordOrder: PASSWORD_ORDER, reason };

const HEAD: Members = {
  ...COMMON,
  time,
  accounts: count,
  credentials: count,
  buckets: base64url(
    `${BUCKETS} digests of ${DIGEST_LENGTH} bytes`,
    length => length === BUCKETS * DIGEST_LENGTH,
  ),
};
const RECEIPT: Members = {
  ...COMMON,
  time,
  headSequence: sequence,
  headTime: time,
  completeAsOf: timeOrNull,
  alarmSince: timeOrNull,
  accounts: count,
  credentials: count,
  differing: buckets,
  listed: integer(0, BUCKETS),
  entries: rows(MAX_ENTRIES, anchor, sequenceOrNone, sequenceOrNone),
  notWritten: rows(MAX_NOT_WRITTEN, anchor, text(20), text(50)),
};

/** What each kind must have, by version. */
const RULES: Record<SignedKind, ReadonlyMap<unknown, Rules>> = {
  account: new Map([
    [RECORD_VERSION, rulesOf(ACCOUNT)],
    [CLOUD_ACCOUNT_VERSION, rulesOf(CLOUD_ACCOUNT)],
    [NAMELESS_ACCOUNT_VERSION, rulesOf(NAMELESS_ACCOUNT)],
  ]),
  credential: new Map([[CREDENTIAL_VERSION, rulesOf(CREDENTIAL)]]),
  withdrawal: new Map([[RECORD_VERSION, rulesOf(WITHDRAWAL)]]),
  head: new Map([[RECORD_VERSION, rulesOf(HEAD)]]),
  receipt: new Map([[RECORD_VERSION, rulesOf(RECEIPT)]]),
};

/** Those of a version that is none are those of the first: what is wrong is the version then. */
const rulesFor = (kind: SignedKind, version: unknown): Rules =>
  RULES[kind].get(version) ?? [...RULES[kind].values()][0]!;

/** The members as they are signed, by kind. */
export interface Payloads {
  account: AccountFields & { version: number };
  credential: CredentialFields & SealingFields & { version: number; sealed: string };
  withdrawal: WithdrawalFields & { version: number };
  head: HeadFields & { version: number };
  receipt: ReceiptFields & { version: number };
}

/** Nobody ([MS-DTYP] 2.4.2.4). */
export const NULL_SID = 'S-1-0-0';

/**
 * A forest's account as a record can say it. A name that it cannot (no name at all, too long, with control characters, no
 * well-formed Unicode) is null, and nothing stands in for it: only the reader knows what it has. A SID that it cannot is nobody's.
 */
export function encodableAccount(fields: AccountFields): AccountFields {
  const { userPrincipalName, sAMAccountName, objectSid } = fields;
  return {
    ...fields,
    userPrincipalName: principalName.holds(userPrincipalName) ? userPrincipalName : null,
    sAMAccountName: accountName.holds(sAMAccountName) ? sAMAccountName : null,
    objectSid: sid.holds(objectSid) ? objectSid : NULL_SID,
  };
}

/** The JSON of a payload. @throws RangeError that names the member which is not as documented */
export function encodePayload<K extends SignedKind>(kind: K, payload: Payloads[K]): string {
  const wrong = check(payload, rulesFor(kind, payload.version), 'payload');
  if (wrong !== undefined) throw new RangeError(wrong);
  return canonicalJson(payload as unknown as Json);
}

/** Exactly the members of this kind, each in its limits, in canonical form; nothing is believed for that yet. */
export function decodePayload<K extends SignedKind>(
  kind: K,
  bytes: Uint8Array,
): { ok: true; payload: Payloads[K] } | Refused {
  const limit = kind === 'receipt' ? MAX_RECEIPT_PAYLOAD_LENGTH : MAX_PAYLOAD_LENGTH;
  if (bytes.length > limit) {
    return refused('too-large', `the payload is longer than ${limit} bytes`);
  }
  const json = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const value = parseJson(json);
  if (!isObject(value)) return refused('malformed', 'payload: a JSON object expected');
  const { version } = value;
  if (Number.isSafeInteger(version) && !RULES[kind].has(version)) {
    const known = [...RULES[kind].keys()].join(' or ');
    return refused('unsupported-version', `version ${known} expected, got ${version}`);
  }
  const wrong = check(value, rulesFor(kind, version), 'payload');
  if (wrong !== undefined) return refused('malformed', wrong);
  // Refuses a member that comes twice, whitespace, another order, and bytes that are no UTF-8.
  const canonical = Buffer.from(canonicalJson(value as Json));
  if (!canonical.equals(bytes)) return refused('malformed', 'payload: canonical JSON (RFC 8785) expected');
  return { ok: true, payload: value as unknown as Payloads[K] };
}

/** The bytes that a sealed part is bound to: the payload without it, in canonical form. */
export function sealingHeader(fields: CredentialFields & SealingFields): Uint8Array {
  return Buffer.from(canonicalJson(credentialMembers(fields, {})));
}

/** @param sealed in base64url */
export function encodeCredential(fields: CredentialFields & SealingFields, sealed: string): string {
  return encodePayload('credential', credentialMembers(fields, { sealed }));
}

/** In the order of the canonical form. */
function credentialMembers<S extends { sealed?: string }>(
  fields: CredentialFields & SealingFields,
  sealed: S,
) {
  const { counter, encapsulationDigest, forest, mustChange, objectGuid, recipientKeyId } = fields;
  const { sequence, sourceAnchor, tenant } = fields;
  const { originatingInvocationId, originatingTime, version } = fields.passwordOrder;
  const passwordOrder = { originatingInvocationId, originatingTime, version };
  return {
    ...{ counter, encapsulationDigest, forest, mustChange, objectGuid, passwordOrder, recipientKeyId },
    ...sealed,
    ...{ sequence, sourceAnchor, tenant, version: CREDENTIAL_VERSION },
  };
}

/** JSON or undefined; never throws, whatever the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with the first member that is wrong, or undefined. Names of unknown members are not repeated. */
function check(value: unknown, rules: Rules, path: string): string | undefined {
  if (!isObject(value)) return `${path}: an object expected`;
  for (const [name, rule] of rules) {
    if (!Object.hasOwn(value, name)) return `${path}.${name}: missing`;
    if (isCheck(rule)) {
      if (!rule.holds(value[name])) return `${path}.${name}: ${rule.expected} expected`;
    } else {
      const wrong = check(value[name], rule, `${path}.${name}`);
      if (wrong !== undefined) return wrong;
    }
  }
  if (Object.keys(value).length !== rules.length) return `${path}: a member that is unknown`;
  return undefined;
}

function isCheck(rule: object): rule is Check {
  return 'holds' in rule && typeof rule.holds === 'function';
}
