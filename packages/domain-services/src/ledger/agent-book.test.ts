import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { CLOUD_FOREST, generateSigningKey, signingPublicKey } from '@causeway/records';
import { HandClock } from '@causeway/service/testing';
import { pinnedTenantKey } from '../pairing/tenant-key.ts';
import { trustOf, untrustAgent } from '../pairing/trust.ts';
import type { TrustedAgent } from './agent-book.ts';
import { Ledger } from './ledger.ts';

const CORP = 'corp.example.com';
const FABRIKAM = 'fabrikam.example.org';
const clock = new HandClock();

let folder: string;
let ledger: Ledger;
const file = () => join(folder, 'ledger.db');
const confirmed = () => join(folder, 'confirmed.json');
const open = () => new Ledger(file(), clock, confirmed());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-agents-'));
  ledger = open();
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

function agentOf(forest: string): TrustedAgent {
  clock.set(clock.now() + 1000);
  return { ...signingPublicKey(generateSigningKey()), forest, trustedAt: ledger.timestamp() };
}

function trusted(forest: string): TrustedAgent {
  const agent = agentOf(forest);
  ledger.agents.trust(agent);
  return agent;
}

/** Loses the ledger, but not the files beside it. */
function empty(): void {
  ledger.close();
  for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'])
    rmSync(join(folder, name), { force: true });
  ledger = open();
}

/** Makes a ledger as an earlier release left it. */
function earlierLedger(agents: readonly TrustedAgent[]): void {
  ledger.close();
  const raw = new DatabaseSync(file());
  const insert = raw.prepare(
    'INSERT INTO trusted_agents (key_id, forest, public_key, fingerprint, trusted_at) VALUES (?, ?, ?, ?, ?)',
  );
  for (const { keyId, forest, publicKey, fingerprint, trustedAt } of agents)
    insert.run(keyId, forest, publicKey, fingerprint, trustedAt);
  raw.close();
  ledger = open();
}

test('a new ledger believes the Connects and the tenant whose keys were confirmed, and nobody else', () => {
  const [corp, cloud, gone] = [trusted(CORP), trusted(CLOUD_FOREST), trusted(FABRIKAM)];
  untrustAgent(ledger, gone.fingerprint);
  empty();
  assert.deepEqual([...trustOf(ledger)(corp.keyId)!.forests], [CORP]);
  assert.deepEqual(pinnedTenantKey(ledger), cloud);
  assert.equal(trustOf(ledger)(gone.keyId), undefined);
});

test('remembers which forest was trusted first, whatever becomes of its keys', () => {
  const corp = trusted(CORP);
  trusted(FABRIKAM);
  untrustAgent(ledger, corp.fingerprint);
  trusted(CORP);
  empty();
  assert.deepEqual(ledger.agents.inOrderOfTrust(), [CORP, FABRIKAM]);
  assert.deepEqual(
    ledger.agents.list().map(({ forest }) => forest),
    [FABRIKAM, CORP],
  );
});

test('replaces one key by another in a single write', () => {
  const before = trusted(CLOUD_FOREST);
  const other = agentOf(CLOUD_FOREST);
  ledger.agents.trust(other, [before]);
  empty();
  assert.deepEqual(ledger.agents.list(), [other]);
});

test('takes over once what an earlier release kept in the ledger', () => {
  const agents = [agentOf(CORP), agentOf(FABRIKAM)];
  earlierLedger(agents);
  assert.deepEqual(ledger.agents.list(), agents);
  assert.deepEqual(ledger.agents.inOrderOfTrust(), [CORP, FABRIKAM]);
  untrustAgent(ledger, agents[0]!.fingerprint);
  earlierLedger(agents);
  assert.deepEqual(ledger.agents.list(), [agents[1]], 'the file is the truth, not a backup');
  ledger.close();
  rmSync(confirmed());
  ledger = open();
  assert.deepEqual(ledger.agents.list(), [], 'nor what the ledger had before');
});

test('refuses a file with a key that does not match its fingerprint', () => {
  trusted(CORP);
  const { publicKey } = agentOf(CORP);
  const said = JSON.parse(readFileSync(confirmed(), 'utf8')) as { signingKeys: object[] };
  writeFileSync(
    confirmed(),
    JSON.stringify({ ...said, signingKeys: [{ ...said.signingKeys[0], publicKey }] }),
  );
  assert.throws(open, {
    code: 'confirmations-unreadable',
    message: /signingKeys\.0: its fingerprint or key id is not that of the key/,
  });
});
