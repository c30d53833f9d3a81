import { SourceAnchor } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { At, Done } from './administration.ts';
import type { Block, Person } from './block-book.ts';
import { nameOf } from './held.ts';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** People whom a refusal names. */
const NAMED = 10;
const MAX_CANDIDATES = 1000;

/** Whom an administrator means: as for `status USER`, and the forest where that alone does not tell. */
interface Whom {
  user: string;
  forest?: string | undefined;
  by?: string | undefined;
}

/**
 * Keeps somebody out of the managed domain until `unblock`, whatever the forest, the tenant or the directory says.
 * @throws CausewayError 'unknown-user' or 'ambiguous-user'
 */
export async function block(at: At, whom: Whom & { reason?: string | undefined }): Promise<Done> {
  const { ledger } = at;
  const person = findPerson(ledger, whom);
  const { forest, anchor } = person;
  const before = ledger.blocks.of(person);
  const reason = whom.reason ?? before?.reason ?? null;
  const by = whom.by ?? before?.by ?? null;
  const since = before?.since ?? new Date().toISOString();
  ledger.transaction(() => {
    ledger.blocks.set({ forest, anchor, since, reason, by });
    audit(ledger, 'block', person, whom, reason);
  });
  return tell(at, person, 'blocked');
}

/**
 * Ends a block: the account is what its forest says.
 * @throws CausewayError 'unknown-user', 'ambiguous-user' or 'not-blocked'
 */
export async function unblock(at: At, whom: Whom): Promise<Done> {
  const { ledger } = at;
  const person = findPerson(ledger, whom);
  if (ledger.blocks.of(person) === undefined) {
    throw new CausewayError('not-blocked', `${describe(ledger, person)} is not blocked`, { status: 409 });
  }
  ledger.transaction(() => {
    ledger.blocks.lift(person, new Date().toISOString());
    audit(ledger, 'unblock', person, whom, null);
  });
  return tell(at, person, 'blocked no more');
}

/** What status and commands say of a block. */
export function blockText({ since, by, reason, applied }: Block): string {
  const who = by === null ? '' : ` by ${by}`;
  const why = reason === null ? '' : `: ${reason}`;
  return `since ${since}${who}${why}${applied ? '' : '; not on the account yet'}`;
}

function audit(ledger: Ledger, action: string, { forest, anchor }: Person, whom: Whom, why: string | null) {
  const detail = `${whom.user} of ${forest}, by ${whom.by ?? 'somebody on this machine'}${why === null ? '' : `: ${why}`}`;
  ledger.audit({ at: new Date().toISOString(), action, subject: anchor, detail });
}

/** Writes the account, and says whether that could be done. */
async function tell(at: At, person: Person, what: string): Promise<Done> {
  const { ledger } = at;
  const trouble = await at.applyBlocks();
  const { applied } = ledger.blocks.known(person)!;
  const entry = entryOf(ledger, person);
  const done = `${describe(ledger, person)} is ${what}`;
  if (!applied) {
    const why = trouble ?? 'the managed domain is not up';
    return { message: `${done}; the account will be so as soon as it can be written: ${why}`, applied };
  }
  const account = entry?.managedGuid == null ? 'there is no account: one that comes will be so' : 'applied';
  return { message: `${done}; ${account}`, applied };
}

/**
 * The one person whom an administrator means, who need not have an account: an entry of the ledger, a block, a record that waits, or
 * an anchor with its forest.
 */
function findPerson(ledger: Ledger, { user, forest }: Whom): Person {
  const isOf = (one: { forest: string | null }) => forest === undefined || one.forest === forest;
  const all = ledger.findAll(user, MAX_CANDIDATES).filter(isOf);
  // Somebody who was deleted does not stand in the way of whoever has the name now.
  const best = [all.filter(({ anchor }) => anchor === user), all.filter(e => e.deletedAt === null), all];
  const entries = best.find(some => some.length > 0) ?? [];
  if (entries.length > 0) return theOne(ledger, user, entries);
  const waiting = [...ledger.blocks.ofAnchor(user), ...ledger.problemsOf(user)].filter(isOf);
  const forests = new Set(waiting.map(one => one.forest).filter(one => one !== null));
  if (forests.size === 0 && forest !== undefined && isAnchor(user)) forests.add(forest);
  if (forests.size > 0)
    return theOne(
      ledger,
      user,
      [...forests].map(one => ({ forest: one, anchor: user })),
    );
  throw new CausewayError(
    'unknown-user',
    `nobody '${user}' is known here: give a userPrincipalName, a name in the managed domain or a source anchor; of somebody who has not come yet, the source anchor and --forest`,
    { status: 404 },
  );
}

const isAnchor = (text: string): boolean => SourceAnchor.safeParse(text).success && !text.includes('@');

function theOne(ledger: Ledger, user: string, people: readonly Person[]): Person {
  if (people.length === 1) return people[0]!;
  const list = people.slice(0, NAMED).map(person => describe(ledger, person));
  const more = people.length > NAMED ? ', and more' : '';
  throw new CausewayError(
    'ambiguous-user',
    `'${user}' may be ${list.join(', or ')}${more}: give the source anchor, or --forest`,
    { status: 409 },
  );
}

function entryOf(ledger: Ledger, { forest, anchor }: Person): LedgerEntry | undefined {
  const entry = ledger.entry(anchor);
  return entry?.forest === forest ? entry : undefined;
}

function describe(ledger: Ledger, person: Person): string {
  const entry = entryOf(ledger, person);
  return `${entry ? `'${nameOf(entry)}'` : 'the person'} (${person.anchor} of ${person.forest})`;
}
