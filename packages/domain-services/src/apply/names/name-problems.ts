import type { Ledger } from '../../ledger/ledger.ts';
import type { ProblemKind } from '../../ledger/problem-book.ts';
import type { NamedAccount, NameProblem } from '../../names/naming.ts';
import { keyOf, type Person, reportedPerson } from '../../person.ts';

/** Records why an account is not named as its forest says, and reports it to the tenant when that changes. @returns whether it changed */
export function sayProblems(
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
    const at = ledger.timestamp();
    const reason = reasonOf(ledger, account);
    ledger.outbox.add([
      { ...reportedPerson(account), kind: 'account', sequence, outcome: 'applied', reason, at },
    ]);
  }
  return true;
}

/** @returns whether there is or was a problem */
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
      at: ledger.timestamp(),
    },
    outcome: outcome[first.code as keyof typeof outcome] ?? 'refused',
    code: first.code,
    reason: problems.map(({ reason }) => reason).join('; '),
  });
  return true;
}

/** Problems with parts that an account is written without. */
const ASIDE: ReadonlySet<ProblemKind> = new Set(['name', 'sid', 'profile']);

/** What the report of a written account says about the parts of its record that are not written; null if there are none. */
export function reasonOf(ledger: Ledger, person: Person): string | null {
  const problems = ledger.problems.of(person).filter(({ kind }) => ASIDE.has(kind));
  return problems.map(({ code, reason }) => `${code}: ${reason}`).join('; ') || null;
}
