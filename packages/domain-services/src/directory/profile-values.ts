import { FIRST_ATTRIBUTES, type Profile } from '@causeway/contract';
import type { Values } from './attributes.ts';

/** An attribute of the directory, and the maximum length of a value (the schema's rangeUpper; ours if it has none). */
interface Target {
  readonly attribute: string;
  readonly length: number;
  readonly multiple?: true;
}

const one = (attribute: string, length: number): Target => ({ attribute, length });
const many = (attribute: string, length: number): Target => ({ attribute, length, multiple: true });

type Name = Exclude<keyof Profile, 'extensions' | 'manager'>;

/**
 * Where a user's attributes are written. Samba's schema has none of Exchange's (`mailNickname`, `extensionAttribute1` and so on), so these
 * stay at the tenant. A manager is another account, which may not exist yet: `upkeep/manager-keeper.ts` writes it.
 */
const PROFILE_TARGETS: Readonly<Partial<Record<Name, Target>>> = {
  displayName: one('displayName', 256),
  givenName: one('givenName', 64),
  surname: one('sn', 64),
  mail: one('mail', 256),
  department: one('department', 64),
  jobTitle: one('title', 128),
  telephoneNumber: one('telephoneNumber', 64),
  mobile: one('mobile', 64),
  city: one('l', 128),
  companyName: one('company', 64),
  country: one('co', 128),
  countryCode: one('c', 3),
  employeeId: one('employeeID', 16),
  facsimileTelephoneNumber: one('facsimileTelephoneNumber', 64),
  physicalDeliveryOfficeName: one('physicalDeliveryOfficeName', 128),
  postalCode: one('postalCode', 40),
  preferredLanguage: one('preferredLanguage', 256),
  proxyAddresses: many('proxyAddresses', 1123),
  state: one('st', 128),
  streetAddress: one('streetAddress', 1024),
};

/**
 * Further attributes that an administrator of a forest chose are written only if they merely describe: nobody signs in by them, is found by
 * them, or gets rights by them. All others stay at the tenant.
 */
const EXTENSION_TARGETS: readonly Target[] = [
  one('comment', 2048),
  one('description', 1024),
  one('division', 256),
  one('employeeNumber', 512),
  one('employeeType', 256),
  one('generationQualifier', 64),
  one('homePhone', 64),
  one('info', 1024),
  one('initials', 6),
  one('ipPhone', 64),
  one('middleName', 64),
  one('pager', 64),
  one('personalTitle', 64),
  one('wWWHomePage', 2048),
  many('carLicense', 256),
  many('departmentNumber', 256),
  many('otherTelephone', 64),
  many('roomNumber', 256),
];

/**
 * The values of a profile. A text that is too long for Active Directory is cut; an empty one is removed.
 * @param isWhole false: the profile is of the previous release; attributes that it does not know stay as they are
 */
export function profileValues(profile: Profile, isWhole: boolean): Values {
  const values: Values = {};
  const put = (target: Target, said: string | readonly string[] | null | undefined): void => {
    values[target.attribute] = valuesOf(target, [said ?? []].flat());
  };
  for (const [name, target] of Object.entries(PROFILE_TARGETS))
    if (isWhole || FIRST_ATTRIBUTES.some(first => first === name)) put(target, profile[name as Name]);
  if (isWhole && profile.manager === undefined) values.manager = [];
  if (isWhole) for (const target of EXTENSION_TARGETS) put(target, profile.extensions?.[target.attribute]);
  return values;
}

/** Active Directory treats values that differ only in case as one ([MS-ADTS] 3.1.1.2.2.2.3). */
function valuesOf({ length, multiple }: Target, said: readonly string[]): string[] {
  const cutValues = said.map(value => cut(value.trim(), length)).filter(value => value !== '');
  const distinct = [...new Map(cutValues.map(value => [value.toLowerCase(), value])).values()];
  return multiple ? distinct : distinct.slice(0, 1);
}

function cut(text: string, length: number): string {
  return text
    .slice(0, length)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trim();
}
