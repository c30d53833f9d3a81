import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAccountName, checkPrincipalName, isMachineName, isProtectedName } from './protected.ts';

const DOMAIN = { realm: 'AADDS.EXAMPLE.NET', hostName: 'ds1' };
const REALM = DOMAIN.realm;
const principal = (name: string) => checkPrincipalName(name, DOMAIN)?.code;
const account = (name: string) => checkAccountName(name, DOMAIN)?.code;

test('protects the names that every domain has, and well-known names of Windows', () => {
  for (const name of [
    'Administrator',
    'KRBTGT',
    'krbtgt_1234',
    'Everyone',
    'SYSTEM',
    'Authenticated Users',
    'DnsAdmins',
    'S-1-5-18',
    'ds1',
    'DS1',
    'pc7$',
  ])
    assert.equal(account(name), 'protected-name', name);
});

test('protects the names of groups that every domain has, also from other groups', () => {
  for (const name of [
    'Domain Admins',
    'Enterprise Admins',
    'Schema Admins',
    'Group Policy Creator Owners',
    'Cert Publishers',
    'Protected Users',
    'Read-only Domain Controllers',
    'Enterprise Read-only Domain Controllers',
    'Cloneable Domain Controllers',
    'Allowed RODC Password Replication Group',
    'Denied RODC Password Replication Group',
    'RAS and IAS Servers',
    'Key Admins',
    'Enterprise Key Admins',
    'Pre-Windows 2000 Compatible Access',
    'Remote Desktop Users',
    'Windows Authorization Access Group',
    'IIS_IUSRS',
    'Hyper-V Administrators',
    'Remote Management Users',
    'DnsUpdateProxy',
    'AAD DC Administrators',
    'Dοmain Admins', // Greek ο
  ])
    assert.equal(account(name), 'protected-name', name);
});

test('rejects a look-alike of a protected name like the name itself', () => {
  for (const name of [
    'Аdministrator', // Cyrillic А
    'administrаtor',
    'adrninistrator',
    'adm1nistrator',
    'Adminlstrator',
    'krbtgṫ',
    'ｋｒｂｔｇｔ',
    'Εveryone', // Greek Ε
    'ЅYЅTEM',
    '𝐠𝐮𝐞𝐬𝐭',
  ])
    assert.equal(account(name), 'protected-name', name);
});

test("does not take users' own names in any script for look-alikes", () => {
  for (const name of [
    'administratorin',
    'anna',
    'ИВАН',
    'αλέξης',
    'שרה',
    'محمد',
    '李小龍',
    'müller',
    'o.system',
    'minimal',
    'summer',
  ])
    assert.equal(account(name), undefined, name);
});

test('rejects names with characters that are invisible or change the text direction', () => {
  for (const unseen of [
    '\u200b',
    '\u200d',
    '\u00ad',
    '\u202e',
    '\u2066',
    '\u2028',
    '\u00a0',
    '\u3164',
    '\ufe0f',
    '\u0007',
  ]) {
    assert.equal(account(`an${unseen}na`), 'invalid-name', JSON.stringify(unseen));
    assert.equal(principal(`an${unseen}na@x.example`), 'invalid-name', JSON.stringify(unseen));
  }
});

test('rejects a principal of the realm that names a service, a machine or a built-in account, in any spelling', () => {
  for (const name of [
    'Administrator',
    'krbtgt',
    'ds1',
    'ds1$',
    'root',
    'ROOT',
    'admin',
    'postgres',
    'Everyone',
    'аdministrator',
  ])
    for (const realm of [REALM, REALM.toLowerCase()])
      assert.equal(principal(`${name}@${realm}`), 'protected-name', `${name}@${realm}`);
  for (const name of [`krbtgt/${REALM}`, 'host/ds1', 'cifs/ds1.aadds.example.net', 'root/admin'])
    assert.equal(principal(`${name}@${REALM}`), 'invalid-name', name);
  for (const spaces of [`Administrator@${REALM} `, ` krbtgt@${REALM}`, `ds1$ @${REALM}`])
    assert.equal(principal(spaces), 'invalid-name', spaces);
  assert.equal(principal('root@people.example'), undefined, 'another realm’s names are its own');
});

test('knows names that machines treat as special, and does not protect them, because their users get digits', () => {
  for (const name of ['root', 'Admin', 'www-data']) {
    assert.ok(isMachineName(name) && !isProtectedName(name), name);
  }
});
