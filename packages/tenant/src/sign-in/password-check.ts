import { timingSafeEqual } from 'node:crypto';
import {
  CLOUD_SALT_LENGTH,
  deriveCloudCredential,
  ntHash,
  parseCloudCredential,
} from '@causeway/credentials';
import { keyedDigest } from '../tenancy/digest.ts';

/** The result of a password check. */
export interface PasswordCheck {
  readonly right: boolean;
  /**
   * The first 16 bits of the derivation, in hex: they recognize a wrong password that is typed again. The full
   * derivation would be a verifier of mistyped passwords, and those are nearly the right ones. With 16 bits, one
   * guess in 65,536 goes uncounted, and a stolen database reveals little.
   */
  readonly mark: string;
}

const MARK_LENGTH = 2;

/**
 * Checks a password against a cloud credential. It always costs exactly one PBKDF2: without a credential (unknown
 * name, no password synchronized yet) it checks against one that no password fits.
 * @param digestKey the tenant's; makes the salt of an account that does not exist, always the same one
 */
export async function checkPassword(
  cloudCredential: string | null,
  password: string,
  accountKey: string,
  digestKey: string,
): Promise<PasswordCheck> {
  const stored =
    cloudCredential === null ? nobody(accountKey, digestKey) : parseCloudCredential(cloudCredential);
  const hash = ntHash(password);
  let derived: Uint8Array;
  try {
    derived = parseCloudCredential(await deriveCloudCredential(hash, stored.salt)).hash;
  } finally {
    hash.fill(0);
  }
  try {
    return {
      right: timingSafeEqual(derived, stored.hash) && cloudCredential !== null,
      mark: Buffer.from(derived.subarray(0, MARK_LENGTH)).toString('hex'),
    };
  } finally {
    derived.fill(0);
  }
}

function nobody(accountKey: string, digestKey: string): { salt: Uint8Array; hash: Uint8Array } {
  const salt = Buffer.from(keyedDigest(digestKey, 'salt', accountKey), 'base64url');
  return { salt: salt.subarray(0, CLOUD_SALT_LENGTH), hash: new Uint8Array(32) };
}
