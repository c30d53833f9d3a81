import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ntHash } from '@causeway/credentials';
import {
  generateSealingKey,
  openCredentialRecord,
  type SealingKey,
  sealingPublicKey,
  verifyRecord,
} from '@causeway/records';
import { writePrivateFile } from '@causeway/service';
import { changeOwnPassword } from '../domains/change-own-password.ts';
import { labUp } from '../domains/lifecycle.ts';
import { randomPassword } from '../domains/table.ts';
import { deleteUser, disableUser, setPassword } from '../domains/users.ts';
import { ConnectAtPeer } from '../places/connect-at-peer.ts';
import { runCli } from '../places/run-cli.ts';

await labUp();
const connect = await ConnectAtPeer.listen();
const { domain, lab, folder, state, config, account, peer, service } = connect;
const { cli, user, inTenant, hasPassword } = connect;

const eventually = (what: string, holds: () => boolean | Promise<boolean>) =>
  service.eventually(what, holds, 20_000);

before(() => connect.enrol());
after(() => connect.close());

test('one cycle brings the users and their passwords, and the next one brings nothing', async () => {
  const alice = await user('alice');
  const { cycles } = await cli<{ cycles: { upserted: number; passwords: { sent: number } }[] }>(
    'sync',
    '--once',
  );
  assert.ok(cycles[0]!.upserted > 0 && cycles[0]!.passwords.sent > 0);
  assert.ok(await hasPassword(alice.upn, alice.password));
  assert.equal(inTenant(`${account}@${lab.dnsDomain}`), undefined);
  const { sourceAnchor } = inTenant(alice.upn)!.object;
  peer.requests.length = 0;
  await cli('sync', '--once');
  // Other tests may change the same directory, so this looks only for Alice: she is not sent again.
  assert.ok(peer.requests.every(({ body }) => !body.includes(sourceAnchor)));
});

const POINTS = [
  'after-read',
  'before-send',
  'after-send',
  'before-commit',
  'before-watermark',
  'after-watermark',
];
for (const point of POINTS) {
  test(`a kill at connect.${point} loses nothing`, async () => {
    const { sam, upn } = await user(`kill-${point.replace('watermark', 'mark')}`.slice(0, 13));
    await cli('sync', '--once');
    const password = randomPassword();
    await setPassword(domain, sam, password);
    const killed = await runCli(['connect', 'sync', '--once', '--config', config], {
      CAUSEWAY_CRASH_AT: `connect.${point}`,
    });
    assert.notEqual(killed.code, 0);
    await cli('sync', '--once');
    assert.ok(await hasPassword(upn, password));
  });
}

test('the watermark stays while the tenant does not answer', async () => {
  const { sam, upn } = await user('bob');
  await cli('sync', '--once');
  const before = cursor('replication-cookie');
  const password = randomPassword();
  await setPassword(domain, sam, password);
  const silences = ['nothing', { status: 500 }, 'half a body', { status: 429 }] as const;
  let n = 0;
  peer.misbehave = path => (path.endsWith('/credentials') ? silences[n++ % silences.length] : undefined);
  const failed = await runCli(['connect', 'sync', '--once', '--config', config]);
  assert.notEqual(failed.code, 0);
  assert.equal(cursor('replication-cookie'), before);
  assert.ok(n >= silences.length);
  peer.misbehave = () => undefined;
  await cli('sync', '--once');
  assert.notEqual(cursor('replication-cookie'), before);
  assert.ok(await hasPassword(upn, password));
});

test('the service synchronizes by itself: passwords, temporary ones, disabled and deleted users', async () => {
  await service.start();
  const { sam, upn, password } = await user('carol');
  await eventually('a new user with its password', () => hasPassword(upn, password));
  const second = randomPassword();
  await setPassword(domain, sam, second);
  const began = Date.now();
  await eventually('the changed password', () => hasPassword(upn, second));
  assert.ok(Date.now() - began < 5_000);

  const tina = await user('tina', { mustChange: true });
  await eventually('the user with a temporary password', () => inTenant(tina.upn) !== undefined);
  await eventually('status says that it waits', async () =>
    JSON.stringify(await cli('status', tina.upn).catch(() => '')).includes('must change'),
  );
  assert.equal(inTenant(tina.upn)!.credential, undefined);
  const own = randomPassword();
  await changeOwnPassword(domain, tina.sam, tina.password, own);
  await eventually('her own password', () => hasPassword(tina.upn, own));

  await disableUser(domain, sam);
  await eventually('disabled', () => inTenant(upn)?.object.accountEnabled === false);
  await deleteUser(domain, sam);
  await eventually('deleted', () => inTenant(upn) === undefined);
});

test('refuses a second instance, and a killed service leaves nothing that blocks a start', async () => {
  const second = await runCli(['connect', 'run', '--config', config]);
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`in use by process ${service.pid}`));
  await service.kill();
  await service.start();
});

let sealing: SealingKey;

test('all users stay owed until the managed domain’s key is confirmed, and then exactly those are sent', async () => {
  const dora = await user('dora');
  await eventually('her password', () => hasPassword(dora.upn, dora.password));
  assert.equal(inTenant(dora.upn)!.credential!.record, null);
  sealing = await generateSealingKey();
  const { fingerprint } = peer.confirmable(sealingPublicKey(sealing));
  peer.offerKey(sealingPublicKey(sealing));
  await delay(3_100); // longer than the configuration may be cached
  const { passes } = await cli<{ passes: { owed: number; completedAt: string | null }[] }>(
    'force-password-sync',
  );
  assert.ok(passes[0]!.owed > 0);
  assert.equal(passes[0]!.completedAt, null);
  assert.equal(inTenant(dora.upn)!.credential!.record, null);

  await cli('trust-domain', fingerprint);
  await eventually('nobody is owed any more, and the pass is over', async () => {
    const { connectors } = await cli<{
      connectors: { owed: number; fullPass: { completedAt: string | null } }[];
    }>('status');
    return connectors[0]!.owed === 0 && connectors[0]!.fullPass.completedAt !== null;
  });
  assert.ok(await opensTo(dora.upn, dora.password));
});

test('a restored domain controller causes a full cycle and an event', async () => {
  await service.stop();
  tamper(`UPDATE cursor SET value = '00000000-0000-0000-0000-000000000001' WHERE name = 'invocation-id'`);
  await service.start();
  await eventually('the event', async () => {
    const { events } = await cli<{ events: { text: string }[] }>('status');
    return events.some(({ text }) => text.includes('was restored or replaced'));
  });
  await eventually('the watermark is there again', () => cursor('replication-cookie') !== undefined);
  await service.stop();
});

test('a wrong password of the connector account, and a missing right, are reported with the remedy', async () => {
  const wrong = join(folder, 'wrong.password');
  writePrivateFile(wrong, 'not the password');
  connect.configure({ password: `file:${wrong}` });
  const refused = await runCli(['connect', 'sync', '--once', '--config', config]);
  assert.match(refused.stderr, /rejects the account .*\n {2}causeway connect account create/s);

  const poor = await user('poor');
  writePrivateFile(wrong, poor.password);
  connect.configure({ account: poor.upn, password: `file:${wrong}` });
  const denied = await runCli(['connect', 'sync', '--once', '--config', config]);
  assert.match(denied.stderr, /lacks 'Replicating Directory Changes'/);
  assert.match(denied.stderr, /samba-tool dsacl set/);
  connect.configure();
});

test('no hash of a known password is in the state, the log or the requests', async () => {
  const known = await user('known');
  await cli('sync', '--once');
  assert.ok(await opensTo(known.upn, known.password));
  const hash = Buffer.from(ntHash(known.password));
  const places = [
    ...readdirSync(state)
      .filter(name => name !== 'api.sock')
      .map(name => readFileSync(join(state, name))),
    readFileSync(connect.logFile),
    Buffer.from(peer.requests.map(({ body }) => body).join('\n')),
  ];
  const holds = (place: Buffer) =>
    place.includes(hash) ||
    place.toString('latin1').toLowerCase().includes(hash.toString('hex')) ||
    place.includes(hash.toString('base64')) ||
    place.includes(hash.toString('base64url'));
  assert.equal(places.filter(holds).length, 0);
  assert.ok(holds(Buffer.from(`planted ${hash.toString('hex')}`)));
});

/** Whether the record opens to this password's hash, with AES-256 among the keys. */
async function opensTo(upn: string, password: string): Promise<boolean> {
  const record = inTenant(upn)?.credential?.record;
  if (!record) return false;
  const { publicKey } = await cli<{ publicKey: string }>('fingerprint');
  const signer = { publicKey, forests: new Set([lab.dnsDomain]) };
  const verified = verifyRecord(record, () => signer, { tenant: peer.tenantId });
  assert.ok(verified.ok && verified.record.kind === 'credential');
  const opened = await openCredentialRecord(verified.record, sealing);
  assert.ok(opened.ok);
  const aes = opened.kerberosKeys?.keys.some(({ enctype }) => enctype === 18) ?? false;
  return aes && Buffer.from(opened.ntHash).equals(ntHash(password));
}

function cursor(name: string): string | undefined {
  const db = new DatabaseSync(join(state, 'connect.db'), { readOnly: true });
  try {
    const row = db.prepare('SELECT value FROM cursor WHERE name = ?').get(name);
    return row?.value as string | undefined;
  } finally {
    db.close();
  }
}

function tamper(sql: string): void {
  const db = new DatabaseSync(join(state, 'connect.db'));
  db.exec(sql);
  db.close();
}
