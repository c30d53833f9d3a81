import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { sourceAnchorOf } from '../../objects/source-anchor.ts';
import { decideWaiting } from '../../objects/waiting.ts';
import { guidOf, imported, person } from '../../testing/fixtures.ts';
import { FORESTS, openConnect } from '../../testing/open-connect.ts';
import { adminHandlers } from '../handlers.ts';

const [corp, fabrikam] = FORESTS;
const at = await openConnect();
let nudged = 0;
const api = adminHandlers(at.connect, () => (nudged += 1));
after(() => at.close());

const none = { params: undefined as never, query: undefined as never, body: undefined as never };
const lists = async (connector?: string) =>
  (await api.listHeld({ ...none, query: { operation: 'delete', ...(connector && { connector }) } }, ''))
    .lists;
const approve = (digest: string, operation: 'delete' | 'create') =>
  api.approveHeld({ ...none, params: { digest }, body: { operation } }, 'a test');

/** Imports a forest of 20 people, deletes the first `count` of them, and decides as a cycle does. */
function lose(index: number, count: number): void {
  const { context } = at.connect.connectors[index]!;
  for (let n = 0; n < 20; n++) {
    imported(context, person(n));
    context.store.space.acknowledgeExport(guidOf(n), 'digest', n + 1);
    if (n < count) imported(context, { ...person(n), deleted: true });
  }
  decideWaiting(context);
}

test('lists what each connector holds, with names, and approves a list by its digest', async () => {
  lose(0, 11);
  lose(1, 12);
  assert.deepEqual(
    (await lists()).map(({ connector, count }) => [connector, count]),
    [
      [corp, 11],
      [fabrikam, 12],
    ],
  );
  const [list] = await lists(corp);
  const first = list!.people.find(({ objectGuid }) => objectGuid === guidOf(0))!;
  assert.deepEqual([first.user, first.canSignIn], [`user0@${corp}`, true]);
  const { digest } = list!;
  assert.throws(() => approve(digest, 'create'), {
    code: 'other-list',
    message: /allow-deletes [0-9a-f]{32}/,
  });
  const { count } = await api.getHeld({ ...none, params: { digest } }, '');
  assert.equal(count, 11);
  assert.equal((await approve(digest, 'delete')).count, 11);
  assert.equal(nudged, 1);
  assert.deepEqual(
    (await lists()).map(({ connector }) => connector),
    [fabrikam],
  );
  const [event] = at.connect.store.events.last(1);
  assert.match(event!.text, /^11 deletions of the list [0-9a-f]{32} were approved by a test; 0 did not hold/);
});

test('status names the users who can still sign in, and counts them', async () => {
  const { connectors } = await api.getStatus(none, '');
  const [, { suppressedDeletes, stillSigningIn, stillSigningInCount }] = connectors as [
    unknown,
    (typeof connectors)[number],
  ];
  assert.deepEqual([suppressedDeletes, stillSigningIn.length, stillSigningInCount], [12, 12, 12]);
  assert.ok(stillSigningIn.includes(`user11@${corp}`));
});

test('rejects the digest of a list that was never shown, and the number of deletions that older releases took', async () => {
  assert.throws(() => approve('0'.repeat(32), 'delete'), { code: 'no-such-list', status: 404 });
  const sync = async () => api.sync({ ...none, body: { allowDeletes: 5, policyType: 'Delta' } }, '');
  await assert.rejects(sync, { code: 'approve-by-list', todo: /causeway connect deletions/ });
});

test('lists deletions of people whom only the tenant has separately, and counts them in the status', async () => {
  const { context } = at.connect.connectors[0]!;
  const found = Array.from({ length: 11 }, (_, n) => sourceAnchorOf(guidOf(100 + n)));
  for (const [n, anchor] of found.entries()) context.store.space.putStranger(guidOf(100 + n), anchor);
  decideWaiting(context);
  context.store.cursors.set('compared', JSON.stringify({ at: context.store.db.timestamp(), differing: 11 }));
  const [list] = (await lists(corp)).filter(({ kind }) => kind === 'stranger');
  assert.deepEqual(list!.people.map(({ user }) => user).sort(), found.sort());
  const { connectors } = await api.getStatus(none, '');
  const { comparison, exported } = connectors[0]!;
  assert.deepEqual([comparison!.differing, comparison!.strangersHeld], [11, 11]);
  assert.equal(exported, 20, 'the tenant acknowledged none of them');
  assert.equal((await approve(list!.digest, 'delete')).count, 11);
  assert.equal(decideWaiting(context).strangers.size, 0);
});
