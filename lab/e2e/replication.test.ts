import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  type ConnectorAccount,
  createConnectorAccount,
  NameFormat,
  openReplication,
  type ReplicatedUser,
  type ReplicationConnection,
  type ReplicationCookie,
  ReplicationError,
  wipeUser,
} from '@causeway/active-directory';
import { EncryptionType, ntHash, stringToKey } from '@causeway/credentials';
import { openLdap } from '@causeway/ldap';
import { labUp } from '../domains/lifecycle.ts';
import { administratorPassword, DOMAINS, describeDomain } from '../domains/table.ts';
import { createUser, deleteUser, disableUser, renameUser, setPassword } from '../domains/users.ts';
import { runCli } from '../places/run-cli.ts';

await labUp();
const domain = DOMAINS.onprem;
const lab = describeDomain(domain);
const namingContext = lab.baseDn;
const run = randomBytes(3).toString('hex');
const connectorName = `rp-${run}`;
const plainName = `pl-${run}`;
const PASSWORD = `Plain-${run}-Passw0rd`;

let account: ConnectorAccount;
let connection: ReplicationConnection;
const made: string[] = [];

const logOn = (username: string, password: string) =>
  openReplication({ host: lab.address, account: { domain: lab.netbiosDomain, username, password } });

before(async () => {
  const admin = await openLdap({
    url: `ldaps://${lab.address}`,
    serverName: lab.host,
    caFile: lab.caFile,
    bind: { dn: `${lab.administrator}@${lab.dnsDomain}`, password: administratorPassword(domain) },
    timeoutMs: 20_000,
  });
  account = await createConnectorAccount(admin, { namingContext, name: connectorName });
  await admin.close();
  made.push(connectorName);
  await make(plainName, PASSWORD);
  connection = await logOn(connectorName, account.password!);
});

after(async () => {
  await connection?.close();
  for (const name of made) await deleteUser(domain, name);
});

async function make(sam: string, password?: string, cn?: string): Promise<void> {
  const common = { sam, ...(cn === undefined ? {} : { cn }) };
  await createUser(domain, password === undefined ? common : { ...common, password });
  made.push(sam);
}

/** A whole cycle. Its users are keyed by sAMAccountName if the reply has it, otherwise by GUID. */
async function cycle(cookie?: ReplicationCookie, pageSize?: number) {
  const users: ReplicatedUser[] = [];
  let last: ReplicationCookie | undefined;
  let full = false;
  let pages = 0;
  const options = pageSize === undefined ? {} : { pageSize };
  for await (const page of connection.replicateChanges({ namingContext, cookie, ...options })) {
    users.push(...page.users);
    full = page.fullCycle;
    last = page.cookie;
    pages++;
  }
  return { users, cookie: last!, full, pages };
}

const named = (users: ReplicatedUser[], sam: string) => users.find(user => user.sAMAccountName === sam);

/** Only true or false, so that no failing assertion prints a hash or a key. */
function hasPassword(user: ReplicatedUser | undefined, password: string): boolean {
  if (!user || typeof user.ntHash === 'string' || typeof user.kerberosKeys === 'string') return false;
  const { salt, keys } = user.kerberosKeys;
  const aes = keys.find(({ enctype }) => enctype === EncryptionType.aes256);
  return (
    Buffer.compare(user.ntHash, ntHash(password)) === 0 &&
    aes !== undefined &&
    Buffer.compare(aes.key, stringToKey(EncryptionType.aes256, password, salt)) === 0
  );
}

test('an account of least rights reads the NT hash and the Kerberos keys of a password', async () => {
  const sam = `al-${run}`;
  await make(sam, 'First-Passw0rd1', `Älice, the ${run}`);
  const { users, full } = await cycle();
  const user = named(users, sam);
  assert.equal(full, true);
  assert.ok(hasPassword(user, 'First-Passw0rd1'));
  assert.equal(user!.distinguishedName, `CN=Älice\\, the ${run},CN=Users,${namingContext}`);
  assert.equal(user!.userPrincipalName, `${sam}@${lab.dnsDomain}`);
  assert.equal(user!.userAccountControl, 512);
  assert.deepEqual(
    users.flatMap(({ problem }) => problem ?? []),
    [],
  );
});

test('a delta brings the changes and nothing else, in order', async () => {
  const sam = `de-${run}`;
  await make(sam, 'First-Passw0rd1');
  const first = await cycle();
  const before = named(first.users, sam)!;
  // Other tests may change other users of the same domain.
  const delta = async (cookie: ReplicationCookie) => {
    const { users, ...rest } = await cycle(cookie);
    return { users: users.filter(user => user.objectGuid === before.objectGuid), ...rest };
  };
  assert.equal((await delta(first.cookie)).users.length, 0);

  await setPassword(domain, sam, 'Second-Passw0rd2');
  const second = await delta(first.cookie);
  assert.equal(second.full, false);
  assert.equal(second.users.length, 1);
  const [changed] = second.users;
  assert.equal(changed!.objectGuid, before.objectGuid);
  assert.ok(hasPassword(changed, 'Second-Passw0rd2'));
  assert.ok(changed!.passwordOrder!.version > before.passwordOrder!.version);

  await disableUser(domain, sam);
  const third = await delta(second.cookie);
  assert.deepEqual(
    third.users.map(({ ntHash, kerberosKeys, userAccountControl }) => [
      ntHash,
      kerberosKeys,
      userAccountControl,
    ]),
    [['absent', 'absent', 514]],
  );
  await renameUser(domain, sam, { cn: `Renamed ${run}` });
  assert.equal((await delta(third.cookie)).users.length, 0);
});

test('reads a user without a password, one with a long name, and one who must change', async () => {
  const names = { none: `no-${run}`, long: `a-name-of-more-than-20-${run}`, must: `mu-${run}` };
  await make(names.none);
  await make(names.long, 'First-Passw0rd1');
  await make(names.must, 'First-Passw0rd1');
  await setPassword(domain, names.must, 'Second-Passw0rd2', { mustChange: true });
  const { users } = await cycle();
  const none = named(users, names.none)!;
  assert.deepEqual([typeof none.ntHash, typeof none.kerberosKeys], ['string', 'string']);
  assert.ok(hasPassword(named(users, names.long), 'First-Passw0rd1'));
  assert.equal(named(users, names.must)!.pwdLastSet, 0n);
  assert.ok(hasPassword(named(users, names.must), 'Second-Passw0rd2'));
});

test('a deleted user appears as deleted, without secrets', async () => {
  const sam = `gone-${run}`;
  await make(sam, 'First-Passw0rd1');
  const { users, cookie } = await cycle();
  const { objectGuid } = named(users, sam)!;
  await deleteUser(domain, sam);
  made.splice(made.indexOf(sam), 1);
  const delta = await cycle(cookie);
  const user = delta.users.find(each => each.objectGuid === objectGuid)!;
  assert.deepEqual([user.isDeleted, user.ntHash, user.kerberosKeys], [true, 'cleared', 'cleared']);
});

test('pages of any size give the same result', async () => {
  const whole = await cycle();
  const small = await cycle(undefined, 7);
  assert.ok(small.pages > 1);
  const missing = new Set(whole.users.map(({ objectGuid }) => objectGuid));
  for (const { objectGuid } of small.users) missing.delete(objectGuid);
  assert.deepEqual([...missing], []);
});

test('reads one user alone, by GUID and by DN, and returns undefined for an unknown one', async () => {
  const { users } = await cycle();
  const { objectGuid, distinguishedName } = named(users, plainName)!;
  for (const object of [{ objectGuid }, { distinguishedName }]) {
    const user = await connection.replicateObject(object);
    assert.equal(user!.objectGuid, objectGuid);
    assert.ok(hasPassword(user, PASSWORD));
    wipeUser(user!);
  }
  const nobody = { objectGuid: '00000000-1111-2222-3333-444444444444' };
  assert.equal(await connection.replicateObject(nobody), undefined);
  const noName = { distinguishedName: `CN=nobody,${namingContext}` };
  assert.equal(await connection.replicateObject(noName), undefined);
});

test('a cookie of another database, or from the future, leads to a full cycle', async () => {
  const { cookie } = await cycle();
  const other = await cycle({ ...cookie, invocationId: '00000000-1111-2222-3333-444444444444' });
  assert.equal(other.full, true);
  assert.ok(hasPassword(named(other.users, plainName), PASSWORD));
  const highWaterMark = { highObjUpdate: '99999999', reserved: '0', highPropUpdate: '99999999' };
  const upToDateVector = cookie.upToDateVector.map(cursor => ({ ...cursor, usn: '99999999' }));
  const future = await cycle({ ...cookie, highWaterMark, upToDateVector });
  assert.equal(future.full, true);
  assert.ok(hasPassword(named(future.users, plainName), PASSWORD));
});

test('translates names, and the domain controller identifies itself', async () => {
  const names = [`${lab.netbiosDomain}\\${plainName}`, `${lab.netbiosDomain}\\nobody-${run}`];
  const cracked = await connection.crackNames({
    offered: NameFormat.nt4Account,
    desired: NameFormat.distinguishedName,
    names,
  });
  assert.deepEqual(
    cracked.map(({ status, name }) => [status, name]),
    [
      [0, `CN=${plainName},CN=Users,${namingContext}`],
      [2, undefined],
    ],
  );
  const [controller] = await connection.domainControllerInfo(lab.netbiosDomain);
  assert.equal(controller!.dnsHostName, lab.host);
  assert.equal(controller!.isPdc, true);
  assert.equal(await connection.accountNamingContext(), namingContext);
});

test('logs on accounts whose names have letters without a capital, or with a non-ASCII one', async () => {
  for (const name of ['Straße', 'ŉǰﬁΐ', 'ıſµ', 'Özil.иван', '𐐨𐐀']) {
    const odd = `${name}${run}`;
    await make(odd, PASSWORD);
    await (await logOn(odd, PASSWORD)).close();
    await assert.rejects(logOn(odd, 'not it'));
  }
});

test('names the right that an account lacks, and reports a wrong password as such', async () => {
  await using plain = await logOn(plainName, PASSWORD);
  await assert.rejects(
    plain.replicateChanges({ namingContext }).next(),
    (error: unknown) =>
      error instanceof ReplicationError &&
      error.code === 'access-denied' &&
      error.message.includes(`${lab.netbiosDomain}\\${plainName} lacks 'Replicating Directory Changes'`) &&
      error.message.includes(namingContext),
  );
  for (const [name, password] of [
    [plainName, 'Wrong-Passw0rd'],
    [`nobody-${run}`, PASSWORD],
  ] as const) {
    await assert.rejects(
      logOn(name, password),
      (error: unknown) => error instanceof ReplicationError && error.code === 'logon-failure',
    );
  }
});

test('the command prints a user and a naming context, and no secret', async () => {
  const command = (username: string, password: string, ...args: string[]) => {
    const who = ['--server', lab.address, '--account', `${username}@${lab.dnsDomain}`];
    return runCli(['replicate', ...who, ...args], { CAUSEWAY_PASSWORD: password });
  };
  const as = (...args: string[]) => command(connectorName, account.password!, ...args);
  const told = await as('--user', plainName);
  assert.match(told.stdout, /NT hash +16 bytes\n/);
  assert.match(told.stdout, /aes256-cts-hmac-sha1-96, 32 bytes/);
  const hash = Buffer.from(ntHash(PASSWORD)).toString('hex');
  const json = (await as('--user', plainName, '--json')).stdout;
  assert.ok(![told.stdout, json].some(text => text.toLowerCase().includes(hash)), 'a hash is shown');
  assert.deepEqual(JSON.parse(json).ntHash, { bytes: 16 });
  const summary = JSON.parse((await as('--all', '--summary', '--json')).stdout) as Record<string, unknown>;
  for (const name of ['objects', 'bytes']) assert.ok(Number(summary[name]) > 0, name);

  const nobody = await as('--user', 'nobody-here');
  assert.deepEqual(
    [nobody.code, nobody.stderr.split('\n')[0]],
    [1, `causeway: no user 'nobody-here' in ${namingContext}`],
  );
  const denied = await command(plainName, PASSWORD, '--user', plainName);
  assert.equal(denied.code, 1);
  for (const part of [
    'Replicating Directory Changes',
    namingContext,
    plainName,
    'dsacls',
    'samba-tool dsacl set',
  ])
    assert.ok(denied.stderr.includes(part), part);
});
