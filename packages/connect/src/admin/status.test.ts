import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectStatus, ConnectUserStatus } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { describeStatus, describeUser } from '../commands/show-status.ts';
import { decideObject } from '../objects/merge.ts';
import { NO_RULES } from '../scope/rules.ts';
import { person } from '../testing/fixtures.ts';
import { openConnect } from '../testing/open-connect.ts';
import { connectStatus, userStatus } from './status.ts';

test("a user's status shows since when and why the channel stands still", async t => {
  const { connect, close } = await openConnect();
  t.after(close);
  const connector = connect.connectors[0]!;
  const { store, scope } = connector.context;
  store.space.put(decideObject('user', person(1), { scope, rules: NO_RULES }), 1);
  store.passwords.note(person(1).guid, 'Success', 'the tenant has the current password');
  const standstill = () => userStatus(connect, 'user1').standstill;
  const lastCycle = (millisecondsAgo: number): string => {
    const at = new Date(Date.now() - millisecondsAgo).toISOString();
    store.cursors.set('last-password-cycle-at', at);
    return at;
  };

  assert.deepEqual(standstill(), { since: null, reason: 'no password cycle has ended yet' });
  const old = lastCycle(10 * 60_000);
  assert.equal(standstill()!.since, old);
  assert.match(standstill()!.reason, /no password cycle has ended since then/);
  const since = lastCycle(10_000);
  assert.equal(standstill(), undefined);
  assert.doesNotMatch(describeUser(userStatus(connect, 'user1')).join('\n'), /STANDS STILL/);

  await assert.rejects(connector.cycle());
  const status = ConnectUserStatus.parse(userStatus(connect, 'user1'));
  assert.equal(status.password!.status, 'Success', 'the last verdict stays');
  assert.equal(status.standstill!.since, since);
  assert.match(status.standstill!.reason, /'127\.0\.0\.1' of connector .* cannot be used/);
  assert.match(
    describeUser(status).join('\n'),
    new RegExp(`channel +STANDS STILL since ${since}: .* cannot be used`),
  );

  await connector.setPasswordSync(false);
  assert.deepEqual(standstill(), { since, reason: 'password hash synchronization is switched off' });
});

test('raises an alarm in the status while another copy of this Connect runs, and an event when it appears and disappears', async t => {
  const clock = new HandClock();
  const { connect, peer, close } = await openConnect(clock);
  t.after(close);
  const status = async () => {
    await clock.pass(10_000);
    return ConnectStatus.parse(await connectStatus(connect));
  };
  const at = '2026-03-02T08:00:00.000Z';
  assert.equal((await status()).tenant.otherRuns, undefined);
  peer.otherRuns = [{ machine: 'sync-copy', address: '10.0.0.7', firstSeenAt: at, lastSeenAt: at }];
  await status();
  const doubled = await status();
  assert.deepEqual(doubled.tenant.otherRuns, peer.otherRuns);
  assert.match(
    describeStatus(doubled, true).join('\n'),
    /^ALARM: this Connect runs more than once: .* on sync-copy \(10\.0\.0\.7\) since 2026/m,
  );
  peer.otherRuns = undefined;
  const { tenant, events } = await status();
  assert.equal(tenant.otherRuns, undefined);
  assert.deepEqual(
    events.map(({ level, text }) => [level, text.slice(0, 32)]),
    [
      ['info', 'no other copy of this Connect ca'],
      ['error', 'ALARM: this Connect runs more th'],
    ],
  );
});
