import type { ForestPerson } from '@causeway/connect/testing';
import type { Found } from './look.ts';

/** Marks users whose password no place may have. */
export const FILTERED = 'PHSFiltered';

/** What a place has of a person, apart from the anchor. */
export type Said = Omit<Found, 'anchor'>;

/** What a place should have of a person. */
export function shouldBe(person: ForestPerson): Said | undefined {
  if (person.deleted) return undefined;
  const hasNone = person.mustChange || person.adminDescription === FILTERED;
  return { ...person, password: hasNone ? undefined : person.passwords.at(-1) };
}

export function words({ name, principal, enabled, expires, password }: Partial<Said>): string {
  // Nobody signs in without a password, so it does not matter whether such an account is enabled.
  const state =
    password === undefined ? 'without a password' : `${enabled ? 'open' : 'closed'} by '${password}'`;
  return `${name ?? '-'} (${principal ?? '-'}) ${state}${expires === null ? '' : ` until ${expires}`}`;
}
