import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import type { ScopeSettings } from '../scope/rules.ts';
import { group, guidOf, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { ScriptedDirectory, type ScriptedObject } from '../testing/scripted-directory.ts';
import { exportStep } from './export-step.ts';
import { importAll } from './import-all.ts';
import { importStep } from './import-step.ts';
import { leaversOf } from './leavers.ts';
import { sourceAnchorOf } from './source-anchor.ts';

const peer = await ProvisioningPeer.listen();
const directory = await ScriptedDirectory.listen();
after(() => Promise.all([peer.close(), directory.close()]));
beforeEach(() => {
  peer.forget();
  directory.asked.length = 0;
  Object.assign(directory.answers, { full: [], delta: [], whole: [] });
});

const NAMING_CONTEXT = 'DC=corp,DC=example,DC=com';
const [HEAD, STAFF, INTERNS, OTHERS] = [900, 901, 902, 903].map(guidOf) as [string, string, string, string];

const unit = (guid: string, name: string, parent?: string): ScriptedObject => ({
  ...{ guid, dn: name === '' ? NAMING_CONTEXT : `OU=${name},${NAMING_CONTEXT}` },
  ...(parent !== undefined && { parent }),
  attributes: { objectClass: name === '' ? ['top', 'domain', 'domainDNS'] : ['top', 'organizationalUnit'] },
});
const UNITS = [
  unit(HEAD, ''),
  unit(STAFF, 'Staff', HEAD),
  unit(INTERNS, 'Interns', STAFF),
  unit(OTHERS, 'Others', HEAD),
];
const TOMBSTONE = { isDeleted: 'TRUE' };

function whole(n: number, parent: string, more: Record<string, string> = {}): ScriptedObject {
  const { guid, dn, objectClasses, attributes } = person(n);
  const { objectSid, ...others } = attributes;
  const all = { ...others, objectClass: objectClasses, ...more };
  return { guid, dn, objectSid: objectSid as string, parent, attributes: all };
}
const moved = (n: number, parent: string): ScriptedObject => ({
  ...{ guid: guidOf(n), dn: person(n).dn, parent },
  attributes: {},
});

/** Rules that a connector is started with. */
type Scope = {
  include?: readonly string[];
  exclude?: readonly string[];
  groups?: readonly string[];
  user?: string;
  inetOrgPersons?: boolean;
  passwords?: string;
};

/** The same Connect, started with another scope. */
function scoped(context: ConnectorContext, scope: Scope): ConnectorContext {
  const { include = [], exclude = [], groups = [], user, inetOrgPersons = true, passwords } = scope;
  const named = (guids: readonly string[]) =>
    guids.map(objectGuid => ({ dn: `OU=${objectGuid}`, objectGuid }));
  const settings: ScopeSettings = {
    organizationalUnits: { include: named(include), exclude: named(exclude) },
    groups: groups.map(objectGuid => ({ dn: `CN=${objectGuid}`, objectGuid })),
    conditions: user === undefined ? {} : { user },
    inetOrgPersons,
    ...(passwords !== undefined && { passwords: { condition: passwords, leaving: 'withdraw' as const } }),
  };
  const again = { ...context, connector: { ...context.connector, scope: settings }, domains: [] };
  return { ...again, domains: [again] };
}

async function cycle(context: ConnectorContext, delta: readonly ScriptedObject[] = []) {
  directory.answers.delta = delta;
  await using ldap = await directory.connect();
  const imported = await importStep(context, ldap, NAMING_CONTEXT);
  directory.answers.delta = [];
  return { ...imported, ...(await exportStep(context)) };
}

/** A Connect with this scope that has imported these users and the containers. */
async function started(scope: Scope, ...people: ScriptedObject[]): Promise<ConnectorContext> {
  const context = scoped(testContext(peer), scope);
  directory.answers.full = [...UNITS, ...people];
  assert.equal((await cycle(context)).full, true);
  return context;
}

/** The numbers of the users in the tenant. */
const there = (): number[] =>
  [...peer.users.values()]
    .filter(({ object }) => object.operation === 'upsert')
    .map(({ object }) => object.sourceAnchor)
    .map(anchor => Array.from({ length: 20 }, (_, n) => n).find(n => sourceAnchorOf(guidOf(n)) === anchor)!)
    .sort((a, b) => a - b);
const reasonOf = ({ store }: ConnectorContext, n: number) => store.space.get(guidOf(n))?.scopeReason;
const leavers = (context: ConnectorContext) => context.store.bulk.held(leaversOf(context, 'user')).length;
function approve(context: ConnectorContext): void {
  const { bulk, db } = context.store;
  bulk.approve(bulk.show(leaversOf(context, 'user'), db.now())!.digest);
}

test('decides by the nearest container, and exports nobody before the containers are known', async () => {
  // The users come before their containers.
  const context = scoped(testContext(peer), { include: [STAFF], exclude: [INTERNS] });
  directory.answers.full = [whole(1, STAFF), whole(2, INTERNS), whole(3, HEAD), ...UNITS];
  await cycle(context);
  assert.deepEqual(there(), [1]);
  assert.match(reasonOf(context, 2)!, /excluded container/);
  assert.match(reasonOf(context, 3)!, /none of the containers/);
});

test('adds and removes users who move, and moves everything below a container with it', async () => {
  const context = await started({ include: [STAFF], exclude: [INTERNS] }, whole(1, STAFF), whole(2, INTERNS));
  await cycle(context, [moved(2, STAFF)]);
  assert.deepEqual(there(), [1, 2]);
  await cycle(context, [moved(1, INTERNS)]);
  assert.deepEqual(there(), [2], 'somebody left by a change of the directory: a deletion like any other');
  await cycle(context, [{ ...unit(STAFF, 'Staff2'), parent: OTHERS, attributes: {} }]);
  assert.deepEqual(there(), [2], 'its name and place are no rule');
  await cycle(context, [
    { ...unit(STAFF, 'Staff2'), parent: INTERNS, attributes: {} },
    unit(INTERNS, 'I', HEAD),
  ]);
  assert.deepEqual(there(), [2], 'the nearest one decides');
});

test('includes a container below an included one, even one just created', async () => {
  const context = await started({ include: [STAFF] }, whole(1, STAFF));
  const made = guidOf(910);
  await cycle(context, [whole(2, made), unit(made, 'New', STAFF)]);
  assert.deepEqual(there(), [1, 2]);
  await cycle(context, [{ ...unit(made, 'New'), parent: OTHERS, attributes: {} }]);
  assert.deepEqual(there(), [1]);
});

test('removes nobody because a container is missing, and adds nobody whom it would exclude', async () => {
  const context = await started({ include: [STAFF], exclude: [INTERNS] }, whole(1, STAFF), whole(2, INTERNS));
  const gone = (guid: string) => ({ guid, dn: 'OU=x', attributes: TOMBSTONE });
  await cycle(context, [gone(STAFF), gone(INTERNS)]);
  assert.deepEqual(there(), [1]);
  await cycle(context, [moved(1, OTHERS), moved(2, OTHERS), whole(3, OTHERS)]);
  assert.deepEqual(there(), [1]);
  assert.match(reasonOf(context, 3)!, /none of the containers/);
  await cycle(context, [unit(STAFF, 'Staff', HEAD)]);
  await cycle(context, [whole(4, STAFF)]);
  assert.match(reasonOf(context, 4)!, /waits: the excluded container .* is missing/);
  await cycle(context, [unit(INTERNS, 'Interns', STAFF)]);
  assert.deepEqual(there(), [4], 'all are there again: everybody is decided by where they lie');
});

test('removes nobody after a change of the rules until an administrator approves, and keeps them synchronized', async () => {
  const context = await started({}, whole(1, STAFF), whole(2, OTHERS));
  const now = scoped(context, { include: [STAFF] });
  await cycle(now);
  assert.deepEqual([there(), leavers(now)], [[1, 2], 1]);
  await cycle(now, [{ ...moved(2, OTHERS), attributes: { department: 'Sales' } }]);
  const { object } = peer.users.get(sourceAnchorOf(guidOf(2)))!;
  assert.equal(object.operation === 'upsert' && object.profile.department, 'Sales');
  assert.equal(now.store.holders.get(guidOf(2))?.inScope, true, 'passwords, too');
  approve(now);
  await cycle(now);
  assert.deepEqual([there(), leavers(now)], [[1], 0]);
  assert.equal(now.store.bulk.isHolding(leaversOf(now, 'user')), false);
  await cycle(now, [moved(2, STAFF)]);
  assert.deepEqual(there(), [1, 2]);
});

test('drops a line from the list when it no longer applies: old rules, a move, a deletion', async () => {
  const context = await started({}, whole(1, OTHERS), whole(2, OTHERS), whole(3, OTHERS));
  const now = scoped(context, { include: [STAFF] });
  await cycle(now);
  assert.equal(leavers(now), 3);
  await cycle(now, [moved(1, STAFF)]);
  assert.equal(leavers(now), 2);
  await cycle(now, [{ guid: guidOf(2), dn: person(2).dn, attributes: TOMBSTONE }]);
  assert.deepEqual([there(), leavers(now)], [[1, 3], 1], 'who is deleted is out at once');
  const back = scoped(context, {});
  await cycle(back);
  assert.deepEqual([there(), leavers(back)], [[1, 3], 0]);
});

test('disables a user at once while the list waits', async () => {
  const context = await started({}, whole(1, OTHERS));
  const now = scoped(context, { include: [STAFF] });
  await cycle(now);
  await cycle(now, [{ ...moved(1, OTHERS), attributes: { userAccountControl: '514' } }]);
  const { object } = peer.users.get(sourceAnchorOf(guidOf(1)))!;
  assert.equal(object.operation === 'upsert' && object.accountEnabled, false);
  assert.equal(leavers(now), 1);
});

test('decides a condition by the attributes read; a directory change that excludes a user counts as a deletion', async () => {
  const context = await started(
    { user: '(!(department=Temps))' },
    whole(1, STAFF),
    whole(2, STAFF, { department: 'temps' }),
  );
  assert.deepEqual(there(), [1]);
  await cycle(context, [{ ...moved(1, STAFF), attributes: { department: 'Temps' } }]);
  assert.deepEqual(there(), []);
  assert.match(reasonOf(context, 1)!, /condition/);
});

test('delays rules on attributes not yet imported until a full import, and keeps the old rules until then', async () => {
  directory.schema = [
    {
      lDAPDisplayName: ['employeeType'],
      attributeSyntax: ['2.5.5.12'],
      systemFlags: ['0'],
      searchFlags: ['0'],
    },
  ];
  const context = await started({}, whole(1, STAFF), whole(2, STAFF));
  const now = scoped(context, { user: '(!(employeeType=NoSync))' });
  directory.answers.full = 'close';
  await assert.rejects(cycle(now));
  assert.equal(reasonOf(now, 2), undefined);
  directory.answers.full = [...UNITS, whole(1, STAFF), whole(2, STAFF, { employeeType: 'NoSync' })];
  assert.equal((await cycle(now)).full, true);
  assert.deepEqual([there(), leavers(now)], [[1, 2], 1]);
  approve(now);
  await cycle(now);
  assert.deepEqual(there(), [1]);
});

test("delays a password condition until its attribute is imported, over a previous release's store too", async () => {
  directory.schema = [
    {
      lDAPDisplayName: ['extensionAttribute15'],
      attributeSyntax: ['2.5.5.12'],
      systemFlags: ['0'],
      searchFlags: ['0'],
    },
  ];
  const context = await started({}, whole(1, STAFF), whole(2, STAFF));
  const { cursors } = context.store;
  for (const name of ['imported-attributes', 'dirsync-cookie'] as const) cursors.set(name, undefined);
  const now = scoped(context, { passwords: '(!(extensionAttribute15=NoSync))' });
  const passwordsOf = (n: number) => {
    const { passwords, withdrawing } = now.store.space.get(guidOf(n))!;
    return [passwords, withdrawing];
  };
  directory.answers.full = 'close';
  await assert.rejects(cycle(now));
  assert.deepEqual(passwordsOf(2), ['sent', 'no']);
  directory.answers.full = [...UNITS, whole(1, STAFF), whole(2, STAFF, { extensionAttribute15: 'NoSync' })];
  assert.equal((await cycle(now)).full, true);
  assert.deepEqual(
    [passwordsOf(1), passwordsOf(2)],
    [
      ['sent', 'no'],
      ['sent', 'rules'],
    ],
  );
  await cycle(now, [{ ...moved(1, STAFF), attributes: { extensionAttribute15: 'NoSync' } }]);
  assert.deepEqual(passwordsOf(1), ['sent', 'directory']);
  assert.deepEqual(there(), [1, 2], 'they stay');
  const refused = scoped(context, { passwords: '(secretary=x)' });
  directory.schema = [];
  await assert.rejects(cycle(refused), { code: 'condition-refused', message: /no attribute 'secretary'/ });
});

test("keeps the old rules over a previous release's store, which has no containers, until a full import ends", async () => {
  const context = await started({}, whole(1, STAFF), whole(2, OTHERS));
  const { cursors, containers } = context.store;
  for (const name of ['imported-attributes', 'dirsync-cookie'] as const) cursors.set(name, undefined);
  for (const { guid } of UNITS) containers.remove(guid);
  const now = scoped(context, { include: [STAFF] });
  directory.answers.full = 'close';
  await assert.rejects(cycle(now));
  await exportStep(now);
  assert.deepEqual([there(), leavers(now), reasonOf(now, 2)], [[1, 2], 0, undefined]);
  directory.answers.full = [whole(1, STAFF), whole(2, OTHERS), ...UNITS];
  await cycle(now);
  assert.deepEqual([there(), leavers(now)], [[1, 2], 1]);
});

test('exports nobody on a first start until the attributes of its rules are imported', async () => {
  directory.schema = [
    {
      lDAPDisplayName: ['employeeType'],
      attributeSyntax: ['2.5.5.12'],
      systemFlags: ['0'],
      searchFlags: ['0'],
    },
  ];
  const fresh = testContext(peer);
  fresh.store.cursors.set('rules', undefined);
  fresh.store.rules.reload();
  const context = scoped(fresh, { user: '(employeeType=Pilot)' });
  directory.answers.full = [...UNITS, whole(1, STAFF, { employeeType: 'Pilot' }), whole(2, STAFF)];
  await cycle(context);
  assert.deepEqual(there(), [1]);
});

test('refuses a condition on an attribute that no import brings with the reason, and synchronizes nothing', async () => {
  const flags = (systemFlags: string, searchFlags = '0', more = {}) => ({
    ...{ lDAPDisplayName: ['secretary'], attributeSyntax: ['2.5.5.12'] },
    ...{ systemFlags: [systemFlags], searchFlags: [searchFlags], ...more },
  });
  const context = scoped(testContext(peer), { user: '(secretary=x)' });
  directory.schema = [];
  const nickname = scoped(testContext(peer), { user: '(mailnickname=x)' });
  await assert.rejects(
    cycle(nickname),
    /'scope.conditions' or 'extensions' of .* knows no attribute 'mailnickname'/,
  );
  for (const [schema, reason] of [
    [[], /knows no attribute 'secretary'/],
    [[flags('4')], /constructed/],
    [[flags('1')], /not replicated/],
    [[flags('0', '128')], /confidential/],
    [[flags('0', '0', { linkID: ['43'] })], /back link/],
    [[flags('0', '0', { lDAPDisplayName: ['Secretary'] })], /written 'Secretary'/],
    [[flags('0', '0', { attributeSyntax: ['2.5.5.10'] })], /no values of text/],
  ] as const) {
    directory.schema = schema;
    const refused = (error: unknown) =>
      error instanceof CausewayError && error.code === 'condition-refused' && reason.test(error.message);
    await assert.rejects(cycle(context), refused, String(reason));
  }
  assert.equal(peer.requestsTo('/api/v1/sync/objects').length, 0);
});

test('applies containers and conditions to groups too, and the switch to inetOrgPersons', async () => {
  const { guid, dn, attributes } = group(5);
  const { objectSid, ...others } = attributes;
  const list = {
    guid,
    dn,
    objectSid: objectSid as string,
    parent: OTHERS,
    attributes: { ...others, objectClass: ['group'] },
  };
  const inet = whole(6, STAFF);
  inet.attributes = { ...inet.attributes, objectClass: [...person(6).objectClasses, 'inetOrgPerson'] };
  const context = await started({ include: [STAFF], inetOrgPersons: false }, whole(1, STAFF), list, inet);
  assert.deepEqual(there(), [1]);
  assert.match(context.store.groups.get(guid)!.scopeReason!, /none of the containers/);
  assert.match(reasonOf(context, 6)!, /inetOrgPerson/);
});

test('ignores where a lagging domain controller says objects lie', async () => {
  const context = await started({ include: [STAFF] }, whole(1, STAFF), whole(2, OTHERS));
  const several = {
    ...context,
    connector: { ...context.connector, domainControllers: [{ server: '127.0.0.2' }] },
  };
  several.store.cursors.set('read-vector', JSON.stringify([{ invocationId: guidOf(77), usn: '5' }]));
  await cycle(several as ConnectorContext, [
    moved(2, STAFF),
    { ...unit(OTHERS, 'O'), parent: STAFF, attributes: {} },
  ]);
  assert.deepEqual(there(), [1]);
  assert.ok(several.store.cursors.get('places-owed'));
  directory.answers.full = [...UNITS, whole(1, STAFF), whole(2, STAFF)];
  several.store.cursors.set('read-vector', undefined);
  several.store.cursors.set('lag', undefined);
  assert.equal((await cycle(context)).full, true);
  assert.deepEqual(there(), [1, 2]);
});

const PILOT = 5;
const NESTED = 6;
const sidOf = (n: number): string => `S-1-5-21-1-2-3-${1000 + n}`;
/** A group whose container the scope does not mention. */
function listed(n: number): ScriptedObject {
  const { guid, dn, attributes } = group(n);
  const { objectSid, ...others } = attributes;
  const all = { ...others, objectClass: ['top', 'group'] };
  return { guid, dn, objectSid: objectSid as string, parent: OTHERS, attributes: all };
}

/** The members of each group, by number or SID, as a complete read shows them. */
const lists = new Map<number, (number | string)[]>();
const memberOf = (member: number | string): string =>
  typeof member === 'string'
    ? `<SID=${member}>;CN=${member},CN=ForeignSecurityPrincipals,${NAMING_CONTEXT}`
    : `<GUID=${guidOf(member)}>;<SID=${sidOf(member)}>;CN=${member},${NAMING_CONTEXT}`;
beforeEach(() => {
  lists.clear();
  directory.links = ({ attribute, names: isAsked }) =>
    attribute === 'memberOf'
      ? []
      : [...lists]
          .filter(([n]) => isAsked(guidOf(n)))
          .map(([n, members]) => ({
            ...{ guid: guidOf(n), dn: group(n).dn },
            attributes: { 'member;range=0-*': members.map(memberOf) },
          }));
});

async function fullCycle(context: ConnectorContext, delta: readonly ScriptedObject[] = []) {
  directory.answers.delta = delta;
  await using ldap = await directory.connect();
  await importAll(context, async () => ldap, NAMING_CONTEXT);
  directory.answers.delta = [];
  return exportStep(context);
}

/** A delta that reports who was added to a group and who was removed. */
const changed = (n: number, added: readonly number[], removed: readonly number[] = []): ScriptedObject => ({
  ...{ guid: guidOf(n), dn: group(n).dn },
  attributes: {
    ...(added.length > 0 && { 'member;range=1-1': added.map(memberOf) }),
    ...(removed.length > 0 && { 'member;range=0-0': removed.map(memberOf) }),
  },
});

/** A Connect whose scope is the pilot group. */
async function pilot(more: Scope = {}): Promise<ConnectorContext> {
  const context = scoped(testContext(peer), { groups: [guidOf(PILOT)], ...more });
  directory.answers.full = [
    ...UNITS,
    ...[1, 2, 3, 4].map(n => whole(n, STAFF)),
    ...[PILOT, NESTED].map(listed),
  ];
  await fullCycle(context);
  return context;
}

test('adds members of a group of the scope, nested groups included, and removes them when they leave', async () => {
  lists.set(PILOT, [1, NESTED]);
  lists.set(NESTED, [2]);
  const context = await pilot();
  assert.deepEqual(there(), [1, 2]);
  await fullCycle(context, [changed(NESTED, [3])]);
  assert.deepEqual(there(), [1, 2, 3]);
  await fullCycle(context, [changed(PILOT, [], [1])]);
  assert.deepEqual(there(), [2, 3], 'a change of the directory: a deletion like any other');
  await fullCycle(context, [changed(PILOT, [], [NESTED])]);
  assert.deepEqual(there(), []);
});

test('requires every kind of rule to agree, but not that the group itself is synchronized', async () => {
  lists.set(PILOT, [1, 2]);
  const context = await pilot({ include: [STAFF], user: '(!(sAMAccountName=user2))' });
  assert.deepEqual(there(), [1]);
  assert.match(context.store.groups.get(guidOf(PILOT))!.scopeReason!, /none of the containers/);
  await fullCycle(context, [moved(1, OTHERS)]);
  assert.deepEqual(there(), []);
});

test('counts users by primary group as members, and everybody in Domain Users', async () => {
  const users = { ...listed(7), objectSid: 'S-1-5-21-1-2-3-513' };
  lists.set(7, []);
  const context = scoped(testContext(peer), { groups: [guidOf(7)] });
  context.store.pin.set({
    ...{ namingContext: NAMING_CONTEXT, forest: 'corp.example.com' },
    ...{ domainSid: 'S-1-5-21-1-2-3', domainGuid: HEAD },
  });
  const primary = (n: number, rid: string) => whole(n, STAFF, { primaryGroupID: rid });
  directory.answers.full = [...UNITS, primary(1, '513'), primary(2, '1777'), users];
  await fullCycle(context);
  assert.deepEqual(there(), [1]);
  await fullCycle(context, [{ ...moved(2, STAFF), attributes: { primaryGroupID: '513' } }]);
  assert.deepEqual(there(), [1, 2]);
});

test('removes nobody because a group is missing or cannot be followed, but adds the members it shows', async () => {
  lists.set(PILOT, [1, 2]);
  const context = await pilot();
  await fullCycle(context, [{ guid: guidOf(PILOT), dn: group(PILOT).dn, attributes: TOMBSTONE }]);
  assert.deepEqual(there(), [1, 2]);
  assert.match(context.store.cursors.get('scope-groups-missing')!, /is not there/);
  lists.set(PILOT, [2, 3, 'S-1-5-21-7-7-7-1107']);
  const again = await pilot();
  assert.deepEqual(there().slice(-2), [2, 3]);
  await fullCycle(again, [changed(PILOT, [4], [2])]);
  assert.deepEqual(
    there(),
    [1, 2, 3, 4],
    'a SID of a domain that is not read may be a group with anybody in it',
  );
  assert.match(again.store.cursors.get('scope-groups-missing')!, /7-7-7-1107/);
});

test('holds users outside a group that becomes the scope until an administrator approves', async () => {
  lists.set(PILOT, [1]);
  const context = scoped(testContext(peer), {});
  directory.answers.full = [...UNITS, whole(1, STAFF), whole(2, STAFF), listed(PILOT)];
  await fullCycle(context);
  assert.deepEqual(there(), [1, 2]);
  const now = scoped(context, { groups: [guidOf(PILOT)] });
  await fullCycle(now);
  assert.deepEqual([there(), leavers(now)], [[1, 2], 1]);
  approve(now);
  await fullCycle(now);
  assert.deepEqual(there(), [1]);
});
