import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import {
  domainFingerprint,
  generateSealingKey,
  generateSigningKey,
  sealingPublicKey,
  signingPublicKey,
} from '@causeway/records';
import { createLog } from '@causeway/service';
import { DirectoryGuard } from '../domain-controller/directory-guard.ts';
import { decidePairing } from '../pairing/pairing-state.ts';
import { connectorStore, openStore, type Store } from './store.ts';

const log = createLog('test', { write: () => {} });
const CORP = {
  namingContext: 'DC=corp,DC=example,DC=com',
  forest: 'corp.example.com',
  domainSid: 'S-1-5-21-1-2-3',
  domainGuid: '00000000-0000-4000-8000-000000000001',
};
const OTHER = { ...CORP, domainGuid: '00000000-0000-4000-8000-000000000002' };
const CONNECTOR = { name: 'corp', forest: CORP.forest, server: 'dc1' };

let folder: string;
let store: Store;
const open = () => openStore(folder, log);
const kept = () => join(folder, 'confirmed.json');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-confirmations-'));
  store = open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

async function keysOfDomain() {
  const { keyId, publicKey } = sealingPublicKey(await generateSealingKey());
  const receiptKey = signingPublicKey(generateSigningKey()).publicKey;
  const fingerprint = domainFingerprint(publicKey, receiptKey);
  return { fingerprint, keyId, publicKey, receiptKey, realm: 'AADDS.EXAMPLE.NET' };
}

/** Deletes the state but not the files beside it. */
function empty(): void {
  store.close();
  for (const name of ['connect.db', 'connect.db-wal', 'connect.db-shm'])
    rmSync(join(folder, name), { force: true });
  store = open();
}

/** Runs statements on the database, to make the state of a previous release. */
function earlierState(statements: string): void {
  store.close();
  const db = new DatabaseSync(join(folder, 'connect.db'));
  db.exec(statements);
  db.close();
  store = open();
}

test('seals to the confirmed key after the state is lost, without another confirmation', async () => {
  const confirmed = store.confirmations.confirmDomain(await keysOfDomain());
  empty();
  assert.deepEqual(store.confirmations.managedDomain, confirmed);
  const { publicKey, receiptKey, realm } = confirmed;
  const domain = { realm, key: { publicKey }, receiptKey: { publicKey: receiptKey } };
  const told = { windowsCredentialsSyncConfig: { enabled: true, domain } };
  const state = () => decidePairing(told as never, store.confirmations.managedDomain).state;
  assert.equal(state(), 'confirmed');
  assert.ok(store.confirmations.withdrawDomain());
  empty();
  assert.equal(state(), 'unconfirmed', 'a key that was withdrawn does not come back');
});

test('rejects another directory than the first one after the state is lost', () => {
  const guard = () => new DirectoryGuard(CONNECTOR as never, connectorStore(store, 'corp'));
  guard().check(CORP);
  empty();
  assert.throws(() => guard().check(OTHER), { code: 'wrong-directory' });
  assert.deepEqual(guard().check(CORP), CORP);
  connectorStore(store, 'corp').pin.set(OTHER);
  empty();
  assert.deepEqual(guard().check(OTHER), OTHER, 'a pin that an administrator moved stays where it is');
  assert.equal(store.confirmations.pin('toString'), undefined, 'a connector may be called anything');
});

test('remembers after losing the database that a forest was restored, and writes no epoch before', () => {
  const restores = () => connectorStore(store, 'corp').restores;
  store.confirmations.setPin('corp', CORP);
  assert.equal(restores().epoch, 0);
  assert.doesNotMatch(readFileSync(kept(), 'utf8'), /epoch/);
  restores().raise(1_795_437_727_000_008);
  restores().raise(7);
  store.close();
  for (const file of ['connect.db', 'connect.db-wal', 'connect.db-shm'])
    rmSync(join(folder, file), { force: true });
  store = open();
  assert.equal(restores().epoch, 1_795_437_727_000_009, 'it never goes back');
  assert.equal(connectorStore(store, 'toString').restores.epoch, 0);
});

test('imports what the previous release kept in the database, once', async () => {
  const { fingerprint, keyId, publicKey, receiptKey, realm } = await keysOfDomain();
  const at = '2026-11-23T10:00:00.000Z';
  const rows = `
    INSERT INTO pairing (id, fingerprint, key_id, public_key, receipt_key, realm, confirmed_at)
      VALUES (1, '${fingerprint}', '${keyId}', '${publicKey}', '${receiptKey}', '${realm}', '${at}');
    INSERT INTO directory_pin VALUES ('corp', '${CORP.domainSid}', '${CORP.domainGuid}', '${CORP.namingContext}', '${CORP.forest}', '${at}')`;
  earlierState(rows);
  const key = { fingerprint, keyId, publicKey, receiptKey, realm, confirmedAt: at };
  assert.deepEqual(store.confirmations.managedDomain, key);
  assert.deepEqual(connectorStore(store, 'corp').pin.get(), { ...CORP, pinnedAt: at });
  assert.deepEqual(store.db.all('SELECT 1 FROM pairing UNION ALL SELECT 1 FROM directory_pin'), []);
  store.confirmations.withdrawDomain();
  earlierState(rows);
  assert.equal(store.confirmations.managedDomain, undefined, 'the file is the truth, not a backup');
  rmSync(kept());
  store.close();
  store = open();
  assert.equal(store.confirmations.managedDomain, undefined, 'nor what the database had before');
});

test('refuses a file whose keys do not match the fingerprint', async () => {
  store.confirmations.confirmDomain(await keysOfDomain());
  const { keyId, publicKey } = await keysOfDomain();
  const said = JSON.parse(readFileSync(kept(), 'utf8')) as { managedDomain: object };
  const exchanged = { ...said, managedDomain: { ...said.managedDomain, keyId, publicKey } };
  writeFileSync(kept(), JSON.stringify(exchanged));
  assert.throws(open, { code: 'confirmations-unreadable', message: /managedDomain: its fingerprint is not/ });
});
