import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DomainStatus as Status, DomainUserStatus as UserStatus } from '@causeway/contract';
import type { PublicDomainKeys } from '@causeway/domain-services';
import { ForestPeer, Ledger, type Person, settingsObjects } from '@causeway/domain-services/testing';
import { bytesOf, decodeSid, filterEscape, type LdapConnection } from '@causeway/ldap';
import type { AccountFields, PublicKeyInfo } from '@causeway/records';
import { encodeUtf16le } from '@causeway/wire';
import { tryKinit, trySmb } from '../domains/try-password.ts';
import { TenantPeer } from '../peers/tenant-peer.ts';
import { DomainPlace } from '../places/domain-place.ts';
import { runCli } from '../places/run-cli.ts';

const service = new DomainPlace(24);
const { realm: REALM, netbios: NETBIOS, address: ADDRESS, base: BASE, state, layout, cli } = service;

let tenant: TenantPeer;
let corp: ForestPeer;
let fabrikam: ForestPeer;
let key: PublicKeyInfo;
let ldap: LdapConnection;
/** The managed domain's own Administrator, whose password its set-up makes. */
const administrator = { password: '', person: { name: 'Administrator' } } as Somebody;

before(async () => {
  tenant = await TenantPeer.start();
  corp = new ForestPeer(tenant.tenantId, 'corp.example.com');
  fabrikam = new ForestPeer(tenant.tenantId, 'fabrikam.example.org');
  for (const forest of [corp, fabrikam]) tenant.offer(forest.forest, forest.publicKey);
  const created = await service.create(tenant.url, '--deletion-threshold', '500');
  administrator.password = readFileSync(String(created.administratorPasswordFile), 'utf8').trim();
  ({ key } = await cli<PublicDomainKeys>('fingerprint'));
  for (const { publicKey, forest } of [corp, fabrikam]) {
    await cli('trust-agent', publicKey.fingerprint, '--forest', forest);
  }
  await service.start();
  ldap = await service.openLdap();
});

after(async () => {
  await ldap?.close();
  await service.end();
  await tenant?.close();
});

const eventually = <T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> =>
  service.eventually(what, look, 10_000);

/** A person with a password. The user name is the account name unless `changes` say otherwise. */
interface Somebody {
  forest: ForestPeer;
  person: Person;
  password: string;
  credential: string;
  changes: Partial<AccountFields>;
}

let count = 0;

/** Makes up a person without publishing them. */
async function somebody(
  forest: ForestPeer,
  name: string,
  changes: Partial<AccountFields> = {},
): Promise<Somebody> {
  const person = forest.person(name);
  const password = `Some.Passw0rd.${++count}`;
  return { forest, person, password, credential: await forest.credential(person, password, 1, key), changes };
}

const itemOf = (one: Somebody, changes: Partial<AccountFields> = {}) => {
  one.changes = { ...one.changes, ...changes };
  return one.forest.item(one.person, one.forest.account(one.person, one.changes), one.credential);
};

/** Publishes several people in one page, or one after the other, and waits for the reports. */
async function show(...news: (readonly [Somebody, Partial<AccountFields>?])[]): Promise<void> {
  const from = tenant.reports.length;
  tenant.publish(...news.map(([one, changes]) => itemOf(one, changes)));
  for (const [{ person }] of news) {
    await eventually(`report on ${person.name}`, () =>
      tenant.reports
        .slice(from)
        .some(({ sourceAnchor, kind }) => sourceAnchor === person.anchor && kind === 'account'),
    );
  }
}

const reason = ({ person }: Somebody): string | null => tenant.reported(person.anchor, 'account')!.reason;

async function namesOf({ person }: Somebody): Promise<{ name: string | null; principal: string | null }> {
  const { entry } = (await cli('status', person.anchor)) as unknown as UserStatus;
  return { name: entry!.samAccountName, principal: entry!.userPrincipalName };
}

const kinit = (user: string, { password }: Somebody) =>
  tryKinit({ user, realm: REALM, password, krb5Conf: layout.krb5Conf });
const smb = (user: string, { password }: Somebody) =>
  trySmb({ user, address: ADDRESS, netbiosDomain: NETBIOS, password });

/** Asserts that this person, and nobody else, gets a ticket and a session by this name. */
async function signsInAs(user: string, one: Somebody, ...others: Somebody[]): Promise<void> {
  assert.equal((await kinit(user, one)).ok, true, `${one.person.name} by ${user}`);
  for (const other of others)
    assert.equal((await kinit(user, other)).ok, false, `${other.person.name} by ${user}`);
  if (!user.includes('@'))
    assert.equal((await smb(user, one)).ok, true, `${one.person.name} by ${user} (NTLM)`);
}

async function isOut(user: string, one: Somebody): Promise<void> {
  assert.match((await kinit(user, one)).error ?? 'a ticket', /revoked|expired/, user);
  if (!user.includes('@')) assert.equal((await smb(user, one)).ok, false, user);
}

test('a disabled or expired user is locked out, whatever is wrong with the name', async () => {
  const refused: [string, Partial<AccountFields>][] = [
    ['dollar', { sAMAccountName: 'left-dollar$' }],
    ['nameless', { sAMAccountName: null }],
    ['kerberos', { sAMAccountName: 'krbtgt' }],
    ['comma', { sAMAccountName: 'Left, Comma' }],
    ['admins', { sAMAccountName: 'Domain Admins' }],
    ['spaced', { userPrincipalName: 'spaced out@corp.example.com' }],
    ['kdc', { userPrincipalName: `krbtgt@${REALM}` }],
    ['sid', { objectSid: 'S-1-5-32-544' }],
  ];
  const states: Partial<AccountFields>[] = [
    { enabled: false },
    { accountExpires: '2020-01-01T00:00:00.000Z' },
    { accountExpires: '1601-01-01T00:00:00.000Z' },
  ];
  for (const [i, [name, changes]] of refused.entries()) {
    const one = await somebody(corp, name);
    await show([one]);
    await signsInAs(name, one);
    await show([one, { ...changes, ...states[i % states.length] }]);
    const { name: now } = await namesOf(one);
    await isOut(now!, one);
    if (one.changes.userPrincipalName === undefined) await isOut(`${name}@corp.example.com`, one);
    assert.match(reason(one)!, /^(protected-name|invalid-name|no-name|protected-sid): /, name);
    const { problems } = (await cli('status', one.person.anchor)) as unknown as UserStatus;
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      [changes.objectSid ? 'sid' : 'name'],
      name,
    );
  }
});

test('a name rejected at the first record delays only the name, which follows once it is right', async () => {
  const one = await somebody(corp, 'newcomer', { sAMAccountName: 'Comer, New', userPrincipalName: null });
  await show([one]);
  const { name, principal } = await namesOf(one);
  assert.match(name!, /^[0-9a-f]{20}$/);
  assert.equal(principal, null);
  await signsInAs(name!, one);
  await show([one, { sAMAccountName: 'newcomer', userPrincipalName: 'newcomer@corp.example.com' }]);
  await signsInAs('newcomer', one);
  await signsInAs('newcomer@corp.example.com', one);
  assert.equal(reason(one), null);
});

for (const pages of [1, 2]) {
  test(`a name handed over within ${pages} page(s) belongs to the new owner, in either order`, async () => {
    for (const takerFirst of [true, false]) {
      const name = `handed${pages}${Number(takerFirst)}`;
      const [giver, taker] = [await somebody(corp, name), await somebody(corp, `${name}b`)];
      await show([giver], [taker]);
      const news = [
        [giver, { sAMAccountName: `${name}c` }],
        [taker, { sAMAccountName: name }],
      ] as [Somebody, Partial<AccountFields>][];
      if (takerFirst) news.reverse();
      if (pages === 1) await show(...news);
      else for (const one of news) await show(one);
      await signsInAs(name, taker, giver);
      await signsInAs(`${name}c`, giver, taker);
    }
  });

  test(`two users who swap names, and three in a ring, have them within ${pages} page(s)`, async () => {
    for (const many of [2, 3]) {
      const names = Array.from({ length: many }, (_, i) => `ring${pages}${many}${i}`);
      const people = await Promise.all(names.map(name => somebody(corp, name)));
      await show(...people.map(one => [one] as const));
      const news = people.map((one, i) => {
        const next = names[(i + 1) % many]!;
        return [one, { sAMAccountName: next, userPrincipalName: `${next}@corp.example.com` }] as const;
      });
      if (pages === 1) await show(...news);
      else {
        await show(news[0]!);
        await show(...news.slice(1));
      }
      for (const [i, one] of people.entries()) {
        const others = people.filter(other => other !== one);
        await signsInAs(names[(i + 1) % many]!, one, ...others);
        await signsInAs(`${names[(i + 1) % many]}@corp.example.com`, one, ...others);
        assert.equal(reason(one), null);
      }
    }
  });
}

for (const point of ['before-name', 'after-name', 'within-rename', 'after-names', 'after-ledger']) {
  test(`a kill at domain.${point} during a swap leaves both users with their names in the end`, async () => {
    const names = [`${point}a`, `${point}b`].map(name => name.replaceAll('-', ''));
    const people = await Promise.all(names.map(name => somebody(corp, name)));
    await show(...people.map(one => [one] as const));
    await service.stop();
    const from = tenant.reports.length;
    const [a, b] = people as [Somebody, Somebody];
    const upn = (name: string) => `${name}@corp.example.com`;
    tenant.publish(
      itemOf(a, { sAMAccountName: names[1]!, userPrincipalName: upn(names[1]!) }),
      itemOf(b, { sAMAccountName: names[0]!, userPrincipalName: upn(names[0]!), enabled: true }),
    );
    service.spawn({ CAUSEWAY_CRASH_AT: `domain.${point}${point.startsWith('after-name') ? ':2' : ''}` });
    await service.ended();
    await service.start();
    for (const { person } of people) {
      await eventually('report', () =>
        tenant.reports.slice(from).some(({ sourceAnchor }) => sourceAnchor === person.anchor),
      );
    }
    await signsInAs(names[1]!, a, b);
    await signsInAs(names[0]!, b, a);
    await signsInAs(upn(names[1]!), a, b);
    await signsInAs(upn(names[0]!), b, a);
  });
}

test('names that differ only in a non-ASCII capital are equal, and the second forest’s user gets five digits', async () => {
  for (const [first, second] of [
    ['Özil', 'özil'],
    ['JÜRGEN', 'jürgen'],
    ['ИВАН', 'иван'],
  ] as const) {
    const upn = (n: number, forest: ForestPeer) => ({
      userPrincipalName: `case${count}x${n}@${forest.forest}`,
    });
    const one = await somebody(corp, first, upn(1, corp));
    const two = await somebody(fabrikam, second, upn(2, fabrikam));
    await show([one]);
    await show([two]);
    assert.equal((await namesOf(one)).name, first);
    assert.match((await namesOf(two)).name!, new RegExp(`^${second}[0-9a-f]{5}$`));
    await signsInAs(one.changes.userPrincipalName!, one, two);
    await signsInAs(two.changes.userPrincipalName!, two, one);
    assert.equal(reason(two), null);
  }
});

test('a userPrincipalName in the managed domain’s realm locks nobody out, in either order', async () => {
  for (const impliedFirst of [true, false]) {
    for (const other of [corp, fabrikam]) {
      const name = `implied${Number(impliedFirst)}${other.forest.slice(0, 4)}`;
      const implied = await somebody(corp, `x${name}`, {
        userPrincipalName: `${name}@${REALM.toLowerCase()}`,
      });
      const plain = await somebody(other, name);
      for (const one of impliedFirst ? [implied, plain] : [plain, implied]) await show([one]);
      // Within one forest the account with that name keeps it, between two the first.
      const keeps = impliedFirst && other !== corp ? implied : plain;
      assert.equal((await namesOf(plain)).name === name, keeps === plain, name);
      assert.equal((await namesOf(implied)).principal !== null, keeps === implied, name);
      await signsInAs(`x${name}`, implied, plain);
      await signsInAs(`${name}@${other.forest}`, plain, implied);
      // NTLM takes the name for the account of that name.
      await signsInAs(keeps === plain ? name : `${name}@${REALM}`, keeps, keeps === plain ? implied : plain);
    }
  }
});

test('a name that the directory itself rejects is missing only until the directory accepts it', async () => {
  // A contact stands where the account would be. The ledger does not know it, and it has no account name.
  const obstacle = `CN=obstacle,OU=AADDC Users,${BASE}`;
  await ldap.add(obstacle, { objectClass: 'contact' });
  const one = await somebody(corp, 'obstacle');
  const two = await somebody(corp, 'renamed');
  await show([one], [two]);
  assert.match(reason(one)!, /^name-refused: /);
  await signsInAs('obstacle@corp.example.com', one);
  await show([two, { sAMAccountName: 'Obstacle', enabled: false }]);
  // It may be renamed meanwhile, so ask the directory for the name each time.
  const refused = async () => (await kinit((await namesOf(two)).name!, two)).error ?? '';
  await eventually(
    'out by the name of now',
    async () => /revoked|expired/.test(await refused()) || undefined,
  );
  await show([two, { sAMAccountName: 'renamed', enabled: true }]);
  await eventually('back by the own name', async () => (await kinit('renamed', two)).ok || undefined);
  await ldap.delete(obstacle);
  await eventually('the name', async () => (await kinit('obstacle', one)).ok || undefined);
  await eventually('the report', () => reason(one) === null);
});

test('no userPrincipalName is another account to the KDC, in any spelling, also after that account is deleted', async t => {
  // A locked account would reject every password, so an administrator allows any number of attempts.
  const settings = settingsObjects(BASE, {
    domainUsers: `CN=Domain Users,CN=Users,${BASE}`,
    administrator: `CN=Administrator,CN=Users,${BASE}`,
  })[0]!;
  const unlimited = `CN=unlimited,CN=Password Settings Container,CN=System,${BASE}`;
  await ldap.add(unlimited, {
    objectClass: 'msDS-PasswordSettings',
    ...(settings.values as Record<string, string[]>),
    'msDS-PasswordSettingsPrecedence': '10',
    'msDS-LockoutThreshold': '0',
  });
  t.after(() => ldap.delete(unlimited));
  const dn = `CN=keeper,CN=Users,${BASE}`;
  const keeper = { password: 'Keeper.Passw0rd.1', person: { name: 'keeper' } } as Somebody;
  await ldap.add(dn, { objectClass: 'user', sAMAccountName: 'keeper' });
  await ldap.modify(dn, [
    { operation: 'replace', attribute: 'unicodePwd', values: [encodeUtf16le(`"${keeper.password}"`)] },
    { operation: 'replace', attribute: 'userAccountControl', values: ['512'] },
  ]);
  const victim = await somebody(corp, 'victim');
  await show([victim]);
  const genuine = [keeper, victim, administrator];

  const realm = REALM.toLowerCase();
  const accounts = ['Administrator', 'krbtgt', 'ds24', 'ds24$', 'victim', 'keeper'];
  const spaced = accounts.flatMap(name => [
    ...[`${name}@${REALM} `, `${name}@${realm}  `, ` ${name}@${REALM}`, `${name} @${REALM}`],
    `${name}@${REALM}\u00a0`,
  ]);
  const hidden = ['\u200b', '\u00ad', '\u202e', '\ufeff'].flatMap(unseen => [
    `Adminis${unseen}trator@${REALM}`,
    `victim@${REALM}${unseen}`,
  ]);
  const lookalikes = ['\u0410dministrator', 'Admini\u0455trator', 'kr\u0184tgt'].map(
    name => `${name}@${REALM}`,
  );
  const services = ['krbtgt/', 'host/ds24.', 'cifs/ds24.', 'HOST/DS24', 'ldap/'].map(
    name => `${name}${name.endsWith('4') ? '' : realm}@${REALM}`,
  );
  const special = ['root', 'root/admin', 'admin', 'SYSTEM', 'Everyone'].map(name => `${name}@${REALM}`);
  const plain = accounts.filter(name => name !== 'keeper').map(name => `${name}@${REALM}`);
  const principals = [...plain, ...spaced, ...hidden, ...lookalikes, ...services, ...special];
  const strangers = await Promise.all(
    principals.map((userPrincipalName, i) => somebody(fabrikam, `kdc${i}`, { userPrincipalName })),
  );

  const nobodyElse = async () => {
    for (const [i, stranger] of strangers.entries()) {
      const principal = principals[i]!;
      // As spelt, and as the account that is meant would ask.
      const asked = new Set([principal, principal.trim(), principal.trim().split('@')[0]!.trim()]);
      for (const user of asked) assert.equal((await kinit(user, stranger)).ok, false, JSON.stringify(user));
    }
  };
  await show(...strangers.map(one => [one] as const));
  await nobodyElse();
  for (const one of genuine) {
    for (const user of [one.person.name, `${one.person.name}@${REALM}`])
      assert.equal((await kinit(user, one)).error, undefined, user);
  }
  for (const [i, one] of strangers.entries()) {
    assert.equal((await kinit(`kdc${i}`, one)).ok, true, 'the name alone is refused');
    assert.match(reason(one)!, /^(invalid-name|protected-name|name-taken): /, principals[i]);
  }

  await ldap.delete(dn);
  await show([victim, { deleted: true }]);
  await eventually('the deletion', async () => (await kinit('victim', victim)).ok === false || undefined);
  await show(...strangers.map(one => [one, { enabled: true }] as const));
  await nobodyElse();
});

test('a name that a forest gives up stays reserved for it, until an administrator frees it or hands it over', async () => {
  const first = await somebody(corp, 'reserved');
  const second = await somebody(fabrikam, 'reserved', { userPrincipalName: 'reserved@corp.example.com' });
  await show([first]);
  await show([second]);
  assert.match((await namesOf(second)).name!, /^reserved[0-9a-f]{5}$/);
  assert.match(reason(second)!, /^name-taken: .*reserved@corp\.example\.com/);
  await show([first, { sAMAccountName: 'released', userPrincipalName: 'released@corp.example.com' }]);
  await eventually('the reservation', () => reason(second)!.startsWith('name-reserved: '));
  assert.equal((await kinit('reserved@corp.example.com', second)).ok, false);

  const held = await runCli(['domain', 'name', 'free', 'released', '--state', state]);
  assert.match(held.stderr, /has 'released'\nTo hand it over:\n {2}causeway domain name give released USER/);
  await cli('name', 'free', 'reserved');
  await eventually('the name', async () => (await kinit('reserved', second)).ok || undefined);
  await cli('name', 'free', 'reserved@corp.example.com');
  await eventually(
    'the principal',
    async () => (await kinit('reserved@corp.example.com', second)).ok || undefined,
  );

  const third = await somebody(corp, 'reserved', { userPrincipalName: 'third@corp.example.com' });
  await show([third]);
  assert.match((await namesOf(third)).name!, /^reserved[0-9a-f]{5}$/);
  const give = ['domain', 'name', 'give', 'reserved', third.person.anchor, '--state', state];
  const asked = await runCli(give);
  assert.match(asked.stderr, /goes from reserved \(.* of fabrikam\.example\.org\) to .*--yes/s);
  await signsInAs('reserved', second, third);
  await runCli([...give, '--yes']);
  await eventually('the name', async () => (await kinit('reserved', third)).ok || undefined);
  await signsInAs('reserved', third, second);
  assert.match((await namesOf(second)).name!, /^reserved[0-9a-f]{5}$/);
  const { audit } = (await cli('status')) as unknown as Status;
  assert.deepEqual(
    audit.slice(0, 1).map(({ action }) => action),
    ['give-name'],
  );
});

test('a restored user has the same SID and the current names, and signs in only once there is a password', async () => {
  const one = await somebody(corp, 'restored');
  const sidOf = async (name: string) => {
    const filter = `(sAMAccountName=${filterEscape(name)})`;
    const [entry] = await ldap.search(BASE, { filter, attributes: ['objectSid'] });
    return entry && decodeSid(bytesOf(entry, 'objectSid')!);
  };
  await show([one]);
  const sid = await sidOf('restored');
  await show([one, { deleted: true }]);
  await eventually('deletion', async () => (await sidOf('restored')) === undefined || undefined);
  // A user of another forest wants the name meanwhile and gets digits, because it is reserved. An administrator's account takes it.
  await ldap.add(`CN=other,CN=Users,${BASE}`, { objectClass: 'user', sAMAccountName: 'restored' });
  const from = tenant.reports.length;
  one.changes = { sAMAccountName: 'restored2', userPrincipalName: 'restored@corp.example.com' };
  tenant.publish(corp.item(one.person, corp.account(one.person, one.changes), null));
  await eventually('report', () =>
    tenant.reports.slice(from).some(r => r.sourceAnchor === one.person.anchor),
  );
  assert.equal(await sidOf('restored2'), sid);
  assert.notEqual((await kinit('restored2', one)).ok, true);
  const [entry] = await ldap.search(BASE, {
    filter: '(sAMAccountName=restored2)',
    attributes: ['userAccountControl'],
  });
  assert.deepEqual(entry!.attributes.userAccountControl, ['514']);
  await show([one]);
  await signsInAs('restored2', one);
  await signsInAs('restored@corp.example.com', one);
  assert.equal(reason(one), null);
});

test('a user who cannot be restored is created again, and status says so', async () => {
  const one = await somebody(corp, 'anew');
  await show([one]);
  const { entry } = (await cli('status', one.person.anchor)) as unknown as UserStatus;
  await show([one, { deleted: true }]);
  await eventually('deletion', () => tenant.reported(one.person.anchor, 'account')?.outcome === 'applied');
  // As if the directory had forgotten the user: no tombstone has this objectGUID.
  await service.stop();
  const ledger = new Ledger(join(state, 'ledger.db'));
  ledger.accounts.save({ ...ledger.accounts.of(entry!)!, lastManagedGuid: crypto.randomUUID() });
  ledger.close();
  await service.start();
  await show([one, { deleted: false }]);
  await signsInAs('anew', one);
  assert.match(reason(one)!, /^made-anew: /);
});
