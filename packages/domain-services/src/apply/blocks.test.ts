import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { EMPTY_PROFILE } from '@causeway/contract';
import { CLOUD_FOREST, generateSealingKey, sealingPublicKey } from '@causeway/records';
import { CausewayError, createLog } from '@causeway/service';
import { acceptUser } from '../admin/accept-user.ts';
import { block as blockAt, unblock as unblockAt } from '../admin/block-commands.ts';
import { readStatus, readUserStatus } from '../admin/status.ts';
import { accountMark, MARK_ATTRIBUTE, readAccountMark } from '../directory/account-mark.ts';
import { controlValues, type Values } from '../directory/attributes.ts';
import { Ledger } from '../ledger/ledger.ts';
import { trustOf } from '../pairing/trust.ts';
import { AccountsPeer } from '../testing/accounts-peer.ts';
import { ForestPeer, type Person } from '../testing/index.ts';
import { applyItems } from './apply.ts';
import { adoptBlocks, applyBlocks } from './blocks.ts';
import { applyDeletions } from './deletions.ts';
import { prepareItems } from './prepare.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-blocks-'));
const ledgers: Ledger[] = [];
after(() => {
  for (const one of ledgers) one.close();
  rmSync(folder, { recursive: true });
});
const tenant = randomUUID();
const sealingKey = await generateSealingKey();
const recipient = sealingPublicKey(sealingKey);
const log = createLog('test', { write: () => {} });
const REALM = 'AADDS.EXAMPLE.NET';
const CORP = 'corp.example.com';
const corp = new ForestPeer(tenant, CORP);
const other = new ForestPeer(tenant, 'corp.example.net');
const cloud = new ForestPeer(tenant, CLOUD_FOREST);

const isBlockMark = (text: string): boolean => text.startsWith('blocked by Causeway');
const textOf = (values: Values): string => String(values[MARK_ATTRIBUTE]?.[0] ?? '');

let directory: AccountsPeer;
let ledger: Ledger;

function openLedger(): Ledger {
  const opened = new Ledger(join(folder, `${randomUUID()}.db`));
  ledgers.push(opened);
  for (const { publicKey, forest } of [corp, other, cloud])
    opened.agents.trust({ ...publicKey, forest, trustedAt: new Date().toISOString() });
  return opened;
}

beforeEach(() => {
  directory = new AccountsPeer(REALM);
  ledger = openLedger();
});

const places = () => ({ ledger, directory });
const at = () => ({ ledger, realm: REALM, applyBlocks: () => applyBlocks(places()) });
const block = (user: string, more: { reason?: string; by?: string; forest?: string } = {}) =>
  blockAt(at(), { user, ...more });
const unblock = (user: string) => unblockAt(at(), { user });

/** The service does this within a second. */
const settle = () => applyBlocks(places());

async function feed(person: Person, account: string | null, credential: string | null, by = corp) {
  const context = {
    ...{ ledger, tenant, sealingKey, log, trust: trustOf(ledger), ldbModify: undefined as never },
    domain: { realm: REALM, sid: 'S-1-5-21-7-8-9' },
    directory: directory as never,
  };
  const item = { userId: randomUUID(), profile: EMPTY_PROFILE, ...by.item(person, account, credential) };
  assert.deepEqual(await applyItems(context, await prepareItems(context, [item])), []);
  await settle();
  const deletions = { ledger, directory: directory as never, threshold: 500, log };
  await applyDeletions(deletions);
}

async function written(name: string, by = corp): Promise<Person> {
  const person = by.person(name);
  await feed(person, by.account(person), await password(person, 1, by), by);
  assert.equal(isEnabled(person), true);
  return person;
}

const password = (person: Person, version: number, by = corp) =>
  by.credential(person, `Made.Up.${version}`, version, recipient);

/** Not the other forest's user, who may have the same anchor. */
const entryOf = ({ anchor }: Person) => {
  const people = ledger.accounts.withAnchor(anchor);
  return people.find(({ forest }) => forest !== other.forest) ?? people[0]!;
};
const account = (person: Person): Values => directory.stored.get(entryOf(person).managedGuid!)!;
const isEnabled = (person: Person): boolean => account(person).userAccountControl![0] === '512';
const isMarked = (person: Person): boolean => isBlockMark(textOf(account(person)));
const isShut = (person: Person): boolean => !isEnabled(person) && isMarked(person);

test('a block disables and marks the account at once, and its end restores what the forest says', async () => {
  const alice = await written('alice');
  const done = await block('alice', { reason: 'lost notebook', by: 'root' });
  assert.match(done.message, /'alice@corp\.example\.com' .* is blocked; applied$/);
  assert.equal(done.applied, true);
  assert.ok(isShut(alice));
  assert.match(textOf(account(alice)), /^blocked by Causeway since .*causeway domain unblock/);
  assert.ok(!textOf(account(alice)).includes('notebook'), 'everybody in the domain can read it');
  assert.equal(ledger.audit.list()[0]?.detail, 'alice of corp.example.com, by root: lost notebook');

  assert.match((await unblock('alice@corp.example.com')).message, /is blocked no more; applied$/);
  assert.deepEqual([isEnabled(alice), isMarked(alice)], [true, false]);
  assert.equal(ledger.audit.list()[0]?.action, 'unblock');
  await assert.rejects(unblock('alice'), { code: 'not-blocked' });
});

for (const [what, change] of [
  ['a new password', async (p: Person) => feed(p, null, await password(p, 2))],
  ['an enabling record', async (p: Person) => feed(p, corp.account(p, { enabled: true }), null)],
  [
    'disabling and enabling the user on-premises',
    async (p: Person) => {
      await feed(p, corp.account(p, { enabled: false }), null);
      await feed(p, corp.account(p, { enabled: true }), null);
    },
  ],
  [
    'renaming the user',
    async (p: Person) => feed(p, corp.account(p, { userPrincipalName: 'renamed@corp.example.com' }), null),
  ],
  [
    'a withdrawal followed by a new password',
    async (p: Person) => {
      await feed(p, null, corp.withdrawal(p, 2));
      await feed(p, null, await password(p, 3));
    },
  ],
  [
    'deleting and restoring the user on-premises',
    async (p: Person) => {
      await feed(p, corp.account(p, { deleted: true }), null);
      assert.equal(entryOf(p).managedGuid, null);
      await feed(p, corp.account(p), await password(p, 2));
    },
  ],
  [
    'a restore that finds no tombstone',
    async (p: Person) => {
      await feed(p, corp.account(p, { deleted: true }), null);
      ledger.accounts.save({ ...entryOf(p), nonce: null });
      directory.restore = async () => ({ ok: false, gone: true, reason: 'none' });
      await feed(p, corp.account(p), await password(p, 2));
    },
  ],
  [
    'a new object that an administrator accepts',
    async (p: Person) => {
      const anew = { ...p, objectGuid: randomUUID() };
      await feed(anew, corp.account(anew), await password(anew, 1));
      acceptUser(ledger, p.anchor);
      await feed(anew, corp.account(anew), await password(anew, 1));
      assert.equal(entryOf(p).objectGuid, anew.objectGuid);
    },
  ],
  [
    'another forest with the same anchor',
    async (p: Person) => {
      const theirs = { ...p, name: 'theirs', sid: `${other.domainSid}-1200` };
      await feed(theirs, other.account(theirs), await password(theirs, 1, other), other);
      const { managedGuid } = ledger.accounts.of({ forest: other.forest, anchor: p.anchor })!;
      assert.equal(isBlockMark(textOf(directory.stored.get(managedGuid!)!)), false);
    },
  ],
] as const) {
  test(`${what} does not open a blocked account`, async () => {
    const person = await written('alice');
    await block('alice');
    await change(person);
    assert.ok(isShut(person));
    assert.equal(entryOf(person).hasCredential, true);
    await settle();
    assert.ok(isShut(person));
    await unblock('alice');
    assert.deepEqual([isEnabled(person), isMarked(person)], [true, false]);
  });
}

test('blocks cloud-only users, too', async () => {
  const carla = await written('carla', cloud);
  await block('carla@contoso.example');
  await feed(carla, cloud.account(carla), await password(carla, 2, cloud), cloud);
  assert.ok(isShut(carla));
});

test('ending a block enables nobody who has no password or whom the forest disables', async () => {
  const [alice, bob] = [await written('alice'), await written('bob')];
  await block('alice');
  await block('bob');
  await feed(alice, corp.account(alice, { enabled: false }), null);
  await feed(bob, null, corp.withdrawal(bob, 2));
  await unblock('alice');
  await unblock('bob');
  assert.deepEqual([alice, bob].map(isEnabled), [false, false]);
  assert.deepEqual([alice, bob].map(isMarked), [false, false]);
});

test('a user who is blocked before they have an account gets a disabled one', async () => {
  const dora = corp.person('dora');
  await assert.rejects(block(dora.anchor), { code: 'no-such-user' });
  await assert.rejects(block('dora@corp.example.com', { forest: CORP }), { code: 'no-such-user' });
  const done = await block(dora.anchor, { forest: CORP });
  assert.match(done.message, /there is no account: one that comes will be so$/);
  const typo = await block('another', { forest: 'corp.exampel.com' });
  assert.match(typo.message, /no agent is trusted for 'corp\.exampel\.com': check the forest's name$/);
  assert.equal(readUserStatus(ledger, dora.anchor).entry, null);
  assert.equal(readUserStatus(ledger, dora.anchor).block?.forest, CORP);
  await feed(dora, corp.account(dora), await password(dora, 1));
  assert.ok(isShut(dora));
});

test('rejects an ambiguous name and lists every user it may mean', async () => {
  const [one, two] = [await written('alice'), other.person('alice')];
  await feed(two, other.account(two), await password(two, 1, other), other);
  await assert.rejects(block('alice'), (error: CausewayError) => {
    assert.equal(error.code, 'several-users');
    for (const { anchor } of [one, two]) assert.ok(error.message.includes(anchor));
    return true;
  });
  assert.equal(ledger.blocks.counts().count, 0);
  await block('alice', { forest: CORP });
  await block(two.anchor);
  assert.ok(isShut(one) && isShut(two));
});

test('a deleted user does not hide the user who has the name now', async () => {
  const before = await written('alice');
  await feed(before, corp.account(before, { deleted: true }), null);
  const now = await written('alice');
  await block('alice');
  assert.ok(isShut(now));
  assert.equal(ledger.blocks.of({ forest: CORP, anchor: before.anchor }), undefined);
});

test('a block waits while the directory does not answer, and reports that', async () => {
  const alice = await written('alice');
  directory.isUp = false;
  const done = await block('alice');
  assert.equal(done.applied, false);
  assert.match(done.message, /as soon as it can be written: it does not answer$/);
  assert.equal(isEnabled(alice), true);
  assert.deepEqual(ledger.blocks.counts(), { count: 1, waiting: 1 });
  directory.isUp = true;
  assert.equal(await settle(), undefined);
  assert.ok(isShut(alice));
  assert.deepEqual(ledger.blocks.counts(), { count: 1, waiting: 0 });
});

test('a page that is being written undoes neither a new block nor the end of one', async () => {
  const alice = await written('alice');
  directory.beforeWrite = () => block('alice');
  await feed(alice, corp.account(alice), null);
  assert.ok(isShut(alice));
  directory.beforeWrite = () => unblock('alice');
  await feed(alice, corp.account(alice), null);
  assert.deepEqual([isEnabled(alice), isMarked(alice)], [true, false]);
  directory.beforeWrite = async () => {
    await block('alice');
    await unblock('alice');
  };
  await feed(alice, corp.account(alice, { enabled: false }), null);
  assert.deepEqual([isEnabled(alice), isMarked(alice)], [false, false]);
});

for (const [what, giveUp] of [
  ['a page that fails halfway', 'write'],
  ['a page whose new accounts cannot be found again', 'findMade'],
] as const) {
  test(`${what} leaves nobody enabled who was blocked meanwhile`, async () => {
    const [alice, dora] = [await written('alice'), corp.person('dora')];
    const unavailable = new CausewayError('directory-unavailable', 'it does not answer');
    for (const [person, credential] of [
      [alice, null],
      [dora, await password(dora, 1)],
    ] as const) {
      const of = AccountsPeer.prototype;
      let isWritten = false;
      directory.write = async one => {
        await block(person.anchor);
        await of.write.call(directory, one);
        isWritten = true;
        if (giveUp === 'write') throw unavailable;
        return { ok: true };
      };
      directory.findMade = async made => {
        if (giveUp === 'findMade' && isWritten) throw unavailable;
        return of.findMade.call(directory, made);
      };
      const fed = feed(person, corp.account(person), credential);
      // Only a new account has to be found again.
      if (giveUp === 'write' || person === dora) await assert.rejects(fed, unavailable);
      else await fed;
      Object.assign(directory, { write: of.write, findMade: of.findMade });
      await settle();
    }
    assert.equal(entryOf(dora).managedGuid, null, 'the ledger knows of no account yet');
    assert.equal(directory.stored.size, 2);
    for (const values of directory.stored.values())
      assert.deepEqual([values.userAccountControl, isBlockMark(textOf(values))], [['514'], true]);
    await feed(dora, corp.account(dora), await password(dora, 1));
    assert.ok(isShut(dora));
  });
}

test('the next record or start shuts a blocked account again that somebody enabled or unmarked in the directory', async () => {
  const alice = await written('alice');
  await block('alice');
  const open = () => Object.assign(account(alice), { ...controlValues(true), [MARK_ATTRIBUTE]: [] });
  open();
  await feed(alice, corp.account(alice), null);
  assert.ok(isShut(alice));
  open();
  await adoptBlocks(places());
  await settle();
  assert.ok(isShut(alice));
});

test('an older ledger learns of a block from the account, and a new ledger from the anchor in it', async () => {
  const alice = await written('alice');
  const backup = entryOf(alice);
  await block('alice', { reason: 'lost notebook', by: 'root' });
  const { since } = ledger.blocks.of(backup)!;
  ledger = openLedger();
  ledger.accounts.save(backup);
  assert.equal(await adoptBlocks(places()), 1);
  const { block: found } = readUserStatus(ledger, 'alice@corp.example.com');
  assert.deepEqual([found?.since, found?.reason, found?.by], [since, null, null]);
  assert.equal(ledger.audit.list()[0]?.action, 'adopt-block');
  await feed(alice, corp.account(alice), await password(alice, 2));
  assert.ok(isShut(alice));
  assert.equal(await adoptBlocks(places()), 0);

  ledger = openLedger();
  await adoptBlocks(places());
  assert.equal(ledger.blocks.of(backup)?.since, since);
});

test('a changed mark still blocks; the mark of a block that has ended does not', async () => {
  const alice = await written('alice');
  Object.assign(account(alice), { [MARK_ATTRIBUTE]: ['blocked by Causeway, or so'] });
  assert.equal(await adoptBlocks(places()), 1);
  await settle();
  assert.ok(isShut(alice));
  directory.isUp = false;
  await unblock('alice');
  assert.ok(isMarked(alice));
  assert.equal(await adoptBlocks(places()), 0);
  directory.isUp = true;
  await settle();
  assert.deepEqual([isEnabled(alice), isMarked(alice)], [true, false]);
  Object.assign(account(alice), { [MARK_ATTRIBUTE]: ["an administrator's own"] });
  await adoptBlocks(places());
  await settle();
  assert.equal(readAccountMark(textOf(account(alice)))?.anchor, alice.anchor);
});

test('an account names its user from its creation on, whatever it is pinned to, and a truncated mark is not believed', async () => {
  const alice = await written('alice');
  const who = { anchor: alice.anchor, forest: CORP, objectGuid: alice.objectGuid };
  const said = () => readAccountMark(textOf(account(alice)));
  assert.deepEqual(said(), { ...who, blockedSince: undefined });
  await block('alice');
  const { since } = ledger.blocks.of(who)!;
  assert.deepEqual(said(), { ...who, blockedSince: since });
  const person = { forest: CLOUD_FOREST, anchor: 'A+/=', objectGuid: alice.objectGuid };
  for (const text of [accountMark(person), accountMark(person, { since })].map(textOf)) {
    assert.deepEqual([readAccountMark(text)?.anchor, readAccountMark(text)?.forest], ['A+/=', CLOUD_FOREST]);
    for (let length = 0; length < text.indexOf(';'); length++)
      assert.equal(readAccountMark(text.slice(0, length)), undefined);
  }
  const ofBefore = `blocked by Causeway since ${since}: A+/= of ${CORP}; only 'causeway domain unblock' ends it`;
  assert.deepEqual(readAccountMark(ofBefore), {
    ...{ anchor: 'A+/=', forest: CORP, objectGuid: undefined, blockedSince: since },
  });
});

test('status counts the blocked users and names the newest', async () => {
  const alice = await written('alice');
  const status = () => {
    const enrolment = { tenantName: 'contoso' } as never;
    const limits = { differenceMs: 1000, silenceMs: 60_000 };
    const own = { places: { domain: { directory: folder } } as never, keys: {} as never };
    return readStatus({ ledger, limits, enrolment, realm: REALM, onPremisesSids: 'all', ...own }, undefined)
      .blocked;
  };
  assert.deepEqual(status(), { count: 0, waiting: 0, latest: [] });
  await block('alice', { by: 'root' });
  const { count, latest } = status();
  assert.deepEqual([count, latest[0]?.user, latest[0]?.by], [1, 'alice@corp.example.com', 'root']);
  await unblock(alice.anchor);
  assert.equal(status().count, 0);
});
