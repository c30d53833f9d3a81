import type { DomainReport } from '@causeway/contract';
import { reasonOf } from '../apply/names/name-problems.ts';
import type { GroupEntry } from '../ledger/groups/group-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Problem } from '../ledger/problem-book.ts';
import { type Person, reportedPerson } from '../person.ts';

type Report = Pick<DomainReport, 'kind' | 'sequence' | 'outcome' | 'reason'>;

/**
 * What became of a group and of its members, by the ledger's present state. Says nothing about what is still in flight. All slices of a
 * group make one report, with the newest sequence that has come.
 */
export function groupReports(ledger: Ledger, group: Person): DomainReport[] {
  const entry = ledger.groups.of(group);
  const problems = ledger.problems.of(group);
  const at = ledger.timestamp();
  return [ofRecord(ledger, entry, problems), ofMembers(ledger, group, entry, problems)].flatMap(report =>
    report === undefined ? [] : [{ ...reportedPerson(group), ...report, at }],
  );
}

function ofRecord(
  ledger: Ledger,
  entry: GroupEntry | undefined,
  problems: readonly Problem[],
): Report | undefined {
  const problem = problems.find(({ kind }) => kind === 'group');
  if (problem !== undefined) return { kind: 'group', ...problemOf(problem) };
  if (entry === undefined || entry.sequence === null || entry.sequence !== entry.writtenSequence) return;
  return { kind: 'group', sequence: entry.sequence, outcome: 'applied', reason: reasonOf(ledger, entry) };
}

/** The worst outcome comes first: it stands for all slices of a group. */
const WORST: readonly Problem['outcome'][] = ['refused', 'failed', 'waiting'];

function ofMembers(
  ledger: Ledger,
  group: Person,
  entry: GroupEntry | undefined,
  problems: readonly Problem[],
): Report | undefined {
  if (entry?.deleted) return;
  const refused = problems
    .filter(({ kind }) => kind === 'members')
    .sort((a, b) => WORST.indexOf(a.outcome) - WORST.indexOf(b.outcome));
  const sequences = [...ledger.slices.of(group), ...refused].map(one => one.sequence);
  if (sequences.length === 0) return;
  const sequence = Math.max(...sequences);
  const [first, ...others] = refused;
  if (first !== undefined) {
    const { outcome, reason } = problemOf(first);
    const more = others.length === 0 ? '' : `; and ${others.length} other slices`;
    return { kind: 'members', sequence, outcome, reason: `${reason}${more}` };
  }
  const reason = whyNotAll(ledger, group, entry);
  return { kind: 'members', sequence, outcome: reason === null ? 'applied' : 'waiting', reason };
}

/** Why the group does not have exactly the members that its slices name; null if it has. */
function whyNotAll(ledger: Ledger, group: Person, entry: GroupEntry | undefined): string | null {
  if (entry?.managedGuid == null) return 'no-group: the group is not there yet';
  const { members, missing, leaving } = ledger.memberships.countsOf(group);
  const words = [
    missing > 0 && `${missing} of ${members} members are not in it: not here yet, or not written yet`,
    leaving > 0 && `${leaving} who are to be out of it are still in it`,
  ];
  return missing + leaving === 0 ? null : `members-wait: ${words.filter(Boolean).join('; ')}`;
}

const problemOf = ({ sequence, outcome, code, reason }: Problem): Omit<Report, 'kind'> => ({
  ...{ sequence, outcome },
  reason: `${code}: ${reason}`,
});
