import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { encodeGuid, encodeSid } from '@causeway/ldap';
import { Scope } from '../configuration.ts';
import type { ConnectorContext } from '../context.ts';
import { lagOf, readVector } from '../domain-controller/lag.ts';
import { concludeRestore, markRestored } from '../domain-controller/note-restore.ts';
import { NO_RULES } from '../scope/rules.ts';
import { DOMAIN_SID, group, guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { ScriptedDirectory, type ScriptedObject } from '../testing/scripted-directory.ts';
import { importStep } from './import-step.ts';
import { importedAttributes, noteImported } from './imported-attributes.ts';
import { decidingAttributes } from './lagging-import.ts';
import { sourceAnchorOf } from './source-anchor.ts';

const peer = await ProvisioningPeer.listen();
const directory = await ScriptedDirectory.listen();
after(() => Promise.all([peer.close(), directory.close()]));
beforeEach(() => {
  directory.asked.length = 0;
  Object.assign(directory.answers, { full: [], delta: [], whole: [] });
  Object.assign(directory.self, {
    highestCommittedUSN: ['1'],
    replUpToDateVector: [],
    replPropertyMetaData: [],
  });
});

const NAMING_CONTEXT = 'DC=corp,DC=example,DC=com';
/** The domain controller that was read before, up to this USN of its own. */
const [OTHER, READ] = [guidOf(0xdc1), 100];
/** The domain controller that answers. */
const OWN = '07070707-0707-0707-0707-070707070707';
const ATTRIBUTES = {
  isDeleted: 0x2_0030,
  userAccountControl: 0x9_0008,
  objectSid: 0x9_0092,
  accountExpires: 0x9_009f,
  primaryGroupID: 0x9_0062,
  groupType: 0x9_02ee,
  adminDescription: 0x2_00e2,
};

function numbers(...parts: readonly [bytes: 4 | 8, value: number][]): Buffer {
  return Buffer.concat(
    parts.map(([bytes, value]) => {
      const buffer = Buffer.alloc(bytes);
      buffer.writeUInt32LE(value);
      return buffer;
    }),
  );
}

/** The domain controller has received the other one's changes up to this USN. */
function knows(usn: number): void {
  const head = numbers([4, 1], [4, 0], [4, 1], [4, 0]);
  directory.self.replUpToDateVector = [Buffer.concat([head, encodeGuid(OTHER), numbers([8, usn])])];
}

/** Any object looked up was changed at these USNs, by the other domain controller or by this one. */
function stamps(changes: Partial<Record<keyof typeof ATTRIBUTES, number>>, by = OTHER): void {
  const entries = Object.entries(changes);
  directory.self.replPropertyMetaData = [
    Buffer.concat([
      numbers([4, 1], [4, 0], [4, entries.length], [4, 0]),
      ...entries.map(([name, usn]) =>
        Buffer.concat([
          numbers([4, ATTRIBUTES[name as keyof typeof ATTRIBUTES]], [4, 1], [8, 0]),
          encodeGuid(by),
          numbers([8, usn], [8, 1]),
        ]),
      ),
    ]),
  ];
}

/** One of several domain controllers. Another one was read up to `READ`, with these users. */
function several(...people: Parameters<typeof imported>[1][]): ConnectorContext {
  const context = testContext(peer);
  const connector = { ...context.connector, domainControllers: [{ server: '127.0.0.2' }] };
  imported(context, ...people);
  const { cursors } = context.store;
  cursors.set('read-vector', JSON.stringify([{ invocationId: OTHER, usn: String(READ) }]));
  return { ...context, connector };
}

async function run(context: ConnectorContext) {
  await using ldap = await directory.connect();
  return await importStep(context, ldap, NAMING_CONTEXT);
}

/** Imports everything once, so that a delta follows. */
async function withCookie(context: ConnectorContext): Promise<ConnectorContext> {
  await run(context);
  directory.asked.length = 0;
  return context;
}

const changed = (n: number, attributes: NonNullable<ScriptedObject['attributes']>): ScriptedObject => ({
  guid: guidOf(n),
  dn: person(n).dn,
  attributes,
});
/** The object as a full import brings it, or as the delta of its creation does. */
function whole(n: number): ScriptedObject {
  const { objectClasses, attributes } = person(n);
  const { objectSid, ...others } = attributes;
  return { ...changed(n, { ...others, objectClass: objectClasses }), objectSid: objectSid as string };
}

const isOpen = ({ store }: ConnectorContext, n: number): boolean => {
  const found = store.space.get(guidOf(n));
  return found?.desiredDigest !== undefined && found.attributes.userAccountControl === '512';
};
const DISABLED = { userAccountControl: '514' };

test('trusts a domain controller that has everything that was read, and keeps its vector', async () => {
  const context = several(person(1, DISABLED), person(2));
  knows(READ);
  directory.answers.full = [whole(1)];
  await run(context);
  assert.equal(isOpen(context, 1), true);
  assert.equal(context.store.space.get(guidOf(2))?.deleted, true);
  assert.equal(lagOf(context), undefined);
  const own = readVector(context.store).find(({ invocationId }) => invocationId !== OTHER);
  assert.equal(own?.usn, '1');
});

test('accepts an opening from a lagging domain controller only if that change is news', async () => {
  const context = await withCookie(several(person(1, DISABLED)));
  assert.notEqual(lagOf(context), undefined);
  directory.answers.delta = [changed(1, { userAccountControl: '512', displayName: 'older' })];
  stamps({ userAccountControl: READ });
  await run(context);
  assert.equal(isOpen(context, 1), false);
  stamps({ userAccountControl: READ + 1 });
  await run(context);
  assert.equal(isOpen(context, 1), true);
});

test('treats entering the password scope as an opening, which counts only as news', async () => {
  const some = several();
  const scope = Scope.parse({ passwords: { condition: '(!(adminDescription=PHSFiltered))' } });
  const context = { ...some, connector: { ...some.connector, scope } };
  noteImported(context.store, importedAttributes(context));
  imported(context, person(1, { adminDescription: 'PHSFiltered' }), person(2));
  await withCookie(context);
  const passwords = () => [1, 2].map(n => context.store.space.get(guidOf(n))!.passwords);
  directory.answers.delta = [
    changed(1, { adminDescription: undefined }),
    changed(2, { adminDescription: 'PHSFiltered' }),
  ];
  stamps({ adminDescription: READ });
  await run(context);
  assert.deepEqual(passwords(), ['withdrawn', 'withdrawn']);
  stamps({ adminDescription: READ + 1 });
  await run(context);
  assert.deepEqual(passwords(), ['sent', 'withdrawn']);
});

test('treats a later account expiry as an opening too', async () => {
  const context = await withCookie(several(person(1, { accountExpires: '133000000000000000' })));
  directory.answers.delta = [changed(1, { accountExpires: '0' })];
  stamps({ accountExpires: READ, userAccountControl: READ + 1 });
  await run(context);
  assert.equal(context.store.space.get(guidOf(1))?.attributes.accountExpires, '133000000000000000');
});

test('deletes and restores only by a change that is news', async () => {
  const gone = { ...person(2), deleted: true };
  const context = await withCookie(several(person(1), gone));
  directory.answers.delta = [
    { ...changed(1, { isDeleted: 'TRUE' }), dn: `CN=1,CN=Deleted Objects,${NAMING_CONTEXT}` },
    changed(2, { displayName: 'still there' }),
  ];
  const deleted = () => [1, 2].map(n => context.store.space.get(guidOf(n))?.deleted);
  for (const known of [{}, { isDeleted: READ }]) {
    stamps(known);
    await run(context);
    assert.deepEqual(deleted(), [false, true]);
  }
  stamps({ isDeleted: READ + 1 });
  directory.answers.delta = directory.answers.delta.slice(0, 1);
  await run(context);
  assert.deepEqual(deleted(), [true, true]);
});

test('creates an unknown user only by a change that is news', async () => {
  const context = await withCookie(several());
  directory.answers.delta = [whole(3)];
  stamps({ objectSid: READ });
  await run(context);
  assert.equal(context.store.space.get(guidOf(3)), undefined);
  stamps({ objectSid: READ + 1 });
  await run(context);
  assert.equal(isOpen(context, 3), true);
});

/** A distribution group with a user in it. */
function withGroup(context: ConnectorContext): ConnectorContext {
  imported(context, group(9, { groupType: '2', mail: 'all@corp.example.com' }));
  const { lists, members } = context.store;
  members.add(lists.get(guidOf(9))!.id, [sourceAnchorOf(guidOf(1))]);
  return context;
}
const membersOf = ({ store }: ConnectorContext) => store.lists.get(guidOf(9))!.members;
/** A member as DirSync names it, by an extended name. */
const memberValue = (n: number): string =>
  `<GUID=${Buffer.from(encodeGuid(guidOf(n))).toString('hex')}>;<SID=${Buffer.from(encodeSid(`${DOMAIN_SID}-${1000 + n}`)).toString('hex')}>;${person(n).dn}`;

test('holds a group that would give rights again, but lets a member leave at once', async () => {
  const context = await withCookie(withGroup(several(person(1))));
  const typeOf = () => context.store.groups.get(guidOf(9))?.attributes.groupType;
  const object = {
    ...{ guid: guidOf(9), dn: group(9).dn },
    attributes: { groupType: '-2147483646', 'member;range=0-0': [memberValue(1)] },
  };
  directory.answers.delta = [object];
  stamps({ groupType: READ });
  await run(context);
  assert.deepEqual([typeOf(), membersOf(context)], ['2', 0]);
  stamps({ groupType: READ + 1 });
  await run(context);
  assert.equal(typeOf(), '-2147483646');
});

test('judges a primary group by its own change alone, and gives a disabled user nothing through it', async () => {
  const context = await withCookie(withGroup(several(person(1), person(2))));
  const rid = String(1000 + 9);
  directory.answers.delta = [changed(2, { primaryGroupID: rid })];
  stamps({ primaryGroupID: READ, userAccountControl: READ + 1 });
  await run(context);
  assert.equal(membersOf(context), 1);
  directory.answers.delta = [changed(2, { primaryGroupID: '513' })];
  await run(context);
  assert.equal(
    context.store.space.get(guidOf(2))?.attributes.primaryGroupID,
    '513',
    'into no group that counts',
  );
  directory.answers.delta = [changed(2, { ...DISABLED, primaryGroupID: rid })];
  await run(context);
  assert.equal(isOpen(context, 2), false);
  directory.answers.delta = [changed(1, { primaryGroupID: rid })];
  stamps({ primaryGroupID: READ + 1 });
  await run(context);
  assert.equal(
    membersOf(context),
    2,
    'the second person, who is closed, and the first, who was in it before',
  );
});

test('treats a change that brings a group to the tenant as an opening, and one that removes it as none', () => {
  const context = several();
  const [security, distribution] = ['-2147483646', '2'];
  const table: [before: object, change: object, expected: readonly string[] | undefined][] = [
    [{ groupType: distribution, mail: 'a@b' }, { groupType: security }, ['groupType']],
    [{ groupType: security }, { groupType: distribution }, undefined],
    [{ adminDescription: 'Group_x' }, { adminDescription: null }, ['adminDescription']],
    [{}, { adminDescription: 'Group_x' }, undefined],
    [{ groupType: distribution }, { mail: 'a@b' }, ['mail']],
    [{}, { displayName: 'other' }, undefined],
  ];
  for (const [before, attributes, expected] of table) {
    const known = group(9, before as Record<string, string>);
    const change = { ...IMPORTED, attributes: attributes as Record<string, string> };
    const found = decidingAttributes(
      known,
      change,
      false,
      { scope: context.scope, rules: NO_RULES },
      'group',
    );
    assert.deepEqual(found, expected, JSON.stringify([before, attributes]));
  }
});

const IMPORTED = {
  ...{ objectGuid: guidOf(9), distinguishedName: group(9).dn, objectClass: [] },
  ...{ isDeleted: false, isRestored: false, problems: [] },
};

test('accepts a closing at once, without a look-up', async () => {
  const context = await withCookie(several(person(1)));
  directory.answers.delta = [changed(1, DISABLED)];
  await run(context);
  assert.equal(isOpen(context, 1), false);
});

test('keeps a user whom a lagging domain controller lacks, and imports everything once it has caught up', async () => {
  const context = several(person(1), person(2, DISABLED));
  knows(READ - 1);
  directory.answers.full = [whole(2)];
  stamps({ userAccountControl: READ });
  assert.equal((await run(context)).full, true);
  assert.equal(context.store.space.get(guidOf(1))?.deleted, false);
  assert.equal(isOpen(context, 2), false);
  assert.equal((await run(context)).full, false);
  knows(READ);
  assert.equal((await run(context)).full, true);
  assert.equal(lagOf(context), undefined);
  assert.equal(context.store.space.get(guidOf(1))?.deleted, true);
  assert.equal(isOpen(context, 2), true);
});

test('trusts the only domain controller that is left as it is', async () => {
  const context = await withCookie(several(person(1)));
  assert.equal(context.store.space.get(guidOf(1))?.deleted, false);
  const alone = { ...context, connector: { ...context.connector, domainControllers: [] } };
  assert.equal((await run(alone)).full, true);
  assert.equal(context.store.space.get(guidOf(1))?.deleted, true);
  assert.deepEqual(readVector(context.store), []);
});

/** A single domain controller restored from a backup: of what was read, it lacks everything after `knows`. */
function restored(now: { usn: bigint; invocationId: string }, ...people: Parameters<typeof imported>[1][]) {
  const context = testContext(peer);
  imported(context, ...people);
  const { cursors } = context.store;
  cursors.set('invocation-id', OTHER);
  cursors.set('usn', String(READ));
  markRestored(context, 'as scripted', now);
  knows(READ - 10);
  return context;
}
const NEW = { usn: 1n, invocationId: 'a new one' };
const waiting = ({ store }: ConnectorContext) => store.restores.names('opening', 10);

test('holds what a restored domain controller would open or create again, and accepts everything else', async () => {
  const gone = { ...person(5), deleted: true };
  const context = restored(NEW, person(1, DISABLED), person(2), person(3), gone);
  directory.answers.full = [
    whole(1),
    { ...whole(2), attributes: { ...whole(2).attributes, ...DISABLED } },
    whole(4),
    whole(5),
  ];
  stamps({ userAccountControl: READ - 20, objectSid: READ - 20, isDeleted: READ - 20 });
  assert.equal((await run(context)).full, true);
  assert.equal(isOpen(context, 1), false, 'it was disabled since the backup');
  assert.equal(context.store.space.get(guidOf(1))?.deleted, false, 'and is there');
  assert.equal(isOpen(context, 2), false, 'a disabling counts at once');
  assert.equal(context.store.space.get(guidOf(3))?.deleted, true, 'who was made since is gone, as ever');
  assert.equal(context.store.space.get(guidOf(4)), undefined, 'it was deleted since the backup');
  assert.equal(isOpen(context, 5), false, 'its deletion is not exported yet');
  const all = [1, 4, 5].map(n => person(n).attributes.userPrincipalName as string);
  assert.deepEqual(waiting(context), all);
});

test('accepts a change made since the restore at once, and a closing of a user who waits too', async () => {
  const context = restored(NEW, person(1, DISABLED));
  directory.answers.full = [whole(1), whole(2)];
  stamps({ userAccountControl: READ - 20, objectSid: READ - 20 });
  await run(context);
  assert.equal(waiting(context).length, 2);
  directory.answers.delta = [changed(1, { userAccountControl: '512' }), whole(3)];
  stamps({ userAccountControl: READ + 1, objectSid: READ + 1 });
  await run(context);
  assert.deepEqual([isOpen(context, 1), isOpen(context, 3)], [true, true]);
  directory.answers.delta = [
    { ...changed(2, { isDeleted: 'TRUE' }), dn: `CN=2,CN=Deleted Objects,${NAMING_CONTEXT}` },
  ];
  await run(context);
  assert.deepEqual(waiting(context), []);
});

test('trusts a restored domain controller fully once it got from the others what it lacked', async () => {
  const context = restored(NEW, person(1, DISABLED));
  directory.answers.full = [whole(1)];
  stamps({ userAccountControl: READ - 20 });
  await run(context);
  assert.deepEqual([isOpen(context, 1), waiting(context).length], [false, 1]);
  knows(READ);
  directory.answers.full = [{ ...whole(1), attributes: { ...whole(1).attributes, ...DISABLED } }, whole(2)];
  assert.equal((await run(context)).full, true);
  assert.deepEqual([context.store.restores.pending(), waiting(context)], [undefined, []]);
  assert.deepEqual([isOpen(context, 1), isOpen(context, 2)], [false, true]);
});

test('never counts a database whose USNs went back as up to date, however far it gets', async () => {
  const context = restored({ usn: 80n, invocationId: OTHER }, person(1, DISABLED));
  knows(READ + 50);
  directory.answers.full = [whole(1)];
  stamps({ userAccountControl: 80 });
  await run(context);
  assert.deepEqual([isOpen(context, 1), waiting(context).length], [false, 1]);
  directory.answers.delta = [changed(1, { userAccountControl: '512' })];
  stamps({ userAccountControl: 81 });
  await run(context);
  assert.equal(isOpen(context, 1), true, 'what it changed since is news, whatever USN it had before');
});

test('deletes nobody if the domain controller lags and was restored, and lists who waits', async () => {
  const context = several(person(1, DISABLED), person(2));
  markRestored(context, 'as scripted', NEW);
  knows(READ - 10);
  directory.answers.full = [whole(1)];
  stamps({ userAccountControl: READ - 20 });
  await run(context);
  assert.deepEqual([isOpen(context, 1), waiting(context).length], [false, 1]);
  assert.equal(context.store.space.get(guidOf(2))?.deleted, false);
});

test('ends a restore that lost nothing after one cycle, and raises an alarm once for any other', async () => {
  for (const [known, waits] of [
    [{}, false],
    [DISABLED, true],
  ] as const) {
    const context = restored(NEW, person(1, known));
    directory.answers.full = [whole(1)];
    stamps({ userAccountControl: READ - 20 });
    concludeRestore(context);
    assert.ok(context.store.restores.pending(), 'nothing is read yet');
    await run(context);
    for (let n = 0; n < 2; n++) concludeRestore(context);
    assert.ok(context.store.restores.pending(), 'the passwords are not read yet');
    context.store.cursors.set('replication-cookie', '{}');
    for (let n = 0; n < 2; n++) concludeRestore(context);
    assert.equal(context.store.restores.pending() !== undefined, waits);
    const alarms = context.store.events.last(20).filter(({ text }) => /^ALARM: .*accept-restore/.test(text));
    assert.equal(alarms.length, waits ? 1 : 0);
  }
});

test('holds back the same if the import itself notices that the domain controller was restored', async () => {
  const context = testContext(peer);
  directory.self.highestCommittedUSN = ['50'];
  directory.answers.full = [{ ...whole(1), attributes: { ...whole(1).attributes, ...DISABLED } }];
  await run(context);
  directory.self.highestCommittedUSN = ['40'];
  directory.answers.full = [whole(1)];
  stamps({ userAccountControl: 30 }, OWN);
  assert.equal((await run(context)).full, true);
  assert.deepEqual([isOpen(context, 1), waiting(context).length], [false, 1]);
  assert.match(context.store.restores.pending()!.reason, /usn-went-back/);
});
