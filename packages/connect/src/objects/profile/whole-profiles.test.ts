import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { EMPTY_PROFILE, type Profile } from '@causeway/contract';
import { generateSealingKey, profileDigest, recordName, sealingPublicKey } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { noteReads } from '../../pairing/signed-reads.ts';
import { believed, guidOf, person, testContext } from '../../testing/fixtures.ts';
import { ProvisioningPeer } from '../../testing/provisioning-peer.ts';
import { ScriptedDirectory, type ScriptedObject } from '../../testing/scripted-directory.ts';
import { exportStep } from '../export-step.ts';
import { importStep } from '../import-step.ts';
import { sourceAnchorOf } from '../source-anchor.ts';
import { askForProfiles } from './whole-profiles.ts';

const peer = await ProvisioningPeer.listen();
const directory = await ScriptedDirectory.listen();
after(() => Promise.all([peer.close(), directory.close()]));
beforeEach(() => {
  peer.forget();
  directory.schema = [];
  Object.assign(directory.answers, { full: [], delta: [], whole: [] });
});

const recipient = sealingPublicKey(await generateSealingKey());

function scripted(n: number, more: Record<string, string | string[]> = {}): ScriptedObject {
  const { guid, dn, objectClasses, attributes } = person(n);
  const { objectSid, ...others } = attributes;
  return {
    ...{ guid, dn, objectSid: objectSid as string },
    attributes: { ...others, objectClass: objectClasses, ...more },
  };
}
const PEOPLE = [scripted(1, { l: 'Oslo', extensionAttribute7: 'seven' }), scripted(2)];

/** One cycle of a connector, without the passwords. */
async function cycle(context: ConnectorContext, delta: readonly ScriptedObject[] = []) {
  directory.answers.delta = delta;
  await using ldap = await directory.connect();
  await askForProfiles(context);
  const imported = await importStep(context, ldap, 'DC=corp,DC=example,DC=com');
  directory.answers.delta = [];
  return { ...imported, ...(await exportStep(context)) };
}

/** The tenant's answers are not cached from one cycle to the next. */
const asking = (context: ConnectorContext): ConnectorContext => ({
  ...context,
  tenant: testContext(peer).tenant,
});

async function started(people: readonly ScriptedObject[] = PEOPLE): Promise<ConnectorContext> {
  const context = testContext(peer);
  directory.answers.full = people;
  await cycle(context);
  return context;
}

const withExtensions = (context: ConnectorContext, ...extensions: string[]): ConnectorContext => {
  const again = { ...asking(context), connector: { ...context.connector, extensions } };
  return { ...again, domains: [again] };
};

/** What was last sent for a user. */
function sent(context: ConnectorContext, n: number): { version: string | undefined; profile: Profile } {
  const { object } = peer.users.get(sourceAnchorOf(guidOf(n)))!;
  assert.ok(object.operation === 'upsert');
  const verified = believed(context, object.record);
  assert.ok(verified.ok && verified.record.kind === 'account');
  const { profileDigest: digest } = verified.record;
  if (digest !== undefined) assert.equal(digest, profileDigest(object.profile));
  return { version: recordName(object.record), profile: object.profile };
}
const FIRST: Profile = { ...EMPTY_PROFILE, displayName: 'User 1' };
const WHOLE: Profile = { ...FIRST, city: 'Oslo', extensionAttribute7: 'seven' };

test('sends whole profiles once tenant and managed domain accept them, without deletions or password reads', async () => {
  peer.accepts = ['account-3'];
  const context = await started();
  assert.deepEqual(sent(context, 1), { version: 'account-1', profile: FIRST });

  peer.offerKey(recipient);
  for (const [accepts, domainAccepts] of [
    [['account-4'], undefined],
    [['account-4'], ['account-3']],
    [['account-3'], ['account-4']],
  ] as const) {
    Object.assign(peer, { accepts, domainAccepts });
    const { upserted } = await cycle(asking(context));
    assert.equal(upserted, 0, `${accepts}, ${domainAccepts}`);
  }

  Object.assign(peer, { accepts: ['account-4'], domainAccepts: ['account-4'] });
  const { upserted, deleted, full } = await cycle(asking(context));
  assert.deepEqual([upserted, deleted, full], [2, 0, false]);
  assert.deepEqual(sent(context, 1), { version: 'account-4', profile: WHOLE });
  assert.deepEqual(sent(context, 2), { version: 'account-4', profile: { ...FIRST, displayName: 'User 2' } });
  assert.equal(context.store.queue.hasDue('password'), false);
  assert.equal((await cycle(asking(context))).upserted, 0, 'once');
});

test("trusts the tenant's word without a managed domain, and keeps what the managed domain signed", async () => {
  peer.accepts = ['account-4'];
  const context = await started();
  assert.equal(sent(context, 1).version, 'account-4');
  peer.offerKey(recipient);
  context.store.confirmations.confirmDomain(peer.confirmable(recipient));
  noteReads(context.store, peer.receiptKey.publicKey.keyId, ['account-4']);
  const { receiptKey } = context.store.confirmations.managedDomain!;
  noteReads(context.store, receiptKey!, ['account-4']);
  Object.assign(peer, { accepts: ['account-3'], domainAccepts: [] });
  assert.equal((await cycle(asking(context))).upserted, 0);
  await cycle(asking(context), [{ guid: guidOf(1), dn: person(1).dn, attributes: { l: 'Bergen' } }]);
  assert.deepEqual(sent(context, 1), { version: 'account-4', profile: { ...WHOLE, city: 'Bergen' } });
});

test("sends old profiles over a previous release's store until a full import brought what whole ones need", async () => {
  peer.accepts = ['account-3'];
  const context = await started();
  const { cursors } = context.store;
  cursors.set('imported-attributes', JSON.stringify(['sAMAccountName', 'displayName']));
  cursors.set('dirsync-cookie', undefined);
  peer.accepts = ['account-4'];
  directory.answers.full = 'close';
  await assert.rejects(cycle(asking(context)));
  assert.equal((await exportStep(asking(context))).upserted, 0);
  assert.equal(sent(context, 1).version, 'account-1');
  directory.answers.full = PEOPLE;
  const { upserted, deleted } = await cycle(asking(context));
  assert.deepEqual([upserted, deleted], [2, 0]);
  assert.deepEqual(sent(context, 1).profile, WHOLE);
});

test('changes nothing if the tenant cannot be asked', async () => {
  peer.accepts = ['account-4'];
  const context = await started();
  peer.misbehave = () => ({ status: 503 });
  await askForProfiles(asking(context));
  peer.misbehave = () => undefined;
  assert.equal(context.store.cursors.get('whole-profiles'), 'yes');
});

const SCHEMA = { systemFlags: ['0'], searchFlags: ['0'], attributeSyntax: ['2.5.5.12'] };

test('sends an attribute that an administrator names after a full import, and removes it when it is no longer named', async () => {
  peer.accepts = ['account-4'];
  const context = await started();
  directory.schema = [{ ...SCHEMA, lDAPDisplayName: ['roomNumber'] }];
  const named = withExtensions(context, 'roomNumber', 'DEPARTMENT');
  directory.answers.full = 'close';
  await assert.rejects(cycle(named));
  assert.equal(sent(context, 1).profile.extensions, undefined);
  directory.answers.full = [
    scripted(1, { l: 'Oslo', extensionAttribute7: 'seven', roomNumber: ['B', 'A'] }),
    scripted(2, { department: 'Sales' }),
  ];
  assert.equal((await cycle(withExtensions(named, 'roomNumber', 'DEPARTMENT'))).full, true);
  assert.deepEqual(sent(context, 1).profile, { ...WHOLE, extensions: { roomNumber: ['A', 'B'] } });
  assert.deepEqual(sent(context, 2).profile.extensions, { department: ['Sales'] });
  await cycle(withExtensions(context));
  assert.deepEqual(sent(context, 1).profile, WHOLE);
});

test('refuses an attribute that no import can bring by the schema, and synchronizes nothing', async () => {
  peer.accepts = ['account-4'];
  const context = await started();
  const before = peer.requestsTo('/api/v1/sync/objects').length;
  for (const [more, reason] of [
    [undefined, /knows no attribute 'secretary'/],
    [{ linkID: ['42'] }, /'secretary' is a link/],
    [{ searchFlags: ['128'] }, /confidential/],
    [{ attributeSyntax: ['2.5.5.10'] }, /no values of text/],
  ] as const) {
    directory.schema = more ? [{ ...SCHEMA, lDAPDisplayName: ['secretary'], ...more }] : [];
    await assert.rejects(
      cycle(withExtensions(context, 'secretary')),
      (error: unknown) => error instanceof CausewayError && reason.test(error.message),
      String(reason),
    );
  }
  assert.equal(peer.requestsTo('/api/v1/sync/objects').length, before);
});

test('refuses a condition on an attribute that only Exchange adds if the schema lacks it', async () => {
  const context = testContext(peer);
  const scope = { ...context.connector.scope, conditions: { user: '(!(extensionAttribute15=NoSync))' } };
  const scoped = { ...context, connector: { ...context.connector, scope } };
  await assert.rejects(cycle({ ...scoped, domains: [scoped] }), /knows no attribute 'extensionAttribute15'/);
});

test('leaves out only a bad value, and reports it', async () => {
  peer.accepts = ['account-4'];
  const context = await started([
    scripted(1, {
      title: 'x'.repeat(1025),
      streetAddress: 'x'.repeat(2049),
      l: 'Oslo',
      proxyAddresses: ['b', 'a'],
    }),
    scripted(2),
  ]);
  const { profile } = sent(context, 1);
  assert.deepEqual(profile, { ...FIRST, city: 'Oslo', proxyAddresses: ['a', 'b'] });
  assert.equal(sent(context, 2).profile.displayName, 'User 2');
  const told = context.store.events.last(50).map(({ text }) => text);
  for (const name of ['title', 'streetAddress'])
    assert.ok(
      told.some(text => text.includes(`${name}: `) && text.includes('CN=User 1')),
      told.join('\n'),
    );
});
