import { backoff, faultPoint, sleep } from '@causeway/service';
import { writeInBulk } from '../directory/bulk.ts';
import type { Write, WriteResult } from '../directory/write.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type DueName, slotOfKey, viewOf } from '../ledger/name-book.ts';
import {
  decideNames,
  type NameDecision,
  type NamedAccount,
  type NameProblem,
  type NameView,
  type Slot,
  slotOfName,
  slotOfPrincipal,
  winnerOf,
} from '../names/naming.ts';
import type { ManagedDomain } from '../names/protected.ts';
import { isSamePerson, keyOf, type Person, reportedPerson } from '../person.ts';
import type { Obstacle } from '../refusals.ts';
import { findObstacles } from './page-names.ts';
import { forgotten } from './plan.ts';
import type { ApplyContext } from './task.ts';
import { BULK_FROM } from './write-page.ts';

/** For how long a name that was let go of is for its forest alone. */
export const RESERVATION_MS = 30 * 86_400_000;
/** Names that are looked at together. */
const MAX_DUE = 1000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 10 * 60_000;
/** A directory that takes nothing this often is asked again later. */
const MAX_FRUITLESS = 5;

export type NamingContext = Pick<ApplyContext, 'ledger' | 'directory' | 'ldbModify' | 'domain' | 'log'>;

/** One change of one name of an account. */
interface Move {
  account: NamedAccount;
  entry: LedgerEntry;
  kind: 'name' | 'principal';
  to: string | null;
  /** Null where nothing is taken. */
  slot: Slot | null;
}

/** Names that are due with the accounts that have or want them, and what each of these is to be called. */
interface Look {
  moves: Move[];
  /** Names of which something is still to be done. */
  open: DueName[];
}

/**
 * Gives every account the names that it is to have, as far as names are due: names are let go of before they are taken. Each step
 * may be repeated: a name stays due until the ledger says that everybody who has or wants it is called as decided.
 *
 * @param quiet keys of people whose reports are made by somebody else
 * @returns keys of people whose accounts are not in the directory any more
 * @throws CausewayError 'directory-unavailable'
 */
export async function reconcileNames(
  context: NamingContext,
  quiet: ReadonlySet<string> = new Set(),
): Promise<{ gone: ReadonlySet<string> }> {
  const { ledger, directory, domain } = context;
  const obstacles = new Map<Slot, Obstacle>();
  const asked = new Set<Slot>();
  const gone = new Set<string>();
  let fruitless = 0;
  ledger.names.endReservations(new Date(Date.now() - RESERVATION_MS).toISOString());
  for (;;) {
    await sleep(0); // others have their turn while there is much to look at and nothing to do
    const due = ledger.names.due(Date.now(), MAX_DUE);
    if (due.length === 0) return { gone };
    const look = ledger.transaction(() => lookAtNames(context, due, obstacles, quiet));
    const unknown = look.moves.filter(({ slot }) => slot !== null && !asked.has(slot));
    if (unknown.length > 0) {
      for (const { slot } of unknown) asked.add(slot!);
      const holders = (names: string[], principals: string[]) => directory.holders(names, principals);
      const found = await findObstacles(ledger, holders, domain, textsOf(unknown));
      for (const [slot, obstacle] of found) obstacles.set(slot, obstacle);
      if (found.size > 0) continue;
    }
    const steps = nextSteps(look.moves, viewOf(ledger.names, domain.realm), domain);
    if (steps.length === 0 || fruitless >= MAX_FRUITLESS) {
      fruitless = 0;
      ledger.transaction(() => postpone(ledger, look.open));
      continue;
    }
    const done = await takeSteps(context, steps);
    ledger.transaction(() => {
      for (const { move, result } of done) {
        if (result.ok) saveMove(ledger, move);
        else if (result.gone) {
          ledger.accounts.save(forgotten(ledger.accounts.of(move.account)!));
          gone.add(keyOf(move.account));
        } else if (move.slot !== null) {
          obstacles.set(move.slot, { code: 'name-refused', detail: result.reason });
        }
      }
    });
    fruitless = done.some(({ result }) => result.ok || result.gone) ? 0 : fruitless + 1;
    faultPoint('domain.after-names');
  }
}

/** What is to be done for names that are due; those for which there is nothing are due no more. */
function lookAtNames(
  { ledger, domain, log }: NamingContext,
  due: readonly DueName[],
  obstacles: ReadonlyMap<Slot, Obstacle>,
  quiet: ReadonlySet<string>,
): Look {
  const book = ledger.names;
  const view: NameView = { ...viewOf(book, domain.realm), obstacle: slot => obstacles.get(slot) };
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
        'names of an account',
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

/** Whose a name is: its first forest's while that wants it and 30 days longer, then another one's that wants it. */
function updateOwner(ledger: Ledger, view: NameView, slot: Slot, domain: ManagedDomain): void {
  const book = ledger.names;
  const wanting = view.wanting(slot);
  const owner = book.owner(slot);
  const now = Date.now();
  if (owner) {
    const isWanted = winnerOf(slot, owner.forest, wanting, domain) !== undefined;
    if (isWanted !== (owner.releasedAt === null)) {
      book.setOwner({ ...owner, releasedAt: isWanted ? null : new Date(now).toISOString() });
    }
    if (isWanted || owner.releasedAt === null || now - Date.parse(owner.releasedAt) < RESERVATION_MS) return;
    book.dropOwner(slot);
  }
  const holders = view.holding(slot).map(({ forest }) => forest);
  // Of two forests that say one anchor the order is the forests'.
  const rank = ({ forest, anchor }: Person): string => `${anchor} ${forest}`;
  const others = wanting.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)).map(({ forest }) => forest);
  const forest = [...holders, ...others].find(one => winnerOf(slot, one, wanting, domain));
  if (forest !== undefined) book.setOwner({ slot, forest, releasedAt: null });
}

/** Digits that come or go concern whoever else would have the same ones. */
function rememberDecision(ledger: Ledger, account: NamedAccount, decision: NameDecision): void {
  const { keepsDigits, digitsKey } = decision;
  if (keepsDigits === account.keepsDigits && digitsKey === account.digitsKey) return;
  ledger.names.save(account, { ...account, keepsDigits, digitsKey });
  if (digitsKey === account.digitsKey) return;
  ledger.names.touch([account.digitsKey, digitsKey].flatMap(key => (key === null ? [] : [`a:${key}`])));
}

/** Keeps in the ledger why somebody is not called as the forest says, and tells the tenant when that changes. */
function sayProblems(
  ledger: Ledger,
  account: NamedAccount,
  problems: readonly NameProblem[],
  quiet: ReadonlySet<string>,
): boolean {
  const before = ledger.problems.of(account).find(({ kind }) => kind === 'name');
  if (before === undefined && problems.length === 0) return false;
  const sequence = ledger.accounts.of(account)?.accountSequence ?? 0;
  if (!saveNameProblem(ledger, account, problems, sequence)) return false;
  const after = ledger.problems.of(account).find(({ kind }) => kind === 'name');
  if (before?.reason === after?.reason) return false;
  if (!quiet.has(keyOf(account)) && sequence > 0) {
    const at = new Date().toISOString();
    const reason = reasonOf(ledger, account);
    ledger.outbox.add([
      { ...reportedPerson(account), kind: 'account', sequence, outcome: 'applied', reason, at },
    ]);
  }
  return true;
}

/** @returns whether there is or was one */
export function saveNameProblem(
  ledger: Ledger,
  person: Person,
  problems: readonly NameProblem[],
  sequence: number,
): boolean {
  const [first] = problems;
  if (first === undefined) return ledger.problems.clear(person, 'name');
  const { forest, anchor } = person;
  const outcome = { 'name-reserved': 'waiting', 'name-refused': 'failed' } as const;
  ledger.problems.save({
    ...{
      forest,
      anchor,
      verified: true,
      kind: 'name',
      sequence,
      acceptable: null,
      at: new Date().toISOString(),
    },
    outcome: outcome[first.code as keyof typeof outcome] ?? 'refused',
    code: first.code,
    reason: problems.map(({ reason }) => reason).join('; '),
  });
  return true;
}

/** What a report says of an account that is written, though not with everything that its record says; null: there is nothing. */
export function reasonOf(ledger: Ledger, person: Person): string | null {
  const problems = ledger.problems.of(person).filter(({ kind }) => kind === 'name' || kind === 'sid');
  return problems.map(({ code, reason }) => `${code}: ${reason}`).join('; ') || null;
}

function movesOf(
  entry: LedgerEntry,
  account: NamedAccount,
  { samAccountName, userPrincipalName }: NameDecision,
  { realm }: ManagedDomain,
): Move[] {
  const moves: Move[] = [];
  // Whoever is not in the directory gets names when the account is made.
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
 * The moves that nobody stands in the way of, and for all others those who do let go: a name made of the GUID, or no
 * userPrincipalName, until the own one is free.
 */
function nextSteps(moves: readonly Move[], view: NameView, domain: ManagedDomain): Move[] {
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
  // Two forests may say one objectGUID: the names made of it are two all the same.
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

async function takeSteps(
  context: NamingContext,
  steps: readonly Move[],
): Promise<{ move: Move; result: WriteResult }[]> {
  const { directory, log } = context;
  const inBulk = steps.filter(({ kind, to }) => kind === 'principal' && to !== null);
  const bulk = new Set(inBulk.length >= BULK_FROM ? inBulk : []);
  const done = bulk.size > 0 ? await takeInBulk(context, inBulk) : [];
  for (const move of steps) {
    if (bulk.has(move)) continue;
    const { account, entry, kind, to } = move;
    faultPoint('domain.before-name');
    const result =
      kind === 'name'
        ? await directory.rename(entry.managedGuid!, account.samAccountName!, to!)
        : await directory.setPrincipal(entry.managedGuid!, to);
    faultPoint('domain.after-name');
    const { forest, anchor } = account;
    if (!result.ok) log.warn({ forest, anchor, kind, reason: result.reason }, 'a name is not taken');
    done.push({ move, result });
  }
  return done;
}

/** A company that changes the suffix of everybody's userPrincipalName. */
async function takeInBulk(
  { directory, ldbModify, log }: NamingContext,
  moves: readonly Move[],
): Promise<{ move: Move; result: WriteResult }[]> {
  const writes = moves.map(({ entry, to }): Write => {
    return { kind: 'modify', guid: entry.managedGuid!, values: { userPrincipalName: [to!] } };
  });
  const slow = (names: number, reason: string) => log.warn({ names, reason }, 'names are changed one by one');
  const results = await writeInBulk(ldbModify, writes, write => directory.write(write), slow);
  return moves.map((move, i) => ({ move, result: results[i]! }));
}

function saveMove(ledger: Ledger, { account, kind, to }: Move): void {
  const now = ledger.names.account(account);
  if (now)
    ledger.names.save(account, { ...now, [kind === 'name' ? 'samAccountName' : 'userPrincipalName']: to });
}

function postpone(ledger: Ledger, names: readonly DueName[]): void {
  for (const { key, tries } of names) {
    const wait = Math.ceil(backoff(tries + 1, FIRST_RETRY_MS, LAST_RETRY_MS));
    ledger.names.postpone(key, tries + 1, Date.now() + wait);
  }
}

function textsOf(moves: readonly Move[]): { names: Set<string>; principals: Set<string> } {
  const of = (wanted: Move['kind']) =>
    new Set(moves.flatMap(({ kind, to }) => (kind === wanted && to !== null ? [to] : [])));
  return { names: of('name'), principals: of('principal') };
}
