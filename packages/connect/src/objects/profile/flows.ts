import type { UserAttribute } from '@causeway/active-directory';
import { EXTENSION_ATTRIBUTES, FIRST_ATTRIBUTES, type Profile } from '@causeway/contract';
import type { ProfileRules } from '../../scope/rules.ts';

type Destination = Exclude<keyof Profile, 'extensions'>;

/** From which attribute of the directory each of a profile flows: the original's mapping of users. */
export const PROFILE_FLOWS: Readonly<Record<Destination, UserAttribute>> = {
  displayName: 'displayName',
  givenName: 'givenName',
  surname: 'sn',
  mail: 'mail',
  department: 'department',
  jobTitle: 'title',
  telephoneNumber: 'telephoneNumber',
  mobile: 'mobile',
  city: 'l',
  companyName: 'company',
  country: 'co',
  countryCode: 'c',
  employeeId: 'employeeID',
  facsimileTelephoneNumber: 'facsimileTelephoneNumber',
  mailNickname: 'mailNickname',
  manager: 'manager',
  physicalDeliveryOfficeName: 'physicalDeliveryOfficeName',
  postalCode: 'postalCode',
  preferredLanguage: 'preferredLanguage',
  proxyAddresses: 'proxyAddresses',
  state: 'st',
  streetAddress: 'streetAddress',
  ...(Object.fromEntries(EXTENSION_ATTRIBUTES.map(name => [name, name])) as Record<
    (typeof EXTENSION_ATTRIBUTES)[number],
    (typeof EXTENSION_ATTRIBUTES)[number]
  >),
};

/** What of the directory has to have been imported before whole profiles are decided. */
export const attributesOf = ({ extensions }: ProfileRules): string[] => [
  ...Object.values(PROFILE_FLOWS),
  ...extensions,
];

/** Where an attribute of a profile comes from, and by which expression where it is not taken as it is. */
export interface ProfileFlow {
  readonly source: string;
  readonly destination: string;
  readonly expression?: string;
}

/** What of the directory goes into a profile. @param rules undefined: as much as the release before takes */
export function profileFlows(rules: ProfileRules | undefined): ProfileFlow[] {
  const flow = (destination: Destination): ProfileFlow => ({
    ...{ source: PROFILE_FLOWS[destination], destination },
    ...(destination === 'manager' && { expression: 'ConvertToBase64([manager].objectGUID)' }),
  });
  if (rules === undefined) return FIRST_ATTRIBUTES.map(flow);
  const own = (Object.keys(PROFILE_FLOWS) as Destination[]).map(flow);
  return [...own, ...rules.extensions.map(source => ({ source, destination: `extensions.${source}` }))];
}

/** Each attribute of a profile by its own name, for people to read and to be compared; null: it has no value. Lists are in JSON. */
export function flatProfile(profile: Profile): Record<string, string | null> {
  const { extensions = {}, ...own } = profile;
  const values: Record<string, string | null> = {};
  for (const name of Object.keys(PROFILE_FLOWS) as Destination[]) {
    const value = own[name] ?? null;
    values[name] = Array.isArray(value) ? JSON.stringify(value) : value;
  }
  for (const [name, list] of Object.entries(extensions)) values[`extensions.${name}`] = JSON.stringify(list);
  return values;
}
