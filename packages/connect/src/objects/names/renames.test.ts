import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { CausewayError } from '@causeway/service';
import type { AccountNames } from '../../configuration.ts';
import type { ConnectorContext } from '../../context.ts';
import { connectorStore, openStore } from '../../store/store.ts';
import { believed, FOREST, guidOf, imported, person, testContext } from '../../testing/fixtures.ts';
import { ProvisioningPeer } from '../../testing/provisioning-peer.ts';
import { ScriptedDirectory, type ScriptedObject } from '../../testing/scripted-directory.ts';
import { exportStep } from '../export-step.ts';
import { importStep } from '../import-step.ts';
import { noteImported } from '../imported-attributes.ts';
import { sourceAnchorOf } from '../source-anchor.ts';
import { holdRenames, renamesOf } from './renames.ts';

const peer = await ProvisioningPeer.listen();
const directory = await ScriptedDirectory.listen();
after(() => Promise.all([peer.close(), directory.close()]));

const EXCHANGE = [
  {
    lDAPDisplayName: ['mailNickname'],
    attributeSyntax: ['2.5.5.12'],
    systemFlags: ['16'],
    searchFlags: ['13'],
  },
];
beforeEach(() => {
  peer.forget();
  Object.assign(directory.answers, { full: [], delta: [], whole: [] });
  directory.schema = EXCHANGE;
});

/** The Connect of a test, whose key signed. */
let current: ConnectorContext;

const NAMING_CONTEXT = 'DC=corp,DC=example,DC=com';

function whole(n: number, mailNickname?: string, more: Record<string, string> = {}): ScriptedObject {
  const { guid, dn, objectClasses, attributes } = person(n);
  const { objectSid, ...others } = attributes;
  const nickname = mailNickname !== undefined && { mailNickname };
  const all = { ...others, ...nickname, objectClass: objectClasses, ...more };
  return { guid, dn, objectSid: objectSid as string, attributes: all };
}
const changed = (n: number, attributes: Record<string, string | undefined>): ScriptedObject => ({
  ...{ guid: guidOf(n), dn: person(n).dn, attributes },
});

/** The same Connect, started with another switch. */
function switched(context: ConnectorContext, accountNames: AccountNames): ConnectorContext {
  const again = { ...context, connector: { ...context.connector, accountNames }, domains: [] };
  return { ...again, domains: [again] };
}

async function cycle(context: ConnectorContext, ...delta: ScriptedObject[]) {
  directory.answers.delta = delta;
  await using ldap = await directory.connect();
  const imported = await importStep(context, ldap, NAMING_CONTEXT);
  directory.answers.delta = [];
  return { ...imported, ...(await exportStep(context)) };
}

/** A Connect that has imported these users. */
async function started(accountNames: AccountNames, ...people: ScriptedObject[]): Promise<ConnectorContext> {
  const context = switched(testContext(peer), accountNames);
  current = context;
  directory.answers.full = people;
  assert.equal((await cycle(context)).full, true);
  return context;
}

/** What the n-th user's signed record says, and the names beside it for the tenant. */
function signed(n: number): { name: string | null; shown: string | null; enabled: boolean } {
  const { object } = peer.users.get(sourceAnchorOf(guidOf(n)))!;
  assert.equal(object.operation, 'upsert');
  const { record, onPremisesSamAccountName: shown } = object as typeof object & { operation: 'upsert' };
  const said = believed(current, record);
  assert.ok(said.ok && 'sAMAccountName' in said.record && 'enabled' in said.record);
  const { sAMAccountName: name, enabled } = said.record;
  return { name, shown, enabled };
}
const names = (...numbers: number[]) => numbers.map(n => signed(n).name);

/** New names that wait, with the users' numbers. */
const waiting = (context: ConnectorContext) =>
  context.store.bulk
    .held(renamesOf(context))
    .map(({ anchor, change }) => [
      [...Array(20).keys()].find(n => sourceAnchorOf(guidOf(n)) === anchor),
      change,
    ]);
function approve(context: ConnectorContext): void {
  const { bulk, db } = context.store;
  bulk.approve(bulk.show(renamesOf(context), db.now())!.digest);
}

test('signs mailNickname if that is the source from the start, and sends the tenant the on-premises name', async () => {
  const people = [
    whole(1, 'alice.smith'),
    whole(2),
    whole(3, 'a.name.of.21.letters.'),
    whole(4, 'a+b'),
    whole(5, 'bob@corp'),
    whole(6, 'zero\u200bwidth'),
    whole(7, 'exactly.20.letters.x'),
    whole(8, ''),
  ];
  const context = await started('mailNickname', ...people);
  assert.deepEqual(names(1, 2, 3, 4, 5, 6, 7, 8), [
    'alice.smith',
    ...['user2', 'user3', 'user4', 'user5', 'user6'],
    'exactly.20.letters.x',
    'user8',
  ]);
  assert.equal(signed(1).shown, 'user1');
  assert.deepEqual(waiting(context), []);
});

test('renames nobody after a change of the switch until an administrator approves, and only users on the list', async () => {
  const context = await started('sAMAccountName', whole(1, 'alice'), whole(2), whole(3, 'USER3'));
  const now = switched(context, 'mailNickname');
  const { upserted } = await cycle(now);
  assert.deepEqual([upserted, names(1, 2, 3)], [0, ['user1', 'user2', 'user3']]);
  assert.deepEqual(waiting(now), [
    [1, 'alice'],
    [3, 'USER3'],
  ]);
  approve(now);
  assert.equal((await cycle(now, whole(4, 'dora'))).upserted, 3);
  assert.deepEqual(names(1, 2, 3, 4), ['alice', 'user2', 'USER3', 'dora'], 'who is new has the new name');
  assert.deepEqual(waiting(now), []);
  assert.equal(now.store.bulk.isHolding(renamesOf(now)), false);
  await cycle(now, changed(1, { mailNickname: 'alicia' }), changed(2, { mailNickname: 'ben' }));
  assert.deepEqual(names(1, 2), ['alicia', 'ben'], 'a change of the directory goes at once');
  await cycle(now, changed(1, { mailNickname: undefined }));
  assert.deepEqual(names(1), ['user1']);
});

test('keeps exporting users who wait under the old name, and lists another new name as another line', async () => {
  const context = await started('sAMAccountName', whole(1, 'alice'), whole(2, 'ben'), whole(3, 'carl'));
  const now = switched(context, 'mailNickname');
  await cycle(now);
  approve(now);
  // Before the approval takes effect, the directory renames one user, one gets another new name, and one is disabled.
  await cycle(
    now,
    changed(1, { sAMAccountName: 'user1b' }),
    changed(2, { mailNickname: 'benny' }),
    changed(3, { userAccountControl: '514' }),
  );
  assert.deepEqual(names(1, 2, 3), ['alice', 'user2', 'carl']);
  assert.deepEqual([signed(1).shown, signed(3).enabled], ['user1b', false]);
  assert.deepEqual(waiting(now), [[2, 'benny']]);
  await cycle(now, changed(2, { sAMAccountName: 'user2b', userAccountControl: '514' }));
  assert.deepEqual(signed(2), { name: 'user2b', shown: 'user2b', enabled: false });
  await cycle(now, changed(2, { mailNickname: 'user2b' }));
  assert.deepEqual(waiting(now), [], 'there is nothing to wait for');
  await cycle(now, { ...changed(2, { isDeleted: 'TRUE' }) });
  assert.notEqual(peer.users.get(sourceAnchorOf(guidOf(2)))?.object.operation, 'upsert');
});

test("keeps a waiting user's name after the switch is set back, and holds a renamed user's return to the old name", async () => {
  const context = await started('sAMAccountName', whole(1, 'alice'), whole(2, 'ben'));
  const now = switched(context, 'mailNickname');
  await cycle(now);
  const { bulk, db } = now.store;
  approve(now);
  await cycle(now, changed(2, { mailNickname: 'benny' }));
  assert.deepEqual([names(1, 2), waiting(now)], [['alice', 'user2'], [[2, 'benny']]]);
  const back = switched(now, 'sAMAccountName');
  assert.equal((await cycle(back)).upserted, 0);
  assert.deepEqual([names(1, 2), waiting(back)], [['alice', 'user2'], [[1, 'user1']]]);
  assert.equal(bulk.show(renamesOf(back), db.now())!.lines.length, 1);
  approve(back);
  await cycle(back);
  assert.deepEqual([names(1, 2), waiting(back)], [['user1', 'user2'], []]);
});

test("keeps the old source over a previous release's store without mailNickname until a full import ends", async () => {
  const context = await started('sAMAccountName', whole(1, 'alice'), whole(2, 'ben'));
  const { cursors, space, db } = context.store;
  const attributes = JSON.parse(cursors.get('imported-attributes')!) as string[];
  cursors.set('imported-attributes', JSON.stringify(attributes.filter(name => name !== 'mailNickname')));
  cursors.set('dirsync-cookie', undefined);
  db.run("UPDATE connector_space SET attributes = json_remove(attributes, '$.mailNickname')");
  const now = switched(context, 'mailNickname');
  directory.answers.full = 'close';
  await assert.rejects(cycle(now));
  await exportStep(now);
  assert.deepEqual(
    [names(1, 2), waiting(now), now.store.rules.get().accountNames],
    [['user1', 'user2'], [], 'sAMAccountName'],
  );
  assert.equal(space.get(guidOf(1))!.namedBy, 'sAMAccountName');
  directory.answers.full = [whole(1, 'alice'), whole(2, 'ben')];
  assert.equal((await cycle(now)).full, true);
  assert.deepEqual(names(1, 2), ['user1', 'user2']);
  assert.equal(waiting(now).length, 2);
});

test('keeps a user waiting who moves to another domain of the forest', () => {
  const forest = [FOREST, `emea.${FOREST}`];
  const context = testContext(peer);
  const whole = openStore(undefined, context.log);
  const [here, there] = forest.map(name => {
    const store = connectorStore(whole, name, forest);
    noteImported(store, { mailNickname: { form: 'text' } });
    const connector = { ...context.connector, name };
    return { ...context, store, connector };
  }) as [ConnectorContext, ConnectorContext];
  imported(here, person(1, { mailNickname: 'alice' }));
  here.store.space.acknowledgeExport(guidOf(1), here.store.space.get(guidOf(1))!.desiredDigest, 1);
  imported(switched(here, 'mailNickname'));
  imported(
    switched(there, 'mailNickname'),
    person(1, { mailNickname: 'alice' }),
    person(2, { mailNickname: 'ben' }),
  );
  const { space } = there.store;
  assert.deepEqual(
    [space.get(guidOf(1))!.namedBy, space.get(guidOf(2))!.namedBy],
    ['sAMAccountName', 'mailNickname'],
  );
  space.acknowledgeExport(guidOf(1), space.get(guidOf(1))!.desiredDigest, 2);
  space.elsewhere.takeOver(guidOf(1));
  for (const one of [here, there]) holdRenames(one);
  assert.deepEqual([waiting(here), waiting(there)], [[], [[1, 'alice']]]);
});

test('refuses the switch with the reason if the schema has no mailNickname, and synchronizes nothing by it', async () => {
  const context = await started('sAMAccountName', whole(1));
  directory.schema = [];
  const sent = peer.requestsTo('/api/v1/sync/objects').length;
  const refused = (error: unknown) =>
    error instanceof CausewayError &&
    error.code === 'account-names-refused' &&
    /'accountNames' of .* cannot be 'mailNickname': the schema knows no attribute 'mailNickname'/.test(
      error.message,
    );
  await assert.rejects(cycle(switched(context, 'mailNickname'), changed(1, { title: 'x' })), refused);
  assert.equal(peer.requestsTo('/api/v1/sync/objects').length, sent);
  await cycle(switched(context, 'sAMAccountName'), changed(1, { title: 'x' }));
  assert.equal(peer.requestsTo('/api/v1/sync/objects').length, sent + 1);
});
