import type { PasswordOrder } from '@causeway/credentials';
import { canonicalJson, type Json } from '../canonical-json.ts';
import { TAG_LENGTH } from '../hpke-suite.ts';
import { BUCKET_LENGTH, MAX_SECRET_LENGTH } from '../sealed-secret.ts';
import {
  base64url,
  bool,
  either,
  field,
  integer,
  keyId,
  literal,
  object,
  U32_MAX,
  type ValuesOf,
} from './check.ts';
import { forest, noForest, OF_USER, passwordOrder, restoredPasswordOrder, saysEpoch } from './fields.ts';
import { type RecordOf, signedKind } from './kind.ts';

const VERSION = 2;
const RESTORED_VERSION = 3;

const OF_PASSWORD = {
  ...OF_USER,
  forest: field(
    either(forest, noForest),
    'name of the forest that it comes from; the latter for a [cloud-only user](#cloud-only-users)',
  ),
  passwordOrder: field(passwordOrder, 'from the replication metadata of `unicodePwd`'),
  mustChange: field(bool, '`true`: a temporary password, to be changed at the next sign-in'),
};

/** Where the sealed part is. Together with the fields above, what it is bound to. */
const SEALING = {
  recipientKeyId: field(keyId, 'of the sealing key'),
  counter: field(integer(0, U32_MAX), 'number of this record in its batch, each used once'),
  encapsulationDigest: field(
    base64url('a SHA-256 digest', length => length === 32),
    "over the 1,120 bytes of the batch's encapsulation, which goes beside what is signed",
  ),
};

const SEALED = `1 to ${MAX_SECRET_LENGTH / BUCKET_LENGTH} times ${BUCKET_LENGTH} bytes and ${TAG_LENGTH} more`;

/** What the password is. */
export const CREDENTIAL = signedKind({
  name: 'credential',
  fields: {
    ...OF_PASSWORD,
    ...SEALING,
    sealed: field(
      base64url(SEALED, length => {
        const opened = length - TAG_LENGTH;
        return opened >= BUCKET_LENGTH && opened <= MAX_SECRET_LENGTH && opened % BUCKET_LENGTH === 0;
      }),
      'ciphertext and tag ([below](#sealing))',
    ),
  },
  versions: {
    [VERSION]: {
      says: 'version 1 had the encapsulation itself as a member; no reader takes it any more',
      checks: {},
    },
    [RESTORED_VERSION]: {
      says: 'of a forest [that was restored](#a-restored-forest)',
      checks: { passwordOrder: restoredPasswordOrder },
    },
  },
  versionOf: fields => (saysEpoch(fields) ? RESTORED_VERSION : VERSION),
});

export type CredentialFields = Omit<ValuesOf<typeof OF_PASSWORD>, 'passwordOrder'> & {
  passwordOrder: PasswordOrder;
};
type SealingFields = ValuesOf<typeof SEALING>;
export type CredentialRecord = RecordOf<typeof CREDENTIAL>;

const headerOf = (version: number, order: typeof passwordOrder) =>
  object({
    version: field(literal(version), ''),
    ...OF_PASSWORD,
    passwordOrder: field(order, ''),
    ...SEALING,
  });
const HEADERS = new Map([
  [VERSION, headerOf(VERSION, passwordOrder)],
  [RESTORED_VERSION, headerOf(RESTORED_VERSION, restoredPasswordOrder)],
]);

/** The bytes that a sealed part is bound to: the payload without it, in canonical form. Checks nothing. */
export function sealingHeader(fields: CredentialFields & SealingFields): Uint8Array {
  const version = CREDENTIAL.versionOf({ ...fields, sealed: '' });
  const members = HEADERS.get(version)!.only(fields);
  members.version = version;
  return Buffer.from(canonicalJson(members as Json));
}
