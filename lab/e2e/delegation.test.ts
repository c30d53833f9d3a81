import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { AAD_DC_ADMINISTRATORS } from '@causeway/contract';
import { eventually } from '@causeway/service/testing';
import { type Credentials, MemberServer } from '../domains/member-server.ts';
import { administratorPassword, DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCliJson } from '../places/run-cli.ts';

// What an accepted member of AAD DC Administrators may do in the managed domain with somebody else's tools, and what not.

const stage = await freshStage({ dns: 'internal', headIntervalMs: 300 });
const { onprem, managed } = DOMAINS;
const { dnsDomain } = describeDomain(onprem);
const BASE = 'DC=aadds,DC=example,DC=net';
const machine = new MemberServer(managed);
let ada: Credentials;
let mallory: Credentials;

async function hire(name: string): Promise<Credentials> {
  const user = `${name}.${randomBytes(2).toString('hex')}`;
  const password = randomPassword();
  await createUser(onprem, { sam: user, password });
  return { user, password };
}

const administrator = (): Credentials => ({
  user: 'Administrator',
  password: administratorPassword(managed),
});
const principal = ({ user }: Credentials) => `${managed.netbiosDomain}\\${user}`;
const tool = (who: Credentials, ...args: string[]) =>
  machine.run('samba-tool', [...args, '-U', `${principal(who)}%${who.password}`]);
const LDAP = ['-H', `ldap://${managed.address}`];
/** LDAP changes over a signed and sealed connection. */
async function modify(who: Credentials, ldif: string) {
  const login = ['--use-kerberos=off', '-U', `${principal(who)}%${who.password}`];
  return machine.run('ldbmodify', [...LDAP, ...login], ldif);
}
const add = (dn: string, ...lines: string[]) => [`dn: ${dn}`, 'changetype: add', ...lines, ''].join('\n');
const replace = (dn: string, attribute: string, value: string) =>
  `dn: ${dn}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n`;

async function may(
  what: string,
  result: Promise<{ code: number; output: string; errors: string }>,
): Promise<void> {
  const { code, output, errors } = await result;
  assert.equal(code, 0, `${what}: ${errors || output}`);
}
async function mayNot(
  what: string,
  result: Promise<{ code: number; output: string; errors: string }>,
): Promise<void> {
  const { code, output, errors } = await result;
  assert.notEqual(code, 0, what);
  assert.match(`${output}${errors}`, /insufficient|denied|unwilling|Access|No such|constraint/i, what);
}
const setAdministrator = async (verb: 'add' | 'remove', { user }: Credentials) => {
  await runCliJson(['tenant', 'group', verb, AAD_DC_ADMINISTRATORS, `${user}@${dnsDomain}`, ...stage.remote]);
};
const unit = `OU=Branch,${BASE}`;

before(async () => {
  await stage.openAll();
  [ada, mallory] = await Promise.all([hire('ada'), hire('mallory')]);
  await machine.open();
  const signsIn = async (who: Credentials) =>
    (await machine.run('kinit', [`${who.user}@${managed.realm}`], `${who.password}\n`)).code === 0;
  await eventually('both have come', async () => (await signsIn(ada)) && (await signsIn(mallory)));
});

after(async () => {
  machine.close();
  await stage.close();
});

test('before the acceptance nobody may do anything', async () => {
  await setAdministrator('add', ada);
  await mayNot('a unit', modify(ada, add(unit, 'objectClass: organizationalUnit')));
});

test('an accepted member makes units, and everything in them', async () => {
  const accept = ['domain', 'administrators', 'accept', `${ada.user}@${dnsDomain}`, '--yes'];
  await eventually('accepted', () =>
    runCliJson([...accept, '--config', stage.configOf('domain')]).then(
      () => true,
      () => false,
    ),
  );
  await eventually(
    'a unit is made',
    async () => (await modify(ada, add(unit, 'objectClass: organizationalUnit'))).code === 0,
  );
  const user = add(`CN=service,${unit}`, 'objectClass: user', 'sAMAccountName: service');
  await eventually('a user in it', async () => (await modify(ada, user)).code === 0);
  await may('a change', modify(ada, replace(`CN=service,${unit}`, 'description', 'made by Ada')));
  await may('a group', modify(ada, add(`CN=team,${unit}`, 'objectClass: group', 'sAMAccountName: team')));
});

test('joins machines, and manages them', async () => {
  await machine.join(ada);
  await machine.joinByAdcli(ada, 'FS2');
  await may(
    'a change',
    modify(ada, replace(`CN=FS2,OU=AADDC Computers,${BASE}`, 'description', 'the second')),
  );
  await machine.start();
});

test('links policies to both units, and everybody reads them', async () => {
  const made = await tool(administrator(), 'gpo', 'create', 'Local administrators', ...LDAP);
  assert.equal(made.code, 0, made.errors);
  const [gpo] = /\{[0-9A-F-]{36}\}/i.exec(made.output)!;
  for (const container of [`OU=AADDC Computers,${BASE}`, `OU=AADDC Users,${BASE}`])
    await may(container, tool(ada, 'gpo', 'setlink', container, gpo!, ...LDAP));
  await mayNot(
    'the domain controllers’',
    tool(ada, 'gpo', 'setlink', `OU=Domain Controllers,${BASE}`, gpo!, ...LDAP),
  );
  const login = ['-U', `${principal(mallory)}%${mallory.password}`];
  const list = `ls ${managed.realm.toLowerCase()}/Policies/${gpo}/GPT.INI`;
  await may('it is read', machine.run('smbclient', [`//${managed.address}/sysvol`, ...login, '-c', list]));
});

test('manages DNS and password settings', async () => {
  const zone = managed.realm.toLowerCase();
  const host = `ds1.${zone}`;
  await may('a record', tool(ada, 'dns', 'add', host, zone, 'printer', 'A', '127.0.0.41'));
  await eventually('it is found', async () =>
    (await machine.run('getent', ['hosts', `printer.${zone}`])).output.includes('127.0.0.41'),
  );
  const settings = `CN=Admins,CN=Password Settings Container,CN=System,${BASE}`;
  const values = [
    'msDS-PasswordSettingsPrecedence: 50',
    'msDS-PasswordReversibleEncryptionEnabled: FALSE',
    'msDS-PasswordHistoryLength: 0',
    'msDS-PasswordComplexityEnabled: TRUE',
    'msDS-MinimumPasswordLength: 12',
    'msDS-MinimumPasswordAge: 0',
    'msDS-MaximumPasswordAge: -9223372036854775808',
    'msDS-LockoutThreshold: 0',
    'msDS-LockoutObservationWindow: 0',
    'msDS-LockoutDuration: 0',
  ];
  await may(
    'an object of settings',
    modify(ada, add(settings, 'objectClass: msDS-PasswordSettings', ...values)),
  );
  const ours = `CN=Causeway people,CN=Password Settings Container,CN=System,${BASE}`;
  await mayNot('ours', modify(ada, replace(ours, 'msDS-LockoutThreshold', '0')));
});

test('touches no domain controller, no schema, nobody who is synchronized, and no group of an on-premises SID', async () => {
  const victim = `CN=${mallory.user},OU=AADDC Users,${BASE}`;
  await mayNot('an account', modify(ada, replace(victim, 'description', 'x')));
  await mayNot('its deletion', modify(ada, `dn: ${victim}\nchangetype: delete\n`));
  await mayNot(
    'the own account',
    modify(ada, replace(`CN=${ada.user},OU=AADDC Users,${BASE}`, 'accountExpires', '0')),
  );
  await mayNot(
    'a new account among them',
    modify(ada, add(`CN=x,OU=AADDC Users,${BASE}`, 'objectClass: user')),
  );
  const group = `CN=${AAD_DC_ADMINISTRATORS},OU=AADDC Users,${BASE}`;
  const join = `dn: ${group}\nchangetype: modify\nadd: member\nmember: ${victim}\n`;
  await mayNot('the group itself', modify(ada, join));
  await mayNot(
    'a domain controller',
    modify(ada, replace(`CN=DS1,OU=Domain Controllers,${BASE}`, 'description', 'x')),
  );
  await mayNot('the domain', modify(ada, replace(BASE, 'description', 'x')));
  await mayNot(
    'the schema',
    modify(ada, replace(`CN=User,CN=Schema,CN=Configuration,${BASE}`, 'description', 'x')),
  );
  const domainAdmins = `dn: CN=Domain Admins,CN=Users,${BASE}\nchangetype: modify\nadd: member\nmember: ${victim}\n`;
  await mayNot('Domain Admins', modify(ada, domainAdmins));
  const shadow = add(`CN=x,OU=On-premises SIDs,${BASE}`, 'objectClass: group', 'sAMAccountName: x');
  await mayNot('an on-premises SID', modify(ada, shadow));
  await mayNot(
    'a secret',
    tool(ada, 'user', 'getpassword', mallory.user, '--attributes=unicodePwd', ...LDAP),
  );
});

test('whoever somebody else puts into the group goes again, and an ended acceptance ends the rights', async () => {
  const group = `CN=${AAD_DC_ADMINISTRATORS},OU=AADDC Users,${BASE}`;
  const victim = `CN=${mallory.user},OU=AADDC Users,${BASE}`;
  await may(
    'by Domain Admins',
    modify(administrator(), `dn: ${group}\nchangetype: modify\nadd: member\nmember: ${victim}\n`),
  );
  const other = (who: Credentials, n: number) =>
    modify(who, add(`OU=Other ${n},${BASE}`, 'objectClass: organizationalUnit'));
  let n = 0;
  await eventually('Mallory may not', async () => (await other(mallory, n++)).code !== 0);
  await setAdministrator('remove', ada);
  await eventually('Ada may no more', async () => (await other(ada, n++)).code !== 0);
});

test('what it may do already is not written again', async () => {
  const rights = () =>
    stage
      .readLog('domain')
      .split('\n')
      .filter(line => line.includes('AAD DC Administrators may do what it is to'))
      .map(line => JSON.parse(line) as { time: string; written: string[] });
  const first = Date.parse(rights()[0]!.time);
  await eventually('two more looks', async () => Date.now() - first > 25_000);
  const computers = rights().filter(({ written }) => written.includes(`OU=AADDC Computers,${BASE}`));
  assert.equal(computers.length, 1);
});
