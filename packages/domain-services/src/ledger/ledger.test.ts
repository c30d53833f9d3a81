import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import type { LedgerEntry } from './account-book.ts';
import { Ledger } from './ledger.ts';
import { LEDGER_STEPS } from './migrations.ts';
import { MAX_UNVERIFIED, type Problem } from './problem-book.ts';

const CORP = 'corp.example.com';
const FABRIKAM = 'fabrikam.example.org';

let folder: string;
let ledger: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-ledger-'));
  ledger = new Ledger(join(folder, 'ledger.db'));
});

afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

function entry(name: string, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  const guid = randomUUID();
  return {
    ...{ anchor: `anchor of ${name}`, forest: 'corp.example.com', objectGuid: randomUUID() },
    ...{ accountSequence: 1_795_440_980_830_001, credentialSequence: null },
    ...{ accountDigest: 'digest', credentialDigest: null },
    passwordOrder: {
      version: 4_294_967_295,
      originatingTime: 13_400_000_000,
      originatingInvocationId: randomUUID(),
    },
    ...{ hasCredential: true, withdrawn: false, wantsEnabled: false, accountExpires: '9223372036854775807' },
    ...{ keepsDigits: false, digitsKey: null, sidRefused: false },
    ...{ userPrincipalName: `${name}@corp.example.com`, samAccountName: name },
    ...{ wantedPrincipal: `${name}@corp.example.com`, wantedName: name },
    ...{
      nonce: randomUUID(),
      managedGuid: guid,
      lastManagedGuid: guid,
      deleteSequence: null,
      accepted: null,
    },
    ...{ accountAt: '2026-11-23T10:00:00.000Z', credentialAt: null, deletedAt: null },
    ...changes,
  };
}

test('an entry comes back as it was saved, also in another process', () => {
  const bob = entry('bob');
  const restored = { epoch: 1_795_440_980_830_000, ...bob.passwordOrder! };
  ledger.accounts.save({ ...bob, passwordOrder: restored });
  assert.deepEqual(ledger.accounts.of(bob)?.passwordOrder, restored);
  const alice = entry('alice', { hasCredential: false, withdrawn: true });
  ledger.accounts.save(alice);
  ledger.close();
  ledger = new Ledger(join(folder, 'ledger.db'));
  assert.deepEqual(ledger.accounts.of(alice), alice);
  assert.deepEqual(ledger.accounts.withName('ALICE@corp.example.com'), alice);
  assert.deepEqual(ledger.accounts.withName('Alice'), alice);
  assert.deepEqual(ledger.accounts.withAnchor(alice.anchor), [alice]);
  assert.equal(ledger.accounts.isManaged(alice.managedGuid!), true);
  assert.equal(ledger.accounts.of({ forest: CORP, anchor: 'nobody' }), undefined);
});

test('a failed transaction leaves nothing behind', () => {
  const failing = () =>
    ledger.transaction(() => {
      ledger.accounts.save(entry('alice'));
      throw new Error('half way');
    });
  assert.throws(failing, /half way/);
  assert.equal(ledger.accounts.counts().accounts, 0);
});

test('a deleted user frees their names and stays pinned', () => {
  const alice = entry('alice');
  ledger.accounts.save(alice);
  ledger.accounts.save({ ...alice, managedGuid: null, nonce: null, deletedAt: '2026-11-23T11:00:00.000Z' });
  assert.deepEqual(ledger.names.holding('a:ALICE', 'AADDS.EXAMPLE.NET'), []);
  assert.deepEqual(ledger.names.wanting('p:ALICE@CORP.EXAMPLE.COM', 'AADDS.EXAMPLE.NET'), []);
  assert.equal(ledger.accounts.of(alice)?.lastManagedGuid, alice.managedGuid);
  assert.equal(ledger.accounts.of(alice)?.objectGuid, alice.objectGuid);
});

test('two entries never have the same account of the directory', () => {
  const managedGuid = randomUUID();
  ledger.accounts.save(entry('alice', { managedGuid }));
  assert.throws(() => ledger.accounts.save(entry('bob', { managedGuid })), /UNIQUE/);
});

test('a problem keeps its time until its code changes', () => {
  const problem = {
    anchor: 'a',
    forest: CORP,
    verified: true,
    kind: 'account',
    outcome: 'refused',
    acceptable: null,
    sequence: 1,
  } as const;
  ledger.problems.save({ ...problem, code: 'unknown-signer', reason: 'x', at: '2026-01-01' });
  ledger.problems.save({ ...problem, code: 'unknown-signer', reason: 'y', at: '2026-01-02' });
  assert.deepEqual(
    ledger.problems.of(problem).map(({ since, at, reason }) => [since, at, reason]),
    [['2026-01-01', '2026-01-02', 'y']],
  );
  ledger.problems.save({ ...problem, code: 'bad-signature', reason: 'z', at: '2026-01-03' });
  assert.equal(ledger.problems.of(problem)[0]?.since, '2026-01-03');
  ledger.problems.clear(problem, 'account');
  assert.deepEqual(ledger.problems.list(), []);
});

test('lists records that no trusted key signed up to a limit and counts the rest, but always lists known users', () => {
  const own = new Ledger(':memory:');
  own.accounts.save(entry('known', {}));
  const problem = (anchor: string): Omit<Problem, 'since' | 'verified'> => ({
    ...{ anchor, forest: CORP, kind: 'account', outcome: 'refused', acceptable: null, sequence: 1 },
    ...{ code: 'unknown-signer', reason: 'x', at: '2026-01-01' },
  });
  const listed = Array.from({ length: MAX_UNVERIFIED + 50 }, (_, i) =>
    own.problems.saveUnverified(problem(`made-up-${i}`)),
  );
  assert.equal(listed.filter(Boolean).length, MAX_UNVERIFIED);
  assert.equal(own.problems.list(10_000).length, MAX_UNVERIFIED);
  assert.equal(own.problems.unlisted(), 50);
  assert.ok(own.problems.saveUnverified(problem('anchor of known')));
  assert.ok(own.problems.saveUnverified({ ...problem('made-up-7'), reason: 'y' }));
  assert.equal(own.problems.of(problem('made-up-7'))[0]?.reason, 'y');
  own.state.set('cursor', '');
  assert.equal(own.problems.unlisted(), 0);
  own.close();
});

test('made-up users hide no user whose record was believed and not written', () => {
  const problem = (anchor: string): Omit<Problem, 'since' | 'verified'> => ({
    ...{ anchor, forest: CORP, kind: 'account', outcome: 'waiting', acceptable: null, sequence: 1 },
    ...{ code: 'anchor-moved', reason: 'x', at: '2026-01-01' },
  });
  for (let i = 0; i < 5; i++) ledger.problems.saveUnverified(problem(`!${i}`));
  ledger.problems.save({ ...problem('alice'), verified: true });
  const named = (limit: number) => ledger.heads.notWritten(CORP, limit).map(({ anchor }) => anchor);
  assert.deepEqual(named(1), ['alice']);
  assert.deepEqual(named(3), ['alice', '!0', '!1']);
  assert.equal(named(10).length, 6);
});

test('reports stay in order until they are dropped', () => {
  const report = (sequence: number) =>
    ({
      sourceAnchor: 'a',
      kind: 'account',
      sequence,
      outcome: 'applied',
      reason: null,
      at: '2026-01-01',
    }) as const;
  ledger.outbox.add([report(1), report(2), report(3)]);
  const queued = ledger.outbox.first(2);
  assert.deepEqual(
    queued.map(one => one.report.sequence),
    [1, 2],
  );
  ledger.outbox.drop(queued.at(-1)!.id);
  assert.deepEqual(
    ledger.outbox.first(10).map(one => one.report.sequence),
    [3],
  );
});

test('a report is text that the tenant can store, wherever it was cut', () => {
  const at = '2026-11-23T10:00:00.000Z';
  const common = { sourceAnchor: 'a', kind: 'account', outcome: 'failed', sequence: 1, at } as const;
  ledger.outbox.add([{ ...common, reason: `${'x'.repeat(499)}\u{1f600}` }]);
  ledger.outbox.add([{ ...common, reason: 'said\0this' }]);
  const reasons = ledger.outbox.first(9).map(({ report }) => report.reason!);
  for (const reason of reasons)
    assert.ok(reason.length <= 500 && reason.isWellFormed() && !/\0/.test(reason));
});

/** A ledger as it was before the step that contains this text. */
function ledgerBefore(text: string, rows: string): string {
  const file = join(folder, `${randomUUID()}.db`);
  const before = new DatabaseSync(file);
  before.function('bucket_of', { deterministic: true }, anchor => String(anchor).length);
  before.function('name_key', { deterministic: true }, name =>
    name === null ? null : String(name).toUpperCase(),
  );
  const steps = LEDGER_STEPS.findIndex(step => step.includes(text));
  for (const step of LEDGER_STEPS.slice(0, steps)) before.exec(step);
  before.exec(`PRAGMA user_version = ${steps}; ${rows}`);
  before.close();
  return file;
}

test('two forests share an anchor, and a change of one leaves everything of the other as it is', () => {
  const mine = entry('alice', { anchor: 'x' });
  const theirs = entry('mallory', { anchor: 'x', forest: FABRIKAM });
  const problem = {
    kind: 'account',
    outcome: 'refused',
    acceptable: null,
    sequence: 1,
    reason: 'x',
  } as const;
  ledger.accounts.save(mine);
  ledger.accounts.save(theirs);
  for (const { forest } of [mine, theirs])
    ledger.problems.save({
      ...problem,
      forest,
      anchor: 'x',
      verified: true,
      code: 'failed',
      at: '2026-01-01',
    });
  ledger.names.save(theirs, { ...theirs, samAccountName: 'm2', keepsDigits: true });
  ledger.accounts.save({ ...theirs, wantsEnabled: true, deletedAt: '2026-01-01' });
  ledger.problems.clear(theirs, 'account');
  assert.deepEqual(ledger.accounts.of(mine), mine);
  assert.equal(ledger.problems.of(mine).length, 1);
  assert.deepEqual(ledger.problems.of(theirs), []);
  assert.deepEqual(
    ledger.accounts.withAnchor('x').map(({ forest }) => forest),
    [CORP, FABRIKAM],
  );
  assert.equal(ledger.accounts.withName('mallory', CORP), undefined);
  assert.equal(ledger.accounts.withName('mallory', FABRIKAM)?.anchor, 'x');
});

test('upgrades a ledger with one user per anchor: keeps every user and what is due, and reads rejected records again', () => {
  const file = ledgerBefore(
    'CREATE TABLE people (',
    `INSERT INTO accounts (anchor, forest, object_guid, account_sequence, credential_sequence, order_version, order_time,
        order_invocation_id, has_credential, wants_enabled, wanted_name, has_name, nonce, managed_guid, accepted)
      VALUES ('x', '${CORP}', 'g', 7, 8, 3, 4, 'i', 1, 1, 'alice', 'alice', 'n', 'm', 'pin:${CORP}/g');
    INSERT INTO own_changes_due VALUES ('x');
    INSERT INTO forest_bucket VALUES ('${CORP}', 1, x'00', 1, 1);
    INSERT INTO names VALUES ('a:ALICE', '${CORP}', NULL);
    DELETE FROM names_due;
    INSERT INTO problems (anchor, forest, kind, outcome, code, reason, acceptable, sequence, since, at) VALUES
      ('x', '${FABRIKAM}', 'account', 'waiting', 'other-forest-pinned', 'r', 'pin:${FABRIKAM}/h', 1, '2026-01-01', '2026-01-01'),
      ('x', '${CORP}', 'name', 'refused', 'name-taken', 'r', NULL, 1, '2026-01-01', '2026-01-01'),
      ('y', NULL, 'account', 'refused', 'unknown-signer', 'r', NULL, 1, '2026-01-01', '2026-01-01');
    INSERT INTO state VALUES ('cursor', '17')`,
  );
  const upgraded = new Ledger(file);
  const mine = { forest: CORP, anchor: 'x' };
  const { objectGuid, accountSequence, credentialSequence, passwordOrder, hasCredential, samAccountName } =
    upgraded.accounts.of(mine)!;
  assert.deepEqual([objectGuid, accountSequence, credentialSequence], ['g', 7, 8]);
  assert.deepEqual([passwordOrder?.version, hasCredential, samAccountName], [3, true, 'alice']);
  assert.deepEqual(
    [upgraded.accounts.of(mine)!.managedGuid, upgraded.accounts.of(mine)!.accepted],
    ['m', `pin:${CORP}/g`],
  );
  assert.deepEqual(upgraded.ownChanges.after(), mine);
  assert.equal(upgraded.ownChanges.after(mine), undefined);
  assert.deepEqual(
    upgraded.problems.list().map(({ forest, anchor, code }) => [forest, anchor, code]),
    [[CORP, 'x', 'name-taken']],
  );
  assert.equal(upgraded.state.get('cursor'), '', 'the other forest’s person comes again');
  assert.equal(upgraded.names.owner('a:ALICE')?.forest, CORP);
  // The new triggers work: another name is due, and the digest of a changed bucket is computed again.
  upgraded.accounts.save({ ...upgraded.accounts.of(mine)!, wantedName: 'anna' });
  assert.deepEqual(
    upgraded.names
      .due(0, 9)
      .map(({ key }) => key)
      .sort(),
    ['a:ALICE', 'a:ANNA'],
  );
  upgraded.accounts.save({ ...upgraded.accounts.of(mine)!, forest: FABRIKAM, managedGuid: 'm2' });
  assert.equal(upgraded.accounts.withAnchor('x').length, 2);
  upgraded.close();
});

test('refuses a ledger of a newer program', () => {
  ledger.close();
  const file = join(folder, 'ledger.db');
  const raw = new DatabaseSync(file);
  raw.exec('PRAGMA user_version = 99');
  raw.close();
  assert.throws(() => new Ledger(file), { code: 'ledger-too-new' });
  ledger = new Ledger(join(folder, 'another.db'));
});

test('a ledger of the previous release keeps accounts, problems and their names, and reads the feed again', () => {
  const file = join(folder, 'before.db');
  const raw = new DatabaseSync(file);
  raw.function('bucket_of', { deterministic: true }, anchor => String(anchor).length);
  for (const step of LEDGER_STEPS.slice(0, 4)) raw.exec(step);
  raw.exec(`PRAGMA user_version = 4;
    INSERT INTO accounts (anchor, forest, object_guid, account_sequence, user_principal_name, sam_account_name, nonce, managed_guid)
      VALUES ('a', 'corp.example.com', 'g', 7, 'özil@corp.example.com', 'Özil', 'n', 'm');
    INSERT INTO accounts (anchor, forest, object_guid, account_sequence, user_principal_name, sam_account_name, deleted_at)
      VALUES ('b', 'corp.example.com', 'h', 8, 'gone@corp.example.com', 'gone', '2026-01-01');
    INSERT INTO problems VALUES ('c', 'account', 'refused', 'protected-name', 'x', NULL, 1, '2026-01-01', '2026-01-01', 'corp.example.com');
    INSERT INTO state VALUES ('cursor', '17')`);
  raw.close();
  const upgraded = new Ledger(file);
  const { samAccountName, wantedName, lastManagedGuid } = upgraded.accounts.of({
    forest: CORP,
    anchor: 'a',
  })!;
  assert.deepEqual([samAccountName, wantedName, lastManagedGuid], ['Özil', 'Özil', 'm']);
  assert.deepEqual(upgraded.accounts.withName('öZIL')?.anchor, 'a');
  assert.equal(upgraded.accounts.of({ forest: CORP, anchor: 'b' })?.samAccountName, null);
  assert.equal(upgraded.problems.list()[0]?.code, 'protected-name');
  assert.equal(upgraded.state.get('cursor'), '');
  const due = upgraded.names.due(0, 9).map(({ key }) => key);
  assert.deepEqual(due, ['a:ÖZIL', 'p:ÖZIL@CORP.EXAMPLE.COM']);
  upgraded.close();
});

test('a ledger of the previous release knows its newest sequences, and no digest yet', () => {
  const file = ledgerBefore(
    'CREATE TABLE newest (',
    `INSERT INTO accounts (forest, anchor, object_guid, account_sequence, credential_sequence, delete_sequence) VALUES
      ('${CORP}', 'x', 'g', 7, 9, NULL), ('${CORP}', 'y', 'h', 5, NULL, 11), ('${FABRIKAM}', 'x', 'i', 3, NULL, NULL);
    INSERT INTO problems VALUES
      ('${CORP}', 'z', 'account', 1, 'refused', 'protected-name', 'r', NULL, 12, '2026-01-01', '2026-01-01'),
      ('${CORP}', 'w', 'account', 0, 'refused', 'bad-signature', 'r', NULL, 99, '2026-01-01', '2026-01-01');
    INSERT INTO heads VALUES ('${FABRIKAM}', 4, '2026-01-01', 1, 1, '', '2026-01-01', NULL)`,
  );
  const upgraded = new Ledger(file);
  assert.deepEqual(
    [CORP, FABRIKAM, 'other'].map(forest => upgraded.heads.newest(forest)),
    [12, 4, 0],
  );
  assert.equal(upgraded.accounts.of({ forest: CORP, anchor: 'x' })!.accountDigest, null);
  upgraded.close();
});

test('keeps accounts that were closed by hand before an upgrade, and reads everything once to learn when accounts expire', () => {
  const file = ledgerBefore(
    'ADD COLUMN account_expires',
    `INSERT INTO accounts (forest, anchor, object_guid, account_sequence, managed_guid) VALUES ('${CORP}', 'x', 'g', 7, 'm');
    INSERT INTO closed_by_hand VALUES ('${CORP}', 'x', 'disabled', '2026-01-01', 1);
    INSERT INTO state VALUES ('cursor', '17'), ('announced', 'account-3')`,
  );
  const upgraded = new Ledger(file);
  assert.equal(upgraded.accounts.of({ forest: CORP, anchor: 'x' })!.accountExpires, null);
  assert.equal(upgraded.state.get('announced'), undefined, 'the start of the service has the feed read');
  assert.deepEqual(upgraded.byHand.repairs(), [
    { forest: CORP, anchor: 'x', what: 'disabled', since: '2026-01-01' },
  ]);
  upgraded.close();
});

test('keeps deletions held that an earlier release held, whatever the threshold is now', () => {
  const file = ledgerBefore(
    'bulk_held',
    `INSERT INTO accounts (anchor, forest, object_guid, has_principal, has_name, managed_guid, delete_sequence)
      VALUES ('gone', 'corp.example.com', 'g', 'u', 's', 'm', 100), ('there', 'corp.example.com', 'h', 'v', 't', 'n', NULL);
    INSERT INTO state VALUES ('deletesStopped', '1'), ('approvedDeletes', '5')`,
  );
  const upgraded = new Ledger(file);
  const { bulk } = upgraded;
  const list = { scope: 'corp.example.com', operation: 'delete', kind: 'user' } as const;
  assert.deepEqual(bulk.held(list), [{ anchor: 'gone', change: '100' }]);
  upgraded.close();
});
