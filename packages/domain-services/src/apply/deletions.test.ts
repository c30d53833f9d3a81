import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { createLog } from '@causeway/service';
import type { LedgerEntry } from '../ledger/account-book.ts';
import { approveHeld, getHeld, listHeld, stillSigningIn } from '../ledger/held.ts';
import { Ledger } from '../ledger/ledger.ts';
import { applyDeletions, deletionsOf } from './deletions.ts';
import { newEntry } from './plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-deletions-'));
after(() => rmSync(folder, { recursive: true }));

const CORP = 'corp.example.com';
const FABRIKAM = 'fabrikam.example.org';

let file: string;
let ledger: Ledger;
let deleted: string[];
let lines: string[];

beforeEach(() => {
  file = join(folder, `${randomUUID()}.db`);
  ledger = new Ledger(file);
  deleted = [];
  lines = [];
});

const anchorOf = (forest: string, n: number) => `${forest} ${String(n).padStart(4, '0')}`;

function entry(forest: string, n: number, change: Partial<LedgerEntry> = {}): LedgerEntry {
  const anchor = anchorOf(forest, n);
  return {
    ...newEntry({ sourceAnchor: anchor, forest, objectGuid: randomUUID() }),
    ...{ accountSequence: 1, credentialSequence: 1, hasCredential: true, wantsEnabled: true },
    ...{ userPrincipalName: `user${n}@${forest}`, samAccountName: anchor },
    ...{ nonce: randomUUID(), managedGuid: randomUUID(), deleteSequence: null, accepted: null },
    ...{ accountAt: null, credentialAt: null, deletedAt: null },
    ...change,
  };
}

function people(forest: string, count: number, leaving: number, sequence = 100): void {
  for (let n = 0; n < count; n++)
    ledger.accounts.save(entry(forest, n, { deleteSequence: n < leaving ? sequence + n : null }));
}

/** Applies the deletions; those that are held never reach the directory. @returns how many went, by the ledger's count */
async function apply(threshold = 500): Promise<number> {
  const before = ledger.accounts.counts().accounts;
  const directory = {
    delete: async (guid: string) => {
      deleted.push(guid);
      return { ok: true };
    },
  };
  const log = createLog('test', { write: line => lines.push(line) });
  await applyDeletions({ ledger, directory: directory as never, threshold, log });
  return before - ledger.accounts.counts().accounts;
}

test('holds the deletion of a whole small forest, and still carries out another forest’s few deletions', async () => {
  people(CORP, 24, 24);
  people(FABRIKAM, 24, 10);
  assert.equal(await apply(), 10);
  const problem = ledger.problems.of({ forest: CORP, anchor: anchorOf(CORP, 3) })[0]!;
  assert.deepEqual([problem.outcome, problem.code], ['waiting', 'deletion-threshold']);
  assert.match(problem.reason, /24 wait, 10 are allowed; .*causeway domain deletions --forest 'corp/);
  assert.match(lines.join(), /"named":\["user0@corp\.example\.com".*ALARM: deletions are held/);
  const waiting = ledger.outbox.first(100).filter(({ report }) => report.outcome === 'waiting');
  assert.equal(waiting.length, 24);
  assert.equal(await apply(), 0);
  assert.equal(ledger.outbox.first(100).length, 34, 'it is reported once');
  assert.equal(lines.length, 1, 'and said once');
});

test('counts the deletions of the last 24 hours together with the pending ones', async () => {
  people(CORP, 50, 7);
  assert.equal(await apply(), 7);
  for (let n = 10; n < 14; n++) ledger.accounts.save(entry(CORP, n, { deleteSequence: 200 + n }));
  assert.equal(await apply(), 0);
  assert.equal(ledger.bulk.countHeld(deletionsOf(CORP)), 4);
});

test('an approval lets those listed go that still hold, even after a restart; later ones need their own', async () => {
  people(CORP, 50, 12);
  await apply();
  const [list, ...more] = listHeld(ledger, 'delete');
  assert.deepEqual([list!.forest, list!.count, more], [CORP, 12, []]);
  assert.deepEqual(list!.people[3], {
    ...{ user: `user3@${CORP}`, name: anchorOf(CORP, 3), sourceAnchor: anchorOf(CORP, 3) },
    ...{ sequence: 103, canSignIn: true },
  });
  ledger.accounts.save(entry(CORP, 5));
  ledger.accounts.save(entry(CORP, 20, { deleteSequence: 300 }));
  assert.equal(await apply(), 0);
  assert.deepEqual((shown => [shown.count, shown.ceased])(getHeld(ledger, list!.digest)), [11, 1]);
  assert.throws(() => approveHeld(ledger, list!.digest, 'create'), { code: 'other-list' });
  assert.equal(approveHeld(ledger, list!.digest, 'delete').count, 11);
  ledger.close();
  ledger = new Ledger(file);
  assert.equal(await apply(), 11);
  assert.ok(ledger.accounts.of({ forest: CORP, anchor: anchorOf(CORP, 5) })!.managedGuid);
  assert.deepEqual(stillSigningIn(ledger), [`user20@${CORP}`]);
  assert.equal(ledger.audit.list()[0]!.action, 'allow-deletes');
});

test('a held list stays held when it grows shorter or the threshold grows', async () => {
  people(CORP, 50, 3);
  assert.equal(await apply(2), 0);
  ledger.accounts.save(entry(CORP, 0));
  assert.equal(await apply(2), 0);
  assert.equal(await apply(500), 0);
  // Neither the same deletion in a newer record nor an approval of the older record gets around that.
  const [list] = listHeld(ledger, 'delete');
  ledger.accounts.save(entry(CORP, 1, { deleteSequence: 500 }));
  assert.equal(await apply(500), 0);
  assert.equal(approveHeld(ledger, list!.digest, 'delete').count, 1);
  assert.equal(await apply(500), 1);
  assert.ok(ledger.accounts.of({ forest: CORP, anchor: anchorOf(CORP, 1) })!.managedGuid);
});
