import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { HandClock } from '@causeway/service/testing';
import type { ConnectorContext } from '../context.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { creationsOf } from '../objects/waiting.ts';
import { processUsers } from '../passwords/process-users.ts';
import { guidOf, imported, person, replicated, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { sayAnew, strangers } from './say-anew.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
const anchorOf = (n: number): string => sourceAnchorOf(guidOf(n));
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
let context: ConnectorContext;
let clock: HandClock;

async function company(count: number): Promise<void> {
  imported(context, ...Array.from({ length: count }, (_, n) => person(n)));
  context.store.cursors.set('dirsync-cookie', 'the first import is through');
  await exportStep(context);
  const users = Array.from({ length: count }, (_, n) => replicated(n, 1));
  await processUsers(context, users, { whole: true, single: nobody });
  context.store.cursors.set('replication-cookie', '{}');
}
const nobody = () => Promise.reject(new Error('nobody is read singly here'));
const alarms = () => context.store.events.last(20).filter(({ text }) => text.startsWith('ALARM'));
const say = (n: number, what: { account?: boolean; password?: boolean } = { account: true }) =>
  sayAnew(context, [{ sourceAnchor: anchorOf(n), account: false, password: false, ...what }]);
const read = (n: number, version = 1, more = {}) =>
  processUsers(context, [replicated(n, version, more)], { whole: true, single: nobody });

beforeEach(() => {
  peer.forget();
  clock = new HandClock();
  context = testContext(peer, {}, clock);
});

test('signs an account with a new sequence and sends it, keeps it in the head, and does not count a new user', async () => {
  await company(3);
  const { store } = context;
  const before = store.space.get(guidOf(1))!;
  assert.equal(say(1), 1);
  assert.equal(store.heads.summary().accounts, 3);
  assert.equal((await exportStep(context)).upserted, 1);
  const { exportedDigest, exportedSequence } = store.space.get(guidOf(1))!;
  assert.equal(exportedDigest, before.exportedDigest);
  assert.ok(exportedSequence! > before.exportedSequence!);
  assert.equal(store.bulk.went(creationsOf(context), store.db.now()), 0);
  assert.ok(store.passwords.get(guidOf(1))!.acknowledged, 'what is known of the password stays');
});

test('reads an acknowledged password and sends it again once', async () => {
  await company(2);
  assert.equal((await read(1)).sent, 0, 'the tenant has it');
  say(1, { password: true });
  assert.deepEqual(
    context.store.queue.due('password', 5).map(({ guid }) => guid),
    [guidOf(1)],
  );
  assert.equal((await read(1)).sent, 1);
  assert.equal((await read(1)).sent, 0);
  assert.equal(context.store.queue.count(false), 0);
});

test('signs a withdrawal again, too', async () => {
  peer.accepts = ['withdrawal-1'];
  await company(2);
  await read(1, 2, { pwdLastSet: 0n });
  assert.ok(peer.users.get(anchorOf(1))!.withdrawal);
  delete peer.users.get(anchorOf(1))!.withdrawal;
  say(1, { password: true });
  await read(1, 2, { pwdLastSet: 0n });
  assert.ok(peer.users.get(anchorOf(1))!.withdrawal);
});

test('sends a lost password again after must change was set, if the password is still the same', async () => {
  peer.accepts = ['withdrawal-1'];
  await company(2);
  delete peer.users.get(anchorOf(1))!.credential;
  assert.equal((await read(1, 1, { pwdLastSet: 0n })).sent, 0);
  say(1, { password: true });
  assert.equal((await read(1, 1, { pwdLastSet: 0n })).sent, 1);
  assert.ok(peer.users.get(anchorOf(1))!.credential);
});

test('withdraws a lost password after a temporary one, even where temporary passwords withdraw nothing', async () => {
  peer.accepts = ['withdrawal-1'];
  context = testContext(peer, { temporaryPasswords: 'keep' }, clock);
  await company(2);
  assert.equal((await read(1, 2, { pwdLastSet: 0n })).sent, 0);
  say(1, { password: true });
  await read(1, 2, { pwdLastSet: 0n });
  assert.ok(peer.users.get(anchorOf(1))!.withdrawal);
});

test('sends a user whom the tenant lost with the password again, and keeps the user in the head meanwhile', async () => {
  await company(2);
  const { store } = context;
  peer.users.delete(anchorOf(1));
  await read(1, 2);
  assert.equal(store.heads.summary().accounts, 2);
  await exportStep(context);
  assert.deepEqual(
    store.queue.due('password', 5).map(({ guid }) => guid),
    [guidOf(1)],
    'it waits no longer than for the account',
  );
  assert.equal((await read(1, 2)).sent, 1);
  assert.equal(peer.users.get(anchorOf(1))!.order!.version, 2);
});

test('resends the former state of a user whose deletion is held to a tenant that lost it', async () => {
  await company(30);
  const off = (n: number) => person(n, { userAccountControl: '514' });
  imported(context, ...Array.from({ length: 11 }, (_, n) => ({ ...off(n), deleted: true })));
  assert.deepEqual(await exportStep(context).then(s => [s.upserted, s.suppressedDeletes]), [11, 11]);
  peer.users.delete(anchorOf(4));
  imported(context, { ...person(5), deleted: true }); // would enable a user whom the tenant has disabled
  for (const n of [4, 5]) say(n);
  assert.deepEqual(await exportStep(context).then(s => [s.upserted, s.suppressedDeletes]), [2, 11]);
  for (const n of [4, 5]) assert.equal(peer.users.get(anchorOf(n))!.object.accountEnabled, false);
  assert.equal((await exportStep(context)).upserted, 0);
});

test('resends at once, after 1, 5 and 60 minutes, then daily with an alarm, and starts over after two days of agreement', async () => {
  await company(2);
  const turn = async (n = 1) => {
    const said = say(n);
    await exportStep(context);
    return said;
  };
  assert.equal(await turn(), 1);
  for (const wait of [MINUTE, 5 * MINUTE, 60 * MINUTE]) {
    await clock.pass(wait - 1);
    assert.equal(await turn(), 0);
    await clock.pass(1);
    assert.equal(await turn(), 1);
  }
  assert.deepEqual(alarms(), []);
  await clock.pass(MINUTE);
  assert.equal(await turn(), 0);
  assert.match(alarms()[0]!.text, /^ALARM: corp\.example\.com: user1@corp\.example\.com: signed anew/);
  await clock.pass(DAY);
  assert.equal(await turn(), 1);
  assert.equal(await turn(), 0);
  assert.equal(alarms().length, 2, 'one a day');
  assert.deepEqual({ ...context.store.saidAnew.lastDay() }, { said: 1, alarmed: 1 });
  assert.equal(await turn(0), 1, 'of another one nobody was told');
  await clock.pass(2 * DAY + 1);
  assert.deepEqual([await turn(), alarms().length], [1, 2]);
});

test('spends no budget on a user who is pending already', async () => {
  await company(2);
  assert.equal(say(1, { account: true, password: true }), 1);
  await clock.pass(2 * MINUTE);
  assert.equal(say(1, { account: true, password: true }), 0);
  await exportStep(context);
  await read(1);
  assert.equal(say(1, { account: true, password: true }), 1);
});

test('sends many passwords by one full pass a day, and reads a limited number singly otherwise', async () => {
  await company(300);
  const { store } = context;
  const all = Array.from({ length: 300 }, (_, n) => ({
    sourceAnchor: anchorOf(n),
    account: false,
    password: true,
  }));
  assert.equal(sayAnew(context, all), 300);
  assert.equal(store.queue.count(false), 0);
  const pass = store.passes.open()!;
  assert.equal(sayAnew(context, all), 0, 'it is to come');
  store.passes.read(pass.id);
  store.passes.complete(pass.id);
  await clock.pass(2 * MINUTE);
  assert.equal(sayAnew(context, all), 200);
  assert.equal(store.passes.open(), undefined);
  assert.equal(store.queue.count(false), 200);
  assert.equal(sayAnew(context, all), 100, 'the others have their turn');
});

test('sends no password again while the channel is switched off', async () => {
  await company(1);
  context.store.settings.setPasswordSync(false);
  assert.equal(say(0, { password: true }), 0);
});

test('notes as strangers only users who neither should be in the tenant nor were acknowledged', async () => {
  await company(2);
  const { store } = context;
  imported(context, person(5, { adminDescription: 'User_out' }), person(6));
  strangers(
    context,
    [0, 5, 6, 7].map(n => anchorOf(n)),
  );
  assert.deepEqual(
    store.strangers
      .due(50)
      .map(({ anchor }) => anchor)
      .sort(),
    [anchorOf(5), anchorOf(7)].sort(),
  );
});
