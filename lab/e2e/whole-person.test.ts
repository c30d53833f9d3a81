import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { ConnectStatus, Difference, UserPreview, UserStatus } from '@causeway/contract';
import { baseDn, domainStatus, runTool, stopDomain } from '@causeway/samba';
import { eventually as lookUntil } from '@causeway/service/testing';
import {
  administratorPasswordFile,
  DOMAINS,
  type LabDomain,
  layoutOf,
  randomPassword,
} from '../domains/table.ts';
import { change, createUser, deleteUser } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// All that describes a person goes from the directory to the tenant and on into the managed domain, signed by the forest.

const { onprem: corp, fabrikam, managed } = DOMAINS;
const fabrikamWasUp = domainStatus(layoutOf(fabrikam)).running;
const forests = [corp, fabrikam];
const stage = await freshStage({ forests, databaseUrl: process.env.DATABASE_URL, headIntervalMs: 1_000 });
const run = randomBytes(2).toString('hex');
const made: [LabDomain, string][] = [];
const CONFIG = ['--config', stage.configOf('connect')];

const eventually = (what: string, look: () => Promise<boolean>) =>
  lookUntil(what, look, { patienceMs: 120_000 });

async function make(name: string, forest: LabDomain = corp): Promise<{ sam: string; dn: string }> {
  const sam = `${name}.${run}`;
  const dn = await createUser(forest, { sam, password: randomPassword() });
  made.push([forest, dn]);
  return { sam, dn };
}

/** What OpenLDAP's client finds of a person as the managed domain's administrator. */
async function inManagedDomain(sam: string): Promise<Record<string, string[]>> {
  const base = baseDn(managed);
  const text = await runTool(
    'ldapsearch',
    [
      ...['-LLL', '-o', 'ldif-wrap=no', '-H', `ldaps://${managed.address}`, '-b', base],
      ...['-x', '-D', `CN=Administrator,CN=Users,${base}`, '-y', administratorPasswordFile(managed)],
      `(sAMAccountName=${sam})`,
    ],
    { env: { LDAPTLS_CACERT: layoutOf(managed).caFile, LDAPTLS_REQCERT: 'demand' } },
  );
  const values: Record<string, string[]> = {};
  for (const [, name, colons, value] of text.matchAll(/^([A-Za-z0-9-]+)(::?) (.*)$/gm)) {
    const read = colons === '::' ? Buffer.from(value!, 'base64').toString('utf8') : value!;
    values[name!] = [...(values[name!] ?? []), read];
  }
  return values;
}

const atTenant = (sam: string, forest = 'corp.example.com') =>
  stage.tenantStatus<UserStatus>(`${sam}@${forest}`).catch(() => undefined);

const SAID = {
  displayName: 'Žofie Ünal-Øst',
  givenName: 'Žofie',
  sn: 'Ünal-Øst',
  mail: 'zofie@corp.example.com',
  department: 'Engineering',
  title: 'Engineer',
  telephoneNumber: '+420 1',
  mobile: '+420 2',
  l: 'Plzeň',
  company: 'Contoso',
  co: 'Czechia',
  c: 'CZ',
  employeeID: '4711',
  facsimileTelephoneNumber: '+420 3',
  physicalDeliveryOfficeName: 'B 12',
  postalCode: '301 00',
  preferredLanguage: 'cs-CZ',
  st: 'Plzeňský kraj',
  streetAddress: 'Hlavní 1\r\nDům u kašny',
};
/** Attributes with another name at the tenant. */
const RENAMED: Partial<Record<keyof typeof SAID, string>> = {
  ...{ sn: 'surname', title: 'jobTitle', l: 'city', company: 'companyName', co: 'country' },
  ...{ c: 'countryCode', employeeID: 'employeeId', st: 'state' },
};
const PROXIES = ['SMTP:zofie@corp.example.com', 'smtp:z@corp.example.com'];
const names = Object.keys(SAID) as (keyof typeof SAID)[];

before(async () => {
  await stage.openAll();
  await stage.connect.stop();
  const { connectors } = JSON.parse(readFileSync(stage.configOf('connect'), 'utf8')) as {
    connectors: object[];
  };
  const extensions = ['division', 'msDS-cloudExtensionAttribute1'];
  stage.configure('connect', {
    connectors: connectors.map((one, i) => (i === 0 ? { ...one, extensions } : one)),
  });
  await stage.connect.start();
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(managed));
  for (const [forest, dn] of made) await deleteUser(forest, dn).catch(() => {});
  if (!fabrikamWasUp) await stopDomain(layoutOf(fabrikam));
});

let boss: { sam: string; dn: string };
let zofie: { sam: string; dn: string };

test('every attribute reaches tenant and managed domain, and those outside Samba’s schema the tenant alone', async () => {
  zofie = await make('zofie');
  boss = await make('boss');
  await change(corp, {
    dn: zofie.dn,
    change: 'modify',
    replace: {
      ...Object.fromEntries(Object.entries(SAID).map(([name, value]) => [name, [value]])),
      proxyAddresses: PROXIES,
      manager: [boss.dn],
      mailNickname: ['zofie'],
      extensionAttribute1: ['first'],
      extensionAttribute15: ['last'],
      division: ['West'],
      'msDS-cloudExtensionAttribute1': ['more'],
    },
  });
  await eventually('all of it at the tenant', async () => {
    const status = await atTenant(zofie.sam);
    return status?.profile.extensionAttribute15 === 'last' && status.manager !== undefined;
  });
  const { profile, manager } = (await atTenant(zofie.sam))!;
  for (const name of names) assert.equal(profile[(RENAMED[name] ?? name) as 'displayName'], SAID[name], name);
  assert.deepEqual(profile.proxyAddresses, PROXIES);
  assert.deepEqual([profile.mailNickname, profile.extensionAttribute1], ['zofie', 'first']);
  assert.deepEqual(profile.extensions, {
    division: ['West'],
    'msDS-cloudExtensionAttribute1': ['more'],
  });
  assert.equal(manager?.userPrincipalName, `${boss.sam}@corp.example.com`);

  await eventually('all of it in the managed domain', async () => {
    const found = await inManagedDomain(zofie.sam);
    return found.displayName?.[0] === SAID.displayName && found.manager !== undefined;
  });
  const found = await inManagedDomain(zofie.sam);
  for (const name of names) assert.deepEqual(found[name], [SAID[name]], name);
  assert.deepEqual(found.proxyAddresses?.toSorted(), PROXIES);
  assert.deepEqual(found.division, ['West']);
  assert.deepEqual(found.manager, (await inManagedDomain(boss.sam)).dn);
  for (const name of ['mailNickname', 'extensionAttribute1', 'msDS-cloudExtensionAttribute1'])
    assert.equal(found[name], undefined, name);
});

test('connect preview names the source of each attribute, and connect compare finds no difference', async () => {
  const { attributes } = await runCliJson<UserPreview>(['connect', 'preview', zofie.sam, ...CONFIG]);
  const of = (name: string) => attributes.find(attribute => attribute.name === name);
  assert.deepEqual([of('city')?.source, of('city')?.value], ['l', SAID.l]);
  assert.deepEqual(
    [of('extensions.division')?.source, of('extensions.division')?.value],
    ['division', '["West"]'],
  );
  assert.match(of('manager')?.expression ?? '', /manager/);
  // Other tests leave people whose names cannot work. These wait.
  await eventually('nothing differs', async () => {
    const { stdout } = await runCli(['connect', 'compare', '--all', '--json', ...CONFIG]);
    const { forests } = JSON.parse(stdout) as { forests: { differences: Difference[] }[] };
    return forests.every(({ differences }) => differences.every(({ waits }) => waits !== null));
  });
});

test('a change, a cleared value and a change of manager arrive', async () => {
  const next = await make('next');
  await change(corp, {
    dn: zofie.dn,
    change: 'modify',
    replace: { title: ['Principal Engineer'], l: [], extensionAttribute1: [], proxyAddresses: [PROXIES[0]!] },
  });
  await deleteUser(corp, boss.dn);
  await eventually('the change in the managed domain, without the manager', async () => {
    const found = await inManagedDomain(zofie.sam);
    return found.title?.[0] === 'Principal Engineer' && found.manager === undefined;
  });
  const found = await inManagedDomain(zofie.sam);
  assert.deepEqual([found.l, found.proxyAddresses], [undefined, [PROXIES[0]]]);
  const { profile, manager } = (await atTenant(zofie.sam))!;
  assert.deepEqual([profile.city, profile.extensionAttribute1, manager], [undefined, undefined, undefined]);
  await change(corp, { dn: zofie.dn, change: 'modify', replace: { manager: [next.dn] } });
  await eventually('the next manager in the managed domain', async () => {
    const dn = (await inManagedDomain(next.sam)).dn?.[0];
    return dn !== undefined && (await inManagedDomain(zofie.sam)).manager?.[0] === dn;
  });
});

test('a directory without Exchange’s schema sends everything but its attributes', async () => {
  const fred = await make('fred', fabrikam);
  await change(fabrikam, {
    dn: fred.dn,
    change: 'modify',
    replace: { l: ['Oslo'], proxyAddresses: ['SMTP:fred@fabrikam.example.org'] },
  });
  await eventually('in the managed domain', async () => {
    const { l, proxyAddresses } = await inManagedDomain(fred.sam);
    return l?.[0] === 'Oslo' && proxyAddresses?.length === 1;
  });
  const status = await atTenant(fred.sam, 'fabrikam.example.org');
  assert.equal(status?.profile.extensionAttribute1, undefined);
});

test('the managed domain has everything that the forests say', async () => {
  await eventually('complete', async () => {
    const { connectors } = await stage.connectStatus<ConnectStatus>();
    return connectors.every(({ arrival }) => arrival.state === 'complete');
  });
});
