import type { Profile } from '@causeway/contract';
import { canonicalProfile } from '@causeway/records';
import { flatProfile, profileFlows } from '../../objects/profile/flows.ts';
import type { Attributes } from './compare-entries.ts';

/**
 * A profile as one side has it. All that an administrator named is one, so that what the tenant alone has differs, too.
 * @param isWhole false: of what the release before does not take nothing is said
 */
export function comparedProfile({ extensions, ...profile }: Profile, isWhole = true): Attributes {
  const values = flatProfile(profile);
  const flows = profileFlows(isWhole ? { extensions: [] } : undefined);
  return {
    ...Object.fromEntries(flows.map(({ destination }) => [destination, values[destination]])),
    ...(isWhole && { extensions: extensions ? canonicalProfile(extensions) : null }),
  };
}
