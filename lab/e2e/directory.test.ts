import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  createAccountCommand,
  createConnectorAccount,
  type ImportedObject,
  type ImportOptions,
  type ImportPage,
  importObjects,
  probePermissions,
  ReplicationRight,
  readObjects,
  seesDeletedObjects,
} from '@causeway/active-directory';
import {
  bypassPasswordHash,
  bytesOf,
  escapeRdn,
  filterEscape,
  highestCommittedUSN,
  type LdapConnection,
  LdapError,
  openLdap,
  readInvocationId,
  readRootDse,
  showDeleted,
  textOf,
} from '@causeway/ldap';
import type { CausewayError } from '@causeway/service';
import { labUp } from '../domains/lifecycle.ts';
import { administratorPassword, DOMAINS, describeDomain } from '../domains/table.ts';

await labUp();
const lab = describeDomain(DOMAINS.onprem);
const namingContext = lab.baseDn;
const run = randomBytes(3).toString('hex');
const folder = mkdtempSync(join(tmpdir(), 'causeway-directory-'));
const ou = `OU=Directory ${run},${namingContext}`;
const administrator = {
  dn: `${lab.administrator}@${lab.dnsDomain}`,
  password: administratorPassword(DOMAINS.onprem),
};

const open = (bind: { dn: string; password: string }) =>
  openLdap({
    url: `ldaps://${lab.address}`,
    serverName: lab.host,
    caFile: lab.caFile,
    bind,
    timeoutMs: 20_000,
  });
const code = (expected: string) => (error: unknown) => error instanceof LdapError && error.code === expected;

let admin: LdapConnection;
let connector: LdapConnection;
const connectorName = `cw-${run}`;

before(async () => {
  admin = await open(administrator);
  await admin.add(ou, { objectClass: 'organizationalUnit' });
  const account = await createConnectorAccount(admin, { namingContext, name: connectorName, ou });
  assert.equal(account.created, true);
  assert.deepEqual(account.granted, Object.values(ReplicationRight));
  connector = await open({ dn: account.userPrincipalName, password: account.password! });
});

after(async () => {
  await connector?.close();
  if (admin?.usable) {
    for (const { dn } of await admin.search(ou, { scope: 'one', attributes: ['1.1'] }))
      await admin.delete(dn);
    await admin.delete(ou);
  }
  await admin?.close();
  rmSync(folder, { recursive: true, force: true });
});

const user = (name: string) => `CN=${escapeRdn(name)},${ou}`;
const addUser = (name: string, sam: string) =>
  admin.add(user(name), {
    objectClass: 'user',
    sAMAccountName: `${sam}${run}`,
    displayName: name,
    department: 'Sales',
  });

async function importAll(connection: LdapConnection, options: Partial<ImportOptions> = {}) {
  const pages: ImportPage[] = [];
  for await (const page of importObjects(connection, { namingContext, ...options })) pages.push(page);
  const last = pages.at(-1)!;
  return { pages, cookie: last.cookie!, full: last.full, objects: pages.flatMap(page => page.objects) };
}

const named = (objects: ImportedObject[], name: string) =>
  objects.find(o => o.attributes.displayName === name)!;

test('a controller identifies itself, and a write raises its highest USN', async () => {
  const rootDse = await readRootDse(admin);
  assert.equal(rootDse.defaultNamingContext, namingContext);
  assert.equal(rootDse.dnsHostName.toLowerCase(), lab.host);
  assert.equal(rootDse.isSamba, true);
  assert.ok(rootDse.supportedControls.includes('1.2.840.113556.1.4.841'));
  assert.match(await readInvocationId(connector, rootDse.dsServiceName), /^[0-9a-f-]{36}$/);
  const earlier = await highestCommittedUSN(connector);
  await addUser('Usn Mover', 'usn');
  assert.ok((await highestCommittedUSN(connector)) > earlier);
});

test('an account of least rights sees created, changed, cleared, moved and deleted objects', async () => {
  await addUser('Doe, Jane', 'jane');
  await addUser('Zoë 😀', 'zoe');
  const first = await importAll(connector);
  assert.equal(first.full, 'first-import');
  const jane = named(first.objects, 'Doe, Jane');
  assert.equal(jane.distinguishedName, `CN=Doe\\, Jane,${ou}`);
  assert.deepEqual(jane.objectClass, ['top', 'person', 'organizationalPerson', 'user']);
  assert.equal(jane.attributes.sAMAccountName, `jane${run}`);
  assert.match(String(jane.attributes.objectSid), /^S-1-5-21-/);
  const zoe = named(first.objects, 'Zoë 😀');
  assert.ok(first.objects.every(o => o.problems.length === 0));
  assert.equal((await importAll(connector, { cookie: first.cookie })).objects.length, 0);

  await admin.modify(jane.distinguishedName, [
    { operation: 'replace', attribute: 'department', values: [] },
    { operation: 'replace', attribute: 'mail', values: ['jané@corp.example.com'] },
    { operation: 'replace', attribute: 'proxyAddresses', values: ['SMTP:a@x', 'smtp:b@x'] },
    { operation: 'replace', attribute: 'mS-DS-ConsistencyGuid', values: [Buffer.alloc(16, 7)] },
  ]);
  await admin.modifyDn(`<GUID=${jane.objectGuid}>`, `CN=Roe\\, Jane,${ou}`);
  await admin.delete(zoe.distinguishedName);
  const delta = await importAll(connector, { cookie: first.cookie });
  assert.equal(delta.full, null);
  const changed = delta.objects.find(o => o.objectGuid === jane.objectGuid)!;
  assert.equal(changed.distinguishedName, `CN=Roe\\, Jane,${ou}`);
  // Samba sends an object's parent with every change, Windows only when it changed.
  const { proxyAddresses, parentGUID: _, ...attributes } = changed.attributes;
  assert.deepEqual([...(proxyAddresses as string[])].sort(), ['SMTP:a@x', 'smtp:b@x']);
  assert.deepEqual(
    attributes,
    {
      ...{ cn: 'Roe, Jane', department: null, mail: 'jané@corp.example.com' },
      'mS-DS-ConsistencyGuid': 'BwcHBwcHBwcHBwcHBwcHBw==',
    },
    'what did not change does not come',
  );
  assert.equal(delta.objects.find(o => o.objectGuid === zoe.objectGuid)?.isDeleted, true);
});

test('reports a restored object as such, and reads it whole by its GUID, like a full import', async () => {
  await addUser('Rea Nimated', 'rea');
  const before = await importAll(connector);
  const rea = named(before.objects, 'Rea Nimated');
  await admin.delete(rea.distinguishedName);
  const gone = await importAll(connector, { cookie: before.cookie });
  const { distinguishedName } = gone.objects.find(o => o.objectGuid === rea.objectGuid)!;
  await admin.modify(
    distinguishedName,
    [
      { operation: 'delete', attribute: 'isDeleted', values: [] },
      { operation: 'replace', attribute: 'distinguishedName', values: [rea.distinguishedName] },
    ],
    [showDeleted()],
  );
  const told = (await importAll(connector, { cookie: gone.cookie })).objects.find(
    o => o.objectGuid === rea.objectGuid,
  )!;
  assert.deepEqual([told.isDeleted, told.isRestored, told.objectClass], [false, true, []]);
  const ofAll = (await importAll(connector)).objects.find(o => o.objectGuid === rea.objectGuid)!;
  const [jane] = before.objects;
  const nobody = '00000000-1111-2222-3333-444444444444';
  const objectGuids = [rea.objectGuid, nobody, jane!.objectGuid];
  const read: ImportedObject[] = [];
  for await (const { objects } of readObjects(connector, { namingContext, objectGuids }))
    read.push(...objects);
  assert.deepEqual(
    read.find(o => o.objectGuid === rea.objectGuid),
    ofAll,
  );
  assert.equal(ofAll.attributes.sAMAccountName, `rea${run}`);
  assert.equal(ofAll.attributes.department, undefined, 'a tombstone has lost it');
  assert.deepEqual(new Set(read.map(o => o.objectGuid)), new Set([rea.objectGuid, jane!.objectGuid]));
  const nothing = await importAll(connector, { cookie: gone.cookie });
  assert.ok(nothing.objects.every(o => o.objectGuid === rea.objectGuid || !o.isRestored));
});

test('finds a binary value by its bytes', async () => {
  const [found] = await connector.search(namingContext, {
    filter: `(mS-DS-ConsistencyGuid=${filterEscape(Buffer.alloc(16, 7))})`,
    attributes: ['displayName'],
  });
  assert.equal(textOf(found!, 'displayName'), 'Doe, Jane');
});

test('an unusable cookie leads to a full import that gives the reason', async () => {
  const { cookie, objects } = await importAll(connector);
  const altered = (change: (fields: Record<string, unknown>) => void) => {
    const fields = JSON.parse(Buffer.from(cookie, 'base64').toString('utf8'));
    change(fields);
    return Buffer.from(JSON.stringify(fields)).toString('base64');
  };
  const cases: [string, string, Partial<ImportOptions>?][] = [
    ['unreadable-cookie', 'no cookie at all'],
    ['other-selection', cookie, { attributes: { mail: { form: 'text' } } }],
    [
      'other-database',
      altered(f => {
        f.invocationId = '00000000-0000-0000-0000-000000000001';
      }),
    ],
    [
      'usn-went-back',
      altered(f => {
        f.usn = '999999999999';
      }),
    ],
    [
      'cookie-too-old',
      altered(f => {
        f.time = '2020-01-01T00:00:00.000Z';
      }),
    ],
    [
      'cookie-refused',
      altered(f => {
        f.dirSync = Buffer.from('garbage').toString('base64');
      }),
    ],
  ];
  for (const [reason, bad, options] of cases) {
    const again = await importAll(connector, { ...options, cookie: bad });
    assert.equal(again.full, reason);
    assert.ok(again.objects.length > 0 && again.objects.length <= objects.length, reason);
  }
});

test('an ordinary user may not import, and the probe names both rights', async () => {
  const password = `Aa1.${randomBytes(12).toString('base64url')}`;
  await admin.add(user('Plain'), {
    objectClass: 'user',
    sAMAccountName: `plain${run}`,
    userAccountControl: '512',
    unicodePwd: Buffer.from(`"${password}"`, 'utf16le'),
  });
  const plain = await open({ dn: `plain${run}@${lab.dnsDomain}`, password });
  try {
    await assert.rejects(importAll(plain), code('access-denied'));
    const { missing } = await probePermissions(plain, { namingContext, account: `plain${run}` });
    assert.deepEqual(missing, Object.values(ReplicationRight));
    assert.equal(await seesDeletedObjects(plain, namingContext), false);
  } finally {
    await plain.close();
  }
  const mine = await probePermissions(connector, { namingContext, account: connectorName });
  assert.deepEqual(mine.missing, []);
  assert.equal(await seesDeletedObjects(connector, namingContext), true);
  const byGroup = await probePermissions(connector, { namingContext, account: lab.administrator });
  assert.deepEqual(byGroup.missing, [], 'a right of a group of groups counts');
  await assert.rejects(
    probePermissions(connector, { namingContext, account: 'nobody*' }),
    code('no-such-object'),
  );
});

test('the connector account can read and nothing else, and its password cannot be used by delegation', async () => {
  await assert.rejects(
    connector.modify(user('Plain'), [{ operation: 'replace', attribute: 'mail', values: ['x'] }]),
    code('access-denied'),
  );
  const [account] = await admin.search(namingContext, {
    filter: `(sAMAccountName=${connectorName})`,
    attributes: ['userAccountControl', 'memberOf', 'primaryGroupID'],
  });
  assert.equal(Number(textOf(account!, 'userAccountControl')), 0x110200);
  assert.equal(account!.attributes.memberOf, undefined);
  assert.equal(textOf(account!, 'primaryGroupID'), '513');
});

test('creating the account twice keeps its password and adds no second entry', async () => {
  const descriptor = async () => {
    const [head] = await admin.search(namingContext, { scope: 'base', attributes: ['nTSecurityDescriptor'] });
    return bytesOf(head!, 'nTSecurityDescriptor')!;
  };
  const earlier = await descriptor();
  const again = await createConnectorAccount(admin, { namingContext, name: connectorName });
  assert.deepEqual(
    [again.created, 'password' in again, again.granted, again.grantedDeletedObjects],
    [false, false, [], false],
  );
  assert.ok(earlier.equals(await descriptor()));
  for (const taken of ['Administrator', 'krbtgt', 'Domain Admins']) {
    await assert.rejects(createConnectorAccount(admin, { namingContext, name: taken }), code('constraint'));
  }
});

test('the command writes the password readable by its owner alone, and keeps it out of its output', async t => {
  const passwordOut = join(folder, 'connector.password');
  const printed: string[] = [];
  // The test runner's own reports use the same stream, as bytes, so only text is captured.
  const write = process.stdout.write.bind(process.stdout);
  t.mock.method(process.stdout, 'write', (chunk: string | Uint8Array) =>
    typeof chunk === 'string' ? printed.push(chunk) > 0 : write(chunk),
  );
  const command = (...more: string[]) =>
    createAccountCommand().parseAsync(
      [
        ...[
          '--server',
          lab.address,
          '--server-name',
          lab.host,
          '--ca',
          lab.caFile,
          '--admin',
          administrator.dn,
        ],
        ...[
          '--admin-password-file',
          lab.administratorPasswordFile,
          '--name',
          connectorName,
          '--json',
          ...more,
        ],
      ],
      { from: 'user' },
    );
  await assert.rejects(
    command('--password-out', passwordOut),
    (error: CausewayError) =>
      /exists already/.test(error.message) && /--reset-password/.test(error.todo ?? ''),
  );
  assert.equal(existsSync(passwordOut), false);
  await command('--password-out', passwordOut, '--reset-password');
  t.mock.restoreAll();
  assert.equal(statSync(passwordOut).mode & 0o777, 0o600);
  const password = readFileSync(passwordOut, 'utf8').trim();
  assert.ok(password.length >= 32);
  assert.equal(printed.join('').includes(password), false);
  await (await open({ dn: `${connectorName}@${lab.dnsDomain}`, password })).close();
  await assert.rejects(open({ dn: administrator.dn, password }), code('invalid-credentials'));
});

test('the privileged socket stores hashes as given, also in twenty calls at once, and LDAPS rejects them', async () => {
  const socket = await openLdap({ url: { socketPath: lab.ldapi }, timeoutMs: 20_000 });
  try {
    await addUser('Hash Taker', 'hash');
    const [found] = await socket.search(user('Hash Taker'), { scope: 'base', attributes: ['objectGUID'] });
    const guid = (await importAll(connector)).objects.find(
      o => o.distinguishedName === user('Hash Taker'),
    )!.objectGuid;
    assert.ok(bytesOf(found!, 'objectGUID'));
    const change = {
      operation: 'replace',
      attribute: 'unicodePwd',
      values: [Buffer.alloc(16, 0x5a)],
    } as const;
    await Promise.all(
      Array.from({ length: 20 }, () => socket.modify(`<GUID=${guid}>`, [change], [bypassPasswordHash()])),
    );
    const [written] = await socket.search(`<GUID=${guid}>`, { scope: 'base', attributes: ['unicodePwd'] });
    assert.ok(bytesOf(written!, 'unicodePwd')?.equals(change.values[0]!));
    await assert.rejects(
      admin.modify(user('Hash Taker'), [change], [bypassPasswordHash()]),
      code('critical-extension'),
    );
  } finally {
    await socket.close();
  }
});
