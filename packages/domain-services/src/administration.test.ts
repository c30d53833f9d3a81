import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { execute } from './administration.ts';
import { Ledger } from './ledger.ts';

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

const nobody = () => Promise.reject(new Error('nothing of this asks the tenant'));
const accept = (anchor: string) =>
  execute({ ledger, realm: 'AADDS.EXAMPLE.NET', applyBlocks: async () => undefined }, nobody, {
    ...{ command: 'accept', anchor },
  });

test('accepting the SID that one user waits for gives the domain to the other forest, and reads the feed again', async () => {
  const sid = 'S-1-5-21-1-2-3';
  const at = new Date().toISOString();
  ledger.pinSid(sid, 'corp.example.com', at);
  ledger.setState('cursor', '17');
  await assert.rejects(accept('anchor'), { code: 'nothing-to-accept' });
  ledger.saveProblem({
    ...{
      anchor: 'anchor',
      forest: null,
      kind: 'account',
      outcome: 'waiting',
      code: 'other-forest-sid',
      reason: 'a reason',
    },
    ...{ acceptable: `sid:${sid}/corp.example.net`, sequence: 1, at },
  });
  assert.match((await accept('anchor')).message, /other-forest-sid, sid:S-1-5-21-1-2-3\/corp\.example\.net/);
  assert.equal(ledger.forestOfSid(sid), 'corp.example.net');
  assert.equal(ledger.state('cursor'), '');
  assert.equal(ledger.auditTrail()[0]?.action, 'accept');
});
