import {
  EMPTY_PROFILE,
  FIRST_ATTRIBUTES,
  isStorable,
  MAX_PROFILE_LENGTH,
  MAX_PROFILE_VALUE,
  MAX_PROFILE_VALUES,
  type Profile,
} from '@causeway/contract';
import { canonicalProfile } from '@causeway/records';
import { isGuid } from '@causeway/wire';
import type { ProfileRules } from '../../scope/rules.ts';
import type { StoredAttributes } from '../../store/space-object.ts';
import { first } from '../attributes.ts';
import { sourceAnchorOf } from '../source-anchor.ts';
import { PROFILE_FLOWS } from './flows.ts';

/** Most characters of an attribute that every release accepts. */
const MAX_FIRST_TEXT = 1024;

export interface DecidedProfile {
  readonly profile: Profile;
  /** Values that no profile can hold, in words. The profile goes without them. */
  readonly problems: readonly string[];
}

/**
 * A user's profile as the tenant should have it.
 * @param rules undefined: only what a tenant and a managed domain of the previous release accept
 */
export function decideProfile(a: StoredAttributes, rules: ProfileRules | undefined): DecidedProfile {
  if (rules === undefined) return { profile: firstProfile(a), problems: [] };
  const problems: string[] = [];
  const found = new Map<string, string | string[]>();
  const put = (name: string, value: string | string[] | undefined): void => {
    if (value !== undefined) found.set(name, value);
  };
  for (const [name, source] of Object.entries(PROFILE_FLOWS)) {
    if (name === 'proxyAddresses') put(name, listOf(a, source, problems));
    else put(name, textOf(a, name, source, problems));
  }
  for (const source of rules.extensions) put(`${EXTENSION}${source}`, listOf(a, source, problems));
  let profile = profileOf(found);
  while (isTooLong(profile, found)) {
    const longest = [...found].reduce((one, other) => (sizeOf(other) > sizeOf(one) ? other : one))[0];
    const text = `more than ${MAX_PROFILE_LENGTH} characters in all: without this one, the longest, they are fewer`;
    problems.push(`${longest}: ${text}`);
    found.delete(longest);
    profile = profileOf(found);
  }
  return { profile, problems };
}

function firstProfile(a: StoredAttributes): Profile {
  const profile = { ...EMPTY_PROFILE };
  for (const name of FIRST_ATTRIBUTES)
    profile[name] = first(a, PROFILE_FLOWS[name])?.slice(0, MAX_FIRST_TEXT) ?? null;
  return profile;
}

/** Most JSON characters for one character of text, and for the syntax around a value. */
const [MOST_ESCAPED, AROUND] = [6, 100];

/** The sum of lengths is enough for nearly every user, so the canonical text is rarely built. */
function isTooLong(profile: Profile, found: ReadonlyMap<string, string | string[]>): boolean {
  let most = AROUND;
  for (const value of [...found.values()].flat()) most += AROUND + MOST_ESCAPED * value.length;
  return most > MAX_PROFILE_LENGTH && canonicalProfile(profile).length > MAX_PROFILE_LENGTH;
}

/** A plain check instead of a schema, because it runs for every value of every user. */
const canGo = (value: string, limit = MAX_PROFILE_VALUE): boolean =>
  value.length <= limit && isStorable(value);

/** Prefix of the name of an attribute that an administrator added. */
const EXTENSION = 'extensions.';

const sizeOf = ([, value]: readonly [string, string | string[]]): number => JSON.stringify(value).length;

function profileOf(found: ReadonlyMap<string, string | string[]>): Profile {
  const own = [...found].filter(([name]) => !name.startsWith(EXTENSION));
  const more = [...found].filter(([name]) => name.startsWith(EXTENSION));
  const extensions = more.map(([name, value]) => [name.slice(EXTENSION.length), value]);
  return {
    ...EMPTY_PROFILE,
    ...Object.fromEntries(own),
    ...(extensions.length > 0 && { extensions: Object.fromEntries(extensions) }),
  };
}

function textOf(a: StoredAttributes, name: string, source: string, problems: string[]): string | undefined {
  const value = first(a, source);
  if (value === undefined) return undefined;
  if (name === 'manager') return isGuid(value) ? sourceAnchorOf(value) : undefined;
  const limit = FIRST_ATTRIBUTES.some(one => one === name) ? MAX_FIRST_TEXT : MAX_PROFILE_VALUE;
  if (canGo(value, limit)) return value;
  problems.push(`${source}: ${leftOut(limit)}`);
  return undefined;
}

function listOf(a: StoredAttributes, source: string, problems: string[]): string[] | undefined {
  const values = [a[source] ?? []].flat().filter(value => value !== '');
  const good = values.filter(value => canGo(value));
  if (good.length < values.length) problems.push(`${source}: ${leftOut(MAX_PROFILE_VALUE)}`);
  if (good.length > MAX_PROFILE_VALUES) {
    problems.push(`${source}: ${good.length} values, at most ${MAX_PROFILE_VALUES} can go: all are left out`);
    return undefined;
  }
  return good.length === 0 ? undefined : [...new Set(good)].sort();
}

const leftOut = (limit: number): string =>
  `well-formed text of at most ${limit} characters expected: a value that is not so is left out`;
