import { MAX_USER_NAME, nameKey } from '@causeway/wire';
import type { Realm } from '../managed-domain.ts';
import { isSamePerson, type Person } from '../person.ts';
import { type Obstacle, REASONS, type RefusalCode } from '../refusals.ts';
import { nameOfGuid, nameWithDigits } from './made-up-name.ts';
import { checkAccountName, checkPrincipalName, isMachineName } from './protected.ts';

/**
 * What can belong to one account only: `a:` and the key of an account name, or `p:` and the key of a userPrincipalName. A userPrincipalName
 * N@REALM in the managed realm is the account name N to the realm's KDC, and to Samba, so both have one slot.
 */
export type Slot = string;

/** The names of an account. */
export interface NamedAccount extends Person {
  objectGuid: string;
  /** The names that the forest wants; null if it wants none, or none that can be written. */
  wantedName: string | null;
  wantedPrincipal: string | null;
  /** The names of the account in the directory. */
  samAccountName: string | null;
  userPrincipalName: string | null;
  /** Another forest had the name. The digits stay until the account is renamed, or an administrator frees the name. */
  keepsDigits: boolean;
  /** Key of the name with digits, if the account needs one. */
  digitsKey: string | null;
}

/** Who has and wants which name. Deleted accounts do not count. */
export interface NameView {
  /** The forest that a name belongs to, because it had the name first, or because the name is reserved for it. */
  owner(slot: Slot): string | undefined;
  wanting(slot: Slot): readonly NamedAccount[];
  holding(slot: Slot): readonly NamedAccount[];
  /** Accounts that need this name with digits. */
  withDigits(key: string): readonly NamedAccount[];
  /** Why none of our accounts can have the name: a group of ours or a foreign account has it, or the directory has refused it. */
  obstacle(slot: Slot): Obstacle | undefined;
}

/** Why an account has another name than its forest wants, or no userPrincipalName. */
export interface NameProblem {
  code: RefusalCode;
  reason: string;
}

export interface NameDecision {
  samAccountName: string;
  userPrincipalName: string | null;
  keepsDigits: boolean;
  digitsKey: string | null;
  problems: NameProblem[];
}

export const slotOfName = (name: string): Slot => `a:${nameKey(name)}`;

export function slotOfPrincipal(principal: string, realm: string): Slot {
  const key = nameKey(principal);
  const suffix = `@${nameKey(realm)}`;
  return key.endsWith(suffix) ? `a:${key.slice(0, -suffix.length)}` : `p:${key}`;
}

/** The slots of the names that an account wants and may claim. */
export function claimsOf(account: NamedAccount, domain: Realm): { slot: Slot; isName: boolean }[] {
  const { wantedName: name, wantedPrincipal: principal } = account;
  const claims = [];
  if (name !== null && claimsName(account, domain)) claims.push({ slot: slotOfName(name), isName: true });
  if (principal !== null && !checkPrincipalName(principal, domain)) {
    claims.push({ slot: slotOfPrincipal(principal, domain.realm), isName: false });
  }
  return claims;
}

const claimsName = ({ wantedName, keepsDigits }: NamedAccount, domain: Realm): boolean =>
  !keepsDigits &&
  wantedName !== null &&
  wantedName.length <= MAX_USER_NAME &&
  !isMachineName(wantedName) &&
  !checkAccountName(wantedName, domain);

/**
 * The account of a forest that gets a name: one with that account name before one with that userPrincipalName, then the smaller anchor.
 * Depends only on what the forest says now.
 */
export function winnerOf(
  slot: Slot,
  forest: string,
  wanting: readonly NamedAccount[],
  domain: Realm,
): NamedAccount | undefined {
  let winner: { account: NamedAccount; rank: number } | undefined;
  for (const account of wanting) {
    if (account.forest !== forest) continue;
    const claims = claimsOf(account, domain).filter(claim => claim.slot === slot);
    if (claims.length === 0) continue;
    const rank = claims.some(({ isName }) => isName) ? 0 : 1;
    if (!winner || rank < winner.rank || (rank === winner.rank && account.anchor < winner.account.anchor)) {
      winner = { account, rank };
    }
  }
  return winner?.account;
}

/**
 * Decides on the names of an account. Pure. For accounts of one forest the result does not depend on the order of their records. Between
 * forests the first holder, as `view.owner` remembers it, keeps a name.
 */
export function decideNames(account: NamedAccount, view: NameView, domain: Realm): NameDecision {
  const decider = new Decider(account, view, domain);
  const name = decider.accountName();
  return { ...name, ...decider.principal(name.problems) };
}

class Decider {
  readonly #account: NamedAccount;
  readonly #view: NameView;
  readonly #domain: Realm;

  constructor(account: NamedAccount, view: NameView, domain: Realm) {
    this.#account = account;
    this.#view = view;
    this.#domain = domain;
  }

  accountName(): Omit<NameDecision, 'userPrincipalName'> {
    const { wantedName: wanted, keepsDigits, anchor } = this.#account;
    if (wanted === null) return this.#nameOfGuid({ code: 'no-name', detail: 'sAMAccountName' });
    const slot = slotOfName(wanted);
    const problem = checkAccountName(wanted, this.#domain);
    if (problem) return this.#nameOfGuid(problem);
    if (isMachineName(wanted)) {
      const digits = this.#withDigits(nameWithDigits(wanted, anchor), keepsDigits);
      return { ...digits, problems: [...digits.problems, textOf({ code: 'machine-name', detail: wanted })] };
    }
    if (wanted.length > MAX_USER_NAME || keepsDigits)
      return this.#withDigits(nameWithDigits(wanted, anchor), keepsDigits);
    const loses = this.#loses(slot);
    if (loses !== undefined)
      return this.#withDigits(nameWithDigits(wanted, anchor), loses === 'other-forest');
    // Asks the directory only about a name that the account would get. The result for a lost name does not depend on its holder.
    const obstacle = this.#view.obstacle(slot);
    // A group of ours has the name. It is free again once the group releases it.
    if (obstacle?.code === 'name-taken') {
      const digits = this.#withDigits(nameWithDigits(wanted, anchor), false);
      return { ...digits, problems: [textOf(obstacle), ...digits.problems] };
    }
    if (obstacle) return this.#nameOfGuid(obstacle);
    return { samAccountName: wanted, keepsDigits: false, digitsKey: null, problems: [] };
  }

  principal(others: readonly NameProblem[]): Pick<NameDecision, 'userPrincipalName' | 'problems'> {
    const { wantedPrincipal: wanted } = this.#account;
    const problem = this.#principalProblem(wanted);
    if (!problem) return { userPrincipalName: wanted, problems: [...others] };
    return { userPrincipalName: this.#standIn(), problems: [...others, textOf(problem)] };
  }

  #principalProblem(wanted: string | null): Obstacle | undefined {
    if (wanted === null) return { code: 'no-name', detail: 'userPrincipalName' };
    const slot = slotOfPrincipal(wanted, this.#domain.realm);
    const problem = checkPrincipalName(wanted, this.#domain) ?? this.#view.obstacle(slot);
    if (problem) return problem;
    const loses = this.#loses(slot);
    if (loses === undefined) return undefined;
    const owner = this.#view.owner(slot);
    const there = loses === 'own-forest' || this.#isWanted(slot);
    const code = there ? 'name-taken' : 'name-reserved';
    return { code, detail: `${wanted}, of ${owner ?? this.#account.forest}` };
  }

  /** The previous name stands in, as long as it is valid and no other account truly wants it. */
  #standIn(): string | null {
    const { userPrincipalName: before, wantedPrincipal, forest } = this.#account;
    if (before === null || checkPrincipalName(before, this.#domain)) return null;
    if (wantedPrincipal !== null && nameKey(before) === nameKey(wantedPrincipal)) return null;
    const slot = slotOfPrincipal(before, this.#domain.realm);
    if ((this.#view.owner(slot) ?? forest) !== forest || this.#isWanted(slot)) return null;
    return this.#isHeld(slot) ? null : before;
  }

  #withDigits(name: string, keepsDigits: boolean): Omit<NameDecision, 'userPrincipalName'> {
    const key = nameKey(name);
    const problem = checkAccountName(name, this.#domain) ?? this.#view.obstacle(slotOfName(name));
    if (problem || !this.#mayHaveDigits(key)) {
      return {
        ...this.#nameOfGuid(problem ?? { code: 'name-taken', detail: name }),
        keepsDigits,
        digitsKey: key,
      };
    }
    return { samAccountName: name, keepsDigits, digitsKey: key, problems: [] };
  }

  /** If two accounts have the same digits, the forest that has the name keeps it, then the smaller anchor wins, then the forest's name. */
  #mayHaveDigits(key: string): boolean {
    const { forest } = this.#account;
    const slot = `a:${key}`;
    if ((this.#view.owner(slot) ?? forest) !== forest || this.#isWanted(slot)) return false;
    const others = this.#view.withDigits(key).filter(one => !this.#isSelf(one));
    if (others.length === 0) return true;
    const holder = this.#view.holding(slot)[0]?.forest;
    const rank = (one: Person): string => `${one.forest === holder ? 0 : 1}${one.anchor} ${one.forest}`;
    const own = rank(this.#account);
    return others.every(one => own < rank(one));
  }

  #nameOfGuid(problem: Obstacle): Omit<NameDecision, 'userPrincipalName'> {
    const { objectGuid, forest } = this.#account;
    const problems = [textOf(problem)];
    for (let n = 0; ; n++) {
      const samAccountName = nameOfGuid(objectGuid, n);
      const slot = slotOfName(samAccountName);
      const owned = (this.#view.owner(slot) ?? forest) !== forest;
      if (owned || this.#isWanted(slot) || this.#isHeld(slot) || this.#view.obstacle(slot)) continue;
      return { samAccountName, keepsDigits: this.#account.keepsDigits, digitsKey: null, problems };
    }
  }

  #loses(slot: Slot): 'other-forest' | 'own-forest' | undefined {
    const { forest } = this.#account;
    if ((this.#view.owner(slot) ?? forest) !== forest) return 'other-forest';
    const wanting = this.#view.wanting(slot).filter(one => !this.#isSelf(one));
    const winner = winnerOf(slot, forest, [...wanting, this.#account], this.#domain);
    return winner === this.#account ? undefined : 'own-forest';
  }

  /** Another account truly wants the name. */
  #isWanted(slot: Slot): boolean {
    return this.#view
      .wanting(slot)
      .some(one => !this.#isSelf(one) && claimsOf(one, this.#domain).some(claim => claim.slot === slot));
  }

  #isHeld(slot: Slot): boolean {
    return this.#view.holding(slot).some(one => !this.#isSelf(one));
  }

  #isSelf = (one: NamedAccount): boolean => isSamePerson(one, this.#account);
}

const textOf = ({ code, detail }: Obstacle): NameProblem => ({
  code,
  reason: `${REASONS[code]} (${detail})`,
});
