import { type AttributeShape, text } from './attribute-shape.ts';

/** What is imported of a user ([MS-ADSC] 2.269 and its classes), by LDAP display name. */
export const USER_ATTRIBUTES = {
  sAMAccountName: text,
  userPrincipalName: text,
  objectSid: { form: 'sid' },
  'mS-DS-ConsistencyGuid': { form: 'base64' },
  /** Relative identifier of the group that it is in without being a `member`. */
  primaryGroupID: text,
  /** Bits of [MS-ADTS] 2.2.16; 2 is disabled. */
  userAccountControl: text,
  /** FILETIME in decimal; 0 and 0x7fff…: never. */
  accountExpires: text,
  /** FILETIME in decimal; 0: must be changed at the next sign-in. */
  pwdLastSet: text,
  /** `TRUE` on accounts that Windows itself needs: never synchronized. */
  isCriticalSystemObject: text,
  /** Begins with `User_` on accounts that a cloud wrote back: never synchronized. */
  adminDescription: text,
  displayName: text,
  givenName: text,
  sn: text,
  mail: text,
  /** Of Exchange's schema: where that is not, nobody has one. */
  mailNickname: text,
  proxyAddresses: { form: 'text', multiple: true },
  department: text,
  company: text,
  title: text,
  /** A link: a change of it comes as a value that was added and one that was removed. */
  manager: { form: 'dn' },
  employeeID: text,
  physicalDeliveryOfficeName: text,
  telephoneNumber: text,
  mobile: text,
  streetAddress: text,
  l: text,
  st: text,
  postalCode: text,
  co: text,
  c: text,
  preferredLanguage: text,
} as const satisfies Record<string, AttributeShape>;

export type UserAttribute = keyof typeof USER_ATTRIBUTES;

/** Users and inetOrgPersons, also deleted ones, which have no objectCategory any more; no computers, no managed service accounts. */
export const USER_FILTER = '(&(objectClass=user)(!(objectClass=computer)))';
