import type { FeedItem, Profile } from '@causeway/contract';
import { type AccountRecord, profileDigest } from '@causeway/records';

/**
 * The profile beside an account record, as far as it may be believed; undefined: none may, and what is written stays.
 *
 * INVARIANT: of a record that signs a profile's digest no other profile is written, whatever stands beside it. Of a record that signs none,
 * as releases before made it and as the tenant makes it of its own people, it is the tenant's word.
 */
export function fittingProfile(
  { profileDigest: digest }: Pick<AccountRecord, 'profileDigest'>,
  profile: FeedItem['profile'],
): Profile | undefined {
  if (profile === undefined || digest === undefined) return profile;
  return profileDigest(profile) === digest ? profile : undefined;
}

/**
 * The sequence that the ledger keeps of an account record that is written. Without the profile that it signs it is one behind: the same
 * record is written again when that comes, nothing older is, and a head tells of the difference until then.
 */
export function writtenSequence(
  { profileDigest: digest, sequence }: Pick<AccountRecord, 'profileDigest' | 'sequence'>,
  profile: Profile | undefined,
  before: number | null,
): number {
  return digest === undefined || profile !== undefined || before === sequence ? sequence : sequence - 1;
}
