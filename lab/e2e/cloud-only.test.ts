import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { DomainStatus as Status, TenantStatus, UserStatus } from '@causeway/contract';
import { stopDomain } from '@causeway/samba';
import { Browser, RelyingParty } from '@causeway/tenant/testing';
import { DOMAINS, describeDomain, layoutOf } from '../domains/table.ts';
import { tryLdapGssapi, tryLdapSimple } from '../domains/try-ldap.ts';
import { tryKinit, trySmb } from '../domains/try-password.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { changeOnPage } from '../places/password-page.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';
import { signIn } from '../places/sign-in.ts';
import { dumpDatabase, restoreDatabase } from '../run/postgres.ts';
import { bytesBelow, findSecrets, type KnownSecret, secretsOf } from './secret-search.ts';

// A cloud-only user from creation to deletion, without any on-premises directory.

const databaseUrl = process.env.DATABASE_URL;
const stage = await freshStage({ databaseUrl, forests: [], headIntervalMs: 1_000 });
const managed = describeDomain(stage.managed);
const { realm, netbiosDomain, address } = stage.managed;
const UPN = 'carla@contoso.example';
const passwords: string[] = [];

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(DOMAINS.managed));
});

const tenant = <T = Record<string, unknown>>(...args: string[]): Promise<T> =>
  runCliJson<T>(['tenant', ...args, ...stage.remote]);

/** Remembers a made-up password for the search at the end. */
function madeUp(password: string): string {
  passwords.push(password);
  return password;
}

/** The ways into the managed domain that accept a password. */
async function waysIn(name: string, password: string): Promise<string[]> {
  const kinit = await tryKinit({ user: name, realm, password, krb5Conf: managed.krb5Conf });
  const smb = await trySmb({ user: name, address, netbiosDomain, password });
  const account = { user: name, domain: stage.managed, password };
  const ldap = await tryLdapSimple(account);
  const gssapi = await tryLdapGssapi(account);
  return Object.entries({ kinit, smb, ldap, gssapi }).flatMap(([way, { ok }]) => (ok ? [way] : []));
}

const eventually = (what: string, look: () => Promise<boolean>) =>
  stage.domain.eventually(what, look, 30_000);

const missing = async (): Promise<string[]> =>
  (await tenant<{ userPrincipalName: string }[]>('users', '--missing', 'legacy')).map(
    user => user.userPrincipalName,
  );

const listMissing = async (): Promise<string> =>
  (await runCli(['tenant', 'users', '--missing', 'legacy', ...stage.remote])).stdout;

const applied = (reason: string) => eventually(reason, async () => !(await missing()).includes(UPN));

/** Waits until the managed domain has what the tenant last signed for the account. */
const enabledThere = (enabled: boolean) =>
  eventually(`account ${enabled ? 'enabled' : 'disabled'}`, async () => {
    const result = await runCli(['domain', 'status', UPN, '--config', stage.configOf('domain'), '--json']);
    if (result.code !== 0) return false;
    return (JSON.parse(result.stdout) as { entry: { wantsEnabled: boolean } }).entry.wantsEnabled === enabled;
  });

const ALL_WAYS = ['kinit', 'smb', 'ldap', 'gssapi'];

test('a temporary password opens only the page that changes it', async () => {
  await stage.openTenant();
  const party = await stage.registerApplication();
  const made = await tenant<{ temporaryPassword: string }>('user', 'create', UPN, '--display-name', 'Carla');
  const temporary = madeUp(made.temporaryPassword);
  const led = await signIn(party, UPN, temporary);
  assert.ok(!led.ok && led.page.includes('Your password is a temporary one'));

  const first = madeUp('First.Cloud.Passw0rd');
  assert.match(await changeOnPage(stage, UPN, 'not it', first), /not right/);
  assert.match(await changeOnPage(stage, UPN, temporary, 'Carla4ever'), /holds your user name/);
  assert.match(await changeOnPage(stage, UPN, temporary, first), /good from now on/);
  assert.equal((await signIn(party, UPN, temporary)).ok, false);
  assert.equal((await signIn(party, UPN, first)).ok, true);
});

test('only a member of AAD DC Administrators makes a managed domain', async () => {
  const enrolment = ['tenant', 'enrolment', 'create', '--kind', 'domain', '--name', 'x', ...stage.remote];
  const refused = await runCli(enrolment);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /members of 'AAD DC Administrators'.*tenant group add/);
  await stage.openDomain();
});

test('a password older than the managed domain is not in it, and is listed as missing', async () => {
  await enabledThere(false);
  assert.deepEqual(await waysIn(UPN, 'First.Cloud.Passw0rd'), []);
  assert.ok((await missing()).includes(UPN));
  assert.match(
    await listMissing(),
    /carla@contoso\.example +cloud-only +enabled +none: has to change the pass/,
  );
});

test('no password arrives before the fingerprint is confirmed, and each place says so', async () => {
  const unconfirmed = madeUp('Unconfirmed.Cloud.Passw0rd');
  assert.match(await changeOnPage(stage, UPN, 'First.Cloud.Passw0rd', unconfirmed), /good from now on/);
  const { fingerprint } = await runCliJson<{ fingerprint: string }>([
    ...['domain', 'fingerprint', '--config', stage.configOf('domain')],
  ]);
  const status = async () => (await runCli(['tenant', 'status', ...stage.remote])).stdout;
  assert.match(await status(), /NOT confirmed: 2 cloud-only people .*tenant trust-domain FINGERPRINT/);
  assert.match(
    await listMissing(),
    /carla.* has to change the password, after 'causeway tenant trust-domain'/,
  );
  const next = async () => (await stage.domainStatus<Status>()).registration.next;
  await eventually('the managed domain says it', async () =>
    /tenant trust-domain/.test((await next()) ?? ''),
  );
  assert.equal((await stage.tenantStatus<UserStatus>(UPN)).legacy.recordReceivedAt, null);

  const trust = (text: string) => runCli(['tenant', 'trust-domain', text, ...stage.remote]);
  const mistyped = await trust(fingerprint.replace(/^./, first => (first === 'A' ? 'B' : 'A')));
  assert.equal(mistyped.code, 1);
  assert.ok(mistyped.stderr.includes(`with fingerprint ${fingerprint}, not`), mistyped.stderr);
  assert.match(
    (await trust(fingerprint)).stdout,
    /keys of the managed domain AADDS\.EXAMPLE\.NET are trusted/,
  );
  assert.match(await status(), /confirmed .* by admin@contoso\.example/);
  await eventually('the managed domain hears of it', async () => (await next()) === null);
  assert.deepEqual(await waysIn(UPN, unconfirmed), []);
});

test('after the next change the password opens the whole managed domain, by AES keys of its realm', async () => {
  const second = madeUp('Second.Cloud.Passw0rd');
  assert.match(await changeOnPage(stage, UPN, 'Unconfirmed.Cloud.Passw0rd', second), /good from now on/);
  await applied('second password applied');
  assert.deepEqual(await waysIn(UPN, second), ALL_WAYS);
  assert.deepEqual(await tryKinit({ user: 'carla', realm, password: second, krb5Conf: managed.krb5Conf }), {
    ok: true,
    salt: `${realm}carla`,
    etype: 'aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96',
  });
  for (const before of ['First.Cloud.Passw0rd', 'Unconfirmed.Cloud.Passw0rd'])
    assert.deepEqual(await waysIn(UPN, before), []);
});

test('a reset ends the former password everywhere, and the temporary one opens nothing in the managed domain', async () => {
  const reset = await tenant<{ temporaryPassword: string }>('user', 'reset-password', UPN);
  const temporary = madeUp(reset.temporaryPassword);
  await enabledThere(false);
  assert.deepEqual(await waysIn(UPN, 'Second.Cloud.Passw0rd'), []);
  assert.deepEqual(await waysIn(UPN, temporary), []);
  const third = madeUp('Third.Cloud.Passw0rd');
  assert.match(await changeOnPage(stage, UPN, temporary, third), /good from now on/);
  await applied('third password applied');
  assert.deepEqual(await waysIn(UPN, third), ALL_WAYS);
});

test('a disabled user is rejected, and signs in again with the same password once enabled', async () => {
  await tenant('user', 'disable', UPN);
  await enabledThere(false);
  assert.deepEqual(await waysIn(UPN, 'Third.Cloud.Passw0rd'), []);
  assert.match(
    await changeOnPage(stage, UPN, 'Third.Cloud.Passw0rd', 'Fourth.Cloud.Passw0rd'),
    /cannot sign in/,
  );
  await tenant('user', 'enable', UPN);
  await enabledThere(true);
  assert.deepEqual(await waysIn(UPN, 'Third.Cloud.Passw0rd'), ALL_WAYS);
});

test('a restored tenant names users with a newer password or deleted in the managed domain, and ends their sessions', async () => {
  const dora = 'dora@contoso.example';
  const made = await tenant<{ temporaryPassword: string }>('user', 'create', dora);
  const hers = madeUp('Another.Cloud.Passw0rd');
  await changeOnPage(stage, dora, madeUp(made.temporaryPassword), hers);
  await eventually('Dora has come', async () => !(await missing()).includes(dora));
  // The tenant treats an application on loopback as native, and asks for the password each time.
  const redirect = 'https://portal.example.net/callback';
  const { issuer, clientId } = await tenant<{ issuer: string; clientId: string }>(
    ...['app', 'register', '--name', 'portal', '--redirect-uri', redirect],
  );
  const party = await RelyingParty.discover(issuer, clientId, redirect);
  const [third, newer] = ['Third.Cloud.Passw0rd', madeUp('Newer.Cloud.Passw0rd')];
  const signedIn = async (name: string, password: string) => {
    const browser = new Browser();
    assert.ok(await party.signIn(browser, name, password), name);
    return async () => (await party.begin(browser)).page.status === 0;
  };
  const before = [await signedIn(UPN, third), await signedIn(dora, hers)];
  const areOpen = () => Promise.all(before.map(isOpen => isOpen()));
  assert.deepEqual(await areOpen(), [true, true]);
  const dump = await dumpDatabase(databaseUrl!);

  assert.match(await changeOnPage(stage, UPN, third, newer), /good from now on/);
  await applied('newer password applied');
  await tenant('user', 'delete', dora);
  const isGone = async () => (await waysIn('dora', hers)).length === 0;
  await eventually('Dora is gone', isGone);
  await stage.tenant.stop();
  await restoreDatabase(databaseUrl!, dump);
  await stage.tenant.start();

  const found = () => stage.tenantStatus<TenantStatus>().then(({ newerInDomain }) => newerInDomain);
  await eventually('both are named', async () => {
    await stage.makeToken();
    return (await found().catch(() => undefined))?.count === 2;
  });
  assert.deepEqual(
    (await found())!.people.map(({ userPrincipalName, what }) => [userPrincipalName, what]),
    [
      [UPN, 'password'],
      [dora, 'deleted'],
    ],
  );
  assert.match(
    (await runCli(['tenant', 'status', ...stage.remote])).stdout,
    /carla@.* has a newer password there/,
  );
  assert.deepEqual(await areOpen(), [false, false]);
  assert.deepEqual([await waysIn(UPN, newer), await waysIn('dora', hers)], [ALL_WAYS, []]);
  const again = await signedIn(UPN, third);

  await tenant('user', 'delete', dora);
  await eventually('Dora is not named', async () => (await found())?.count === 1);
  assert.equal(await again(), true, 'nobody is disabled, and a session ends once');
  assert.match(await changeOnPage(stage, UPN, third, madeUp('Right.Cloud.Passw0rd')), /good from now on/);
  await applied('the right password applied');
  assert.equal(await found(), undefined);
  assert.deepEqual(await waysIn(UPN, 'Right.Cloud.Passw0rd'), ALL_WAYS);
});

test('a deleted user has no account anywhere', async () => {
  await tenant('user', 'delete', UPN);
  await eventually('deletion', async () => {
    const there = await tryKinit({ user: 'carla', realm, password: 'x', krb5Conf: managed.krb5Conf });
    return /not found in Kerberos database/.test(there.error ?? '');
  });
  assert.deepEqual(await waysIn(UPN, 'Third.Cloud.Passw0rd'), []);
  assert.equal((await missing()).includes(UPN), false);
});

test('nothing that the tenant writes has a password, NT hash or Kerberos key of the user', () => {
  const secrets = passwords.flatMap((password, i): KnownSecret[] => [
    { label: `password ${i}`, bytes: Buffer.from(password) },
    ...secretsOf(`password ${i}`, password, `${realm}carla`),
  ]);
  assert.equal(secrets.length, 10 * 4);
  const written = (): Buffer =>
    Buffer.concat([
      bytesBelow(stage.stateOf('tenant')),
      ...(databaseUrl ? [execFileSync('pg_dump', ['--no-owner', databaseUrl], { maxBuffer: 1 << 30 })] : []),
      ...['tenant', 'domain'].map(name => Buffer.from(stage.readLog(name))),
    ]);
  assert.deepEqual(findSecrets(written(), secrets), []);
  const planted = { label: 'planted', bytes: Buffer.from('Planted.Cloud.Passw0rd') };
  appendFileSync(join(stage.stateOf('tenant'), 'planted'), planted.bytes);
  assert.deepEqual(findSecrets(written(), [planted]), ['planted'], 'the search finds what is there');
});
