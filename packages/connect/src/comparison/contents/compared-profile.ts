import type { Profile } from '@causeway/contract';
import { canonicalProfile } from '@causeway/records';
import { flatProfile, profileFlows } from '../../objects/profile/flows.ts';
import type { Attributes } from './compare-entries.ts';

/**
 * A profile as one side has it. All extensions are one attribute, so that an extension that only the tenant has differs, too.
 * @param isWhole false leaves out what the older release does not accept
 */
export function comparedProfile({ extensions, ...profile }: Profile, isWhole = true): Attributes {
  const values = flatProfile(profile);
  const flows = profileFlows(isWhole ? { extensions: [] } : undefined);
  return {
    ...Object.fromEntries(flows.map(({ destination }) => [destination, values[destination]])),
    ...(isWhole && { extensions: extensions ? canonicalProfile(extensions) : null }),
  };
}
