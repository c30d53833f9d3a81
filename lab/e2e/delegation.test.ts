import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AAD_DC_ADMINISTRATORS } from '@causeway/contract';
import { runTool, stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { type Credentials, MemberServer } from '../domains/member-server.ts';
import { labPath } from '../domains/state.ts';
import {
  administratorPassword,
  DOMAINS,
  describeDomain,
  layoutOf,
  randomPassword,
} from '../domains/table.ts';
import { createUser } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCliJson } from '../places/run-cli.ts';

// What an accepted member of AAD DC Administrators may do in the managed domain with other people's tools, and what not.

const stage = await freshStage({ dns: 'internal', headIntervalMs: 300 });
const { onprem, managed } = DOMAINS;
const { dnsDomain } = describeDomain(onprem);
const BASE = 'DC=aadds,DC=example,DC=net';
/** In the share `sysvol`. */
const POLICIES = `${managed.realm.toLowerCase()}/Policies`;
/** The policies that each domain has: the domain's own, and that of its domain controllers. */
const DEFAULT_POLICIES = ['{31B2F340-016D-11D2-945F-00C04FB984F9}', '{6AC1786C-016F-11D2-945F-00C04FB984F9}'];
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
/** Runs commands at the files of the share `sysvol`. */
const files = (who: Credentials, ...commands: string[]) =>
  machine.run('smbclient', [
    ...[`//${managed.address}/sysvol`, '-U', `${principal(who)}%${who.password}`],
    ...['-c', commands.join('; ')],
  ]);
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
async function makePolicy(who: Credentials, name: string): Promise<string> {
  const { code, output, errors } = await tool(who, 'gpo', 'create', name, ...LDAP);
  assert.equal(code, 0, errors || output);
  return /\{[0-9A-F-]{36}\}/i.exec(output)![0];
}
/** The file client exits with 0 even when it is refused, so its output counts. */
async function mayNotFiles(what: string, who: Credentials, ...commands: string[]): Promise<void> {
  const { output, errors } = await files(who, ...commands);
  assert.match(`${output}${errors}`, /NT_STATUS_ACCESS_DENIED/, what);
}
const setAdministrator = async (verb: 'add' | 'remove', { user }: Credentials) => {
  await runCliJson(['tenant', 'group', verb, AAD_DC_ADMINISTRATORS, `${user}@${dnsDomain}`, ...stage.remote]);
};
const unit = `OU=Branch,${BASE}`;
const policyDn = (policy: string) => `CN=${policy},CN=Policies,CN=System,${BASE}`;
/** A group that each machine adds to its Administrators, as `docs/managed-domain.md` says ([MS-GPSB] 2.2.10). */
const groupMembership = (sid: string) =>
  [
    ...['[Unicode]', 'Unicode=yes', '[Version]', 'signature="$CHICAGO$"', 'Revision=1'],
    ...['[Group Membership]', `*${sid}__Memberof = *S-1-5-32-544`, ''],
  ].join('\r\n');

/** Asserts that the policies every domain has, and the administrator's own, cannot be changed. */
async function refusesOthersPolicies(who: Credentials): Promise<void> {
  const others = [
    ...DEFAULT_POLICIES,
    await makePolicy(administrator(), `Others ${randomBytes(2).toString('hex')}`),
  ];
  for (const policy of others) {
    const folder = `${POLICIES}/${policy}`;
    await mayNot('its object', modify(who, replace(policyDn(policy), 'versionNumber', '7')));
    await mayNot('its end', modify(who, `dn: ${policyDn(policy)}\nchangetype: delete\n`));
    await mayNot('the tool', tool(who, 'gpo', 'del', policy, ...LDAP));
    await mayNotFiles('its file', who, `put /etc/hostname ${folder}/GPT.INI`);
    await mayNotFiles('a new file', who, `put /etc/hostname ${folder}/x`);
    await mayNotFiles('the end of its file', who, `rm ${folder}/GPT.INI`);
    await mayNotFiles('another name', who, `rename ${folder} ${POLICIES}/x`);
    await mayNotFiles('its folder’s end', who, `deltree ${folder}`);
    await may('all is there', files(who, `ls ${folder}/GPT.INI`));
    await mayNot('its owner', ownerOf(who, folder));
  }
  await mayNot('the folder of all', ownerOf(who, POLICIES));
}

const ownerOf = (who: Credentials, path: string) =>
  machine.run('smbcacls', [
    ...[`//${managed.address}/sysvol`, path, '-U', `${principal(who)}%${who.password}`],
    ...['--chown', principal(who)],
  ]);

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

test('nobody may do anything before the acceptance', async () => {
  await setAdministrator('add', ada);
  await mayNot('a unit', modify(ada, add(unit, 'objectClass: organizationalUnit')));
});

test('an accepted member makes organizational units, and everything in them', async () => {
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

test('an accepted member joins machines, and manages them', async () => {
  await machine.join(ada);
  await machine.joinByAdcli(ada, 'FS2');
  await may(
    'a change',
    modify(ada, replace(`CN=FS2,OU=AADDC Computers,${BASE}`, 'description', 'the second')),
  );
  await machine.start();
});

test('an accepted member makes policies, links them to both units, and changes and deletes their own', async () => {
  const policy = await makePolicy(ada, 'Drives');
  for (const container of [`OU=AADDC Computers,${BASE}`, `OU=AADDC Users,${BASE}`, unit])
    await may(container, tool(ada, 'gpo', 'setlink', container, policy, ...LDAP));
  for (const container of [`OU=Domain Controllers,${BASE}`, BASE])
    await mayNot(container, tool(ada, 'gpo', 'setlink', container, policy, ...LDAP));
  const folder = `${POLICIES}/${policy}`;
  await may('a file', files(ada, `cd ${folder}/Machine`, 'put /etc/hostname hosts.txt'));
  await may('a change', files(ada, `cd ${folder}/Machine`, 'put /etc/nsswitch.conf hosts.txt'));
  await may('its name', modify(ada, replace(policyDn(policy), 'displayName', 'Network drives')));
  await may('its end', tool(ada, 'gpo', 'del', policy, ...LDAP));
  const gone = await files(ada, `ls ${folder}`);
  assert.match(gone.output, /NT_STATUS_NO_SUCH_FILE/, gone.errors);
});

test('a policy makes AAD DC Administrators local administrators, and each machine reads it', async () => {
  const policy = await makePolicy(ada, 'Local administrators');
  const sid = await machine.run('wbinfo', ['-n', `${managed.netbiosDomain}\\${AAD_DC_ADMINISTRATORS}`]);
  const [group] = /S-1-5-21[-\d]+/.exec(sid.output)!;
  const template = labPath('GptTmpl.inf');
  writeFileSync(template, Buffer.from(`\ufeff${groupMembership(group)}`, 'utf16le'));
  const settings = `${POLICIES}/${policy}/Machine/Microsoft/Windows NT/SecEdit`;
  const path = settings.split('/').map((_, depth, parts) => parts.slice(0, depth + 1).join('/'));
  const folders = path.slice(-3).map(folder => `mkdir "${folder}"`);
  await may('its settings', files(ada, ...folders, `put ${template} "${settings}/GptTmpl.inf"`));
  const security = '[{827D319E-6EAC-11D2-A4EA-00C04F79F83A}{803E14A0-B4FB-11D0-A0D0-00A0C90F574B}]';
  await may('its extension', modify(ada, replace(policyDn(policy), 'gPCMachineExtensionNames', security)));
  await may('its version', modify(ada, replace(policyDn(policy), 'versionNumber', '1')));
  await may('its link', tool(ada, 'gpo', 'setlink', `OU=AADDC Computers,${BASE}`, policy, ...LDAP));
  const applied = await tool(ada, 'gpo', 'list', 'FS2$', ...LDAP);
  assert.match(applied.output, /Local administrators/, applied.errors);
  const ticket = { KRB5CCNAME: 'FILE:/run/samba/machine' };
  const read = labPath('read.inf');
  await may(
    'the machine reads it',
    machine.run(
      'smbclient',
      [
        ...[`//ds1.${managed.realm.toLowerCase()}/sysvol`, '--use-kerberos=required'],
        ...['-c', `get "${settings}/GptTmpl.inf" ${read}`],
      ],
      '',
      ticket,
    ),
  );
  assert.deepEqual(readFileSync(read), readFileSync(template));
  await may('a person reads it', files(mallory, `ls ${POLICIES}/${policy}/GPT.INI`));
  await mayNotFiles('a person’s change', mallory, `put ${template} "${settings}/GptTmpl.inf"`);
  await mayNotFiles('a person’s file', mallory, `put ${template} "${settings}/x.inf"`);
  await mayNot('a person’s version', modify(mallory, replace(policyDn(policy), 'versionNumber', '2')));
});

test('a Samba file server adds AAD DC Administrators to its administrators', async () => {
  const sam = (verb: string, ...who: string[]) =>
    machine.run('net', ['sam', verb, 'BUILTIN\\Administrators', ...who]);
  await may('a member', sam('addmem', `${managed.netbiosDomain}\\${AAD_DC_ADMINISTRATORS}`));
  assert.match((await sam('listmem')).output, new RegExp(`\\\\${AAD_DC_ADMINISTRATORS}$`, 'im'));
});

test('nobody else makes policies', async () => {
  await mayNot('a policy', tool(mallory, 'gpo', 'create', 'Mine', ...LDAP));
  await mayNotFiles('its folder', mallory, `mkdir ${POLICIES}/mine`);
});

test('an accepted member changes no policy of the domain, no script, and nothing else of the system', async () => {
  await refusesOthersPolicies(ada);
  const scripts = `${managed.realm.toLowerCase()}/scripts`;
  await mayNotFiles('a script', ada, `put /etc/hostname ${scripts}/logon.cmd`);
  await mayNotFiles('a file beside', ada, `put /etc/hostname ${managed.realm.toLowerCase()}/x`);
  for (const parent of [`CN=System,${BASE}`, `CN=Policies,CN=System,${BASE}`])
    await mayNot(parent, modify(ada, add(`CN=x,${parent}`, 'objectClass: container')));
  const policy = 'objectClass: groupPolicyContainer';
  await mayNot('a policy elsewhere', modify(ada, add(`CN=x,CN=System,${BASE}`, policy)));
});

test('an accepted member manages DNS and password settings', async () => {
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

test('an accepted member changes no domain controller, schema, synchronized user, or group of an on-premises SID', async () => {
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

test('policies stay their owners’ in a restored domain whose files lost their access lists', async () => {
  await stage.domain.stop();
  await stopDomain(layoutOf(managed));
  const folder = join(layoutOf(managed).sysvol, POLICIES);
  renameSync(folder, `${folder}.backup`);
  await runTool('cp', ['-a', `${folder}.backup`, folder]);
  rmSync(`${folder}.backup`, { recursive: true });
  await stage.domain.start();
  const list = [`//${managed.address}/sysvol`, POLICIES, '--numeric'];
  await eventually('the access list is there again', async () => {
    const login = ['-U', `${principal(ada)}%${ada.password}`];
    return /-520:0\/0x0\/0x001200ad/.test((await machine.run('smbcacls', [...list, ...login])).output);
  });
  await refusesOthersPolicies(ada);
  const policy = await makePolicy(ada, 'After the restore');
  await may('its end', tool(ada, 'gpo', 'del', policy, ...LDAP));
});

test('members added to the group by others are removed again, and an ended acceptance ends the rights', async () => {
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

test('existing rights are not written again', async () => {
  const rights = () =>
    stage
      .readLog('domain')
      .split('\n')
      .filter(line => line.includes('granted rights to AAD DC Administrators'))
      .map(line => JSON.parse(line) as { time: string; written: string[] });
  const first = Date.parse(rights()[0]!.time);
  await eventually('two more looks', async () => Date.now() - first > 25_000);
  const computers = rights().filter(({ written }) => written.includes(`OU=AADDC Computers,${BASE}`));
  assert.equal(computers.length, 1);
});
