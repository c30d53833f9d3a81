import { randomBytes, randomInt } from 'node:crypto';
import { CLOUD_SALT_LENGTH, deriveCloudCredential, ntHash } from '@causeway/credentials';

const PASSWORD_LENGTH = 20;
/** Without the letters and digits that look alike. */
const PASSWORD_ALPHABET = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** A password of 115 random bits, to be shown once. */
export function makePassword(): string {
  return Array.from(
    { length: PASSWORD_LENGTH },
    () => PASSWORD_ALPHABET[randomInt(PASSWORD_ALPHABET.length)],
  ).join('');
}

export async function makeCloudCredential(password: string): Promise<string> {
  const hash = ntHash(password);
  try {
    return await deriveCloudCredential(hash, randomBytes(CLOUD_SALT_LENGTH));
  } finally {
    hash.fill(0);
  }
}

/** The longest password that is checked, in bytes of UTF-8: directories store longer ones than users may choose here. */
export const MAX_CHECKED_BYTES = 4096;
/** The longest and the shortest that a cloud-only user may choose, in UTF-16 units: AD's and the original's. */
export const MAX_PASSWORD_LENGTH = 256;
export const MIN_PASSWORD_LENGTH = 8;
/** A shorter name appears in too many good passwords by chance. */
const MIN_NAME_LENGTH = 3;

/** What users read before they choose. */
export const PASSWORD_RULES = `At least ${MIN_PASSWORD_LENGTH} characters, another password than the one before, and your user name not in it.`;

/** Why a password cannot be this user's next one, in words for the user; undefined if it can. */
export function passwordProblem(
  password: string,
  before: string,
  userPrincipalName: string,
): string | undefined {
  if (!password.isWellFormed() || password.includes('\0')) {
    return 'The new password holds characters that not every device can type. Choose others.';
  }
  if (password.length < MIN_PASSWORD_LENGTH) {
    return `The new password is too short: at least ${MIN_PASSWORD_LENGTH} characters.`;
  }
  if (password.length > MAX_PASSWORD_LENGTH) {
    return `The new password is too long: at most ${MAX_PASSWORD_LENGTH} characters.`;
  }
  if (password === before) return 'The new password is the one that you have. Choose another one.';
  const name = userPrincipalName.split('@')[0]!;
  if (name.length >= MIN_NAME_LENGTH && password.toLowerCase().includes(name.toLowerCase())) {
    return 'The new password holds your user name. Choose one without it.';
  }
  return undefined;
}
