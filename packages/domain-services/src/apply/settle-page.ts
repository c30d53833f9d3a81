import type { DomainReport, FeedItem } from '@causeway/contract';
import type { AccountRecord } from '@causeway/records';
import { faultPoint } from '@causeway/service';
import { endAcceptances, logEnded } from '../administrators/administrators.ts';
import { expiryOf } from '../directory/attributes.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RecordKind } from '../ledger/problem-book.ts';
import { nameWithDigits } from '../names/made-up-name.ts';
import { isSamePerson, keyOf, type Person, reportedPerson, signedPerson } from '../person.ts';
import { refuse } from '../refusals.ts';
import type { ApplyContext } from './apply-context.ts';
import { lookAgain } from './blocks.ts';
import { noteCreated } from './creations.ts';
import type { AccountDecision } from './decide.ts';
import { reasonOf, saveNameProblem } from './names/name-problems.ts';
import { reconcileNames } from './names/reconcile-names.ts';
import { domainSidOf } from './on-premises-sid.ts';
import { forgotten, planDeletion, rememberWithdrawal, wantedNames } from './plan.ts';
import type { Task } from './task.ts';

/**
 * Records in the ledger what became of a written page, in one transaction, with its reports. Names that have to change hands do so before
 * the reports are made.
 * @returns users that failed for a reason of their own, to be retried
 */
export async function settlePage(context: ApplyContext, tasks: readonly Task[]): Promise<FeedItem[]> {
  const { ledger, log } = context;
  try {
    await findMade(context, tasks);
  } catch (error) {
    lookAgain(ledger, tasks);
    throw error;
  }
  const { failed, reports } = ledger.transaction(() => {
    const settled = settle(context, tasks);
    logEnded(log, endAcceptances(ledger));
    if (ledger.names.isAnyDue(ledger.clock.now())) return settled;
    queueReports(ledger, settled.reports);
    return { ...settled, reports: undefined };
  });
  faultPoint('domain.after-ledger');
  if (reports === undefined) return failed;
  const { gone } = await reconcileNames(
    context,
    new Set(tasks.map(({ verified }) => keyOf(verified.person))),
  );
  ledger.transaction(() => queueReports(ledger, reports));
  const lost = tasks.filter(({ verified }) => gone.has(keyOf(verified.person))).map(({ item }) => item);
  return [...failed, ...lost.filter(item => !failed.includes(item))];
}

/** What became of a user's record. */
interface Report extends Omit<DomainReport, 'forest' | 'sourceAnchor'> {
  person: Person;
}

/** The report of a written account says which parts of its record are not written. */
function queueReports(ledger: Ledger, reports: readonly Report[]): void {
  for (const { person, ...report } of reports) {
    const written = report.outcome === 'applied' || report.outcome === 'unchanged';
    const reason = written && report.kind === 'account' ? reasonOf(ledger, person) : report.reason;
    ledger.outbox.add([{ ...report, ...reportedPerson(person), reason }]);
  }
}

/** Finds the objectGUIDs of the new accounts, which only the directory knows. */
async function findMade({ directory }: ApplyContext, tasks: readonly Task[]): Promise<void> {
  const made = tasks.filter(({ plan }) => plan?.write.kind === 'add');
  if (made.length === 0) return;
  const guids = await directory.findMade(
    made.map(({ plan }) => ({ nonce: plan!.next.nonce!, samAccountName: plan!.next.samAccountName! })),
  );
  for (const task of made) {
    const guid = guids.get(task.plan!.next.nonce!);
    if (guid !== undefined) task.plan!.next.managedGuid = guid;
    else if (task.result!.ok) {
      task.result = { ok: false, gone: false, reason: 'the account was made and is not found again' };
    }
  }
}

function settle(context: ApplyContext, tasks: readonly Task[]): { failed: FeedItem[]; reports: Report[] } {
  const { ledger, log } = context;
  const failed: FeedItem[] = [];
  const reports: Report[] = [];
  const at = ledger.timestamp();
  noteBelieved(ledger, tasks);
  for (const task of tasks) {
    const { item, verified, entry, decision, plan, result } = task;
    const failure = result?.ok === false ? result : undefined;
    if (plan && !failure) ledger.accounts.save(plan.next);
    if (plan && !failure) ledger.byHand.clear(plan.next);
    // A block may have begun or ended since this was planned.
    if (plan) ledger.blocks.touch(plan.next);
    if (plan?.write.kind === 'add' && !failure) noteCreated(ledger, plan.next);
    if (failure?.gone && entry) ledger.accounts.save(forgotten(entry));
    const { account } = decision;
    if (account.kind === 'delete' || account.kind === 'bury') {
      ledger.accounts.save(planDeletion(entry, account.record, new Date(at)));
    }
    const { credential } = decision;
    if (credential.kind === 'remember') {
      ledger.accounts.save(rememberWithdrawal(ledger.accounts.of(verified.person), credential.record));
    }
    if (entry) learnFromSame(ledger, entry, task);
    if (account.kind === 'unchanged' && account.record && entry) refreshNames(ledger, entry, account.record);
    // They may have been postponed because the account did not exist yet.
    ledger.names.touch(task.taken?.due ?? []);
    if (account.kind === 'upsert' && !failure) {
      saveAsides(ledger, task, account, at);
      wantSid(ledger, task, account);
    }
    if (failure) failed.push(item);
    for (const kind of ['account', 'credential'] as const) {
      const report = outcomeOf(ledger, task, kind, at, failure);
      if (!report) continue;
      reports.push(report);
      if (report.outcome === 'failed') {
        log.warn({ ...verified.person, kind, reason: report.reason }, 'cannot write a user; retrying');
      }
    }
  }
  return { failed, reports };
}

/** Notes each forest's newest sequence in a page. What was believed counts, whether it is written or not. */
function noteBelieved(ledger: Ledger, tasks: readonly Task[]): void {
  const newest = new Map<string, number>();
  for (const { verified } of tasks)
    for (const one of [verified.account, verified.credential]) {
      if (!one?.ok) continue;
      const { forest, sequence } = one.record;
      newest.set(forest, Math.max(newest.get(forest) ?? 0, sequence));
    }
  for (const [forest, sequence] of newest) ledger.heads.noteBelieved(forest, sequence);
}

/** A ledger of an earlier release has no digests and no expiry dates. It learns them from the same record. */
function learnFromSame(ledger: Ledger, person: Person, { verified, decision }: Task): void {
  const { account, credential } = verified;
  const ofAccount = account?.ok && decision.account.kind === 'unchanged' ? account.record.digest : null;
  const ofCredential =
    credential?.ok && decision.credential.kind === 'unchanged' ? credential.record.digest : null;
  if (ofAccount === null && ofCredential === null) return;
  const known = ledger.accounts.of(person)!;
  const accountDigest = known.accountDigest ?? ofAccount;
  const credentialDigest = known.credentialDigest ?? ofCredential;
  const accountExpires =
    known.accountExpires ??
    (decision.account.kind === 'unchanged' && decision.account.record
      ? expiryOf(decision.account.record)
      : null);
  if (
    accountDigest !== known.accountDigest ||
    credentialDigest !== known.credentialDigest ||
    accountExpires !== known.accountExpires
  )
    ledger.accounts.save({ ...known, accountDigest, credentialDigest, accountExpires });
}

/** Notes the SID that the user gets here once its domain is confirmed for the forest. A SID that nobody may have counts as none. */
function wantSid(
  ledger: Ledger,
  { plan }: Task,
  { record, sid }: Extract<AccountDecision, { kind: 'upsert' }>,
): void {
  const person = signedPerson(record);
  const isPossible = record.objectSid !== null && sid?.code !== 'protected-sid';
  const domainSid = isPossible ? domainSidOf(record.objectSid!) : undefined;
  ledger.sids.want(person, domainSid ? record.objectSid : null, domainSid ?? null);
  if (plan?.write.values.sIDHistory) ledger.sids.wroteHistory(person, record.objectSid);
}

/** Keeps, beside a written record, which parts of it are not written. */
function saveAsides(
  ledger: Ledger,
  { profile, plan, taken, madeAnew }: Task,
  { record, sid }: Extract<AccountDecision, { kind: 'upsert' }>,
  at: string,
): void {
  const { sequence } = record;
  const person = signedPerson(record);
  const aside = sid ?? (madeAnew ? refuse('made-anew', sequence) : undefined);
  if (aside) {
    const { code, reason, acceptable, kind: outcome } = aside;
    const problem = { outcome, code, reason, acceptable, sequence, at };
    ledger.problems.save({ ...person, verified: true, kind: 'sid', ...problem });
  } else ledger.problems.clear(person, 'sid');
  if (taken) saveNameProblem(ledger, person, taken.problems, sequence);
  const made = plan?.write.kind === 'add' ? plan.next.managedGuid : null;
  saveProfile(ledger, record, { profile, made, at });
}

/** Kept beside the record, because a profile is no record: its problem must not explain a difference from a head. */
function saveProfile(
  ledger: Ledger,
  record: AccountRecord,
  { profile, made, at }: { profile: Task['profile']; made: string | null; at: string },
): void {
  const person = signedPerson(record);
  const { sequence } = record;
  if (ledger.accounts.of(person)?.accountSequence === sequence) {
    ledger.problems.clear(person, 'profile');
    if (profile && record.profileDigest !== undefined)
      ledger.managers.want(person, profile.manager ?? null, made);
    return;
  }
  const { code, reason, acceptable } = refuse('profile-withheld', sequence);
  const problem = { outcome: 'refused', code, reason, acceptable, sequence, at } as const;
  ledger.problems.save({ ...person, verified: true, kind: 'profile', ...problem });
}

/** A ledger of the previous release knows the accounts' names, and not what their forests want. It learns that from the same record. */
function refreshNames(ledger: Ledger, entry: LedgerEntry, record: AccountRecord): void {
  const wanted = wantedNames(record);
  const known = entry.wantedName === wanted.wantedName && entry.wantedPrincipal === wanted.wantedPrincipal;
  if (known || record.deleted || entry.deletedAt !== null) return;
  const { anchor, forest, samAccountName } = entry;
  const name = wanted.wantedName;
  const hasDigits = name !== null && samAccountName === nameWithDigits(name, anchor);
  ledger.accounts.save({ ...entry, ...wanted });
  if (!hasDigits || !ledger.names.wasWantedElsewhere(name, forest)) return;
  ledger.names.save(entry, { ...entry, keepsDigits: true });
}

/** The report of one record. The ledger keeps refusals and failures until the record is written. */
function outcomeOf(
  ledger: Ledger,
  { verified, entry, decision }: Task,
  kind: RecordKind,
  now: string,
  failure: { reason: string } | undefined,
): Report | undefined {
  const { person } = verified;
  const decided = decision[kind];
  const one = decided.kind === 'remember' ? refuse('no-account', decided.record.sequence) : decided;
  const known = verified[kind];
  const isVerified = known?.ok === true && isSamePerson(person, signedPerson(known.record));
  const report = (
    outcome: DomainReport['outcome'],
    sequence: number,
    reason: string | null = null,
    at = now,
  ): Report => ({ person, kind, sequence, outcome, reason, at });
  switch (one.kind) {
    case 'absent':
      return undefined;
    case 'delete': // reported once it is made
      return undefined;
    case 'unchanged': {
      ledger.problems.clear(person, kind);
      const written = kind === 'account' ? entry?.accountAt : entry?.credentialAt;
      return report('unchanged', one.sequence, null, written ?? now);
    }
    case 'refused':
    case 'waiting': {
      const { kind: outcome, code, reason, acceptable, sequence } = one;
      const problem = { ...person, kind, outcome, code, reason, acceptable, sequence, at: now };
      // What is not listed is not reported either, or the outbox would outgrow the list.
      if (!isVerified && !ledger.problems.saveUnverified(problem)) return undefined;
      if (isVerified) ledger.problems.save({ ...problem, verified: true });
      return report(outcome, sequence, `${code}: ${reason}`);
    }
    default: {
      const { sequence } = one.record;
      if (!failure) {
        ledger.problems.clear(person, kind);
        return report('applied', sequence);
      }
      const { reason } = failure;
      const problem = { ...person, verified: true, kind, code: 'failed', reason, sequence, at: now } as const;
      ledger.problems.save({ ...problem, outcome: 'failed', acceptable: null });
      return report('failed', sequence, reason);
    }
  }
}
