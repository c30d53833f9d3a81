import type { DomainNameClaims, Done, NameList } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { RESERVATION_MS } from '../apply/names/look-at-names.ts';
import { peopleMeant, requireOne, unknownUser } from '../ledger/find-person.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  claimsOf,
  type NamedAccount,
  type Slot,
  slotOfName,
  slotOfPrincipal,
  winnerOf,
} from '../names/naming.ts';
import { describePerson, isSamePerson } from '../person.ts';

/** Accounts and names that one list names. */
const MAX_LISTED = 10_000;

export function listNames(ledger: Ledger): NameList {
  const reserved = ledger.names.reserved(MAX_LISTED).map(({ slot, forest, releasedAt }) => ({
    ...{ name: slot.slice(2), forest, until: endOf(releasedAt!) },
  }));
  return { differing: ledger.names.differing(MAX_LISTED), reserved };
}

export function readName(ledger: Ledger, realm: string, name: string): DomainNameClaims {
  const slot = slotOf(name, realm);
  const owner = ledger.names.owner(slot);
  const holders = ledger.names.holding(slot, realm);
  const group = ledger.names.groupCalled(slot);
  return {
    ...{ name, holders, ...(group && { group }) },
    owner: owner?.forest ?? null,
    reservedUntil: owner?.releasedAt ? endOf(owner.releasedAt) : null,
    waiting: ledger.names
      .wanting(slot, realm)
      .filter(one => !holders.some(holder => isSamePerson(one, holder))),
  };
}

/**
 * Frees a name that is reserved for a forest, or that nobody has while some still have digits because of it.
 * @throws CausewayError 'name-held' or 'group-has-name'
 */
export function freeName(ledger: Ledger, realm: string, name: string): Done {
  const claims = readName(ledger, realm, name);
  const holder = claims.holders.find(one => wants(one, name, realm));
  if (holder) {
    throw new CausewayError(
      'name-held',
      `${describe(holder)} has '${name}': to hand it over, run 'causeway domain name give ${name} USER'`,
      { status: 409 },
    );
  }
  const slot = slotOf(name, realm);
  refuseGroups(ledger, slot);
  ledger.transaction(() => {
    ledger.names.dropOwner(slot);
    if (slot.startsWith('a:')) ledger.names.takeDigits(slot.slice(2));
    ledger.names.touch([slot]);
    const detail = claims.owner === null ? 'it belonged to no forest' : `it belonged to ${claims.owner}`;
    ledger.audit.add({ action: 'free-name', subject: name, detail });
  });
  const wanting = claims.waiting.map(describe).join(', ');
  return { message: `'${name}' is free${wanting && `; it is wanted by ${wanting}`}` };
}

interface Handover {
  name: string;
  /** Source anchor, or a name, of who gets it; the forest where several may be meant. */
  user: string;
  forest?: string | undefined;
  confirmed: boolean;
}

/**
 * Makes a name belong to the forest of a user who wants it: whoever had it gets digits, or has no userPrincipalName.
 * @throws CausewayError 'unknown-user', 'ambiguous-user', 'not-the-name', 'same-forest', 'group-has-name' or 'not-confirmed'
 */
export function giveName(
  ledger: Ledger,
  realm: string,
  { name, user, forest: among, confirmed }: Handover,
): Done {
  const slot = slotOf(name, realm);
  const meant = peopleMeant(ledger, user, among).flatMap(one => ledger.names.account(one) ?? []);
  const account = requireOne(user, meant, describe);
  if (!account) throw unknownUser(user, among);
  const { forest } = account;
  const isTaker = (one: NamedAccount): boolean => isSamePerson(one, account);
  const wanting = ledger.names.wanting(slot, realm);
  const taker = wanting.find(isTaker);
  if (!taker) {
    throw new CausewayError(
      'not-the-name',
      `${describe(account)} is not called '${name}' on-premises: only who is can have it`,
      { status: 409 },
    );
  }
  const freed = wanting.map(one => (isTaker(one) ? { ...one, keepsDigits: false } : one));
  const winner = winnerOf(slot, forest, freed, { realm });
  if (winner && !isTaker(winner)) {
    throw new CausewayError(
      'same-forest',
      `${describe(winner)} has '${name}' before ${describe(account)}: of one forest, only a change on-premises decides`,
      { status: 409 },
    );
  }
  refuseGroups(ledger, slot);
  const { holders } = readName(ledger, realm, name);
  const others = holders.filter(one => !isTaker(one));
  const change = `'${name}' goes ${others.length > 0 ? `from ${others.map(describe).join(', ')} ` : ''}to ${describe(account)}`;
  if (!confirmed) {
    throw new CausewayError('not-confirmed', `${change}: to do so, run the command again with --yes`, {
      status: 409,
    });
  }
  ledger.transaction(() => {
    ledger.names.setOwner({ slot, forest, releasedAt: null });
    if (slot.startsWith('a:')) ledger.names.takeDigits(slot.slice(2), account);
    ledger.names.touch([slot]);
    ledger.audit.add({ action: 'give-name', subject: name, detail: change });
  });
  return { message: change };
}

/** Whose forest it is does not matter to a group: it keeps the name while it is called so on-premises. */
function refuseGroups(ledger: Ledger, slot: Slot): void {
  const group = ledger.names.groupCalled(slot);
  if (group === undefined) return;
  throw new CausewayError(
    'group-has-name',
    `${describePerson(group.name, group)} is a group and has the name: rename it on-premises, and whoever wants the name has it next`,
    { status: 409 },
  );
}

/** An account name, or a userPrincipalName, as it is typed. */
const slotOf = (name: string, realm: string): Slot =>
  name.includes('@') ? slotOfPrincipal(name, realm) : slotOfName(name);

const wants = (account: NamedAccount, name: string, realm: string): boolean =>
  claimsOf(account, { realm }).some(({ slot }) => slot === slotOf(name, realm));

const endOf = (releasedAt: string): string => new Date(Date.parse(releasedAt) + RESERVATION_MS).toISOString();

const describe = (account: NamedAccount): string =>
  describePerson(account.samAccountName ?? account.wantedName ?? 'a user', account);
