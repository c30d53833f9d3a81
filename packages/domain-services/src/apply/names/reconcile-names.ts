import { setImmediate as othersTurn } from 'node:timers/promises';
import { faultPoint } from '@causeway/service';
import { BULK_FROM, writeInBulk } from '../../directory/ldb/bulk.ts';
import type { Write, WriteResult } from '../../directory/write.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { viewOf } from '../../ledger/name-book.ts';
import type { Slot } from '../../names/naming.ts';
import { keyOf } from '../../person.ts';
import type { Obstacle } from '../../refusals.ts';
import { forgotten } from '../plan.ts';
import { lookAtNames, type NamingContext, postpone, RESERVATION_MS } from './look-at-names.ts';
import { type Move, nextSteps } from './name-moves.ts';
import { findObstacles } from './page-names.ts';

/** How many names are looked at together. */
const MAX_DUE = 1000;
/** After this many rounds in which the directory rejects everything, the names wait for a later try. */
const MAX_FRUITLESS = 5;

/**
 * Gives every account the names that it is to have, for all names that are due. Names are released before they are taken. Each step may be
 * repeated: a name stays due until the ledger says that everybody who has or wants it is named as decided.
 *
 * @param quiet keys of users whom the caller reports itself
 * @returns keys of users whose accounts are no longer in the directory
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
  const { clock } = ledger;
  ledger.names.endReservations(new Date(clock.now() - RESERVATION_MS).toISOString());
  for (;;) {
    await othersTurn(); // while there is much to look at and nothing to do
    const due = ledger.names.due(clock.now(), MAX_DUE);
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
    if (!result.ok) log.warn({ forest, anchor, kind, reason: result.reason }, 'cannot write a name');
    done.push({ move, result });
  }
  return done;
}

/** Many at once come from a company that changes the suffix of everybody's userPrincipalName. */
async function takeInBulk(
  { directory, ldbModify, log }: NamingContext,
  moves: readonly Move[],
): Promise<{ move: Move; result: WriteResult }[]> {
  const writes = moves.map(({ entry, to }): Write => {
    return { kind: 'modify', guid: entry.managedGuid!, values: { userPrincipalName: [to!] } };
  });
  const slow = (names: number, reason: string) =>
    log.warn({ names, reason }, 'cannot change names in one batch; changing them one by one');
  const results = await writeInBulk(ldbModify, writes, write => directory.write(write), slow);
  return moves.map((move, i) => ({ move, result: results[i]! }));
}

function saveMove(ledger: Ledger, { account, kind, to }: Move): void {
  const now = ledger.names.account(account);
  if (now)
    ledger.names.save(account, { ...now, [kind === 'name' ? 'samAccountName' : 'userPrincipalName']: to });
}

function textsOf(moves: readonly Move[]): { names: Set<string>; principals: Set<string> } {
  const of = (wanted: Move['kind']) =>
    new Set(moves.flatMap(({ kind, to }) => (kind === wanted && to !== null ? [to] : [])));
  return { names: of('name'), principals: of('principal') };
}
