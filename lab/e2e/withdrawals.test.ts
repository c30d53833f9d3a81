import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, krb5ConfFile, layoutOf, randomPassword } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import { change, createUser, deleteUser, readAttribute, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';

// Passwords that end on-premises without a successor that may be sent: they end in the cloud, too.

const stage = await freshStage();
const onprem = DOMAINS.onprem;
const { dnsDomain, baseDn, realm } = describeDomain(onprem);
const run = randomBytes(2).toString('hex');
const SMART_CARD_ONLY = '262656';
const NORMAL = '512';
let trials: Trials;
let policy: Record<string, string[]>;

interface Someone {
  sam: string;
  upn: string;
  dn: string;
  password: string;
}

const made: string[] = [];
async function make(name: string, more: { password?: string } = {}): Promise<Someone> {
  const user = {
    sam: `${name}.${run}`,
    upn: `${name}.${run}@${dnsDomain}`,
    password: randomPassword(),
    ...more,
  };
  const dn = await createUser(onprem, user);
  made.push(dn);
  return { ...user, dn };
}

/** Changes attributes as an administrator does; `pwdLastSet` 0 ticks "must change", -1 unticks it. */
const set = ({ dn }: Someone, replace: Record<string, string[]>): Promise<void> =>
  change(onprem, { dn, change: 'modify', replace });

async function works(who: Someone, password = who.password): Promise<void> {
  await eventually(`${who.upn} at web sign-in`, () => trials.web(who, password));
  await eventually(`${who.upn} in the managed domain`, () => trials.accepted(who, password));
}

async function nothingWorks(who: Someone, ...passwords: string[]): Promise<void> {
  for (const password of passwords) {
    await eventually(`${who.upn} refused at web sign-in`, async () => !(await trials.web(who, password)));
    await eventually(`${who.upn} refused in the managed domain`, () => trials.refused(who, password));
  }
}

interface UserStatus {
  password: { status: string; detail: string | null; waiting: boolean } | null;
  owedSince: string | null;
}

/** Waits until Connect reports this for the person's password. */
async function says(who: Someone, detail: RegExp): Promise<UserStatus> {
  let status: UserStatus | undefined;
  await eventually(`status of ${who.upn} says ${detail}`, async () => {
    status = await stage.connectStatus<UserStatus>(who.upn).catch(() => undefined);
    return detail.test(status?.password?.detail ?? '');
  });
  return status!;
}

async function forcedPass(): Promise<void> {
  await stage.forcePasswordSync();
  await eventually('the pass is through', async () => {
    const { connectors } = await stage.connectStatus<{
      connectors: { owed: number; fullPass: { completedAt: string | null } | null }[];
    }>();
    return connectors[0]!.owed === 0 && connectors[0]!.fullPass?.completedAt != null;
  });
}

let una: Someone;

before(async () => {
  const root = { minPwdLength: '7', pwdProperties: '1' };
  policy = {};
  for (const name of Object.keys(root)) {
    policy[name] = [(await readAttribute(onprem, baseDn, name)) ?? root[name as keyof typeof root]];
  }
  trials = new Trials(await stage.openWeb());
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(DOMAINS.managed));
  await change(onprem, { dn: baseDn, change: 'modify', replace: policy });
  for (const dn of made) await deleteUser(onprem, dn).catch(() => {});
});

test('unpaired: a reset to a temporary password ends the former one at web sign-in', async () => {
  una = await make('una');
  await eventually('una at web sign-in', () => trials.web(una, una.password));
  const before = una.password;
  una.password = randomPassword();
  await setPassword(onprem, una.sam, una.password, { mustChange: true });
  await says(una, /withdrawn: the user must change password at next logon/);
  for (const password of [before, una.password]) assert.equal(await trials.web(una, password), false);
  assert.equal((await stage.connectStatus<UserStatus>(una.upn)).owedSince, null);

  await stage.openDomain();
  await stage.pair();
  await forcedPass();
  await nothingWorks(una, before, una.password);
});

test('paired later: the temporary password goes everywhere once it no longer has to be changed', async () => {
  await set(una, { pwdLastSet: ['-1'] });
  await works(una);
});

test('must change alone keeps the password, a reset with it ends the password, and a forced pass does not bring it back', async () => {
  const temp = await make('temp');
  await works(temp);
  await set(temp, { pwdLastSet: ['0'] });
  await says(temp, /must change .* still opens the cloud/);
  assert.ok(await trials.web(temp, temp.password));
  assert.ok(await trials.accepted(temp, temp.password));

  const second = randomPassword();
  await setPassword(onprem, temp.sam, second, { mustChange: true });
  await says(temp, /withdrawn: the user must change password at next logon/);
  await nothingWorks(temp, temp.password, second);
  const { entry } = await stage.domainStatus<{ entry: { withdrawn: boolean; hasCredential: boolean } }>(
    temp.upn,
  );
  assert.deepEqual([entry.withdrawn, entry.hasCredential], [true, false]);

  await set(temp, { pwdLastSet: ['0'] });
  await forcedPass();
  await nothingWorks(temp, temp.password, second);

  await set(temp, { pwdLastSet: ['-1'] });
  await works(temp, second);
  assert.ok(await trials.refused(temp, temp.password));
});

test('a password that its user chose after a reset works everywhere', async () => {
  const user = await make('chooses');
  await works(user);
  await setPassword(onprem, user.sam, randomPassword(), { mustChange: true });
  await says(user, /withdrawn/);
  await nothingWorks(user, user.password);
  const chosen = randomPassword();
  await setPassword(onprem, user.sam, chosen);
  await works(user, chosen);
});

test('smart card only: no password works, not even a later one, until the option is cleared', async () => {
  const scril = await make('scril');
  await works(scril);
  await set(scril, { userAccountControl: [SMART_CARD_ONLY] });
  const { password } = await says(scril, /smart card only/);
  assert.equal(password!.waiting, false);
  await nothingWorks(scril, scril.password);
  const second = randomPassword();
  await setPassword(onprem, scril.sam, second);
  await forcedPass();
  await says(scril, /smart card only/);
  await nothingWorks(scril, scril.password, second);

  await set(scril, { userAccountControl: [NORMAL] });
  await works(scril, second);

  await set(scril, { userAccountControl: [SMART_CARD_ONLY] });
  await nothingWorks(scril, second);
  await set(scril, { userAccountControl: [NORMAL] });
  const third = randomPassword();
  await setPassword(onprem, scril.sam, third);
  await works(scril, third);
});

test('an empty password is sent nowhere, and ends the former one', async () => {
  await change(onprem, {
    dn: baseDn,
    change: 'modify',
    replace: { minPwdLength: ['0'], pwdProperties: ['0'] },
  });
  const empty = await make('empty');
  await works(empty);
  await set(empty, { userAccountControl: ['544'] });
  await setPassword(onprem, empty.sam, '');
  const trial = { user: empty.sam, realm, password: '', krb5Conf: krb5ConfFile() };
  assert.equal((await tryKinit(trial)).ok, true, 'on-premises it opens Kerberos');
  await says(empty, /empty password/);
  await nothingWorks(empty, empty.password, '');
  const next = randomPassword();
  await setPassword(onprem, empty.sam, next);
  await works(empty, next);
});

test('out of the scope of passwords: no password works in either place, and back in scope the newest does', async () => {
  const marked = await make('marked');
  await works(marked);
  const file = stage.configOf('connect');
  const written = JSON.parse(readFileSync(file, 'utf8')) as { connectors: object[] };
  const scope = { passwords: { condition: '(!(adminDescription=PHSFiltered))' } };
  const connectors = written.connectors.map(connector => ({ ...connector, scope }));
  await stage.connect.stop();
  writeFileSync(file, JSON.stringify({ ...written, connectors }));
  await stage.connect.start();
  await set(marked, { adminDescription: ['PHSFiltered'] });
  await says(marked, /not in the scope of passwords/);
  const second = randomPassword();
  await setPassword(onprem, marked.sam, second);
  await forcedPass();
  await nothingWorks(marked, marked.password, second);
  const { entry } = await stage.domainStatus<{ entry: { withdrawn: boolean } }>(marked.upn);
  assert.equal(entry.withdrawn, true);
  await set(marked, { adminDescription: [] });
  await works(marked, second);
});

test('a withdrawn password stays withdrawn through a forced pass, and nothing is missing in the managed domain', async () => {
  const stays = await make('stays');
  await works(stays);
  const temporary = randomPassword();
  await setPassword(onprem, stays.sam, temporary, { mustChange: true });
  await says(stays, /withdrawn/);
  await forcedPass();
  const since = new Date().toISOString();
  await eventually('all of it has come', async () => {
    const { arrivals } = await stage.domainStatus<{
      arrivals: { state: string; completeAsOf: string | null; alarm: unknown }[];
    }>();
    const { state, completeAsOf, alarm } = arrivals[0]!;
    return state === 'complete' && completeAsOf! > since && alarm === null;
  });
  for (const password of [stays.password, temporary]) {
    assert.equal(await trials.web(stays, password), false);
    assert.ok(await trials.refused(stays, password));
  }
});
