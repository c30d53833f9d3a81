import type { FeedItem, Profile } from '@causeway/contract';
import { type AccountRecord, profileDigest } from '@causeway/records';

/**
 * The profile beside an account record, if it may be believed; undefined: it may not, and what is written stays.
 *
 * INVARIANT: if a record signs a profile's digest, no other profile is written, whatever comes beside it. If it signs none, the profile is
 * the tenant's word: earlier releases sign none, nor does the tenant for its own users.
 */
export function fittingProfile(
  { profileDigest: digest }: Pick<AccountRecord, 'profileDigest'>,
  profile: FeedItem['profile'],
): Profile | undefined {
  if (profile === undefined || digest === undefined) return profile;
  return profileDigest(profile) === digest ? profile : undefined;
}

/**
 * The sequence that the ledger keeps of a written account record. While the profile that it signs is missing, it is one less: the same
 * record is written again when the profile comes, nothing older is, and a head shows the difference until then.
 */
export function writtenSequence(
  { profileDigest: digest, sequence }: Pick<AccountRecord, 'profileDigest' | 'sequence'>,
  profile: Profile | undefined,
  before: number | null,
): number {
  return digest === undefined || profile !== undefined || before === sequence ? sequence : sequence - 1;
}
