import type { ScriptedForest } from '@causeway/connect/testing';
import { ntHash, verifyCloudCredential } from '@causeway/credentials';
import type { DomainPlace } from '@causeway/domain-services/testing';
import type { TenantPlace } from '@causeway/tenant/testing';
import { FILETIME_NEVER, filetimeToIso } from '@causeway/wire';

/** A person as one place has them. */
export interface Found {
  readonly anchor: string;
  readonly name: string | null;
  /** The name they sign in with. */
  readonly principal: string | null;
  readonly enabled: boolean;
  /** ISO 8601. */
  readonly expires: string | null;
  /** Which of all their passwords so far; undefined: none of them. */
  readonly password: string | undefined;
}

/** The people of a forest, whichever domain they are in. */
type People = Pick<ScriptedForest, 'forest' | 'people'>;

export async function lookAtTenant(tenant: TenantPlace, forest: People): Promise<Found[]> {
  const found: Found[] = [];
  for (const { cloudCredential, signInName, ...user } of await tenant.users(forest.forest)) {
    const isIt = (password: string) => verifyCloudCredential(cloudCredential!, ntHash(password));
    const password =
      cloudCredential === null ? undefined : await find(passwordsOf(forest, user.anchor), isIt);
    found.push({ ...user, principal: signInName, password });
  }
  return found;
}

export function lookAtDomain(domain: DomainPlace, forest: People): Found[] {
  const ours = domain.accounts().filter(account => account.forest === forest.forest);
  return ours.map(({ ntHash: hash, expires, ...account }) => ({
    ...account,
    expires: BigInt(expires) === FILETIME_NEVER ? null : filetimeToIso(BigInt(expires)),
    password: hash && passwordsOf(forest, account.anchor).find(one => Buffer.from(ntHash(one)).equals(hash)),
  }));
}

/** The newest first, because it usually matches. */
const passwordsOf = ({ people }: People, anchor: string): string[] =>
  people.find(person => person.anchor === anchor)?.passwords.toReversed() ?? [];

async function find<T>(some: readonly T[], isIt: (one: T) => Promise<boolean>): Promise<T | undefined> {
  for (const one of some) if (await isIt(one)) return one;
  return undefined;
}
