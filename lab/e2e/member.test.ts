import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { OnPremisesSids } from '@causeway/contract';
import { domainLayout, runTool } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { decodeSid } from '@causeway/wire';
import { type Credentials, MemberServer, type Protocol } from '../domains/member-server.ts';
import {
  administratorPassword,
  DOMAINS,
  describeDomain,
  domainDirectory,
  randomPassword,
} from '../domains/table.ts';
import { createUser, deleteUser, disableUser, enableUser, readAttribute } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// A file server of the old domain moves into the managed one, with its access lists. It finds the domain by DNS alone. A file that only a
// person's on-premises SID may read opens for that person, by Kerberos and by NTLM.

const stage = await freshStage({ dns: 'internal', headIntervalMs: 1_000 });
const { onprem, managed } = DOMAINS;
const { dnsDomain } = describeDomain(onprem);
const administrator = { user: 'Administrator', password: '' };
const server = new MemberServer(managed);
const PROTOCOLS: readonly Protocol[] = ['Kerberos', 'NTLM'];

interface Person extends Credentials {
  sid: string;
}

async function hire(name: string): Promise<Person> {
  const user = `${name}.${randomBytes(2).toString('hex')}`;
  const password = randomPassword();
  await createUser(onprem, { sam: user, password });
  const sid = decodeSid(Buffer.from((await readAttribute(onprem, user, 'objectSid'))!, 'base64'));
  return { user, password, sid };
}

const domainOf = (sid: string): string => sid.slice(0, sid.lastIndexOf('-'));
const opens = async (file: string, who: Person): Promise<boolean[]> => {
  const found: boolean[] = [];
  for (const by of PROTOCOLS) found.push((await server.read(file, who, by)) !== undefined);
  return found;
};
const config = () => ['--config', stage.configOf('domain')];
const sids = () => runCliJson<OnPremisesSids>(['domain', 'sids', 'list', ...config()]);
const shadowsDn = 'OU=On-premises SIDs,DC=aadds,DC=example,DC=net';
const inDatabase = (tool: string, args: string[], input?: string) => {
  const { samLdb, smbConf } = domainLayout(domainDirectory(managed));
  return runTool(
    tool,
    ['-H', samLdb, `--configfile=${smbConf}`, ...args],
    input === undefined ? {} : { input },
  );
};

let alice: Person;
let bob: Person;

before(async () => {
  await stage.openAll();
  administrator.password = administratorPassword(managed);
  [alice, bob] = await Promise.all([hire('alice'), hire('bob')]);
  await server.open();
});

after(async () => {
  server.close();
  await stage.close();
});

test('a machine joins by net ads join and by adcli join, knowing only its resolver', async () => {
  await server.join(administrator);
  await server.joinByAdcli(administrator, 'FS2');
  await server.start();
});

test('SIDs give no access before an administrator confirms whose they are', async () => {
  await server.share('alice.txt', 'for alice', [alice.sid], administrator);
  await server.share('nobody.txt', 'for nobody', [`${domainOf(alice.sid)}-99999`], administrator);
  await server.share('all.txt', 'for everybody', ['S-1-5-11'], administrator);
  await eventually('they sign in', async () => (await opens('all.txt', alice)).every(Boolean));
  assert.deepEqual(await opens('alice.txt', alice), [false, false]);
  const { domains, written } = await sids();
  assert.equal(written, 0);
  const known = domains.find(({ sid }) => sid === domainOf(alice.sid))!;
  assert.deepEqual([known.forest, known.confirmedAt], [dnsDomain, null]);
  const shown = await runCli(['domain', 'sids', ...config()]);
  assert.match(
    shown.stdout,
    new RegExp(`causeway domain sids confirm ${domainOf(alice.sid)} --forest ${dnsDomain}`),
  );
});

test('an on-premises SID in a file’s list counts for that user and for nobody else', async () => {
  await runCliJson(['domain', 'sids', 'confirm', domainOf(alice.sid), '--forest', dnsDomain, ...config()]);
  await eventually('it opens', async () => (await opens('alice.txt', alice)).every(Boolean));
  assert.deepEqual(await opens('alice.txt', bob), [false, false]);
  assert.deepEqual(await opens('nobody.txt', alice), [false, false]);
  const { smbConf } = domainLayout(domainDirectory(managed));
  const login = [
    '-s',
    smbConf,
    '-U',
    `${alice.user}%${alice.password}`,
    '-S',
    `ds1.${managed.realm.toLowerCase()}`,
  ];
  const dump = await server.run('net', [
    'ads',
    'kerberos',
    'pac',
    'dump',
    `--option=realm=${managed.realm}`,
    ...login,
  ]);
  assert.match(dump.output, new RegExp(`${alice.sid}\\b`));
});

test('SAMR shows no group of the user whose RID could be taken for one of this domain', async () => {
  const login = ['-U', `${managed.netbiosDomain}/Administrator%${administrator.password}`, managed.address];
  const rid = /rid:\[(0x[0-9a-f]+)\]/i.exec(
    (await server.run('rpcclient', [...login, '-c', `lookupnames ${alice.user}`])).output,
  );
  const { output } = await server.run('rpcclient', [
    ...login,
    '-c',
    `queryusergroups ${rid?.[1] ?? alice.user}`,
  ]);
  assert.ok(!output.includes(`0x${Number(alice.sid.split('-').at(-1)).toString(16)}]`), output);
});

test('only Domain Admins find the groups by LDAP', async () => {
  const search = async (who: Credentials) => {
    const ask = [
      '-b',
      shadowsDn,
      '--use-kerberos=off',
      '-U',
      `${managed.netbiosDomain}\\${who.user}%${who.password}`,
    ];
    return (
      await server.run('ldbsearch', ['-H', `ldap://${managed.address}`, ...ask, '(objectClass=group)', 'dn'])
    ).output;
  };
  assert.doesNotMatch(await search(alice), /dn: CN=S-1-5-21/);
  assert.match(await search(administrator), /dn: CN=S-1-5-21/);
});

test('a disabled user gets no further ticket or session, and an enabled one has the SID again', async () => {
  await disableUser(onprem, alice.user);
  await eventually('closed', async () => (await opens('alice.txt', alice)).every(one => !one));
  await enableUser(onprem, alice.user);
  await eventually('open again', async () => (await opens('alice.txt', alice)).every(Boolean));
});

test('the next start undoes what another administrator changed', async () => {
  await inDatabase(
    'ldbmodify',
    [],
    `dn: CN=${alice.sid},${shadowsDn}\nchangetype: modify\nreplace: member\nmember: CN=Guest,CN=Users,DC=aadds,DC=example,DC=net\n`,
  );
  assert.deepEqual(await opens('alice.txt', alice), [false, false]);
  await stage.domain.stop();
  await stage.domain.start();
  await eventually('open again', async () => (await opens('alice.txt', alice)).every(Boolean));
  assert.deepEqual(await opens('alice.txt', bob), [false, false]);
});

test('deleting the user deletes the group', async () => {
  await deleteUser(onprem, bob.user);
  const there = () => inDatabase('ldbsearch', ['-b', shadowsDn, `(sAMAccountName=${bob.sid})`, 'dn']);
  await eventually('it is gone', async () => !/^dn: /m.test(await there()));
});

test('taking back a confirmation ends the access', async () => {
  await runCliJson(['domain', 'sids', 'unconfirm', domainOf(alice.sid), ...config()]);
  await eventually('closed', async () => (await opens('alice.txt', alice)).every(one => !one));
  assert.deepEqual(await opens('all.txt', alice), [true, true]);
});
