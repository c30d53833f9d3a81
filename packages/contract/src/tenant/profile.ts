import { z } from 'zod';
import { isStorable, SourceAnchor, text } from '../common.ts';

/** Most characters of one value. */
export const MAX_PROFILE_VALUE = 2048;
/** Most values of one attribute. */
export const MAX_PROFILE_VALUES = 500;
/** Most attributes that an administrator names beside those of everybody. */
export const MAX_EXTENSIONS = 50;
/** Most characters of a whole profile, as its canonical text (docs/formats.md, *Profile*). */
export const MAX_PROFILE_LENGTH = 32_768;

/** One that cannot be taken is none: it costs nothing else of its person. */
const attribute = text(1024).nullable().catch(null);

/** What every release takes: null clears. */
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

/** What each release takes. */
export const FIRST_ATTRIBUTES = Object.keys(FIRST) as (keyof typeof FIRST)[];

/** One value of an attribute. */
export const ProfileValue = z
  .string()
  .min(1)
  .max(MAX_PROFILE_VALUE)
  .refine(isStorable, 'well-formed text without U+0000');
/** Values of one attribute, in the order of their code units, each once. */
export const ProfileList = z
  .array(ProfileValue)
  .min(1)
  .max(MAX_PROFILE_VALUES)
  .refine(
    values => values.every((value, i) => i === 0 || value > values[i - 1]!),
    'ascending values expected',
  );

const value = ProfileValue.optional();

/** An attribute of the directory that an administrator named, as the schema there writes it. */
export const AttributeName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'the name of an attribute');

/** Exchange's, which a directory without it has not. */
export const EXTENSION_ATTRIBUTES = ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const).map(
  <N extends number>(number: N) => `extensionAttribute${number}` as const,
);

const extensions = Object.fromEntries(EXTENSION_ATTRIBUTES.map(name => [name, value])) as Record<
  (typeof EXTENSION_ATTRIBUTES)[number],
  typeof value
>;

/**
 * A person's descriptive attributes. Those beyond the first eight go only where `account-4` is read, whose record signs all of them; one
 * that is not there has no value.
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
  /** The source anchor of somebody of the same forest, synchronized or not. */
  manager: SourceAnchor.optional(),
  physicalDeliveryOfficeName: value,
  postalCode: value,
  preferredLanguage: value,
  proxyAddresses: ProfileList.optional(),
  state: value,
  streetAddress: value,
  ...extensions,
  /** What an administrator named, by the names in the directory. */
  extensions: z.record(AttributeName, ProfileList).optional(),
});
export type Profile = z.infer<typeof Profile>;

/** Of somebody of whom nothing is said. */
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

/** What a reader of a release before takes of a profile. */
export const firstProfile = (profile: Profile): Profile => {
  const first = { ...EMPTY_PROFILE };
  for (const name of FIRST_ATTRIBUTES) first[name] = profile[name];
  return first;
};

/** Kind and version of the record that signs a whole profile: a reader of it takes one, and no other. */
export const PROFILE_RECORD = 'account-4';

/** A profile as somebody takes it who announced this. */
export const profileFor = (announced: readonly string[] | undefined, profile: Profile): Profile =>
  announced?.includes(PROFILE_RECORD) ? profile : firstProfile(profile);
