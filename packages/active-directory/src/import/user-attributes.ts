import { type AttributeShape, text } from './attribute-shape.ts';

/** Exchange's attributes. A directory without Exchange has none of them, and ignores requests for them (RFC 4511, 4.5.1.8). */
export const EXCHANGE_ATTRIBUTES = {
  mailNickname: text,
  extensionAttribute1: text,
  extensionAttribute2: text,
  extensionAttribute3: text,
  extensionAttribute4: text,
  extensionAttribute5: text,
  extensionAttribute6: text,
  extensionAttribute7: text,
  extensionAttribute8: text,
  extensionAttribute9: text,
  extensionAttribute10: text,
  extensionAttribute11: text,
  extensionAttribute12: text,
  extensionAttribute13: text,
  extensionAttribute14: text,
  extensionAttribute15: text,
} as const satisfies Record<string, AttributeShape>;

/** What an import reads of a user ([MS-ADSC] 2.269 and its classes), by LDAP display name. */
export const USER_ATTRIBUTES = {
  sAMAccountName: text,
  userPrincipalName: text,
  objectSid: { form: 'sid' },
  'mS-DS-ConsistencyGuid': { form: 'base64' },
  /** Relative identifier of the group that the user belongs to without being a `member`. */
  primaryGroupID: text,
  /** Bits of [MS-ADTS] 2.2.16; 2 is disabled. */
  userAccountControl: text,
  /** FILETIME in decimal; 0 and 0x7fff…: never. */
  accountExpires: text,
  /** FILETIME in decimal; 0: must be changed at the next sign-in. */
  pwdLastSet: text,
  /** `TRUE` on accounts that Windows itself needs: never synchronized. */
  isCriticalSystemObject: text,
  /** Starts with `User_` on accounts that a cloud wrote back: never synchronized. */
  adminDescription: text,
  displayName: text,
  givenName: text,
  sn: text,
  mail: text,
  proxyAddresses: { form: 'text', multiple: true },
  department: text,
  company: text,
  title: text,
  /** A link: a change comes as one added and one removed value. */
  manager: { form: 'link' },
  employeeID: text,
  physicalDeliveryOfficeName: text,
  telephoneNumber: text,
  facsimileTelephoneNumber: text,
  mobile: text,
  streetAddress: text,
  l: text,
  st: text,
  postalCode: text,
  co: text,
  c: text,
  preferredLanguage: text,
  ...EXCHANGE_ATTRIBUTES,
} as const satisfies Record<string, AttributeShape>;

export type UserAttribute = keyof typeof USER_ATTRIBUTES;

/** Users and inetOrgPersons, without computers and managed service accounts. Deleted ones too, which have no objectCategory any more. */
export const USER_FILTER = '(&(objectClass=user)(!(objectClass=computer)))';
