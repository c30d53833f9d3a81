import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { bytesOf, type LdapConnection, openLdap, SdFlag, SdFlagsControl, textOf } from '@causeway/ldap';
import { stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { decodeSecurityDescriptor, encodeSecurityDescriptor } from '@causeway/wire';
import { Trials } from '../demo/trials.ts';
import { changeOwnPassword } from '../domains/change-own-password.ts';
import { type ClientResult, runClient } from '../domains/run-client.ts';
import {
  administratorPassword,
  describeDomain,
  krb5ConfFile,
  layoutOf,
  randomPassword,
} from '../domains/table.ts';
import { managedDn } from '../domains/try-ldap.ts';
import { tryKinit } from '../domains/try-password.ts';
import { change, createUser, deleteUser, quotedPassword, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { changeOnPage } from '../places/password-page.ts';
import { runCliJson } from '../places/run-cli.ts';

// Nobody changes a synchronized password in the managed domain, and nobody locks its realm: attacks with other people's clients.

const stage = await freshStage();
const onprem = stage.forests[0]!;
const { dnsDomain } = describeDomain(onprem);
const { managed } = stage;
const BASE = describeDomain(managed).baseDn;
const run = randomBytes(2).toString('hex');
const LOCKED_AFTER = 5;
const OWN_OU = `OU=Own,${BASE}`;
const CARLA = `carla.${run}@contoso.example`;

interface Someone {
  sam: string;
  upn: string;
  dn: string;
  password: string;
}

let trials: Trials;
let ldap!: LdapConnection;
const made: string[] = [];

async function make(name: string): Promise<Someone> {
  const user = { sam: `${name}.${run}`, upn: `${name}.${run}@${dnsDomain}`, password: randomPassword() };
  const dn = await createUser(onprem, user);
  made.push(dn);
  return { ...user, dn };
}

const works = (who: { sam: string; password: string }) =>
  eventually(`${who.sam} in the managed domain`, () => trials.accepted(who, who.password));

const openSystem = (): Promise<LdapConnection> =>
  openLdap({ url: { socketPath: layoutOf(managed).ldapi }, timeoutMs: 20_000 });

before(async () => {
  trials = new Trials(await stage.openAll());
  await eventually('the managed domain answers', async () => {
    ldap = await openSystem().catch(() => ldap);
    return ldap !== undefined;
  });
});

after(async () => {
  await ldap?.close();
  await stage.close();
  await stopDomain(layoutOf(managed));
  for (const dn of made) await deleteUser(onprem, dn).catch(() => {});
});

/** `smbpasswd -r`: SAMR over SMB. */
async function bySamr(user: string, old: string, password: string): Promise<boolean> {
  const args = ['-c', layoutOf(managed).smbConf, '-r', managed.address, '-U', user, '-s'];
  return (await runClient('smbpasswd', args, {}, `${old}\n${password}\n${password}\n`)).code === 0;
}

const base64 = (password: string): string => Buffer.from(quotedPassword(password)).toString('base64');

/** `ldapmodify`, bound as the user over TLS: deletes the old value and adds the new one ([MS-ADTS] 3.1.1.3.1.5). */
async function byLdap(dn: string, user: string, old: string, password: string): Promise<boolean> {
  const env = { LDAPTLS_CACERT: layoutOf(managed).caFile, OLD: old };
  const bind = '-x -H "$1" -D "$2" -y /dev/fd/3';
  const script = `exec 3< <(printf %s "$OLD"); cat | ldapmodify ${bind}`;
  const ldif = [
    ...[`dn: ${dn}`, 'changetype: modify', 'delete: unicodePwd', `unicodePwd:: ${base64(old)}`, '-'],
    ...['add: unicodePwd', `unicodePwd:: ${base64(password)}`, '-', ''],
  ].join('\n');
  const name = `${managed.netbiosDomain}\\${user}`;
  const args = ['-c', script, 'bash', `ldaps://${managed.address}`, name];
  const result: ClientResult = await runClient('bash', args, env, ldif);
  return result.code === 0;
}

const byKpasswd = (user: string, old: string, password: string): Promise<boolean> =>
  changeOwnPassword(managed, user, old, password).then(
    () => true,
    () => false,
  );

/** The protocols by which a user can change their password. Each starts from what the one before left. */
async function ownChanges(dn: string, user: string, password: string): Promise<string[]> {
  const taken: string[] = [];
  let now = password;
  const ways = {
    kpasswd: byKpasswd,
    samr: bySamr,
    ldap: (sam: string, old: string, next: string) => byLdap(dn, sam, old, next),
  };
  for (const [name, way] of Object.entries(ways)) {
    const next = randomPassword();
    if (await way(user, now, next)) {
      taken.push(name);
      now = next;
    }
  }
  return taken;
}

const ALL = ['kpasswd', 'samr', 'ldap'];

test('a synchronized user cannot change the password in the managed domain, by any protocol', async () => {
  const own = await make('own');
  await works(own);
  assert.deepEqual(await ownChanges(managedDn(managed, own.sam), own.sam, own.password), []);
  assert.ok(await trials.accepted(own, own.password));

  await ldap.modify(managedDn(managed, own.sam), [
    { operation: 'replace', attribute: 'pwdLastSet', values: ['0'] },
  ]);
  assert.deepEqual(await ownChanges(managedDn(managed, own.sam), own.sam, own.password), []);

  const next = randomPassword();
  await changeOwnPassword(onprem, own.sam, own.password, next);
  await works({ ...own, password: next });
});

test('a cloud-only user cannot either', async () => {
  const { temporaryPassword } = await runCliJson<{ temporaryPassword: string }>([
    ...['tenant', 'user', 'create', CARLA, '--display-name', 'Carla', ...stage.remote],
  ]);
  const carla = { sam: `carla.${run}`, password: randomPassword() };
  assert.match(await changeOnPage(stage, CARLA, temporaryPassword, carla.password), /good from now on/);
  await works(carla);
  assert.deepEqual(await ownChanges(managedDn(managed, carla.sam), carla.sam, carla.password), []);
});

test('an account in an administrator’s own container can', async () => {
  const dn = `CN=svc,${OWN_OU}`;
  const password = randomPassword();
  await change(
    managed,
    { dn: OWN_OU, change: 'add', attributes: { objectClass: ['organizationalUnit'] } },
    {
      ...{ dn, change: 'add' },
      attributes: {
        objectClass: ['user'],
        sAMAccountName: ['svc'],
        userAccountControl: ['512'],
        unicodePwd: [quotedPassword(password)],
      },
    },
  );
  assert.deepEqual(await ownChanges(dn, 'svc', password), ALL);
});

/** Removes the denials, as an account had none in an earlier release. */
async function allowOwnChanges(dn: string): Promise<void> {
  const controls = [new SdFlagsControl(SdFlag.dacl)];
  const attribute = 'nTSecurityDescriptor';
  const [entry] = await ldap.search(dn, { scope: 'base', attributes: [attribute], controls });
  const descriptor = decodeSecurityDescriptor(bytesOf(entry!, attribute)!);
  const { revision, aces } = descriptor.dacl!;
  const dacl = { revision, aces: aces.slice(2) };
  const values = [encodeSecurityDescriptor({ ...descriptor, dacl })];
  await ldap.modify(dn, [{ operation: 'replace', attribute, values }], controls);
}

test('existing accounts get the denial at the next start', async () => {
  const old = await make('old');
  await works(old);
  const dn = managedDn(managed, old.sam);
  await allowOwnChanges(dn);
  await stage.domain.stop();
  const { entry } = await stage.domainStatus<{ entry: { forest: string; anchor: string } }>(old.upn);
  const ledger = new DatabaseSync(join(stage.stateOf('domain'), 'ledger.db'));
  ledger
    .prepare('INSERT INTO own_changes_due (forest, anchor) VALUES (?, ?)')
    .run(entry.forest, entry.anchor);
  ledger.close();
  const changed = randomPassword();
  assert.ok(await byKpasswd(old.sam, old.password, changed), 'without the denial it is taken');
  await stage.domain.start();
  await eventually('the list is empty', async () => {
    const { guard } = await stage.domainStatus<{ guard: { ownChangesWaiting: number } }>();
    return guard.ownChangesWaiting === 0;
  });
  assert.deepEqual(await ownChanges(dn, old.sam, changed), []);
});

/** Tries six wrong passwords, by Kerberos and NTLM in turn. */
async function guess(user: string): Promise<void> {
  for (let i = 0; i <= LOCKED_AFTER; i++) {
    const password = randomPassword();
    if (i % 2 === 1) await trials.ntlm({ sam: user }, password);
    else await tryKinit({ user, realm: managed.realm, password, krb5Conf: krb5ConfFile() });
  }
}

async function isLocked(sam: string): Promise<boolean> {
  const [entry] = await ldap.search(BASE, {
    filter: `(sAMAccountName=${sam})`,
    attributes: ['lockoutTime', 'badPwdCount'],
  });
  return (textOf(entry!, 'lockoutTime') ?? '0') !== '0';
}

const ledgerOf = (who: Someone) =>
  stage.domainStatus<{ entry: { accountSequence: number; credentialSequence: number } }>(who.upn);

const CONTROLLER = `${managed.hostName.toUpperCase()}$`;

test('six wrong passwords lock a user but no account the domain needs, and only a newer password lifts the lock', async () => {
  const victim = await make('victim');
  const other = await make('other');
  await works(victim);
  await works(other);
  const everybody = ['krbtgt', CONTROLLER, 'Administrator', victim.sam];
  for (const user of everybody) await guess(user);
  const locked = await Promise.all(everybody.map(isLocked));
  assert.deepEqual(locked, [false, false, false, true]);
  assert.ok(await trials.accepted(other, other.password));
  assert.ok(await trials.ntlm({ sam: 'Administrator' }, administratorPassword(managed)));
  assert.ok(await trials.refused(victim, victim.password));

  const { entry: first } = await ledgerOf(victim);
  await stage.forcePasswordSync();
  await eventually('the pass is through, in the managed domain too', async () => {
    const { entry } = await ledgerOf(victim);
    return entry.credentialSequence > first.credentialSequence;
  });
  assert.ok(await isLocked(victim.sam), 'a password that is merely sent again lifts no lockout');
  await change(onprem, {
    dn: victim.dn,
    change: 'modify',
    replace: { accountExpires: ['150000000000000000'] },
  });
  await eventually('another change is there', async () => {
    const { entry } = await ledgerOf(victim);
    return entry.accountSequence > first.accountSequence;
  });
  assert.ok(await isLocked(victim.sam), 'no other change lifts it either');
  assert.ok(await trials.refused(victim, victim.password));
  const newer = randomPassword();
  await setPassword(onprem, victim.sam, newer);
  await works({ ...victim, password: newer });
});

test('an existing domain gets the policy at the start, and a lock of krbtgt ends with an alarm', async () => {
  await stage.domain.stop();
  for (const name of ['Causeway people', 'Causeway administrator'])
    await ldap.delete(`CN=${name},CN=Password Settings Container,CN=System,${BASE}`);
  const threshold = (value: string) =>
    ldap.modify(BASE, [{ operation: 'replace', attribute: 'lockoutThreshold', values: [value] }]);
  await threshold(String(LOCKED_AFTER));
  await guess('krbtgt');
  assert.ok(await isLocked('krbtgt'), 'the attack is one');
  await stage.domain.start();
  await eventually('krbtgt is open again', async () => !(await isLocked('krbtgt')));
  await eventually('status tells of it', async () => {
    const { guard } = await stage.domainStatus<{ guard: { alarm: string | null } }>();
    return /ALARM: 'krbtgt'.*locked/.test(guard.alarm ?? '');
  });
  await eventually('the policy is ours', async () => {
    const [domain] = await ldap.search(BASE, { scope: 'base', attributes: ['lockoutThreshold'] });
    return textOf(domain!, 'lockoutThreshold') === '0';
  });
  const person = await make('later');
  await works(person);
  for (const user of ['krbtgt', person.sam]) await guess(user);
  assert.deepEqual(await Promise.all(['krbtgt', person.sam].map(isLocked)), [false, true]);
});
