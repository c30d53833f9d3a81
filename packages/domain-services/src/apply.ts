import { randomBytes, randomUUID } from 'node:crypto';
import type { DomainReport, FeedItem } from '@causeway/contract';
import { wipeKeys } from '@causeway/credentials';
import { type CredentialSecret, openCredentialRecord, type SealingKey } from '@causeway/records';
import type { DomainPlace } from '@causeway/samba';
import { faultPoint, type Log } from '@causeway/service';
import { wipeValues } from './attributes.ts';
import { writeInBulk } from './bulk.ts';
import { type Decision, decide } from './decide.ts';
import type { ManagedDirectory } from './directory.ts';
import type { Ledger, LedgerEntry, RecordKind } from './ledger.ts';
import { NameBook } from './name-book.ts';
import { forgotten, type Plan, planDeletion, planWrite } from './plan.ts';
import type { ManagedDomain } from './protected.ts';
import { type Refused, refuse } from './refusals.ts';
import { type Trust, type VerifiedItem, verifyItem } from './verified-item.ts';
import type { WriteResult } from './write.ts';

export interface ApplyContext {
  ledger: Ledger;
  directory: ManagedDirectory;
  place: DomainPlace;
  domain: ManagedDomain;
  sealingKey: SealingKey;
  tenant: string;
  trust: Trust;
  log: Log;
}

/** From this many writes on, `ldbmodify` is quicker than one operation after the other. */
const BULK_FROM = 50;

/** A user whose signatures are checked and whose sealed part is open, before anything is decided. */
export interface PreparedItem {
  item: FeedItem;
  verified: VerifiedItem;
  /** Of credentials newer than the ledger. Secret: `applyItems` and `discardItems` wipe it. */
  opened: Awaited<ReturnType<typeof openCredentialRecord>> | undefined;
}

/** One user on its way through a page. */
interface Task extends PreparedItem {
  entry: LedgerEntry | undefined;
  decision: Decision;
  plan?: Plan;
  result?: WriteResult;
}

/**
 * Checks and opens what a page holds: the costly part, and one that needs nothing of the pages before it, so it is
 * done while they are written.
 */
export async function prepareItems(
  context: ApplyContext,
  items: readonly FeedItem[],
): Promise<PreparedItem[]> {
  const prepared: PreparedItem[] = [];
  for (const item of items) {
    const verified = verifyItem(item, context.trust, context.tenant);
    prepared.push({ item, verified, opened: await openIfNewer(context, verified) });
  }
  return prepared;
}

async function openIfNewer({ ledger, sealingKey }: ApplyContext, { anchor, credential }: VerifiedItem) {
  if (!credential?.ok) return undefined;
  const known = ledger.entry(anchor);
  const written =
    known?.hasCredential === true && credential.record.sequence <= (known.credentialSequence ?? -1);
  return written ? undefined : openCredentialRecord(credential.record, sealingKey);
}

/** Forgets a page that was prepared for nothing. */
export function discardItems(prepared: readonly PreparedItem[]): void {
  for (const { opened } of prepared) if (opened?.ok) wipe(opened);
}

/**
 * Writes the users of a page into the managed domain, and what was written into the ledger. Every step may be
 * repeated: whoever is killed here sees the page again.
 * @returns users that failed for a reason of their own: to be tried again
 * @throws CausewayError 'directory-unavailable': nothing of the ledger has moved
 */
export async function applyItems(
  context: ApplyContext,
  prepared: readonly PreparedItem[],
): Promise<FeedItem[]> {
  const failed: FeedItem[] = [];
  try {
    for (const page of withoutRepeats(prepared)) failed.push(...(await applyPage(context, page)));
  } finally {
    discardItems(prepared);
  }
  return failed;
}

/** Pages in which no anchor comes twice: a user's second item is decided on what the first one left. */
function* withoutRepeats(items: readonly PreparedItem[]): Generator<PreparedItem[]> {
  let page = new Map<string, PreparedItem>();
  for (const item of items) {
    if (page.has(item.verified.anchor)) {
      yield [...page.values()];
      page = new Map();
    }
    page.set(item.verified.anchor, item);
  }
  if (page.size > 0) yield [...page.values()];
}

async function applyPage(context: ApplyContext, prepared: readonly PreparedItem[]): Promise<FeedItem[]> {
  await adoptMade(context);
  const tasks = prepared.map(one => startTask(context, one));
  try {
    await planTasks(context, tasks);
    await writePlans(context, tasks);
  } finally {
    discardItems(tasks);
    for (const { plan } of tasks) if (plan) wipeValues(plan.write.values);
  }
  faultPoint('domain.after-write');
  const failed = settle(context, tasks);
  faultPoint('domain.after-ledger');
  return failed;
}

/** Accounts that were made just before the process ended: found again by the mark that they were made with. */
async function adoptMade({ ledger, directory }: ApplyContext): Promise<void> {
  const intents = ledger.intents();
  if (intents.length === 0) return;
  const made = await directory.findMade(
    intents.map(({ nonce, samAccountName }) => ({ nonce: nonce!, samAccountName })),
  );
  ledger.transaction(() => {
    for (const entry of intents) {
      const guid = made.get(entry.nonce!);
      if (guid !== undefined) ledger.save({ ...entry, managedGuid: guid });
    }
  });
}

function startTask({ ledger, domain }: ApplyContext, prepared: PreparedItem): Task {
  const entry = ledger.entry(prepared.verified.anchor);
  return { ...prepared, entry, decision: decide(entry, prepared.verified, domain) };
}

/** Finds the names, opens the credentials and plans the writes of all that is to be written. */
async function planTasks(
  { ledger, directory, domain, sealingKey }: ApplyContext,
  tasks: Task[],
): Promise<void> {
  const requests = tasks.flatMap(({ entry, decision }) =>
    decision.account.kind === 'upsert' ? [{ entry, record: decision.account.record }] : [],
  );
  const names = await NameBook.open(ledger, directory, domain, requests);
  const now = new Date();
  const context = { users: directory.users, now, random: randomBytes, newNonce: randomUUID };
  for (const task of tasks) {
    const { decision, entry, item } = task;
    let name = '';
    if (decision.account.kind === 'upsert') {
      const taken = names.take({ entry, record: decision.account.record });
      if ('name' in taken) name = taken.name;
      else refuseAccount(task, taken);
    }
    const secret = await openedSecret(task, sealingKey);
    const { account, credential } = task.decision;
    if (account.kind !== 'upsert' && credential.kind !== 'write') continue;
    const parts = {
      account:
        account.kind === 'upsert' ? { record: account.record, name, profile: item.profile } : undefined,
      credential: credential.kind === 'write' ? { record: credential.record, secret: secret! } : undefined,
    };
    try {
      task.plan = planWrite(entry, parts, context);
    } catch (error) {
      // Keys that no Kerberos database can hold: the record is genuine, its content is not usable.
      task.result = { ok: false, gone: false, reason: (error as Error).message };
    }
  }
}

/** Without its account, a new user's credential has no place either. */
function refuseAccount(task: Task, refusal: Refused): void {
  const { credential } = task.decision;
  const homeless = credential.kind === 'write' && task.entry?.managedGuid == null;
  task.decision = {
    account: refusal,
    credential: homeless ? refuse('no-account', credential.record.sequence) : credential,
  };
}

async function openedSecret(task: Task, key: SealingKey): Promise<CredentialSecret | undefined> {
  const { credential } = task.decision;
  if (credential.kind !== 'write') return undefined;
  task.opened ??= await openCredentialRecord(credential.record, key);
  const { opened } = task;
  if (opened.ok) return opened;
  task.decision.credential = refuse(opened.refusal, credential.record.sequence, opened.detail);
  return undefined;
}

function wipe(secret: CredentialSecret): void {
  secret.ntHash.fill(0);
  if (secret.kerberosKeys) wipeKeys(secret.kerberosKeys);
}

async function writePlans(context: ApplyContext, tasks: readonly Task[]): Promise<void> {
  const { ledger, directory, place, log } = context;
  const planned = tasks.filter(task => task.plan !== undefined);
  if (planned.length === 0) return;
  const made = planned.filter(({ plan }) => plan!.write.kind === 'add');
  // The intent is on the disk before the account is: what is found with this mark later is ours.
  ledger.transaction(() => {
    for (const { entry, plan } of made) ledger.save(intentOf(entry, plan!.next));
  });
  faultPoint('domain.before-write');
  const writes = planned.map(({ plan }) => plan!.write);
  if (writes.length >= BULK_FROM) {
    const slow = (users: number, reason: string) =>
      log.warn({ users, reason }, 'ldbmodify does not take the batch: written one by one');
    const results = await writeInBulk(place, writes, write => directory.write(write), slow);
    planned.forEach((task, i) => {
      task.result = results[i]!;
    });
  } else {
    for (const task of planned) task.result = await directory.write(task.plan!.write);
  }
  const guids = await directory.findMade(
    made.map(({ plan }) => ({ nonce: plan!.next.nonce!, samAccountName: plan!.next.samAccountName })),
  );
  for (const task of made) {
    const guid = guids.get(task.plan!.next.nonce!);
    if (guid !== undefined) task.plan!.next.managedGuid = guid;
    else if (task.result!.ok) {
      task.result = { ok: false, gone: false, reason: 'the account was made and is not found again' };
    }
  }
}

/** What the ledger says of an account between its plan and its being there: pins and names, nothing written. */
function intentOf(entry: LedgerEntry | undefined, next: LedgerEntry): LedgerEntry {
  return {
    ...next,
    accountSequence: entry?.accountSequence ?? null,
    credentialSequence: entry?.credentialSequence ?? null,
    passwordOrder: entry?.passwordOrder ?? null,
    hasCredential: false,
    accountAt: entry?.accountAt ?? null,
    credentialAt: entry?.credentialAt ?? null,
  };
}

/** One transaction of the ledger for the page, with its reports. */
function settle({ ledger, log }: ApplyContext, tasks: readonly Task[]): FeedItem[] {
  const failed: FeedItem[] = [];
  const at = new Date().toISOString();
  ledger.transaction(() => {
    for (const task of tasks) {
      const { item, entry, decision, plan, result } = task;
      const failure = result?.ok === false ? result : undefined;
      if (plan && !failure) ledger.save(plan.next);
      if (failure?.gone && entry) ledger.save(forgotten(entry));
      const { account } = decision;
      if (account.kind === 'delete' || account.kind === 'bury') {
        ledger.save(planDeletion(entry, account.record, new Date(at)));
      }
      if (
        failure ||
        [account, decision.credential].some(d => d.kind === 'refused' && d.code === 'name-taken')
      ) {
        failed.push(item);
      }
      for (const kind of ['account', 'credential'] as const) {
        const report = outcomeOf(ledger, task, kind, at, failure);
        if (!report) continue;
        ledger.queueReports([report]);
        if (report.outcome === 'failed') {
          log.warn({ anchor: item.sourceAnchor, kind, reason: report.reason }, 'not written; tried again');
        }
      }
    }
  });
  return failed;
}

/** The report of one record; refusals and failures are kept in the ledger until the record is written. */
function outcomeOf(
  ledger: Ledger,
  { item, entry, decision }: Task,
  kind: RecordKind,
  now: string,
  failure: { reason: string } | undefined,
): DomainReport | undefined {
  const anchor = item.sourceAnchor;
  const one = decision[kind];
  const report = (
    outcome: DomainReport['outcome'],
    sequence: number,
    reason: string | null = null,
    at = now,
  ): DomainReport => ({
    ...{ sourceAnchor: anchor, kind, sequence, outcome, at },
    reason,
  });
  switch (one.kind) {
    case 'absent':
      return undefined;
    case 'delete': // reported once it is made
      return undefined;
    case 'unchanged': {
      ledger.clearProblem(anchor, kind);
      const written = kind === 'account' ? entry?.accountAt : entry?.credentialAt;
      return report('unchanged', one.sequence, null, written ?? now);
    }
    case 'refused':
    case 'waiting': {
      const outcome = one.code === 'name-taken' ? 'failed' : one.kind;
      const { code, reason, acceptable, sequence } = one;
      ledger.saveProblem({ anchor, kind, outcome, code, reason, acceptable, sequence, at: now });
      return report(outcome, sequence, `${code}: ${reason}`);
    }
    default: {
      const { sequence } = one.record;
      if (!failure) {
        ledger.clearProblem(anchor, kind);
        return report('applied', sequence);
      }
      const { reason } = failure;
      const problem = { anchor, kind, outcome: 'failed', code: 'failed', reason, sequence, at: now } as const;
      ledger.saveProblem({ ...problem, acceptable: null });
      return report('failed', sequence, reason);
    }
  }
}
