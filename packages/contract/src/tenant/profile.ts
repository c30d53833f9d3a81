import { z } from 'zod';
import { isStorable, SourceAnchor, text } from '../common.ts';

/** Most characters of one value. */
export const MAX_PROFILE_VALUE = 2048;
/** Most values of one attribute. */
export const MAX_PROFILE_VALUES = 500;
/** Most attributes that an administrator can name in addition to the standard ones. */
export const MAX_EXTENSIONS = 50;
/** Most characters of a whole profile, as its canonical text (docs/formats.md, *Profile*). */
export const MAX_PROFILE_LENGTH = 32_768;

/** An invalid value counts as none and does not affect the rest of the user. */
const attribute = text(1024).nullable().catch(null);

/** What every release accepts: null clears. */
const FIRST = {
  displayName: attribute,
  givenName: attribute,
  surname: attribute,
  mail: attribute,
  department: attribute,
  jobTitle: attribute,
  telephoneNumber: attribute,
  mobile: attribute,
};

/** The attributes that every release accepts. */
export const FIRST_ATTRIBUTES = Object.keys(FIRST) as (keyof typeof FIRST)[];

/** One value of an attribute. */
export const ProfileValue = z
  .string()
  .min(1)
  .max(MAX_PROFILE_VALUE)
  .refine(isStorable, 'well-formed text without U+0000');
/** Values of one attribute, in code-unit order, without duplicates. */
export const ProfileList = z
  .array(ProfileValue)
  .min(1)
  .max(MAX_PROFILE_VALUES)
  .refine(
    values => values.every((value, i) => i === 0 || value > values[i - 1]!),
    'ascending values expected',
  );

const value = ProfileValue.optional();

/** An attribute of the directory that an administrator named, in the schema's spelling. */
export const AttributeName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'the name of an attribute');

/** Exchange's attributes, which a directory without it lacks. */
export const EXTENSION_ATTRIBUTES = ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const).map(
  <N extends number>(number: N) => `extensionAttribute${number}` as const,
);

const extensions = Object.fromEntries(EXTENSION_ATTRIBUTES.map(name => [name, value])) as Record<
  (typeof EXTENSION_ATTRIBUTES)[number],
  typeof value
>;

/**
 * A user's descriptive attributes. Those beyond the first eight go only to readers of `account-4`, whose record signs all of them. An
 * absent one has no value.
 */
export const Profile = z.strictObject({
  ...FIRST,
  city: value,
  companyName: value,
  country: value,
  countryCode: value,
  employeeId: value,
  facsimileTelephoneNumber: value,
  mailNickname: value,
  /** The source anchor of an object of the same forest, synchronized or not. */
  manager: SourceAnchor.optional(),
  physicalDeliveryOfficeName: value,
  postalCode: value,
  preferredLanguage: value,
  proxyAddresses: ProfileList.optional(),
  state: value,
  streetAddress: value,
  ...extensions,
  /** Attributes that an administrator named, by their names in the directory. */
  extensions: z.record(AttributeName, ProfileList).optional(),
});
export type Profile = z.infer<typeof Profile>;

/** For a user without any attribute. */
export const EMPTY_PROFILE: Profile = {
  displayName: null,
  givenName: null,
  surname: null,
  mail: null,
  department: null,
  jobTitle: null,
  telephoneNumber: null,
  mobile: null,
};

/** The part of a profile that a reader of an older release accepts. */
export const firstProfile = (profile: Profile): Profile => {
  const first = { ...EMPTY_PROFILE };
  for (const name of FIRST_ATTRIBUTES) first[name] = profile[name];
  return first;
};

/** Kind and version of the record that signs a whole profile. Only its readers accept a whole profile. */
export const PROFILE_RECORD = 'account-4';

/** The part of a profile that a reader with this announcement accepts. */
export const profileFor = (announced: readonly string[] | undefined, profile: Profile): Profile =>
  announced?.includes(PROFILE_RECORD) ? profile : firstProfile(profile);
