import { hash } from 'node:crypto';
import { canonicalJson, type Json } from './canonical-json.ts';

/** The only form of a profile so far (docs/formats.md, *Profile*), used in account records of version 4. */
const FORM = 1;

/** A user's attributes by their names at the tenant. Null and absent both mean that there is no value. */
export type ProfileValues = Readonly<Record<string, Json | undefined>>;

/** The profile's text to be hashed. Equal values have equal texts, whoever writes them. */
export function canonicalProfile(profile: ProfileValues): string {
  const values = Object.entries(profile).filter(([, value]) => value !== null && value !== undefined);
  return canonicalJson({ profile: Object.fromEntries(values) as Record<string, Json>, version: FORM });
}

/** What the account record holds of a profile: SHA-256 of its canonical text in UTF-8, in base64url. */
export const profileDigest = (profile: ProfileValues): string =>
  hash('sha256', canonicalProfile(profile), 'base64url');
