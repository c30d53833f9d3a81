import type { LedgerEntry } from '../../ledger/account-book.ts';
import type { ManagedDomain } from '../../managed-domain.ts';
import {
  decideNames,
  type NameDecision,
  type NamedAccount,
  type NameView,
  type Slot,
  slotOfName,
  slotOfPrincipal,
} from '../../names/naming.ts';
import { isSamePerson, keyOf } from '../../person.ts';

/** One change of one name of an account. */
export interface Move {
  account: NamedAccount;
  entry: LedgerEntry;
  kind: 'name' | 'principal';
  to: string | null;
  /** Null when no name is taken. */
  slot: Slot | null;
}

/** The names of an account that differ from what they are to be. */
export function movesOf(
  entry: LedgerEntry,
  account: NamedAccount,
  { samAccountName, userPrincipalName }: NameDecision,
  { realm }: ManagedDomain,
): Move[] {
  const moves: Move[] = [];
  // An account that is not in the directory gets its names when it is created.
  if (entry.managedGuid === null && entry.nonce === null) return moves;
  if (samAccountName !== account.samAccountName) {
    moves.push({ account, entry, kind: 'name', to: samAccountName, slot: slotOfName(samAccountName) });
  }
  if (userPrincipalName !== account.userPrincipalName) {
    const slot = userPrincipalName === null ? null : slotOfPrincipal(userPrincipalName, realm);
    moves.push({ account, entry, kind: 'principal', to: userPrincipalName, slot });
  }
  return moves;
}

/**
 * The moves that nobody blocks. For each blocked one, the account in its way lets go first: it gets a name made from its GUID, or no
 * userPrincipalName, until its own is free.
 */
export function nextSteps(moves: readonly Move[], view: NameView, domain: ManagedDomain): Move[] {
  const taken = new Set<Slot>();
  const steps = new Map<string, Move>();
  const idOf = ({ account, kind }: Pick<Move, 'account' | 'kind'>) => `${kind} ${keyOf(account)}`;
  const blocked: Move[] = [];
  for (const move of moves) {
    const { slot, account } = move;
    const inTheWay =
      slot !== null && (taken.has(slot) || view.holding(slot).some(one => !isSamePerson(one, account)));
    if (inTheWay) blocked.push(move);
    else {
      if (slot !== null) taken.add(slot);
      steps.set(idOf(move), move);
    }
  }
  // Two forests may report the same objectGUID, yet the names made from it must differ.
  const free: NameView = {
    ...view,
    obstacle: slot => (taken.has(slot) ? { code: 'name-taken', detail: slot } : view.obstacle(slot)),
  };
  for (const { slot, account: taker } of blocked) {
    for (const account of view.holding(slot!)) {
      if (isSamePerson(account, taker)) continue;
      const kind =
        account.samAccountName !== null && slotOfName(account.samAccountName) === slot ? 'name' : 'principal';
      const own = moves.find(move => isSamePerson(move.account, account) && move.kind === kind);
      if (own === undefined || steps.has(idOf(own))) continue;
      const step = lettingGo(own, free, domain);
      if (step.slot !== null) taken.add(step.slot);
      steps.set(idOf(own), step);
    }
  }
  return [...steps.values()];
}

function lettingGo(move: Move, view: NameView, domain: ManagedDomain): Move {
  if (move.kind === 'principal') return { ...move, to: null, slot: null };
  const nameless = { ...move.account, wantedName: null, wantedPrincipal: null };
  const to = decideNames(nameless, view, domain).samAccountName;
  return { ...move, to, slot: slotOfName(to) };
}
