import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectUserStatus } from '@causeway/contract';
import { describeUser } from '../commands/show-status.ts';
import { decideObject } from '../objects/merge.ts';
import { person } from '../testing/fixtures.ts';
import { openConnect } from '../testing/open-connect.ts';
import { userStatus } from './status.ts';

test("a user's status says since when, and why, the channel stands still", async t => {
  const { connect, close } = await openConnect();
  t.after(close);
  const connector = connect.connectors[0]!;
  const { store, scope } = connector.context;
  store.space.put(decideObject(person(1), scope), 1);
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
