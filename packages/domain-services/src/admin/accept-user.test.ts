import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { newEntry } from '../apply/plan.ts';
import { Ledger } from '../ledger/ledger.ts';
import { acceptUser } from './accept-user.ts';
import { readUserStatus } from './status.ts';

let folder: string;
let ledger: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-administration-'));
  ledger = new Ledger(join(folder, 'ledger.db'));
});

afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const accept = async (anchor: string, forest?: string) => acceptUser(ledger, anchor, forest);

test('accepting one forest’s user leaves another forest’s user with the same anchor waiting, and says which forest', async () => {
  const at = '2026-11-28T10:00:00.000Z';
  const people = ['corp.example.com', 'fabrikam.example.org'].map(forest => ({ forest, anchor: 'x' }));
  for (const [i, person] of people.entries()) {
    const { forest, anchor } = person;
    ledger.accounts.save(newEntry({ sourceAnchor: anchor, forest, objectGuid: `guid${i}` }));
    ledger.problems.save({
      ...{ ...person, verified: true, kind: 'account', outcome: 'waiting', code: 'anchor-moved' },
      ...{ reason: 'a reason', acceptable: `pin:${forest}/new`, sequence: 1, at },
    });
  }
  const [mine, theirs] = people.map(person => () => ledger.accounts.of(person)!.accepted);
  await assert.rejects(accept('x'), {
    code: 'several-users',
    message: /in 2 forests.*--forest 'corp\.example\.com', --forest 'fabrikam\.example\.org'/,
  });
  assert.throws(() => readUserStatus(ledger, 'x'), { code: 'several-users' });
  await assert.rejects(accept('x', 'nowhere.example'), { code: 'nothing-to-accept', message: /of nowhere/ });
  assert.match((await accept('x', 'fabrikam.example.org')).message, /'x' of fabrikam\.example\.org/);
  assert.deepEqual([mine!(), theirs!()], [null, 'pin:fabrikam.example.org/new']);
  assert.match(ledger.audit.list()[0]!.detail, /^of fabrikam\.example\.org: anchor-moved/);
  assert.equal(readUserStatus(ledger, 'x', 'corp.example.com').problems[0]!.forest, 'corp.example.com');
});
