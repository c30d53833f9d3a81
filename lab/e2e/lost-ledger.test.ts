import assert from 'node:assert/strict';
import { cpSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DomainStatus as Status, DomainUserStatus as UserStatus } from '@causeway/contract';
import type { PublicDomainKeys } from '@causeway/domain-services';
import { ForestPeer, type Group, type Person } from '@causeway/domain-services/testing';
import {
  bytesOf,
  decodeGuid,
  decodeSid,
  filterEscape,
  type LdapConnection,
  openLdap,
  textOf,
} from '@causeway/ldap';
import { CLOUD_FOREST, CredentialSealer, type PublicKeyInfo } from '@causeway/records';
import { stopDomain } from '@causeway/samba';
import { tryKinit } from '../domains/try-password.ts';
import { TenantPeer } from '../peers/tenant-peer.ts';
import { DomainPlace } from '../places/domain-place.ts';
import { runCli } from '../places/run-cli.ts';

// Domain Services and its directory lose each other: the ledger is lost or older, the directory is older, or an administrator changes by
// hand what belongs to Causeway.

const service = new DomainPlace(23);
const { realm: REALM, netbios: NETBIOS, address: ADDRESS, base: BASE, folder, state, layout, cli } = service;
const FOREST = 'corp.example.com';

let tenant: TenantPeer;
let forest: ForestPeer;
let key: PublicKeyInfo;

before(async () => {
  tenant = await TenantPeer.start();
  forest = new ForestPeer(tenant.tenantId, FOREST);
  tenant.offer('connect', forest.publicKey);
  tenant.ownKey = new ForestPeer(tenant.tenantId, CLOUD_FOREST).publicKey;
  await service.create(tenant.url);
  const configuration = join(state, 'configuration.json');
  const saved = JSON.parse(readFileSync(configuration, 'utf8')) as object;
  writeFileSync(configuration, JSON.stringify({ ...saved, headIntervalMs: 200 }), { mode: 0o600 });
  ({ key } = await cli<PublicDomainKeys>('fingerprint'));
  await service.start();
  await trust();
});

after(async () => {
  await service.end();
  await tenant?.close();
});

const trust = () => cli('trust-agent', forest.publicKey.fingerprint, '--forest', FOREST);

const eventually = <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) =>
  service.eventually(what, look, 60_000);

const status = () => cli<Status>('status');
const userStatus = ({ anchor }: Person) => cli<UserStatus>('status', anchor);

interface Someone extends Person {
  password: string;
  version: number;
}

/** A person who has arrived with a password and signs in to the managed domain. */
async function someone(name: string): Promise<Someone> {
  const person = { ...forest.person(name), password: `${name}.Passw0rd.1`, version: 1 };
  await say(person);
  await opens(person);
  return person;
}

/** The tenant shows all records of a person again. */
async function say(
  person: Someone,
  changes: { enabled?: boolean; deleted?: boolean; accountExpires?: string } = {},
): Promise<void> {
  const { password, version } = person;
  const account = forest.account(person, changes);
  tenant.publish(forest.item(person, account, await forest.credential(person, password, version, key)));
}

/** The same with a new password. */
async function renew(person: Someone): Promise<void> {
  person.version++;
  person.password = `${person.name}.Passw0rd.${person.version}`;
  await say(person);
}

/** Publishes a head and waits for the comparison: everything that the forest had has arrived. */
const headIsCompared = () => {
  tenant.heads.set(FOREST, forest.head([]));
  const from = tenant.receipts.get(FOREST)?.length ?? 0;
  return eventually('a receipt', () => (tenant.receipts.get(FOREST)?.length ?? 0) > from);
};

const kinit = (user: string, password: string) =>
  tryKinit({ user, realm: REALM, password, krb5Conf: layout.krb5Conf });
const opens = ({ name, password }: Someone) =>
  eventually(`${name} opens`, async () => (await kinit(name, password)).ok);
const isShut = ({ name, password }: Someone) =>
  eventually(`${name} is shut`, async () => !(await kinit(name, password)).ok);

const asSystem = () => openLdap({ url: { socketPath: layout.ldapi }, timeoutMs: 20_000 });

async function bindAs({ name, password }: Someone): Promise<LdapConnection> {
  const bind = { dn: `${NETBIOS}\\${name}`, password };
  const url = `ldaps://${ADDRESS}`;
  const { caFile } = layout;
  return openLdap({ url, serverName: 'ds23.aadds23.example.net', caFile, bind, timeoutMs: 20_000 });
}

/** The directory's accounts with this name. */
async function accounts(name: string) {
  await using ldap = await asSystem();
  const attributes = ['objectGUID', 'objectSid', 'adminDescription', 'userAccountControl'];
  const filter = `(sAMAccountName=${filterEscape(name)})`;
  return (await ldap.search(BASE, { filter, attributes })).map(entry => ({
    dn: entry.dn,
    guid: decodeGuid(bytesOf(entry, 'objectGUID')!),
    sid: decodeSid(bytesOf(entry, 'objectSid')!),
    mark: textOf(entry, 'adminDescription') ?? '',
  }));
}

/** DNs of the members of a group. */
async function membersOf(name: string): Promise<string[]> {
  await using ldap = await asSystem();
  const filter = `(&(objectClass=group)(sAMAccountName=${filterEscape(name)}))`;
  const [group] = await ldap.search(BASE, { filter, attributes: ['member'] });
  return (group?.attributes.member ?? []).map(String);
}

const ledgerFiles = ['', '-wal', '-shm'].map(end => join(state, `ledger.db${end}`));

test('an account names its owner, and neither its own user nor another one can change that', async () => {
  const [anna, other] = [await someone('anna'), await someone('other')];
  const [found] = await accounts('anna');
  assert.ok(found!.mark.includes(`${anna.anchor} of ${FOREST}; objectGUID ${anna.objectGuid}`), found!.mark);
  for (const who of [anna, other]) {
    await using ldap = await bindAs(who);
    const [seen] = await ldap.search(found!.dn, { scope: 'base', attributes: ['adminDescription'] });
    assert.equal(textOf(seen!, 'adminDescription'), found!.mark);
    for (const operation of ['replace', 'delete'] as const) {
      const values = operation === 'delete' ? [] : ['made by somebody else'];
      const written = ldap.modify(found!.dn, [{ operation, attribute: 'adminDescription', values }]);
      await assert.rejects(written, /access|rights/i, who.name);
    }
  }
});

/** A group with a member has arrived, and its on-premises SID gives access. */
async function groupOf(member: Person): Promise<Group> {
  const staff = forest.group('Staff');
  const records = [forest.groupRecord(staff), ...forest.slices(staff, [member.anchor])];
  tenant.publishGroups(...records.map(record => forest.groupItem(staff, record)));
  await cli('sids', 'confirm', forest.domainSid, '--forest', FOREST);
  await eventually('the group', async () => (await membersOf('Staff')).length === 1);
  await eventually('its SID', async () => (await membersOf(staff.sid)).length === 1);
  return staff;
}

test('with a lost ledger users and groups keep account, SID and block, and those who left meanwhile are disabled', async () => {
  const [stays, blocked, left] = [await someone('stays'), await someone('blocked'), await someone('left')];
  await cli('block', blocked.anchor, '--reason', 'lost notebook');
  await isShut(blocked);
  const staff = await groupOf(stays);
  const names = ['stays', 'blocked', 'Staff', staff.sid];
  const found = async () => (await Promise.all(names.map(accounts))).flat();
  const before = await found();
  await service.stop();
  for (const file of ledgerFiles) rmSync(file, { force: true });
  tenant.forget(left.anchor);
  await service.start();
  await trust();
  await headIsCompared();
  await isShut(left);
  assert.equal(before.length, names.length);
  assert.deepEqual(await found(), before);
  assert.deepEqual([(await membersOf('Staff')).length, (await membersOf(staff.sid)).length], [1, 1]);
  await renew(stays);
  await opens(stays);
  await renew(blocked);
  await eventually('the password of who is blocked', async () => {
    const { entry } = await userStatus(blocked);
    return entry?.hasCredential;
  });
  await isShut(blocked);
  const { problems } = await userStatus(left);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['unclaimed'],
  );
  assert.equal((await status()).accounts.unclaimed, 1);
  assert.deepEqual(Object.keys((await status()).problems.counts), ['unclaimed']);

  // Connect finds the unknown account in the receipt and signs its deletion.
  tenant.publish(forest.item(left, forest.account(left, { deleted: true, enabled: false }), null));
  await eventually('the account is gone', async () => (await accounts('left')).length === 0);
});

const copy = (from: string, to: string) => {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true, filter: one => !isSpecial(one) });
};
/** Publishes the members of a group and waits until the directory has them. */
async function sayMembers(group: Group, members: readonly Person[], ...records: string[]): Promise<void> {
  const slices = forest.slices(
    group,
    members.map(({ anchor }) => anchor),
  );
  tenant.publishGroups(...[...records, ...slices].map(record => forest.groupItem(group, record)));
  await eventually(`the members of ${group.name}`, async () => {
    return (await membersOf(group.name)).length === members.length;
  });
}

const isSpecial = (path: string) => {
  const stats = lstatSync(path);
  return stats.isSocket() || stats.isFIFO();
};

const reunions = async () =>
  (await status()).audit.filter(({ action }) => action === 'reunite').map(({ detail }) => detail);

test('an older directory disables later leavers before it serves, gets the rest from the feed, and reuses no SID', async () => {
  const [disabled, deleted, changed, blocked] = [
    await someone('disabled'),
    await someone('deleted'),
    await someone('changed'),
    await someone('barred'),
  ];
  const { sid } = (await accounts('changed'))[0]!;
  const [circle, former] = [forest.group('Circle'), forest.group('Former')];
  for (const one of [circle, former]) await sayMembers(one, [changed, blocked], forest.groupRecord(one));
  const backup = join(folder, 'backup');
  await service.stop();
  await stopDomain(layout);
  copy(layout.directory, backup);
  await service.start();
  await say(disabled, { enabled: false });
  await isShut(disabled);
  tenant.publish(forest.item(deleted, forest.account(deleted, { deleted: true, enabled: false }), null));
  await eventually('deleted', async () => (await accounts('deleted')).length === 0);
  const before = changed.password;
  await renew(changed);
  await opens(changed);
  await sayMembers(circle, [blocked]);
  tenant.publishGroups(forest.groupItem(former, forest.groupRecord(former, { deleted: true })));
  await eventually('the group is deleted', async () => (await accounts('Former')).length === 0);
  await cli('block', blocked.anchor);
  const hired = [await someone('hired'), await someone('hired2')];
  const given = new Set(
    (await Promise.all(hired.map(({ name }) => accounts(name)))).map(([one]) => one!.sid),
  );
  assert.equal(given.size, 2);

  await service.stop();
  await stopDomain(layout);
  copy(backup, layout.directory);
  tenant.failWith = 503;
  const { groupItems } = tenant;
  tenant.groupItems = undefined;
  service.spawn();
  await eventually('the restored domain serves', async () => (await kinit('changed', before)).ok);
  const inCircle = () => membersOf('Circle').catch(() => undefined); // tickets come before LDAP answers
  const [member, ...others] = await eventually('LDAP answers', inCircle);
  assert.deepEqual([/^CN=barred,/.test(member!), others], [true, []], 'who was in it by the backup is not');
  assert.deepEqual([(await accounts('Former')).length, await membersOf('Former')], [1, []]);
  for (const { name, password } of [disabled, deleted, blocked])
    assert.equal((await kinit(name, password)).ok, false, `${name}, before the feed says so`);
  tenant.failWith = undefined;
  tenant.groupItems = groupItems;
  assert.equal((await reunions())[0], 'the directory is older');
  await opens(changed);
  assert.equal((await kinit('changed', before)).ok, false);
  for (const person of hired) {
    await opens(person);
    const [now] = await accounts(person.name);
    assert.ok(!given.has(now!.sid), 'a SID of before the restore is given again');
  }
  await eventually('deleted again', async () => (await accounts('deleted')).length === 0);
  assert.equal((await accounts('changed'))[0]!.sid, sid);
  assert.equal((await userStatus(disabled)).entry?.wantsEnabled, false);
  for (const { name, password } of [disabled, blocked]) assert.equal((await kinit(name, password)).ok, false);
});

test('an older ledger makes no second account, and users deleted since stay deleted', async () => {
  const [old, leaver] = [await someone('older'), await someone('leaver')];
  const saved = join(folder, 'ledger.backup');
  await service.stop();
  cpSync(ledgerFiles[0]!, saved);
  await service.start();
  await renew(old);
  await opens(old);
  const since = await someone('since');
  const [made] = await accounts('since');
  tenant.publish(forest.item(leaver, forest.account(leaver, { deleted: true, enabled: false }), null));
  await eventually('deleted', async () => (await accounts('leaver')).length === 0);
  await service.stop();
  for (const file of ledgerFiles) rmSync(file, { force: true });
  cpSync(saved, ledgerFiles[0]!);
  await service.start();
  assert.equal((await reunions())[0], 'the ledger is older');
  await eventually('known again', async () => (await userStatus(since)).entry?.hasCredential);
  assert.equal((await accounts('since'))[0]!.guid, made!.guid);
  await opens(old);
  await opens(since);
  assert.equal((await userStatus(leaver)).entry?.managedGuid, null);
});

test('a kill between ledger and directory does not count as a restore', async () => {
  const before = (await reunions()).length;
  for (const times of [1, 2]) {
    await service.stop();
    service.spawn({ CAUSEWAY_CRASH_AT: 'domain.within-generation' });
    await service.ended();
    await service.start();
    assert.equal((await reunions()).length, before, `after ${times}`);
  }
});

/** Restarts, which compares the directory with the ledger as each hour does. */
const restart = async () => {
  await service.stop();
  await service.start();
};

const change = async (dn: string, attribute: string, value: string | Uint8Array) => {
  await using ldap = await asSystem();
  await ldap.modify(dn, [{ operation: 'replace', attribute, values: [value] }]);
};

test('undoes what is opened by hand in the managed domain: enabled, moved, renamed, another password, a later expiry', async () => {
  const [shut, moved, visitor] = [await someone('shut'), await someone('moved'), await someone('visitor')];
  const over = await someone('over');
  await say(over, { accountExpires: '2026-01-01T00:00:00.000Z' });
  await isShut(over);
  await change((await accounts('over'))[0]!.dn, 'accountExpires', '0');
  await opens(over);
  await say(shut, { enabled: false });
  await isShut(shut);
  await change((await accounts('shut'))[0]!.dn, 'userAccountControl', '512');
  await opens(shut);
  const known = visitor.password;
  const quoted = Buffer.from('"By.Hand.Passw0rd"', 'utf16le');
  await change((await accounts('visitor'))[0]!.dn, 'unicodePwd', quoted);
  await opens({ ...visitor, password: 'By.Hand.Passw0rd' });
  const elsewhere = `CN=elsewhere,CN=Users,${BASE}`;
  {
    await using ldap = await asSystem();
    await ldap.modifyDn((await accounts('moved'))[0]!.dn, elsewhere);
    await ldap.modify(elsewhere, [
      { operation: 'replace', attribute: 'sAMAccountName', values: ['elsewhere'] },
    ]);
  }
  await restart();
  await isShut(over);
  await isShut(shut);
  await isShut({ ...visitor, password: 'By.Hand.Passw0rd' });
  await opens({ ...visitor, password: known });
  await eventually('back', async () => (await accounts('moved'))[0]?.dn.endsWith(`,OU=AADDC Users,${BASE}`));
  await opens(moved);
  const { audit, byHand } = await status();
  assert.ok(audit.filter(({ action }) => action === 'put-right').length >= 5, JSON.stringify(audit));
  assert.equal(byHand?.count, 0);
});

test('reports what an administrator closes by hand, and a command repairs it: a deleted account gets its SID back', async () => {
  const [off, gone, over] = [await someone('off'), await someone('gone'), await someone('early')];
  await change((await accounts('early'))[0]!.dn, 'accountExpires', '1');
  const before = (await accounts('gone'))[0]!;
  await change((await accounts('off'))[0]!.dn, 'userAccountControl', '514');
  {
    await using ldap = await asSystem();
    await ldap.delete(before.dn);
  }
  await restart();
  const told = await eventually('told', async () => {
    const { byHand } = await status();
    return byHand?.count === 3 && byHand.latest;
  });
  assert.deepEqual(
    told.map(({ anchor, what }) => `${anchor} ${what}`).sort(),
    [`${gone.anchor} deleted`, `${off.anchor} disabled`, `${over.anchor} expired`].sort(),
  );
  await isShut(off);
  const shown = await runCli(['domain', 'status', '--state', state]);
  assert.match(shown.stdout, /was disabled by hand, .*causeway domain repair/);
  await isShut(over);
  await cli('repair', over.anchor);
  await opens(over);
  await cli('repair', off.anchor);
  await opens(off);
  await cli('repair', gone.anchor);
  await opens(gone);
  const after = (await accounts('gone'))[0]!;
  assert.deepEqual([after.guid, after.sid], [before.guid, before.sid]);
  await restart();
  assert.equal((await status()).byHand?.count, 0);
});

test('leaves untouched accounts alone, whether written one by one or in bulk', async () => {
  const sealer = await CredentialSealer.open(key);
  const crowd = Array.from({ length: 60 }, (_, i) => forest.person(`crowd${i}`));
  const records = await forest.credentials(
    sealer,
    crowd.map(person => ({ person, password: 'Crowd.Passw0rd', version: 1 })),
  );
  sealer.close();
  tenant.publish(...crowd.map((person, i) => forest.item(person, forest.account(person), records[i]!)));
  await eventually('all of them', async () => (await userStatus(crowd[59]!)).entry?.hasCredential);
  const rights = async () => (await status()).audit.filter(({ action }) => action === 'put-right').length;
  const before = await rights();
  await restart();
  await opens({ ...crowd[59]!, password: 'Crowd.Passw0rd', version: 1 });
  const later = await someone('later');
  await opens(later);
  assert.equal(await rights(), before);
  assert.equal((await status()).byHand?.count, 0);
});
