import type { AccountRecord } from '@causeway/records';
import { nameKey } from '@causeway/wire';
import type { DirectoryAccount } from '../../directory/found-accounts.ts';
import type { LedgerEntry } from '../../ledger/account-book.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { viewOf } from '../../ledger/name-book.ts';
import type { ManagedDomain } from '../../managed-domain.ts';
import { nameWithDigits } from '../../names/made-up-name.ts';
import {
  claimsOf,
  decideNames,
  type NamedAccount,
  type NameProblem,
  type NameView,
  type Slot,
  slotOfName,
  slotOfPrincipal,
} from '../../names/naming.ts';
import { isSamePerson, signedPerson } from '../../person.ts';
import type { Obstacle } from '../../refusals.ts';
import { type MadeNames, wantedNames } from '../plan.ts';

/** The names that an account is created with. */
export interface TakenNames {
  names: MadeNames;
  /** Names that belong to its forest from now on. */
  owned: Slot[];
  /** Names that are settled once the account exists. Until then it may have a stand-in name. */
  due: Slot[];
  problems: NameProblem[];
  /** Makes the names to use when the directory rejects these. */
  standIn: () => MadeNames;
}

/** Finds the accounts in the directory that have one of these sAMAccountNames or userPrincipalNames. */
export type FindHolders = (names: string[], principals: string[]) => Promise<DirectoryAccount[]>;

/**
 * Chooses names for the accounts that a page creates. An account that conflicts with nobody gets its own at once. All others wait until
 * everybody in the page is written.
 */
export class PageNames {
  readonly #domain: ManagedDomain;
  readonly #view: NameView;
  /** What the page has taken so far. */
  readonly #taken: NamedAccount[] = [];
  readonly #owners = new Map<Slot, string>();
  /** The ledger's answers while names are chosen for one account. */
  readonly #known = new Map<string, unknown>();

  private constructor(domain: ManagedDomain, view: NameView) {
    this.#domain = domain;
    this.#view = overlaid(remembering(view, this.#known), this.#taken, this.#owners, domain.realm);
  }

  /** Asks the directory once for all the names that the accounts could take. */
  static async open(
    ledger: Ledger,
    holders: FindHolders,
    domain: ManagedDomain,
    accounts: readonly NamedAccount[],
  ): Promise<PageNames> {
    const obstacles = await findObstacles(ledger, holders, domain, namesToAsk(accounts));
    const known = viewOf(ledger.names, domain.realm);
    const obstacle: NameView['obstacle'] = slot => known.obstacle(slot) ?? obstacles.get(slot);
    return new PageNames(domain, { ...known, obstacle });
  }

  take(account: NamedAccount): TakenNames {
    const standIn = (): MadeNames => {
      this.#known.clear();
      return this.#standIn(account);
    };
    this.#known.clear();
    const claims = claimsOf(account, this.#domain).map(({ slot }) => slot);
    const decided = decideNames(account, this.#view, this.#domain);
    const contested = this.#isContested(account, claims, decided);
    const { problems, ...names } = contested ? { ...standIn(), problems: [] } : decided;
    this.#taken.push({ ...account, ...names });
    const own = claims.filter(slot => (this.#view.owner(slot) ?? account.forest) === account.forest);
    for (const slot of own) this.#owners.set(slot, account.forest);
    const blocked = claims.some(slot => this.#view.obstacle(slot) !== undefined);
    return { names, owned: contested ? [] : own, due: contested || blocked ? claims : [], problems, standIn };
  }

  /** Whether another account's names depend on these, or these on an account that exists. A page cannot settle that. */
  #isContested(
    account: NamedAccount,
    claims: readonly Slot[],
    { samAccountName, userPrincipalName, digitsKey }: ReturnType<typeof decideNames>,
  ): boolean {
    const others = (list: readonly NamedAccount[]) => list.some(one => !isSamePerson(one, account));
    const taken = [slotOfName(samAccountName)];
    if (userPrincipalName !== null) taken.push(slotOfPrincipal(userPrincipalName, this.#domain.realm));
    return (
      claims.some(
        slot =>
          (this.#view.owner(slot) ?? account.forest) === account.forest && others(this.#view.wanting(slot)),
      ) ||
      taken.some(slot => others(this.#view.holding(slot))) ||
      (digitsKey !== null && others(this.#view.withDigits(digitsKey)))
    );
  }

  #standIn(account: NamedAccount): MadeNames {
    const nameless = { ...account, wantedName: null, wantedPrincipal: null };
    const { samAccountName } = decideNames(nameless, this.#view, this.#domain);
    return { samAccountName, userPrincipalName: null, keepsDigits: account.keepsDigits, digitsKey: null };
  }
}

/** A new account as naming sees it. Its earlier names do not matter any more. */
export function newAccount(record: AccountRecord, entry: LedgerEntry | undefined): NamedAccount {
  const { objectGuid } = record;
  const wanted = wantedNames(record);
  const same = entry !== undefined && keyOf(entry.wantedName) === keyOf(wanted.wantedName);
  return {
    ...signedPerson(record),
    ...{ objectGuid, samAccountName: null, userPrincipalName: null, digitsKey: null },
    ...wanted,
    keepsDigits: same && entry.keepsDigits,
  };
}

const keyOf = (name: string | null): string | null => (name === null ? null : nameKey(name));

/** Asks each question only once. */
function remembering(view: NameView, known: Map<string, unknown>): NameView {
  const once =
    <T>(what: string, ask: (key: string) => T) =>
    (key: string): T => {
      const id = `${what} ${key}`;
      if (!known.has(id)) known.set(id, ask(key));
      return known.get(id) as T;
    };
  return {
    owner: once('owner', slot => view.owner(slot)),
    wanting: once('wanting', slot => view.wanting(slot)),
    holding: once('holding', slot => view.holding(slot)),
    withDigits: once('digits', key => view.withDigits(key)),
    obstacle: slot => view.obstacle(slot),
  };
}

function overlaid(
  view: NameView,
  taken: readonly NamedAccount[],
  owners: ReadonlyMap<Slot, string>,
  realm: string,
): NameView {
  const slots = (name: string | null, principal: string | null): Slot[] => [
    ...(name === null ? [] : [slotOfName(name)]),
    ...(principal === null ? [] : [slotOfPrincipal(principal, realm)]),
  ];
  const bySlot = new Map<string, NamedAccount[]>();
  let read = 0;
  const inPage = (key: string): readonly NamedAccount[] => {
    for (; read < taken.length; read++) {
      const one = taken[read]!;
      const wants = slots(one.wantedName, one.wantedPrincipal).map(slot => `wants ${slot}`);
      const has = slots(one.samAccountName, one.userPrincipalName).map(slot => `has ${slot}`);
      for (const key of [...wants, ...has, `digits ${one.digitsKey}`]) {
        bySlot.set(key, [...(bySlot.get(key) ?? []), one]);
      }
    }
    return bySlot.get(key) ?? [];
  };
  return {
    owner: slot => view.owner(slot) ?? owners.get(slot),
    wanting: slot => [...view.wanting(slot), ...inPage(`wants ${slot}`)],
    holding: slot => [...view.holding(slot), ...inPage(`has ${slot}`)],
    withDigits: key => [...view.withDigits(key), ...inPage(`digits ${key}`)],
    obstacle: slot => view.obstacle(slot),
  };
}

/** All names that the accounts could get. */
function namesToAsk(accounts: readonly NamedAccount[]): { names: Set<string>; principals: Set<string> } {
  const names = new Set<string>();
  const principals = new Set<string>();
  for (const { anchor, wantedName, wantedPrincipal } of accounts) {
    if (wantedName !== null) names.add(wantedName).add(nameWithDigits(wantedName, anchor));
    if (wantedPrincipal === null) continue;
    principals.add(wantedPrincipal);
    names.add(wantedPrincipal.slice(0, wantedPrincipal.lastIndexOf('@')));
  }
  return { names, principals };
}

/** Names of objects that are not ours. Those of our own groups are in the ledger. */
export async function findObstacles(
  ledger: Ledger,
  holders: FindHolders,
  { realm }: ManagedDomain,
  { names, principals }: { names: ReadonlySet<string>; principals: ReadonlySet<string> },
): Promise<Map<Slot, Obstacle>> {
  const obstacles = new Map<Slot, Obstacle>();
  for (const { guid, samAccountName, userPrincipalName } of await holders([...names], [...principals])) {
    if (ledger.accounts.isManaged(guid) || ledger.groups.managed(guid)) continue;
    const obstacle = (detail: string): Obstacle => ({ code: 'protected-name', detail });
    obstacles.set(slotOfName(samAccountName), obstacle(samAccountName));
    if (userPrincipalName) {
      obstacles.set(slotOfPrincipal(userPrincipalName, realm), obstacle(userPrincipalName));
    }
  }
  return obstacles;
}
