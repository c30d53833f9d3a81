import { randomBytes, randomUUID } from 'node:crypto';
import { type CredentialSecret, openCredentialRecord, type SealingKey } from '@causeway/records';
import { claimsOf, type NamedAccount } from '../names/naming.ts';
import type { Person } from '../person.ts';
import { type Refused, refuse } from '../refusals.ts';
import type { ApplyContext } from './apply-context.ts';
import { holdCreations } from './creations.ts';
import { decide } from './decide.ts';
import { discard } from './discard.ts';
import { fittingProfile } from './fitting-profile.ts';
import { newAccount, PageNames } from './names/page-names.ts';
import { confirmedSid } from './on-premises-sid.ts';
import { planWrite } from './plan.ts';
import { restoreAccounts } from './restore-accounts.ts';
import { createdBy, type PreparedItem, type Task } from './task.ts';

/**
 * Decides what happens to the users of a page and plans the writes. A user may be neither twice in it, nor in a page that is not settled
 * yet: each decision builds on what the one before left. The names of an earlier page count from the moment its write begins.
 */
export async function startPage(context: ApplyContext, prepared: readonly PreparedItem[]): Promise<Task[]> {
  await adoptMade(context, prepared);
  const tasks = prepared.map(one => startTask(context, one));
  for (const [task, held] of holdCreations(context.ledger, context.growth, tasks)) refuseAccount(task, held);
  try {
    await restoreAccounts(context, tasks);
    await planTasks(context, tasks);
    return tasks;
  } catch (error) {
    discard(tasks);
    throw error;
  }
}

/** Adopts accounts that were created just before the process ended, by the mark that they were created with. */
async function adoptMade(
  { ledger, directory, domain }: ApplyContext,
  prepared: readonly PreparedItem[],
): Promise<void> {
  const intents = prepared.flatMap(({ verified }) => {
    const entry = ledger.accounts.of(verified.person);
    return entry && entry.nonce !== null && entry.managedGuid === null ? [entry] : [];
  });
  if (intents.length === 0) return;
  const made = await directory.findMade(
    intents.map(({ nonce, samAccountName }) => ({ nonce: nonce!, samAccountName: samAccountName! })),
  );
  ledger.transaction(() => {
    for (const entry of intents) {
      const guid = made.get(entry.nonce!);
      if (guid === undefined) continue;
      ledger.accounts.save({ ...entry, managedGuid: guid });
      ledger.names.touch(claimsOf(entry, domain).map(({ slot }) => slot));
    }
  });
}

function startTask({ ledger, domain }: ApplyContext, prepared: PreparedItem): Task {
  const { person } = prepared.verified;
  const entry = ledger.accounts.of(person);
  const isGroup = ledger.groups.of(person) !== undefined;
  const decision = decide(entry, prepared.verified, domain, sid => ledger.sids.forestOf(sid), isGroup);
  return { ...prepared, entry, decision };
}

/** Finds names for the new accounts, opens the credentials and plans all writes. */
async function planTasks(
  { ledger, directory, domain, sealingKey, onPremisesSids }: ApplyContext,
  tasks: Task[],
): Promise<void> {
  /** A new account as naming sees it. */
  const newcomer = (task: Task): NamedAccount | undefined => {
    const record = createdBy(task);
    return record && newAccount(record, task.entry);
  };
  const holders = (names: string[], principals: string[]) => directory.holders(names, principals);
  const newcomers = tasks.map(newcomer).filter(one => one !== undefined);
  const names = await PageNames.open(ledger, holders, domain, newcomers);
  const now = ledger.now();
  const { users, accountDescriptor: descriptor } = directory;
  const blockOf = (person: Person) => ledger.blocks.of(person);
  const forestOfSid = (sid: string) =>
    (onPremisesSids ?? 'all') === 'all' ? ledger.sids.forestOf(sid) : undefined;
  const context = { users, descriptor, now, random: randomBytes, newNonce: randomUUID, blockOf };
  for (const task of tasks) {
    const { entry, item } = task;
    const made = newcomer(task);
    if (made) task.taken = names.take(made);
    const secret = await openedSecret(task, sealingKey);
    const { account, credential } = task.decision;
    const withdrawal = credential.kind === 'withdraw' ? credential.record : undefined;
    if (account.kind !== 'upsert' && credential.kind !== 'write' && !withdrawal) continue;
    if (account.kind === 'upsert') task.profile = fittingProfile(account.record, item.profile);
    const parts = {
      account:
        account.kind === 'upsert'
          ? {
              ...{ record: account.record, sidRefused: account.sid !== undefined },
              sid: confirmedSid(account.record, forestOfSid),
              profile: task.profile,
              names: task.taken?.names,
            }
          : undefined,
      credential: credential.kind === 'write' ? { record: credential.record, secret: secret! } : undefined,
      withdrawal,
    };
    try {
      task.plan = planWrite(entry, parts, context);
    } catch (error) {
      // Keys that no Kerberos database can hold: the record is genuine, its content is not usable.
      task.result = { ok: false, gone: false, reason: (error as Error).message };
    }
  }
}

/** Without an account, a new user's credential has no place either. */
function refuseAccount(task: Task, refusal: Refused): void {
  const { credential } = task.decision;
  task.decision = { account: refusal, credential };
  if (task.entry?.managedGuid != null) return;
  if (credential.kind === 'write')
    task.decision.credential = refuse('no-account', credential.record.sequence);
  if (credential.kind === 'withdraw')
    task.decision.credential = { kind: 'remember', record: credential.record };
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
