import type { UserAttribute } from '@causeway/active-directory';
import { EXTENSION_ATTRIBUTES, FIRST_ATTRIBUTES, type Profile } from '@causeway/contract';
import type { ProfileRules } from '../../scope/rules.ts';

type Destination = Exclude<keyof Profile, 'extensions'>;

/** The directory attribute behind each profile attribute: the original's mapping of users. */
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

/** The directory attributes that have to be imported before whole profiles are decided. */
export const attributesOf = ({ extensions }: ProfileRules): string[] => [
  ...Object.values(PROFILE_FLOWS),
  ...extensions,
];

/** Where a profile attribute comes from, and the expression if it is not copied unchanged. */
export interface ProfileFlow {
  readonly source: string;
  readonly destination: string;
  readonly expression?: string;
}

/** Which directory attributes go into a profile. @param rules undefined: only what the previous release accepts */
export function profileFlows(rules: ProfileRules | undefined): ProfileFlow[] {
  const flow = (destination: Destination): ProfileFlow => ({
    ...{ source: PROFILE_FLOWS[destination], destination },
    ...(destination === 'manager' && { expression: 'ConvertToBase64([manager].objectGUID)' }),
  });
  if (rules === undefined) return FIRST_ATTRIBUTES.map(flow);
  const own = (Object.keys(PROFILE_FLOWS) as Destination[]).map(flow);
  return [...own, ...rules.extensions.map(source => ({ source, destination: `extensions.${source}` }))];
}

/** Each profile attribute under its own name, to read and compare. null: it has no value. Lists are JSON text. */
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
