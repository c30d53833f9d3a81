import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { StoredUser } from '@causeway/contract';
import { EMPTY_PROFILE } from '@causeway/contract';
import type { ConnectorContext } from '../../context.ts';
import { exportStep } from '../../objects/export-step.ts';
import { sourceAnchorOf } from '../../objects/source-anchor.ts';
import { UsersInFlight } from '../../passwords/users-in-flight.ts';
import { guidOf, imported, person, testContext } from '../../testing/fixtures.ts';
import { ProvisioningPeer } from '../../testing/provisioning-peer.ts';
import { readDifferences } from './contents-at-tenant.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());

const START = { kind: 'user', after: '' } as const;
let context: ConnectorContext;
const inFlight = new UsersInFlight();
const compare = (position: Parameters<typeof readDifferences>[1] = START) =>
  readDifferences([{ context, inFlight }], position);

beforeEach(() => {
  peer.forget();
  context = testContext(peer);
  imported(context, person(1), person(2));
  context.store.cursors.set('dirsync-cookie', 'the first import is through');
});

const stored = (n: number, change: Partial<StoredUser> = {}): StoredUser => ({
  ...{
    sourceAnchor: sourceAnchorOf(guidOf(n)),
    objectGuid: guidOf(n),
    userPrincipalName: '',
    signInName: null,
  },
  ...{
    nameProblem: null,
    onPremisesSamAccountName: null,
    onPremisesSecurityIdentifier: null,
    accountEnabled: true,
  },
  ...{ accountExpires: null, profile: EMPTY_PROFILE, passwordOrder: null, withdrawn: false },
  ...change,
});
const answer = (users: StoredUser[], more = false) => {
  peer.script.push({ status: 200, json: { users, more } });
};

test('asks to update a tenant of an older release', async () => {
  await assert.rejects(compare(), { code: 'tenant-too-old', todo: /Update the tenant/ });
});

test('refuses to compare before the directory was imported', async () => {
  context.store.cursors.set('dirsync-cookie', undefined);
  answer([stored(7)]);
  await assert.rejects(compare(), { code: 'not-imported', todo: /connect sync --once/ });
});

test("rejects a tenant's answer that is out of order, goes in circles or makes no progress", async () => {
  const [one, other] = [1, 2].map(n => stored(n)).sort((a, b) => (a.sourceAnchor < b.sourceAnchor ? -1 : 1));
  for (const users of [
    [other!, one!],
    [one!, one!],
  ]) {
    answer(users);
    await assert.rejects(compare(), { code: 'bad-answer', message: /out of order/ });
  }
  answer([one!], true);
  await assert.rejects(compare({ kind: 'user', after: other!.sourceAnchor }), { code: 'bad-answer' });
  answer([], true);
  await assert.rejects(compare(), { code: 'bad-answer', message: /shows none/ });
  await assert.rejects(compare({ kind: 'membership', after: 'nonsense' }), { code: 'bad-request' });
});

test("shows the tenant's reason why a name cannot be used, if Connect knows none", async () => {
  await exportStep(context);
  answer(
    [1, 2]
      .map(n => {
        const name = person(n).attributes.userPrincipalName as string;
        const problem = n === 1 ? 'attribute-value-must-be-unique: another one has it' : null;
        return stored(n, {
          userPrincipalName: name,
          signInName: n === 1 ? null : name,
          nameProblem: problem,
        });
      })
      .sort((a, b) => (a.sourceAnchor < b.sourceAnchor ? -1 : 1)),
  );
  const { differences } = await compare();
  const named = differences.find(each => each.attributes.some(({ name }) => name === 'signInName'));
  assert.equal(named?.note, 'attribute-value-must-be-unique: another one has it');
});

test('counts users whose password was not read yet, and shows a refused object with its next retry', async () => {
  context.store.queue.put('object', guidOf(2), { quarantined: true, code: 'invalid', reason: 'a reason' });
  answer([
    stored(1, { passwordOrder: { version: 1, originatingTime: 1, originatingInvocationId: guidOf(9) } }),
  ]);
  const { differences, unread, here, there, next } = await compare();
  assert.deepEqual([unread, here, there, next], [2, 2, 1, { kind: 'group', after: '' }]);
  assert.equal(
    differences.some(({ kind }) => kind === 'password'),
    false,
  );
  const refused = differences.find(({ what }) => what === 'only-here');
  assert.deepEqual([refused?.waits, refused?.note], ['retry', 'a reason']);
  assert.ok(Date.parse(refused!.at!) > Date.now());
});

test('distinguishes a password that is being sent from one that only the tenant has', async () => {
  context.store.cursors.set('replication-cookie', '{}');
  const order = { version: 1, originatingTime: 1, originatingInvocationId: guidOf(9) };
  const users = [1, 2].map(n => stored(n, { passwordOrder: order }));
  const sorted = users.sort((a, b) => (a.sourceAnchor < b.sourceAnchor ? -1 : 1));
  const passwords = async () =>
    (await compare()).differences
      .filter(({ kind }) => kind === 'password')
      .map(({ what, sourceAnchor, waits }) => [what, sourceAnchor === sourceAnchorOf(guidOf(1)), waits]);
  answer(sorted);
  const sent = Promise.withResolvers<void>();
  const sending = inFlight.run([guidOf(1)], () => sent.promise);
  const found = await passwords();
  assert.deepEqual(
    new Set(found.map(each => each.join())),
    new Set(['only-there,true,on-its-way', 'only-there,false,']),
  );
  sent.resolve();
  await sending;
});
