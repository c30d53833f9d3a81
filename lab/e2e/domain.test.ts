import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type DomainReport,
  FOREST_REPORT,
  type DomainHeldList as HeldList,
  type ListedAdministrator,
  type ProposedAdministrator,
  type DomainStatus as Status,
  type DomainUserStatus as UserStatus,
} from '@causeway/contract';
import type { PublicDomainKeys } from '@causeway/domain-services';
import { ForestPeer, type Person } from '@causeway/domain-services/testing';
import { filterEscape, type LdapConnection, type LdapEntry } from '@causeway/ldap';
import {
  CLOUD_FOREST,
  CredentialSealer,
  generateSealingKey,
  type PublicKeyInfo,
  sealingPublicKey,
} from '@causeway/records';
import { domainStatus } from '@causeway/samba';
import { tryKinit, trySmb } from '../domains/try-password.ts';
import { TenantPeer } from '../peers/tenant-peer.ts';
import { DomainPlace } from '../places/domain-place.ts';
import { runCli } from '../places/run-cli.ts';

const service = new DomainPlace(22);
const { realm: REALM, netbios: NETBIOS, address: ADDRESS, base: BASE, folder, state, layout, cli } = service;
const USERS = `OU=AADDC Users,${BASE}`;
const FOREST = 'corp.example.com';
const THRESHOLD = 3;

let tenant: TenantPeer;
let forest: ForestPeer;
/** The tenant with its own key, and its cloud-only users. */
let cloud: ForestPeer;
let key: PublicKeyInfo;
let ldap: LdapConnection;

const createArguments = (url: string) => [
  ...service.createArguments(url),
  ...['--deletion-threshold', String(THRESHOLD)],
];

before(async () => {
  tenant = await TenantPeer.start();
  forest = new ForestPeer(tenant.tenantId, FOREST);
  cloud = new ForestPeer(tenant.tenantId, CLOUD_FOREST);
  tenant.offer('connect', forest.publicKey);
  tenant.ownKey = cloud.publicKey;
  const created = await cli<{ fingerprint: string }>('create', ...createArguments(tenant.url));
  const keys = await cli<PublicDomainKeys>('fingerprint');
  ({ key } = keys);
  assert.equal(created.fingerprint, keys.fingerprint);
  await service.start();
  ldap = await service.openLdap();
});

after(async () => {
  await ldap?.close();
  await service.end();
  await tenant?.close();
});

const eventually = <T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> =>
  service.eventually(what, look, 30_000);

/** Waits for the report on the newest published record of a person. */
function reported(person: Person, kind: DomainReport['kind'], outcome: DomainReport['outcome']) {
  return eventually(`${outcome} of ${person.name}'s ${kind} record`, () => {
    const report = tenant.reported(person.anchor, kind);
    return report?.outcome === outcome ? report : undefined;
  });
}

/** Waits until the managed domain has a person's newest credential record. */
const reportedDone = (person: Person) =>
  eventually(`password of ${person.name}`, () =>
    ['applied', 'unchanged'].includes(tenant.reported(person.anchor, 'credential')?.outcome ?? ''),
  );

/** Publishes records of a person and waits for the reports on them. */
async function publish(
  person: Person,
  account: string | null,
  credential: string | null,
  shownBy: ForestPeer = forest,
): Promise<DomainReport[]> {
  const from = tenant.reports.length;
  const item = shownBy.item(person, account, credential);
  tenant.publish(item);
  return eventually(`report on ${person.name}`, () => {
    const news = tenant.reports
      .slice(from)
      .filter(report => report.sourceAnchor === person.anchor && report.forest === item.forest);
    const needed = Number(account !== null) + Number(credential !== null);
    return news.length >= needed ? news : undefined;
  });
}

const outcomes = (reports: DomainReport[]) =>
  reports.map(({ outcome, reason }) => (reason === null ? outcome : `${outcome} ${reason.split(':')[0]}`));

async function account(name: string): Promise<LdapEntry | undefined> {
  const filter = `(sAMAccountName=${filterEscape(name)})`;
  const attributes = [
    'userAccountControl',
    'userPrincipalName',
    'displayName',
    'pwdLastSet',
    'accountExpires',
    'objectGUID',
  ];
  return (await ldap.search(BASE, { filter, attributes }))[0];
}

const kinit = (user: string, password: string) =>
  tryKinit({ user, realm: REALM, password, krb5Conf: layout.krb5Conf });
const smb = (user: string, password: string) =>
  trySmb({ user, address: ADDRESS, netbiosDomain: NETBIOS, password });

test('believes nothing before an agent is trusted, and everything once it is', async () => {
  const early = forest.person('early');
  const shown = forest.account(early);
  const credential = await forest.credential(early, 'Early.Passw0rd', 1, key);
  assert.deepEqual(outcomes(await publish(early, shown, credential)), [
    'refused unknown-signer',
    'refused unknown-signer',
  ]);
  const unknown = await runCli([
    'domain',
    'trust-agent',
    key.fingerprint,
    '--forest',
    FOREST,
    '--state',
    state,
  ]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /no Connect of the tenant has the signing key/);
  await cli(
    'trust-agent',
    forest.publicKey.fingerprint.toLowerCase().replaceAll('-', ' '),
    '--forest',
    FOREST,
  );
  await reported(early, 'credential', 'applied');
  assert.deepEqual(await kinit('early', 'Early.Passw0rd'), {
    ok: true,
    salt: 'CORP.EXAMPLE.COMearly',
    etype: 'aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96',
  });
  assert.deepEqual(await smb('early', 'Early.Passw0rd'), { ok: true });
});

test('the state is private and hardened, and a domain is not made twice', async () => {
  for (const name of [
    'sealing-key',
    'receipt-key.pem',
    'agent-key.pem',
    'administrator.password',
    'confirmed.json',
    'ledger.db',
  ]) {
    const mode = statSync(join(state, name)).mode & 0o077;
    assert.ok(mode === 0 || name === 'ledger.db', name);
  }
  assert.equal(statSync(state).mode & 0o077, 0);
  const again = await runCli(['domain', 'create', '--state', state, ...createArguments(tenant.url)]);
  assert.match(again.stderr, /in use by process/);
  const occupied = join(folder, 'occupied');
  mkdirSync(occupied);
  writeFileSync(join(occupied, 'precious'), 'somebody else');
  const elsewhere = ['--state', join(folder, 'other'), '--directory', occupied];
  const refused = await runCli(['domain', 'create', ...createArguments(tenant.url), ...elsewhere]);
  assert.match(refused.stderr, /is not empty and was not made by this command/);
  const adopted = ['--state', join(folder, 'third'), '--directory', layout.directory];
  const stolen = await runCli(['domain', 'create', ...createArguments(tenant.url), ...adopted]);
  assert.match(stolen.stderr, /is not empty and was not made by this command/);
  const second = await runCli(['domain', 'run', '--state', state]);
  assert.match(second.stderr, /in use by process \d+/);
  const [domain] = await ldap.search(BASE, {
    scope: 'base',
    attributes: ['maxPwdAge', 'lockoutThreshold', 'lockoutDuration', 'lockOutObservationWindow'],
  });
  assert.deepEqual(
    { ...domain!.attributes },
    {
      maxPwdAge: ['-9223372036854775808'],
      lockoutThreshold: ['0'],
      lockoutDuration: ['-18000000000'],
      lockOutObservationWindow: ['-1200000000'],
    },
  );
});

test('creates, changes, disables, enables, renames, deletes and restores a user', async () => {
  const bob = forest.person('bob');
  const one = await forest.credential(bob, 'Bob.Passw0rd.1', 1, key);
  assert.deepEqual(outcomes(await publish(bob, forest.account(bob), one)), ['applied', 'applied']);
  assert.equal((await kinit('bob@corp.example.com', 'Bob.Passw0rd.1')).ok, true);

  const two = await forest.credential(bob, 'Bob.Passw0rd.2', 2, key);
  assert.deepEqual(outcomes(await publish(bob, null, two)), ['applied']);
  assert.equal((await kinit('bob', 'Bob.Passw0rd.1')).ok, false);
  assert.deepEqual(await smb('bob', 'Bob.Passw0rd.1'), { ok: false, error: 'NT_STATUS_LOGON_FAILURE' });
  assert.equal((await kinit('bob', 'Bob.Passw0rd.2')).ok, true);
  assert.equal((await smb('bob', 'Bob.Passw0rd.2')).ok, true);

  await publish(bob, forest.account(bob, { enabled: false }), two);
  assert.match((await kinit('bob', 'Bob.Passw0rd.2')).error!, /revoked/);
  await publish(bob, forest.account(bob), two);
  assert.equal((await kinit('bob', 'Bob.Passw0rd.2')).ok, true);

  const expired = forest.account(bob, { accountExpires: '2020-01-01T00:00:00.000Z' });
  await publish(bob, expired, two);
  assert.equal((await kinit('bob', 'Bob.Passw0rd.2')).ok, false);

  const renamed = { userPrincipalName: 'robert@corp.example.com', sAMAccountName: 'robert' };
  assert.deepEqual(outcomes(await publish(bob, forest.account(bob, renamed), null)), ['applied']);
  assert.equal((await account('bob')) === undefined, true);
  assert.equal((await account('robert'))?.dn, `CN=robert,${USERS}`);
  assert.equal((await kinit('robert', 'Bob.Passw0rd.2')).ok, true);

  await publish(bob, forest.account(bob, { ...renamed, deleted: true }), null);
  await eventually('deletion', async () => (await account('robert')) === undefined || undefined);
  assert.deepEqual(outcomes(await publish(bob, forest.account(bob, renamed), two)), ['applied', 'applied']);
  assert.equal((await kinit('robert', 'Bob.Passw0rd.2')).ok, true);
});

test('treats hash and keys as one set: removes keys that are absent', async () => {
  const carol = forest.person('carol');
  await publish(carol, forest.account(carol), await forest.credential(carol, 'Carol.Passw0rd.1', 1, key));
  const bare = await forest.credential(carol, 'Carol.Passw0rd.2', 2, key, { kerberos: false });
  assert.deepEqual(outcomes(await publish(carol, null, bare)), ['applied']);
  assert.equal((await kinit('carol', 'Carol.Passw0rd.1')).ok, false);
  assert.equal((await smb('carol', 'Carol.Passw0rd.2')).ok, true);
});

test('a temporary password must be changed first, and a user without a password cannot sign in', async () => {
  const dave = forest.person('dave');
  const temporary = await forest.credential(dave, 'Dave.Passw0rd.1', 1, key, { mustChange: true });
  await publish(dave, forest.account(dave), temporary);
  assert.match((await kinit('dave', 'Dave.Passw0rd.1')).error!, /expired/);

  const erin = forest.person('erin');
  assert.deepEqual(outcomes(await publish(erin, forest.account(erin), null)), ['applied']);
  assert.deepEqual((await account('erin'))?.attributes.userAccountControl, ['514']);
  for (const password of ['', 'erin']) assert.equal((await smb('erin', password)).ok, false);
  const user = (await cli('status', 'erin@corp.example.com')) as unknown as UserStatus;
  assert.equal(user.entry?.hasCredential, false);
});

test('long, equal and odd names get an account of their own', async () => {
  const long = forest.person('a.very.long.name.indeed');
  const twin = forest.person('a.very.long.name.indeed');
  const comma = forest.person('frank');
  const records = async (person: Person, changes = {}) =>
    [forest.account(person, changes), await forest.credential(person, 'Long.Passw0rd.1', 1, key)] as const;
  assert.deepEqual(outcomes(await publish(long, ...(await records(long)))), ['applied', 'applied']);
  const upn = { userPrincipalName: 'second@corp.example.com' };
  assert.deepEqual(outcomes(await publish(twin, ...(await records(twin, upn)))), ['applied', 'applied']);
  assert.equal((await kinit('a.very.long.name.indeed@corp.example.com', 'Long.Passw0rd.1')).ok, true);
  assert.equal((await kinit('second@corp.example.com', 'Long.Passw0rd.1')).ok, true);
  const odd = { sAMAccountName: "fränk o'(x) #1" };
  assert.deepEqual(outcomes(await publish(comma, ...(await records(comma, odd)))), ['applied', 'applied']);
  assert.equal(
    (await account(odd.sAMAccountName))?.attributes.userPrincipalName?.[0],
    'frank@corp.example.com',
  );
  const comma2 = forest.person('grace');
  const invalid = await publish(comma2, ...(await records(comma2, { sAMAccountName: 'Doe, Grace' })));
  assert.deepEqual(outcomes(invalid), ['applied invalid-name', 'applied']);
  assert.equal((await kinit('grace@corp.example.com', 'Long.Passw0rd.1')).ok, true);
});

/** A person of a second forest, whose Connect is trusted for that forest. */
async function neighbourOfAnotherForest(): Promise<Person> {
  const second = new ForestPeer(tenant.tenantId, 'second.example.org');
  tenant.offer('second', second.publicKey);
  await cli('trust-agent', second.publicKey.fingerprint, '--forest', second.forest);
  const neighbour = second.person('neighbour');
  tenant.publish(second.item(neighbour, second.account(neighbour), null));
  await reported(neighbour, 'account', 'applied');
  return neighbour;
}

test('after a restore of the forest the older password signs in and the newer one does not, without an approval', async t => {
  const ruth = forest.person('ruth');
  t.after(() => {
    forest.epoch = 0;
  });
  await publish(ruth, forest.account(ruth), await forest.credential(ruth, 'Ruth.Passw0rd.9', 9, key));
  assert.equal((await kinit('ruth', 'Ruth.Passw0rd.9')).ok, true);
  const before = await forest.credential(ruth, 'Ruth.Passw0rd.10', 10, key);
  forest.epoch = 1_795_437_727_000_008;
  const restored = await forest.credential(ruth, 'Ruth.Passw0rd.3', 3, key);
  assert.deepEqual(outcomes(await publish(ruth, null, restored)), ['applied']);
  assert.equal((await kinit('ruth', 'Ruth.Passw0rd.3')).ok, true);
  assert.equal((await kinit('ruth', 'Ruth.Passw0rd.9')).ok, false);
  assert.deepEqual(outcomes(await publish(ruth, null, before)), ['refused older-sequence']);
  assert.deepEqual(outcomes(await publish(ruth, null, forest.withdrawal(ruth, 4))), ['applied']);
  assert.equal((await kinit('ruth', 'Ruth.Passw0rd.3')).ok, false);
});

test('rejects a hostile tenant’s whole repertoire, each with its own reason, and changes nothing', async () => {
  const victim = forest.person('victim');
  const old = await forest.credential(victim, 'Victim.Passw0rd.1', 1, key);
  const oldAccount = forest.account(victim, { enabled: false });
  await publish(victim, forest.account(victim), await forest.credential(victim, 'Victim.Passw0rd.2', 2, key));
  const mallory = forest.person('mallory');
  const tenantKey = new ForestPeer(tenant.tenantId, FOREST);
  const otherForest = new ForestPeer(tenant.tenantId, 'other.example.org');
  const neighbour = await neighbourOfAnotherForest();
  const otherTenant = new ForestPeer(crypto.randomUUID(), FOREST);
  Object.assign(otherTenant, { signingKey: forest.signingKey });
  const otherDomain = sealingPublicKey(await generateSealingKey());
  const grafted = (header: string, payload: string) => {
    const [a, b] = [header.split('.'), payload.split('.')];
    return `${a[0]}.${b[1]}.${a[2]}`;
  };
  const credential = (by: ForestPeer, person = victim, to = key, version = 9, changes = {}) =>
    by.credential(person, 'Tenant.Passw0rd', version, to, changes);

  const tries: [string, string | null, string | null][] = [
    ['other-recipient', null, await credential(forest, victim, otherDomain)],
    ['bad-signature', null, grafted(await credential(forest), await credential(tenantKey))],
    ['unknown-signer', null, await credential(tenantKey)],
    ['unknown-signer', tenantKey.account(victim, { deleted: true }), null],
    ['record-mismatch', null, await credential(forest, mallory)],
    ['record-mismatch', forest.account(mallory), null],
    ['other-tenant', null, await credential(otherTenant)],
    ['older-sequence', null, old],
    ['older-sequence', oldAccount, null],
    ['older-password-order', null, await credential(forest, victim, key, 1)],
    ['unknown-signer', otherForest.account(victim), null],
    ['anchor-moved', forest.account({ ...victim, objectGuid: crypto.randomUUID() }), null],
    ['bad-signature', grafted(forest.account(victim), forest.account(mallory)), null],
    // The tenant's own key is trusted for cloud-only users, and this is none of them.
    ['relabelled', cloud.account({ ...victim, sid: null }), null],
    ['relabelled', null, await credential(cloud)],
    ['other-forest', cloud.account(victim, { forest: FOREST }), null],
    ['other-forest', null, await credential(cloud, victim, key, 9, { forest: FOREST })],
    ['unsupported-algorithm', 'e30.e30.e30', null],
  ];
  for (const [code, accountRecord, credentialRecord] of tries) {
    const [outcome] = outcomes(await publish(victim, accountRecord, credentialRecord));
    assert.match(outcome!, new RegExp(`^(refused|waiting) ${code}$`));
  }
  const from = tenant.reports.length;
  tenant.publish({ ...forest.item(victim, null, await credential(forest)), origin: 'cloud' });
  await eventually('relabelled', () =>
    tenant.reports.slice(from).some(r => r.reason?.startsWith('relabelled')),
  );
  tenant.publish(forest.item(victim, null, null));

  // A user with a SID of another forest's domain lacks only the SID, and gets it when the domain is confirmed to be this forest's.
  const domainSid = neighbour.sid!.slice(0, neighbour.sid!.lastIndexOf('-'));
  await cli('sids', 'confirm', domainSid, '--forest', 'second.example.org');
  const claim = forest.account(mallory, { objectSid: neighbour.sid });
  assert.deepEqual(outcomes(await publish(mallory, claim, null)), ['applied other-forest-sid']);
  const history = async () => {
    const filter = '(sAMAccountName=mallory)';
    return (await ldap.search(BASE, { filter, attributes: ['sIDHistory'] }))[0]?.attributes.sIDHistory;
  };
  assert.equal(await history(), undefined);
  await cli('sids', 'unconfirm', domainSid);
  await cli('sids', 'confirm', domainSid, '--forest', FOREST);
  await eventually('the SID', async () => (await history()) !== undefined);
  await eventually('the report', () => tenant.reported(mallory.anchor, 'account')!.reason === null);

  assert.equal((await kinit('victim', 'Victim.Passw0rd.2')).ok, true);
  for (const password of ['Victim.Passw0rd.1', 'Tenant.Passw0rd']) {
    assert.equal((await kinit('victim', password)).ok, false);
    assert.equal((await smb('victim', password)).ok, false);
  }
  const user = (await cli('status', victim.anchor)) as unknown as UserStatus;
  assert.deepEqual(user.problems.map(problem => problem.code).sort(), [
    'relabelled',
    'unsupported-algorithm',
  ]);
});

test('a hostile tenant makes nobody an administrator, under no name and no identity', async () => {
  const [alice, mallory] = [forest.person('board.alice'), forest.person('board.mallory')];
  const otto = cloud.person('board.otto');
  for (const person of [alice, mallory]) await publish(person, forest.account(person), null);
  await publish(otto, cloud.account(otto), null, cloud);
  const claim = (person: Person, changes: Partial<ProposedAdministrator> = {}): ProposedAdministrator => ({
    ...{ userId: crypto.randomUUID(), origin: 'synchronized', forest: FOREST, sourceAnchor: person.anchor },
    ...{ userPrincipalName: 'board.alice@corp.example.com', addedAt: '2026-11-28T10:00:00.000Z' },
    ...changes,
  });
  const list = async () => {
    const { administrators } = (await cli('administrators')) as unknown as {
      administrators: ListedAdministrator[];
    };
    return administrators;
  };
  const accept = (user: string, ...more: string[]) => cli('administrators', 'accept', user, ...more);
  tenant.administrators = [
    claim(mallory), // under Alice's name
    claim(mallory, { forest: 'second.example.org' }), // as a user of another forest
    claim(otto), // a cloud-only user as one of a forest
  ];
  await eventually('the proposals', async () => (await list()).length === 3);
  assert.deepEqual((await list()).map(({ state, name }) => `${state} ${name}`).sort(), [
    'proposed board.mallory@corp.example.com',
    'unknown null',
    'unknown null',
  ]);
  await assert.rejects(accept('board.alice@corp.example.com', '--yes'), /does not propose board\.alice@/);
  await assert.rejects(accept('board.otto', '--cloud-only', '--yes'), /does not propose board\.otto@/);
  await assert.rejects(
    accept('board.mallory'),
    /board\.mallory@corp.*nothing was changed: there is no terminal/s,
  );
  await accept('board.mallory', '--yes');

  // Another object has the name now, and that one was never accepted.
  const anew = { ...mallory, objectGuid: crypto.randomUUID() };
  assert.deepEqual(outcomes(await publish(anew, forest.account(anew), null)), ['waiting anchor-moved']);
  const stateOf = async () => (await list()).find(({ name }) => name?.startsWith('board.mallory'))?.state;
  assert.equal(await stateOf(), 'accepted');
  await cli('accept', mallory.anchor);
  await reported(anew, 'account', 'applied');
  assert.equal(await stateOf(), 'proposed');
  const { audit, administrators } = (await cli('status')) as unknown as Status;
  assert.deepEqual([administrators.accepted, administrators.waiting], [0, 3]);
  assert.ok(
    audit.some(({ action, detail }) => action === 'administrator-ended' && /another object/.test(detail)),
  );
  tenant.administrators = [];
  await eventually('an empty list', async () => (await list()).length === 0);
});

test('a forest that uses another one’s anchors gets users of its own, in either order, and changes nobody else', async () => {
  const hostile = new ForestPeer(tenant.tenantId, 'hostile.example.org');
  tenant.offer('hostile', hostile.publicKey);
  await cli('trust-agent', hostile.publicKey.fingerprint, '--forest', hostile.forest);
  const make = async (by: ForestPeer, person: Person, password: string, changes = {}) =>
    outcomes(
      await publish(person, by.account(person, changes), await by.credential(person, password, 5, key), by),
    );
  const twins = (name: string): [Person, Person] => {
    const mine = forest.person(name);
    const { anchor, objectGuid } = mine;
    return [mine, { ...hostile.person(`${name}.2`), anchor, objectGuid }];
  };
  const [rita, rival] = twins('rita');
  const [robin, robber] = twins('robin');
  // The other forest uses the first user's anchor before, the second one's after. Substitutes for unusable names derive from one GUID.
  const nameless = { sAMAccountName: 'krbtgt' };
  assert.deepEqual(await make(hostile, rival, 'Rival.Passw0rd', nameless), [
    'applied protected-name',
    'applied',
  ]);
  assert.deepEqual(await make(forest, rita, 'Rita.Passw0rd', nameless), [
    'applied protected-name',
    'applied',
  ]);
  assert.deepEqual(await make(forest, robin, 'Robin.Passw0rd'), ['applied', 'applied']);
  assert.deepEqual(await make(hostile, robber, 'Robber.Passw0rd'), ['applied', 'applied']);
  const signsIn = async (person: Person, by: ForestPeer, password: string, when: string) => {
    const { ok, error } = await kinit(`${person.name}@${by.forest}`, password);
    assert.ok(ok, `${person.name}, ${when}: ${error}`);
  };
  await signsIn(rival, hostile, 'Rival.Passw0rd', 'at first');
  await signsIn(robber, hostile, 'Robber.Passw0rd', 'at first');

  const untouched = async (when: string): Promise<void> => {
    await signsIn(rita, forest, 'Rita.Passw0rd', when);
    await signsIn(robin, forest, 'Robin.Passw0rd', when);
  };
  await untouched('at first');
  for (const [who, what, account, credential] of [
    [rival, 'disabled', hostile.account(rival, { ...nameless, enabled: false }), null],
    [rival, 'a password', null, await hostile.credential(rival, 'Rival.Passw0rd.2', 99, key)],
    [rival, 'withdrawn', null, hostile.withdrawal(rival, 100)],
    [rival, 'deleted', hostile.account(rival, { ...nameless, deleted: true }), null],
    [robber, 'withdrawn', null, hostile.withdrawal(robber, 99)],
    [robber, 'made anew', hostile.account({ ...robber, objectGuid: crypto.randomUUID() }), null],
  ] as const) {
    await publish(who, account, credential, hostile);
    await untouched(what);
  }
  // The tenant attaches one forest's records to the other one's user.
  for (const [account, credential] of [
    [hostile.account(robber, { deleted: true }), null],
    [null, await hostile.credential(robber, 'Robber.Passw0rd.2', 99, key)],
    [null, hostile.withdrawal(robber, 101)],
  ] as const)
    assert.deepEqual(outcomes(await publish(robin, account, credential)), ['refused record-mismatch']);
  await untouched('shown as another one');

  await assert.rejects(cli('status', robin.anchor), /2 forests.*--forest 'corp.*--forest 'hostile/s);
  const status = async (by: ForestPeer) =>
    (await cli('status', robin.anchor, '--forest', by.forest)) as unknown as UserStatus;
  assert.equal((await status(forest)).entry!.samAccountName, 'robin');
  assert.deepEqual(
    (await status(hostile)).problems.map(({ forest: of, code }) => [of, code]),
    [[hostile.forest, 'anchor-moved']],
  );
  await assert.rejects(cli('accept', robin.anchor), /--forest/);
  const { accepted } = (await status(forest)).entry!;
  await cli('accept', robin.anchor, '--forest', hostile.forest);
  await eventually('acceptance', async () => (await status(hostile)).problems.length === 0);
  assert.equal((await status(forest)).entry!.accepted, accepted);
  await untouched('accepted');
});

test('a tenant of the previous release gets reports without a forest', async () => {
  const older = forest.person('older');
  const from = tenant.reports.length;
  tenant.accepts = undefined;
  try {
    tenant.publish(forest.item(older, forest.account(older), null));
    await reported(older, 'account', 'applied');
  } finally {
    tenant.accepts = FOREST_REPORT;
  }
  assert.ok(tenant.reports.slice(from).every(report => !('forest' in report)));
});

test('a cloud-only user signs in by the tenant’s own key, and no forest’s key counts for them', async () => {
  const olga = cloud.person('olga');
  const one = await cloud.credential(olga, 'Olga.Passw0rd.1', 1, key);
  assert.deepEqual(outcomes(await publish(olga, cloud.account(olga), one, cloud)), ['applied', 'applied']);
  assert.equal((await kinit('olga', 'Olga.Passw0rd.1')).ok, true);
  assert.equal((await smb('olga', 'Olga.Passw0rd.1')).ok, true);
  const [entry] = await ldap.search(BASE, {
    filter: '(sAMAccountName=olga)',
    attributes: ['sIDHistory'],
  });
  assert.equal(entry?.attributes.sIDHistory, undefined);

  const claimed = { ...olga, sid: 'S-1-5-21-1-22-333-4444' };
  const lies: [string, ForestPeer, string | null, string | null][] = [
    ['relabelled', cloud, forest.account(claimed), null],
    ['relabelled', cloud, null, await forest.credential(olga, 'Forest.Passw0rd', 9, key)],
    // For the forest's own user with that anchor: a different one, without an account.
    ['no-account', forest, null, await forest.credential(olga, 'Forest.Passw0rd', 9, key)],
    ['relabelled', forest, cloud.account(olga), null],
    ['unsupported-algorithm', cloud, cloud.account(olga).replace(/^[^.]+/, 'e30'), null],
    [
      'other-forest',
      cloud,
      null,
      await forest.credential(olga, 'F.Passw0rd', 9, key, { forest: CLOUD_FOREST }),
    ],
    ['older-sequence', cloud, null, one],
  ];
  const two = await cloud.credential(olga, 'Olga.Passw0rd.2', 2, key);
  await publish(olga, null, two, cloud);
  const gone = forest.account(claimed, { deleted: true });
  assert.deepEqual(outcomes(await publish(olga, gone, null)), ['applied'], 'nobody was there');
  for (const [code, shownBy, accountRecord, credentialRecord] of lies) {
    const [outcome] = outcomes(await publish(olga, accountRecord, credentialRecord, shownBy));
    assert.match(outcome!, new RegExp(`^refused ${code}$`), code);
  }
  assert.equal((await kinit('olga', 'Olga.Passw0rd.2')).ok, true);
  for (const password of ['Olga.Passw0rd.1', 'Forest.Passw0rd', 'F.Passw0rd']) {
    assert.equal((await kinit('olga', password)).ok, false);
  }
});

test('another key of the tenant waits for an administrator, and says so', async () => {
  const renewed = new ForestPeer(tenant.tenantId, CLOUD_FOREST);
  tenant.ownKey = renewed.publicKey;
  await service.stop();
  await service.start();
  const paul = renewed.person('paul');
  const records = [renewed.account(paul), await renewed.credential(paul, 'Paul.Passw0rd', 1, key)] as const;
  assert.deepEqual(outcomes(await publish(paul, ...records, renewed)), [
    'refused unknown-signer',
    'refused unknown-signer',
  ]);
  const { pairing } = (await cli('status')) as unknown as Status;
  assert.deepEqual(pairing.tenantKey, {
    fingerprint: cloud.publicKey.fingerprint,
    offered: renewed.publicKey.fingerprint,
  });
  await cli('trust-tenant', renewed.publicKey.fingerprint);
  await reported(paul, 'credential', 'applied');
  assert.equal((await kinit('paul', 'Paul.Passw0rd')).ok, true);
  const { audit } = (await cli('status')) as unknown as Status;
  assert.deepEqual(audit[0] && [audit[0].action, audit[0].subject], [
    'trust-tenant',
    renewed.publicKey.fingerprint,
  ]);
});

test('holds a re-created user until an administrator accepts the new object once', async () => {
  const heidi = forest.person('heidi');
  await publish(heidi, forest.account(heidi), await forest.credential(heidi, 'Heidi.Passw0rd.1', 7, key));
  const anew = { ...heidi, objectGuid: crypto.randomUUID() };
  const records = [forest.account(anew), await forest.credential(anew, 'Heidi.Passw0rd.2', 1, key)] as const;
  assert.deepEqual(outcomes(await publish(anew, ...records)), [
    'waiting anchor-moved',
    'waiting anchor-moved',
  ]);
  await cli('accept', heidi.anchor);
  await reported(anew, 'credential', 'applied');
  assert.equal((await kinit('heidi', 'Heidi.Passw0rd.2')).ok, true);
  const status = (await cli('status')) as unknown as Status;
  assert.ok(status.audit.some(({ action, subject }) => action === 'accept' && subject === heidi.anchor));
});

test('writes many users the fast way, and one that cannot be written holds up no other', async () => {
  await ldap.add(`CN=crowd77,${USERS}`, { objectClass: 'contact' });
  const sealer = await CredentialSealer.open(key);
  const crowd = Array.from({ length: 150 }, (_, i) => forest.person(`crowd${i}`));
  crowd[33] = forest.person('krbtgt');
  crowd[44] = forest.person('zoë.née');
  const records = await forest.credentials(
    sealer,
    crowd.map(person => ({ person, password: 'Crowd.Passw0rd', version: 1 })),
  );
  sealer.close();
  tenant.publish(...crowd.map((person, i) => forest.item(person, forest.account(person), records[i]!)));
  await reported(crowd[149]!, 'credential', 'applied');
  const reasonOf = (person: Person) => tenant.reported(person.anchor, 'account')!.reason;
  const refused = crowd.filter(person => reasonOf(person) !== null);
  assert.deepEqual(
    refused.map(({ name }) => name),
    ['krbtgt', 'crowd77'],
  );
  // Only their names were rejected.
  for (const name of ['krbtgt', 'crowd77'])
    assert.equal((await kinit(`${name}@corp.example.com`, 'Crowd.Passw0rd')).ok, true, name);
  assert.equal((await kinit('crowd76', 'Crowd.Passw0rd')).ok, true);
  assert.equal((await kinit('crowd149', 'Crowd.Passw0rd')).ok, true);
  assert.doesNotMatch(readFileSync(service.settings.logFile, 'utf8'), /writing its users one by one/);
  // The obstacle goes away, and the name comes by itself.
  await ldap.delete(`CN=crowd77,${USERS}`);
  await eventually('the name', () => reasonOf(crowd[77]!) === null);
  assert.equal((await kinit('crowd77', 'Crowd.Passw0rd')).ok, true);
});

test('more deletions than the threshold wait before the first one, and an approved list deletes exactly its users', async () => {
  const leavers = ['leaver1', 'leaver2', 'leaver3', 'leaver4', 'leaver5'].map(name => forest.person(name));
  for (const person of leavers) await publish(person, forest.account(person), null);
  await service.stop();
  tenant.publish(
    ...leavers.map(person => forest.item(person, forest.account(person, { deleted: true }), null)),
  );
  await service.start();
  for (const person of leavers) {
    const report = await reported(person, 'account', 'waiting');
    assert.match(report.reason!, /^deletion-threshold: /);
    assert.equal((await account(person.name)) !== undefined, true);
  }
  const status = (await cli('status')) as unknown as Status;
  const { waiting, held, stillSigningIn } = status.deletions;
  assert.deepEqual([waiting, held, stillSigningIn], [5, 5, []], 'nobody of them has a password');
  const { lists } = (await cli('deletions')) as unknown as { lists: HeldList[] };
  assert.deepEqual(
    lists[0]!.people.map(({ name }) => name).sort(),
    leavers.map(({ name }) => name),
  );
  await assert.rejects(cli('allow-deletes', '5'), /causeway domain deletions.*allow-deletes DIGEST/);
  const { digest } = lists[0]!;
  await assert.rejects(
    cli('allow-deletes', digest),
    /would be deleted in the managed domain.*leaver1.*--yes/s,
  );
  // Another deletion arrives after the list was shown.
  const later = forest.person('leaver6');
  await publish(later, forest.account(later), null);
  tenant.publish(forest.item(later, forest.account(later, { deleted: true }), null));
  await reported(later, 'account', 'waiting');
  await cli('allow-deletes', digest, '--yes');
  for (const person of leavers) await reported(person, 'account', 'applied');
  assert.equal((await account('leaver1')) === undefined, true);
  assert.equal((await account('leaver6')) !== undefined, true, 'it waits for an approval of its own');
  const rest = (await cli('deletions')) as unknown as { lists: HeldList[] };
  await cli('allow-deletes', rest.lists[0]!.digest, '--yes');
  await reported(later, 'account', 'applied');
});

for (const point of ['after-read', 'before-write', 'after-write', 'after-ledger', 'before-cursor']) {
  test(`resumes after a kill at domain.${point} and creates nothing twice`, async () => {
    const crowd = Array.from({ length: 60 }, (_, i) => forest.person(`${point}${i}`.replaceAll('-', '')));
    const sealer = await CredentialSealer.open(key);
    const records = await forest.credentials(
      sealer,
      crowd.map(person => ({ person, password: 'Kill.Passw0rd', version: 1 })),
    );
    sealer.close();
    await service.stop();
    const sambaBefore = domainStatus(layout).pid;
    tenant.publish(...crowd.map((person, i) => forest.item(person, forest.account(person), records[i]!)));
    service.spawn({ CAUSEWAY_CRASH_AT: `domain.${point}` });
    await service.ended();
    await service.start();
    for (const person of crowd) await reportedDone(person);
    assert.equal((await kinit(crowd[0]!.name, 'Kill.Passw0rd')).ok, true);
    assert.equal((await kinit(crowd[59]!.name, 'Kill.Passw0rd')).ok, true);
    assert.equal(domainStatus(layout).pid, sambaBefore);
    const status = (await cli('status')) as unknown as Status;
    assert.equal(status.problems.counts.failed ?? 0, 0);
  });
}

test('pages written while others are settled and planned lose nothing, give no name twice, and survive a kill', async () => {
  const page = 60; // large enough for the fast way
  const names = [...Array(3 * page - 2).keys()].map(i => `paged${i}`);
  // The same name in two neighbouring pages, and a user who appears again, with a newer password, in the page after their own.
  names.splice(page + 5, 0, 'paged1');
  const crowd = names.map(name => forest.person(name));
  const comesAgain = crowd[page - 1]!;
  const sealer = await CredentialSealer.open(key);
  const upn = (i: number) => ({ userPrincipalName: `paged.${i}@corp.example.com` });
  const accounts = crowd.map((person, i) => forest.account(person, upn(i)));
  const batch = crowd.map(person => ({ person, password: 'Paged.Passw0rd.1', version: 1 }));
  const records = await forest.credentials(sealer, batch);
  const [newer] = await forest.credentials(sealer, [
    { person: comesAgain, password: 'Paged.Passw0rd.2', version: 2 },
  ]);
  sealer.close();
  await service.stop();
  tenant.pageLimit = page;
  crowd.forEach((person, i) => {
    tenant.say(forest.item(person, accounts[i]!, records[i]!));
    if (i === page + 10) tenant.say(forest.item(comesAgain, accounts[page - 1]!, newer!));
  });
  service.spawn({ CAUSEWAY_CRASH_AT: 'domain.after-write:2' });
  await service.ended();
  await service.start();
  for (const person of crowd) await reportedDone(person);
  tenant.pageLimit = Number.POSITIVE_INFINITY;
  const filter = '(userPrincipalName=paged.*)';
  const found = await ldap.search(USERS, { filter, attributes: ['sAMAccountName'] });
  assert.equal(found.length, crowd.length);
  assert.equal(new Set(found.map(entry => entry.attributes.sAMAccountName?.[0])).size, crowd.length);
  for (const [user, password, works] of [
    ['paged.1', 'Paged.Passw0rd.1', true],
    [`paged.${page + 5}`, 'Paged.Passw0rd.1', true],
    [`paged.${crowd.length - 1}`, 'Paged.Passw0rd.1', true],
    [`paged.${page - 1}`, 'Paged.Passw0rd.1', false],
    [`paged.${page - 1}`, 'Paged.Passw0rd.2', true],
  ] as const) {
    assert.equal((await kinit(`${user}@corp.example.com`, password)).ok, works, `${user}, ${password}`);
  }
  const status = (await cli('status')) as unknown as Status;
  assert.equal(status.problems.counts.failed ?? 0, 0);
});

for (const lies of [false, true]) {
  const tenantThat = lies ? 'a tenant that reports every user as news' : 'a tenant';
  test(`with ${tenantThat}, a new password overtakes many users sent again, and all arrive`, async () => {
    const crowd = Array.from({ length: 120 }, (_, i) => forest.person(`again${Number(lies)}x${i}`));
    const sealer = await CredentialSealer.open(key);
    const items = async () => {
      const batch = crowd.map(person => ({ person, password: 'Again.Passw0rd.1', version: 1 }));
      const records = await forest.credentials(sealer, batch);
      return crowd.map((person, i) => forest.item(person, accounts[i]!, records[i]!));
    };
    const accounts = crowd.map(person => forest.account(person));
    tenant.publish(...(await items()));
    for (const person of crowd) await reportedDone(person);
    tenant.pageLimit = 20;
    tenant.repeatsNews = lies;
    const again = await items();
    const last = crowd.at(-1)!;
    const [newer] = await forest.credentials(sealer, [
      { person: last, password: 'Again.Passw0rd.2', version: 2 },
    ]);
    sealer.close();
    const start = tenant.reports.length;
    let middle = 0;
    let pages = 0;
    tenant.onPage = () => {
      if (++pages !== 2) return;
      middle = tenant.reports.length;
      tenant.publish(forest.item(last, accounts.at(-1)!, newer!));
    };
    tenant.publishAgain(...again);
    const placeOf = (person: Person, from: number): number =>
      tenant.reports.findIndex(
        ({ sourceAnchor, kind, outcome }, place) =>
          place >= from && sourceAnchor === person.anchor && kind === 'credential' && outcome === 'applied',
      );
    const isDone = (person: Person): boolean => placeOf(person, start) !== -1;
    for (const person of crowd) await eventually(person.name, () => isDone(person));
    await eventually('the new password', () => placeOf(last, middle) !== -1);
    // It comes with the third page at the latest, because the second was already on its way.
    const waited = crowd.filter(person => placeOf(person, start) > placeOf(last, middle)).length;
    assert.ok(waited >= 60, `${waited} of ${crowd.length} came after it`);
    tenant.onPage = undefined;
    tenant.pageLimit = Number.POSITIVE_INFINITY;
    tenant.repeatsNews = false;
    for (const [person, password, works] of [
      [crowd[100]!, 'Again.Passw0rd.1', true],
      [last, 'Again.Passw0rd.1', false],
      [last, 'Again.Passw0rd.2', true],
    ] as const) {
      assert.equal((await kinit(person.name, password)).ok, works, `${person.name}, ${password}`);
    }
    const { problems } = (await cli('status', last.anchor)) as unknown as UserStatus;
    assert.deepEqual(problems, []);
  });
}

test('a new password overtakes users sent again while the tenant takes no reports', async () => {
  const page = 60; // large enough for the fast way
  const crowd = Array.from({ length: 2 * page }, (_, i) => forest.person(`slow${i}`));
  const accounts = crowd.map(person => forest.account(person));
  const sealer = await CredentialSealer.open(key);
  const seal = (people: readonly Person[], version: number) =>
    forest.credentials(
      sealer,
      people.map(person => ({ person, password: `Slow.Passw0rd.${version}`, version })),
    );
  const items = (records: readonly string[]) =>
    crowd.map((person, i) => forest.item(person, accounts[i]!, records[i]!));
  const last = crowd.at(-1)!;
  tenant.publish(...items(await seal(crowd, 1)));
  for (const person of crowd) await reportedDone(person);
  const again = items(await seal(crowd, 1));
  const newer = forest.item(last, accounts.at(-1)!, (await seal([last], 2))[0]!);
  sealer.close();
  const from = tenant.reports.length;
  const { promise, resolve } = Promise.withResolvers<void>();
  let pages = 0;
  tenant.pageLimit = page;
  tenant.takesReports = promise;
  tenant.onPage = () => {
    if (++pages === 2) tenant.publish(newer);
  };
  try {
    tenant.publishAgain(...again);
    const works = async () => (await kinit(last.name, 'Slow.Passw0rd.2')).ok;
    await service.eventually('the new password', works, 10_000);
  } finally {
    resolve();
    tenant.onPage = undefined;
    tenant.pageLimit = Number.POSITIVE_INFINITY;
  }
  const isReported = ({ anchor }: Person) =>
    tenant.reports.slice(from).some(({ sourceAnchor }) => sourceAnchor === anchor);
  await eventually('everybody is reported again', () => crowd.every(isReported));
});

test('retries when a tenant answers 500 or nothing, which holds up the feed', async () => {
  const ivan = forest.person('ivan');
  tenant.failWith = 500;
  tenant.publish(
    forest.item(ivan, forest.account(ivan), await forest.credential(ivan, 'Ivan.Passw0rd', 1, key)),
  );
  await eventually('status says so', async () => {
    const { trouble } = (await cli('status')) as unknown as Status;
    return trouble ?? undefined;
  });
  tenant.failWith = undefined;
  await reported(ivan, 'credential', 'applied');
  assert.equal((await kinit('ivan', 'Ivan.Passw0rd')).ok, true);
});
