import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import { stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import type { PersonKind } from '../domains/people.ts';
import { seededUsers } from '../domains/seed.ts';
import { DOMAINS, describeDomain, krb5ConfFile, layoutOf, randomPassword } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import {
  change,
  createUser,
  deleteUser,
  disableUser,
  dnOf,
  enableUser,
  type NewUser,
  renameUser,
  setPassword,
  userAttributes,
} from '../domains/users.ts';
import { makeCertificates } from '../places/certificates.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCliJson } from '../places/run-cli.ts';

// Unusual people, each all the way through the three places, with TLS as off loopback. The tenant's state is PGlite's here.

const folder = mkdtempSync(join(tmpdir(), 'causeway-people-'));
const tls = await makeCertificates(folder);
setDefaultCACertificates([readFileSync(tls.caFile, 'utf8')]); // for the web application that people sign in to
const stage = await freshStage({ tls });
const onprem = DOMAINS.onprem;
const { dnsDomain, baseDn } = describeDomain(onprem);
const run = randomBytes(2).toString('hex');
let trials: Trials;

interface Someone {
  sam: string;
  upn: string;
  password: string;
}

interface UserStatus {
  export: { state: string; problem: { quarantined: boolean; code: string; reason: string } | null };
  password: { status: string; detail: string | null; waiting: boolean } | null;
  retry: { quarantined: boolean; code: string; reason: string } | null;
}

const made: string[] = [];
async function make(sam: string, more: Partial<NewUser> = {}): Promise<Someone> {
  const user = { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword(), ...more };
  made.push(await createUser(onprem, user));
  return user;
}

function seeded(kind: PersonKind): Someone {
  const { sam, upn, password } = seededUsers().find(user => user.kind === kind)!;
  return { sam, upn, password: password ?? '' };
}

/** The name in the managed domain, which differs if the on-premises name does not fit. */
async function managedName({ upn }: Someone): Promise<string> {
  const { entry } = await stage.domainStatus<{ entry: { samAccountName: string } }>(upn);
  return entry.samAccountName;
}

async function works(who: Someone, sam = who.sam): Promise<void> {
  await eventually(`${who.upn} at web sign-in`, () => trials.web(who, who.password));
  await eventually(`${who.upn} in the managed domain`, () => trials.accepted({ sam }, who.password));
}

async function nothingWorks(who: Someone, password = who.password): Promise<void> {
  await eventually(`${who.upn} refused at web sign-in`, async () => !(await trials.web(who, password)));
  await eventually(`${who.upn} refused in the managed domain`, () => trials.refused(who, password));
}

const statusOf = ({ upn }: Someone) => stage.connectStatus<UserStatus>(upn);

before(async () => {
  trials = new Trials(await stage.openAll());
  await stage.forcePasswordSync();
  await eventually('everybody is sent', async () => {
    const { connectors } = await stage.connectStatus<{
      connectors: { owed: number; fullPass: { completedAt: string | null } }[];
    }>();
    return connectors[0]!.owed === 0 && connectors[0]!.fullPass.completedAt !== null;
  });
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(DOMAINS.managed));
  for (const dn of made) await deleteUser(onprem, dn).catch(() => {});
  rmSync(folder, { recursive: true });
});

test('a comma and other scripts in the name, an OU of its own, and an old password change nothing', async () => {
  for (const kind of ['plain', 'old-password', 'comma-and-unicode', 'unicode-ou'] as const)
    await works(seeded(kind));
});

test('a user without AES keys signs in to the web and by NTLM, gets a ticket by RC4, and status says so', async () => {
  const frank = seeded('no-aes-keys');
  await works(frank);
  const { realm } = DOMAINS.managed;
  const trial = { user: frank.sam, realm, password: frank.password, krb5Conf: krb5ConfFile() };
  assert.equal((await tryKinit(trial)).salt, ''); // RC4 has no salt, AES keys have one
  const { password } = await statusOf(frank);
  assert.equal(password?.status, 'MissingAttribute');
  assert.match(password.detail ?? '', /no AES key until its password is changed/);
});

test('a user without a password is quarantined with a reason, and nothing works, not even an empty password', async () => {
  const gina = { sam: `gina.${run}`, upn: `gina.${run}@${dnsDomain}`, password: '' };
  made.push(await createUser(onprem, { sam: gina.sam }));
  await enableUser(onprem, gina.sam);
  for (const who of [seeded('no-password'), gina]) {
    await eventually(`${who.upn} is quarantined`, async () => {
      const { retry } = await statusOf(who).catch(() => ({ retry: null }));
      return retry?.quarantined === true && /no password .*: set one/.test(retry.reason);
    });
    await nothingWorks(who, '');
  }
  const password = randomPassword();
  await setPassword(onprem, gina.sam, password);
  await works({ ...gina, password });
  assert.equal((await statusOf(gina)).retry, null);
});

test('a sAMAccountName of 20 characters stays and a longer one is shortened, both also by UPN', async () => {
  const twenty = await make(`twenty.char.${run}`.padEnd(20, 'x'));
  await works(twenty);
  assert.equal(await managedName(twenty), twenty.sam);
  const long = seeded('long-name');
  await eventually('the long name is there', () =>
    managedName(long).then(
      () => true,
      () => false,
    ),
  );
  const shortened = await managedName(long);
  assert.match(shortened, /^maximilian\.feat[0-9a-f]{5}$/);
  await works(long, shortened);
  for (const { upn: user, password } of [twenty, long]) {
    const { realm } = DOMAINS.managed;
    const ticket = await tryKinit({ user, realm, password, krb5Conf: krb5ConfFile() });
    assert.ok(ticket.ok, `${user} as an enterprise principal: ${ticket.error}`);
  }
});

test('a disabled user can do nothing, and everything once enabled, without a change of password', async () => {
  const dave = seeded('disabled');
  await nothingWorks(dave);
  await enableUser(onprem, dave.sam);
  try {
    await works(dave);
  } finally {
    await disableUser(onprem, dave.sam);
  }
  await nothingWorks(dave);
});

test('a temporary password works nowhere, and status says that it waits', async () => {
  const carol = seeded('must-change');
  await nothingWorks(carol);
  const { password } = await statusOf(carol);
  assert.equal(password?.waiting, true);
  assert.match(password.detail ?? '', /must change password at next logon/);
});

test('new names, another OU and both at once keep the password, and the old names end', async () => {
  const before = await make(`rena.${run}`);
  await works(before);
  const upn = { ...before, upn: `rena.new.${run}@${dnsDomain}` };
  await renameUser(onprem, before.sam, { upn: upn.upn });
  await works(upn);
  assert.equal(await trials.web(before, before.password), false);

  const sam = { ...upn, sam: `rena.sam.${run}` };
  made.push(
    await renameUser(onprem, before.sam, {
      sam: sam.sam,
      cn: `Réna, ${run}`,
      container: `OU=Contractors,OU=People,${baseDn}`,
    }),
  );
  await works(sam);
  assert.ok(await trials.refused(before, before.password));

  const password = randomPassword();
  await setPassword(onprem, sam.sam, password);
  await works({ ...sam, password });
});

test('a password longer than the 256 characters of most dialogs works everywhere, and its beginning nowhere', async () => {
  const password = `Lange.Rede-${run} `.repeat(18);
  assert.ok(password.length > 256);
  const long = await make(`long.${run}`, { password });
  await works(long);
  await nothingWorks(long, password.slice(0, 256));
});

test('of two users of one forest with one name, one waits for it and works without it until the other gives it up', async () => {
  // A domain controller treats both spellings of ä as two names. To the tenant, as to people, they are one.
  const name = `j\u00e4n.${run}@${dnsDomain}`;
  const one = await make(`jan.one.${run}`, { upn: name.normalize('NFC') });
  const two = await make(`jan.two.${run}`, { upn: name.normalize('NFD').toUpperCase() });
  // The first owner may lose the name to the other, and learns that with the next export.
  for (const { sam } of [one, two])
    await change(onprem, { dn: await dnOf(onprem, sam), change: 'modify', replace: { title: ['Clerk'] } });
  const problemOf = async ({ sam }: Someone) =>
    (await stage.connectStatus<UserStatus>(sam).catch(() => undefined))?.export.problem;
  let waiting: Someone | undefined;
  await eventually('one of them waits for the name', async () => {
    const problems = await Promise.all([one, two].map(problemOf));
    waiting = [one, two].find((_, i) => problems[i]?.code === 'attribute-value-must-be-unique');
    return waiting !== undefined;
  });
  const having = waiting === one ? two : one;
  const problem = await problemOf(waiting!);
  assert.equal(problem!.quarantined, true);
  assert.match(problem!.reason, /userPrincipalName .* belongs to another user/);
  await works(having);
  assert.equal(await trials.web(waiting!, waiting!.password), false);
  await eventually('who waits, by the account name in the managed domain', () =>
    trials.accepted({ sam: waiting!.sam }, waiting!.password),
  );

  const renamed = { ...having, upn: `${having.sam}@${dnsDomain}` };
  await renameUser(onprem, having.sam, { upn: renamed.upn });
  await works(renamed);
  await works(waiting!);
  await eventually('nothing is wrong any more', async () => (await problemOf(waiting!)) === null);
});

test('the status of each place reports its state', async () => {
  const connect = await runCliJson<{
    running: boolean;
    pairing: { state: string; realm: string; confirmed: { fingerprint: string } };
    connectors: {
      lastObjectCycleAt: string;
      lastPasswordCycleAt: string;
      queued: number;
      owed: number;
      quarantined: number;
      quarantine: { user: string; reason: string }[];
      waitingFor: { user: string; reason: string }[];
    }[];
  }>(['connect', 'status', '--config', stage.configOf('connect')]);
  const [connector] = connect.connectors;
  const { realm } = DOMAINS.managed;
  assert.deepEqual(
    [connect.running, connect.pairing.state, connect.pairing.realm],
    [true, 'confirmed', realm],
  );
  assert.ok(Date.parse(connector!.lastObjectCycleAt) <= Date.parse(connector!.lastPasswordCycleAt));
  assert.deepEqual([connector!.queued, connector!.owed, connector!.quarantined > 0], [0, 0, true]);
  const grace = connector!.quarantine.find(({ user }) => user === seeded('no-password').upn);
  assert.match(grace?.reason ?? '', /no password/);
  assert.ok(connector!.waitingFor.some(({ user }) => user === seeded('must-change').upn));

  const tenant = await stage.tenantStatus<{
    connect: { forest: string; lastPasswordCycleAt: string; quarantined: number; owed: number }[];
    windowsCredentialsSyncConfig: { enabled: boolean };
  }>();
  assert.equal(tenant.windowsCredentialsSyncConfig.enabled, true);
  assert.equal(tenant.connect[0]?.forest, dnsDomain);
  assert.ok(tenant.connect[0].lastPasswordCycleAt);

  const domain = await runCliJson<{
    following: boolean;
    trouble: string | null;
    feed: { caughtUpAt: string };
    pairing: { fingerprint: string; trusted: { forest: string }[] };
    accounts: { accounts: number; withCredential: number };
  }>(['domain', 'status', '--config', stage.configOf('domain')]);
  assert.deepEqual([domain.following, domain.trouble], [true, null]);
  assert.ok(domain.feed.caughtUpAt);
  assert.equal(domain.pairing.fingerprint, connect.pairing.confirmed.fingerprint);
  assert.equal(domain.pairing.trusted[0]?.forest, dnsDomain);
  assert.ok(domain.accounts.accounts > domain.accounts.withCredential);
});

test('an account that expires at a time that is not a date is expired everywhere', async () => {
  const ends = await make(`ends.${run}`);
  await works(ends);
  for (const time of ['1', '-1']) {
    await renameUser(onprem, ends.sam, { attributes: { accountExpires: ['0'] } });
    await works(ends);
    await renameUser(onprem, ends.sam, { attributes: { accountExpires: [time] } });
    await nothingWorks(ends);
  }
});

test('the account name stands in for a userPrincipalName without a domain', async () => {
  const plain = await make(`plain.${run}`, { upn: `nodomain-${run}` });
  await works({ ...plain, upn: `${plain.sam}@${dnsDomain}` });
});

test('an inetOrgPerson is synchronized without a password, even on request', async () => {
  const sam = `inet.${run}`;
  const who = { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword() };
  const dn = `CN=${sam},CN=Users,${baseDn}`;
  const attributes = { ...userAttributes(onprem, who), objectClass: ['inetOrgPerson'] };
  await change(onprem, { dn, change: 'add', attributes });
  made.push(dn);
  const said = async () => (await statusOf(who).catch(() => undefined))?.password?.detail ?? '';
  await eventually('the reason', async () => /inetOrgPerson: its password is not sent/.test(await said()));
  assert.equal((await statusOf(who)).export.state, 'current');
  await stage.forcePasswordSync();
  await nothingWorks(who);
  const config = stage.configOf('connect');
  const settings = JSON.parse(readFileSync(config, 'utf8')) as { connectors: object[] };
  const connectors = settings.connectors.map(each => ({ ...each, inetOrgPersonPasswords: true }));
  await stage.connect.stop();
  writeFileSync(config, JSON.stringify({ ...settings, connectors }));
  await stage.connect.start();
  await works(who);
});
