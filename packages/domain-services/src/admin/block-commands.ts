import { type DomainBlock, type Done, SourceAnchor } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { onlyOne, peopleMeant, requireOne, unknownUser } from '../ledger/find-person.ts';
import { nameOf } from '../ledger/held.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { keyOf, type Person } from '../person.ts';
import type { At } from './command-context.ts';

/** The user whom an administrator means, as for `status USER`. `forest` decides where several match. */
interface Whom {
  user: string;
  forest?: string | undefined;
  by?: string | undefined;
}

/**
 * Keeps a user out of the managed domain until `unblock`, whatever the forest, the tenant or the directory says.
 * @throws CausewayError 'no-such-user' or 'several-users'
 */
export async function block(at: At, whom: Whom & { reason?: string | undefined }): Promise<Done> {
  const { ledger } = at;
  const person = whoIsMeant(ledger, whom);
  const { forest, anchor } = person;
  const before = ledger.blocks.of(person);
  const reason = whom.reason ?? before?.reason ?? null;
  const by = whom.by ?? before?.by ?? null;
  const since = before?.since ?? ledger.timestamp();
  ledger.transaction(() => {
    ledger.blocks.set({ forest, anchor, since, reason, by });
    audit(ledger, 'block', person, whom, reason);
  });
  return tell(at, person, 'blocked');
}

/**
 * Ends a block. The account follows its forest again.
 * @throws CausewayError 'no-such-user', 'several-users' or 'not-blocked'
 */
export async function unblock(at: At, whom: Whom): Promise<Done> {
  const { ledger } = at;
  const person = whoIsMeant(ledger, whom);
  if (ledger.blocks.of(person) === undefined) {
    throw new CausewayError('not-blocked', `${describe(ledger, person)} is not blocked`);
  }
  ledger.transaction(() => {
    ledger.blocks.lift(person, ledger.timestamp());
    audit(ledger, 'unblock', person, whom, null);
  });
  return tell(at, person, 'blocked no more');
}

/** Describes a block for status and commands. */
export function blockText({ since, by, reason, applied }: DomainBlock): string {
  const who = by === null ? '' : ` by ${by}`;
  const why = reason === null ? '' : `: ${reason}`;
  return `since ${since}${who}${why}${applied ? '' : '; not on the account yet'}`;
}

function audit(
  ledger: Ledger,
  action: 'block' | 'unblock',
  { forest, anchor }: Person,
  whom: Whom,
  why: string | null,
) {
  const detail = `${whom.user} of ${forest}, by ${whom.by ?? 'somebody on this machine'}${why === null ? '' : `: ${why}`}`;
  ledger.audit.add({ action, subject: anchor, detail });
}

/** Writes the account, and reports whether that succeeded. */
async function tell(at: At, person: Person, what: string): Promise<Done> {
  const { ledger } = at;
  const trouble = await at.applyBlocks();
  const { applied } = ledger.blocks.known(person)!;
  const entry = ledger.accounts.of(person);
  const done = `${describe(ledger, person)} is ${what}`;
  if (!applied) {
    const why = trouble ?? 'the managed domain is not up';
    return { message: `${done}; the account will be so as soon as it can be written: ${why}`, applied };
  }
  if (entry?.managedGuid != null) return { message: `${done}; applied`, applied };
  const isTrusted = entry !== undefined || ledger.agents.list().some(one => one.forest === person.forest);
  const check = isTrusted ? '' : `, but no agent is trusted for '${person.forest}': check the forest's name`;
  return { message: `${done}; there is no account: one that comes will be so${check}`, applied };
}

/**
 * Finds the one user whom an administrator means. The user needs no account: an entry of the ledger, a block, a waiting record, or an
 * anchor with its forest is enough.
 */
function whoIsMeant(ledger: Ledger, { user, forest }: Whom): Person {
  const entries = peopleMeant(ledger, user, forest);
  // A deleted user must not hide the one who has the name now.
  const living = entries.filter(({ deletedAt }) => deletedAt === null);
  const people: readonly Person[] = living.length > 0 ? living : entries;
  const person =
    requireOne(user, people, one => describe(ledger, one)) ??
    onlyOne([...waiting(ledger, user).values()], forest) ??
    (forest !== undefined && isAnchor(user) ? { forest, anchor: user } : undefined);
  if (person) return person;
  throw unknownUser(user, forest, '; of somebody who has not come yet, the source anchor and --forest');
}

/** Users with a block or a waiting record, who need not have an account. */
function waiting(ledger: Ledger, anchor: string): Map<string, Person> {
  return new Map(
    [...ledger.blocks.ofAnchor(anchor), ...ledger.problems.withAnchor(anchor)].map(one => [keyOf(one), one]),
  );
}

const isAnchor = (text: string): boolean => SourceAnchor.safeParse(text).success && !text.includes('@');

function describe(ledger: Ledger, person: Person): string {
  const entry = ledger.accounts.of(person);
  return `${entry ? `'${nameOf(entry)}'` : 'the person'} (${person.anchor} of ${person.forest})`;
}
