import type { DomainNameClaims, Done, NameList } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { RESERVATION_MS } from '../apply/names/look-at-names.ts';
import { nameCandidates } from '../groups/group-names.ts';
import { peopleMeant, requireOne, unknownUser } from '../ledger/find-person.ts';
import type { GroupEntry } from '../ledger/groups/group-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  claimsOf,
  type NamedAccount,
  type Slot,
  slotOfName,
  slotOfPrincipal,
  winnerOf,
} from '../names/naming.ts';
import { describePerson, isSamePerson, keyOf, type Person } from '../person.ts';

/** Upper limit of the accounts, and of the names, in one list. */
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
  const groupsWaiting = (slot.startsWith('a:') ? ledger.groups.wanting(slot.slice(2)) : [])
    .filter(one => !group || !isSamePerson(one, group))
    .map(({ forest, anchor, wantedName }) => ({ forest, anchor, name: wantedName! }));
  return {
    ...{ name, holders, ...(group && { group }), ...(groupsWaiting.length > 0 && { groupsWaiting }) },
    owner: owner?.forest ?? null,
    reservedUntil: owner?.releasedAt ? endOf(owner.releasedAt) : null,
    waiting: ledger.names
      .wanting(slot, realm)
      .filter(one => !holders.some(holder => isSamePerson(one, holder))),
  };
}

/**
 * Frees a name that is reserved for a forest, or that nobody holds while some users still carry digits because of it.
 * @throws CausewayError 'name-held'
 */
export function freeName(ledger: Ledger, realm: string, name: string): Done {
  const claims = readName(ledger, realm, name);
  const holder = claims.holders.find(one => wants(one, name, realm));
  if (holder) {
    throw new CausewayError(
      'name-held',
      `${describe(holder)} has '${name}'\nTo hand it over:\n  causeway domain name give ${name} USER`,
    );
  }
  const slot = slotOf(name, realm);
  if (claims.group) {
    throw new CausewayError(
      'name-held',
      `${describePerson(claims.group.name, claims.group, ', a group')} has '${name}'\nTo hand it over:\n  causeway domain name give ${name} USER`,
    );
  }
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
  /** Source anchor or name of the user or group that gets it. `forest` decides where several match. */
  user: string;
  forest?: string | undefined;
  confirmed: boolean;
}

/**
 * Hands a name over to a user or a group that wants it. The previous holder gets digits, or loses the userPrincipalName. Between users, the
 * name becomes their forest's. From or to a group, it is given to that one user or group.
 * @throws CausewayError 'no-such-user', 'several-users', 'not-the-name', 'same-forest', 'group-has-name' or 'confirmation-needed'
 */
export function giveName(
  ledger: Ledger,
  realm: string,
  { name, user, forest: among, confirmed }: Handover,
): Done {
  const slot = slotOf(name, realm);
  const taker = requireOne(user, takersMeant(ledger, user, among), ({ label }) => label);
  if (!taker) throw unknownUser(user, among);
  if (taker.account) refuseUnlessFirst(ledger, realm, { name, slot }, taker.account);
  else refuseUnlessCalled(ledger, realm, { name, slot }, taker);
  const { holders, group } = readName(ledger, realm, name);
  const people = holders.filter(one => !isSamePerson(one, taker));
  const other = group && !isSamePerson(group, taker) ? ledger.groups.of(group) : undefined;
  if (other) refuseGroup(other, { name, slot }, taker);
  const others = [...people.map(describe), ...(other ? [describeGroup(other)] : [])];
  const change = `'${name}' goes ${others.length > 0 ? `from ${others.join(', ')} ` : ''}to ${taker.label}`;
  if (!confirmed) {
    throw new CausewayError('confirmation-needed', `nothing was changed yet: ${change}`);
  }
  ledger.transaction(() => {
    if (taker.account) ledger.names.setOwner({ slot, forest: taker.forest, releasedAt: null });
    if (slot.startsWith('a:')) {
      if (taker.account) ledger.names.takeDigits(slot.slice(2), taker.account);
      ledger.names.give(slot, taker);
    }
    // Makes the group keeper process the group again and release the name.
    if (other) ledger.groups.save({ ...other, writtenSequence: null });
    ledger.names.touch([slot]);
    ledger.audit.add({ action: 'give-name', subject: name, detail: change });
  });
  return { message: change };
}

/** A user or group that may get a name. */
interface Taker extends Person {
  label: string;
  /** Absent for a group. */
  account?: NamedAccount;
}

/** Finds the users and groups that the text may mean. A source anchor wins over a name. */
function takersMeant(ledger: Ledger, text: string, forest: string | undefined): Taker[] {
  const people = peopleMeant(ledger, text, forest).flatMap(one => ledger.names.account(one) ?? []);
  const groups = [
    ...ledger.groups.withAnchor(text),
    ...ledger.groups.called(text),
    ...ledger.groups.wanting(text),
  ].filter(one => !one.deleted && (forest === undefined || one.forest === forest));
  const takers: Taker[] = [
    ...people.map(account => ({ ...personOf(account), account, label: describe(account) })),
    ...groups.map(group => ({ ...personOf(group), label: describeGroup(group) })),
  ];
  const single = [...new Map(takers.map(one => [keyOf(one), one])).values()];
  const byAnchor = single.filter(({ anchor }) => anchor === text);
  return byAnchor.length > 0 ? byAnchor : single;
}

const personOf = ({ forest, anchor }: Person): Person => ({ forest, anchor });

interface Named {
  name: string;
  slot: Slot;
}

/** @throws CausewayError 'not-the-name' or 'same-forest' */
function refuseUnlessFirst(
  ledger: Ledger,
  realm: string,
  { name, slot }: Named,
  account: NamedAccount,
): void {
  const isTaker = (one: NamedAccount): boolean => isSamePerson(one, account);
  const wanting = ledger.names.wanting(slot, realm);
  if (!wanting.some(isTaker)) throw notTheName(name, describe(account));
  const freed = wanting.map(one => (isTaker(one) ? { ...one, keepsDigits: false } : one));
  const winner = winnerOf(slot, account.forest, freed, { realm });
  if (winner && !isTaker(winner)) throw sameForest(name, describe(winner), describe(account));
}

/** @throws CausewayError 'not-the-name' or 'same-forest' */
function refuseUnlessCalled(ledger: Ledger, realm: string, { name, slot }: Named, taker: Taker): void {
  const group = ledger.groups.of(taker)!;
  const isCalledSo = group.wantedName !== null && slotOfName(group.wantedName) === slot;
  const problem = isCalledSo ? nameCandidates(group, { realm }).problem?.reason : undefined;
  if (!isCalledSo || problem !== undefined) throw notTheName(name, taker.label, problem);
  const holder = ledger.names
    .holding(slot, realm)
    .find(one => one.forest === group.forest && wants(one, name, realm));
  if (holder) throw sameForest(name, describe(holder), taker.label);
}

/** Refuses to take the name from a group that must keep it. @throws CausewayError 'same-forest' or 'group-has-name' */
function refuseGroup(group: GroupEntry, { name, slot }: Named, taker: Taker): void {
  const isCalledSo = group.wantedName !== null && slotOfName(group.wantedName) === slot;
  if (group.forest === taker.forest && isCalledSo) throw sameForest(name, describeGroup(group), taker.label);
  if (group.sequence === null)
    throw new CausewayError(
      'group-has-name',
      `${describeGroup(group)} has the name and no record of it has come: it keeps the name until one does`,
    );
}

const notTheName = (
  name: string,
  who: string,
  why = 'only a user or group of that name can have it',
): CausewayError => new CausewayError('not-the-name', `${who} is not called '${name}' on-premises: ${why}`);

const sameForest = (name: string, holder: string, taker: string): CausewayError =>
  new CausewayError(
    'same-forest',
    `${holder} has '${name}' before ${taker}: both are of one forest, where only a change on-premises decides`,
  );

/** The slot of an account name or a userPrincipalName, as typed. */
const slotOf = (name: string, realm: string): Slot =>
  name.includes('@') ? slotOfPrincipal(name, realm) : slotOfName(name);

const wants = (account: NamedAccount, name: string, realm: string): boolean =>
  claimsOf(account, { realm }).some(({ slot }) => slot === slotOf(name, realm));

const endOf = (releasedAt: string): string => new Date(Date.parse(releasedAt) + RESERVATION_MS).toISOString();

const describe = (account: NamedAccount): string =>
  describePerson(account.samAccountName ?? account.wantedName ?? 'a user', account);

const describeGroup = (group: GroupEntry): string =>
  describePerson(group.hasName ?? group.wantedName ?? 'a group', group, ', a group');
