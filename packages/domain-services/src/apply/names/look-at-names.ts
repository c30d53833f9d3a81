import { backoff } from '@causeway/service';
import type { Ledger } from '../../ledger/ledger.ts';
import { type DueName, slotOfKey, viewOf } from '../../ledger/name-book.ts';
import type { ManagedDomain } from '../../managed-domain.ts';
import {
  decideNames,
  type NameDecision,
  type NamedAccount,
  type NameView,
  type Slot,
  winnerOf,
} from '../../names/naming.ts';
import { keyOf } from '../../person.ts';
import type { Obstacle } from '../../refusals.ts';
import type { ApplyContext } from '../apply-context.ts';
import { type Move, movesOf } from './name-moves.ts';
import { sayProblems } from './name-problems.ts';

/** How long a released name stays reserved for its forest. */
export const RESERVATION_MS = 30 * 86_400_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 10 * 60_000;

export type NamingContext = Pick<ApplyContext, 'ledger' | 'directory' | 'ldbModify' | 'domain' | 'log'>;

/** The moves that due names need, and the names that stay due. */
export interface Look {
  moves: Move[];
  /** Names that still need something. */
  open: DueName[];
}

/** Decides what due names need. Names that need nothing are no longer due. */
export function lookAtNames(
  { ledger, domain, log }: NamingContext,
  due: readonly DueName[],
  obstacles: ReadonlyMap<Slot, Obstacle>,
  quiet: ReadonlySet<string>,
): Look {
  const book = ledger.names;
  const known = viewOf(book, domain.realm);
  const view: NameView = { ...known, obstacle: slot => known.obstacle(slot) ?? obstacles.get(slot) };
  const concerned = due.map(name => {
    const slot = slotOfKey(name.key, domain.realm);
    updateOwner(ledger, view, slot, domain);
    const digits = slot.startsWith('a:') ? view.withDigits(slot.slice(2)) : [];
    return { name, slot, accounts: [...view.wanting(slot), ...view.holding(slot), ...digits] };
  });
  const moves = new Map<string, Move[]>();
  for (const account of concerned.flatMap(({ accounts }) => accounts)) {
    const { forest, anchor } = account;
    if (moves.has(keyOf(account))) continue;
    const decision = decideNames(account, view, domain);
    rememberDecision(ledger, account, decision);
    if (sayProblems(ledger, account, decision.problems, quiet)) {
      log.info(
        { forest, anchor, names: decision.problems.map(({ reason }) => reason) },
        "an account's names have problems",
      );
    }
    moves.set(keyOf(account), movesOf(ledger.accounts.of(account)!, account, decision, domain));
  }
  const open = concerned.filter(
    ({ slot, accounts }) =>
      obstacles.has(slot) || accounts.some(account => moves.get(keyOf(account))!.length > 0),
  );
  for (const { name } of concerned) {
    if (!open.some(one => one.name === name)) book.done(name.key);
  }
  const settled = open.filter(({ accounts }) =>
    accounts.every(account => moves.get(keyOf(account))!.length === 0),
  );
  postpone(
    ledger,
    settled.map(({ name }) => name),
  );
  const toMove = [...moves.values()].flat().filter(({ entry }) => entry.managedGuid !== null);
  return { moves: toMove, open: open.filter(one => !settled.includes(one)).map(({ name }) => name) };
}

/**
 * Decides which forest owns a name. The first one keeps it while it wants it and 30 days longer. Then another one gets it that wants it.
 */
function updateOwner(ledger: Ledger, view: NameView, slot: Slot, domain: ManagedDomain): void {
  const book = ledger.names;
  const wanting = view.wanting(slot);
  const owner = book.owner(slot);
  const now = ledger.clock.now();
  if (owner) {
    const isWanted = winnerOf(slot, owner.forest, wanting, domain) !== undefined;
    if (isWanted !== (owner.releasedAt === null)) {
      book.setOwner({ ...owner, releasedAt: isWanted ? null : new Date(now).toISOString() });
    }
    if (isWanted || owner.releasedAt === null || now - Date.parse(owner.releasedAt) < RESERVATION_MS) return;
    book.dropOwner(slot);
  }
  const holders = view.holding(slot).map(({ forest }) => forest);
  // If nobody had it before, or nobody knows who did, the forest that was trusted first gets it.
  const byTrust = ledger.agents.inOrderOfTrust();
  const others = [...byTrust, ...wanting.map(({ forest }) => forest).sort()];
  const forest = [...holders, ...others].find(one => winnerOf(slot, one, wanting, domain));
  if (forest !== undefined) book.setOwner({ slot, forest, releasedAt: null });
}

/** When an account gains or loses digits, the names of all others that would have the same ones are due, too. */
function rememberDecision(ledger: Ledger, account: NamedAccount, decision: NameDecision): void {
  const { keepsDigits, digitsKey } = decision;
  if (keepsDigits === account.keepsDigits && digitsKey === account.digitsKey) return;
  ledger.names.save(account, { ...account, keepsDigits, digitsKey });
  if (digitsKey === account.digitsKey) return;
  ledger.names.touch([account.digitsKey, digitsKey].flatMap(key => (key === null ? [] : [`a:${key}`])));
}

/** Has the names looked at again later, after a longer delay each time. */
export function postpone(ledger: Ledger, names: readonly DueName[]): void {
  const now = ledger.clock.now();
  for (const { key, tries } of names) {
    const wait = Math.ceil(backoff(tries + 1, FIRST_RETRY_MS, LAST_RETRY_MS));
    ledger.names.postpone(key, tries + 1, now + wait);
  }
}
