import { hash } from 'node:crypto';
import { canonicalJson, type Json } from './canonical-json.ts';

/** The only form of a profile so far (docs/formats.md, *Profile*): that of account records of version 4. */
const FORM = 1;

/** Attributes of a person by their names at the tenant. One without a value is null or not there, which is the same. */
export type ProfileValues = Readonly<Record<string, Json | undefined>>;

/** The profile's text that is hashed: equal values have equal texts, whoever writes them. */
export function canonicalProfile(profile: ProfileValues): string {
  const values = Object.entries(profile).filter(([, value]) => value !== null && value !== undefined);
  return canonicalJson({ profile: Object.fromEntries(values) as Record<string, Json>, version: FORM });
}

/** What the account record says of a profile: SHA-256 of its canonical text in UTF-8, in base64url. */
export const profileDigest = (profile: ProfileValues): string =>
  hash('sha256', canonicalProfile(profile), 'base64url');
