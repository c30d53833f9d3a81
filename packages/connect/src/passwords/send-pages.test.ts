import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { ReplicatedUser, ReplicationPage } from '@causeway/active-directory';
import { verifyCloudCredential } from '@causeway/credentials';
import { DomainController } from '../domain-controller/domain-controller.ts';
import { exportStep } from '../objects/export-step.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { guidOf, imported, person, replicated, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import type { PasswordChannel } from './password-channel.ts';
import type { PasswordSummary } from './process-users.ts';
import { sendPages } from './send-pages.ts';
import { UsersInFlight } from './users-in-flight.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());
beforeEach(() => peer.forget());

const BATCH = 2;

async function channelWith(people: number): Promise<PasswordChannel> {
  const context = testContext(peer, { passwordBatch: BATCH });
  imported(context, ...Array.from({ length: people }, (_, n) => person(n)));
  await exportStep(context);
  await context.tenant.configuration(); // cached for a moment: what a test scripts is for the batches
  const controller = new DomainController(context);
  return { context, controller, inFlight: new UsersInFlight(), pace: undefined };
}

/** Users as pages of a full cycle. */
function pagesOf(...pages: ReplicatedUser[][]): ReplicationPage[] {
  return pages.map((users, i) => ({
    users,
    serverObjects: users.length,
    bytes: 0,
    more: i < pages.length - 1,
    invocationId: guidOf(0xabc),
    fullCycle: true,
    wipe: () => assert.fail('users of this page may be in flight'),
  }));
}

async function* oneByOne(pages: readonly ReplicationPage[], end?: Error) {
  yield* pages;
  if (end) throw end;
}

const peopleFrom = (from: number, count: number): ReplicatedUser[] =>
  Array.from({ length: count }, (_, i) => replicated(from + i, 100 + from + i));

const isWiped = ({ ntHash, kerberosKeys }: ReplicatedUser): boolean =>
  typeof ntHash !== 'string' &&
  ntHash.every(byte => byte === 0) &&
  typeof kerberosKeys !== 'string' &&
  kerberosKeys.keys.every(({ key }) => key.every(byte => byte === 0));

const credentialOf = (n: number) => peer.users.get(sourceAnchorOf(guidOf(n)))!.credential;

/** Counts users with a credential, and checks that each is of the user's own password, not of a hash wiped too early. */
async function arrived(people: number): Promise<number> {
  let count = 0;
  for (let n = 0; n < people; n++) {
    const credential = credentialOf(n);
    if (!credential) continue;
    assert.ok(
      await verifyCloudCredential(credential.cloudCredential, new Uint8Array(16).fill(100 + n)),
      `${n}`,
    );
    count++;
  }
  return count;
}

test('sends several pages in slices of a batch, and wipes every user after arrival', async () => {
  const channel = await channelWith(11);
  const users = [peopleFrom(0, 5), peopleFrom(5, 0), peopleFrom(5, 6)];
  const done: PasswordSummary[] = [];
  assert.ok(await sendPages(channel, oneByOne(pagesOf(...users)), {}, one => done.push(one)));
  assert.deepEqual(done.map(({ sent }) => sent).toSorted(), [1, 2, 2, 2, 2, 2]);
  assert.equal(await arrived(11), 11);
  assert.ok(users.flat().every(isWiped));
});

test('finishes what is in flight when switched off in the middle of a page, and wipes the rest unsent', async () => {
  const channel = await channelWith(20);
  const { settings } = channel.context.store;
  peer.judge = () => {
    settings.setPasswordSync(false);
    return undefined;
  };
  const users = [peopleFrom(0, 18), peopleFrom(18, 2)];
  assert.equal(await sendPages(channel, oneByOne(pagesOf(...users)), {}, () => {}), false);
  const count = await arrived(20);
  assert.ok(count >= BATCH && count < 18, `${count} arrived`);
  assert.ok(users[0]!.every(isWiped));
  assert.ok(!users[1]!.some(isWiped), 'a page that was never taken');
});

test('does not count users skipped while the channel was off for a moment as sent', async () => {
  const channel = await channelWith(6);
  const { settings } = channel.context.store;
  const pages = async function* () {
    try {
      settings.setPasswordSync(false);
      yield* pagesOf(peopleFrom(0, 6));
    } finally {
      settings.setPasswordSync(true);
    }
  };
  assert.equal(await sendPages(channel, pages(), {}, () => {}), false);
});

test('reports a batch that the tenant denies once nothing is in flight, with every user wiped', async () => {
  const channel = await channelWith(12);
  peer.script.push(undefined, { status: 403 });
  const users = peopleFrom(0, 12);
  await assert.rejects(
    sendPages(channel, oneByOne(pagesOf(users)), {}, () => {}),
    /403|scripted/,
  );
  assert.ok(users.every(isWiped));
  const before = peer.requests.length;
  await channel.inFlight.settled();
  assert.equal(peer.requests.length, before);
  assert.ok((await arrived(12)) <= 12 - BATCH);
});

test("reports a domain controller's failure only after the pages before it have arrived", async () => {
  const channel = await channelWith(4);
  const pages = oneByOne(pagesOf(peopleFrom(0, 4)), new Error('the connection is gone'));
  await assert.rejects(
    sendPages(channel, pages, {}, () => {}),
    /the connection is gone/,
  );
  assert.equal(await arrived(4), 4);
});
