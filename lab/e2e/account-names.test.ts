import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { HeldList, ScopePreview, UserPreview } from '@causeway/contract';
import { stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { describeDomain, krb5ConfFile, layoutOf, randomPassword } from '../domains/table.ts';
import { tryKinit, trySmb } from '../domains/try-password.ts';
import { createUser, deleteUser, renameUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// Account names in the managed domain: from sAMAccountName, then from mailNickname, and back, as other people's clients see them.

const stage = await freshStage();
const onprem = stage.forests[0]!;
const { dnsDomain } = describeDomain(onprem);
const { managed } = stage;
const run = randomBytes(2).toString('hex');
const CONFIG = ['--config', stage.configOf('connect')];

interface Someone {
  sam: string;
  password: string;
}
const someone = (name: string): Someone => ({ sam: `${name}.${run}`, password: randomPassword() });
const [ann, ben, cat] = ['ann', 'ben', 'cat'].map(someone) as [Someone, Someone, Someone];
/** The account names that ann's mailNickname gives her. Cat's is ben's account name. */
const [smith, jones] = [`a.smith.${run}`, `a.jones.${run}`];

const kinit = (user: string, { password }: Someone) =>
  tryKinit({ user, password, realm: managed.realm, krb5Conf: krb5ConfFile() });
const smb = (user: string, { password }: Someone) =>
  trySmb({ user, password, address: managed.address, netbiosDomain: managed.netbiosDomain });

/** Signs in by Kerberos and by NTLM with a name. @returns the salt that the KDC announces */
async function signsIn(name: string, who: Someone): Promise<string | undefined> {
  const ticket = await eventually(`kinit takes ${name}`, async () => {
    const trial = await kinit(name, who);
    return trial.ok ? trial : undefined;
  });
  await eventually(`NTLM takes ${name}`, async () => (await smb(name, who)).ok);
  return ticket.salt;
}
async function isRefused(name: string, who: Someone): Promise<void> {
  assert.match((await kinit(name, who)).error ?? '', /not found in Kerberos database/);
  assert.equal((await smb(name, who)).ok, false);
}

/** The configuration as first written. */
let written: { connectors: object[] };
function configure(accountNames: string, file = stage.configOf('connect')): void {
  const connectors = written.connectors.map(connector => ({ ...connector, accountNames }));
  writeFileSync(file, JSON.stringify({ ...written, connectors }));
}
async function startWith(accountNames: string): Promise<void> {
  await stage.connect.stop();
  configure(accountNames);
  await stage.connect.start();
}

/** A copy of the configuration, which no service uses. */
const copyOf = join(stage.configOf('connect'), '..', 'copy.json');

/** Previews the other switch at the running Connect, as an administrator does. */
async function preview(accountNames: string) {
  configure(accountNames, copyOf);
  const ask = ['connect', 'preview', '--config', copyOf];
  const { previews } = await runCliJson<{ previews: ScopePreview[] }>(ask);
  const [{ renames, adds, updates, deletes, lines }] = previews as [ScopePreview];
  assert.deepEqual([adds, updates, deletes], [0, 0, 0]);
  const names = lines.map(({ rename }) => [rename!.from, rename!.to, rename!.clashes]);
  assert.equal(names.length, renames);
  const { stdout } = await runCli(ask);
  assert.match(
    stdout,
    new RegExp(`${renames} are called otherwise in the managed domain.*= user .* -> `, 's'),
  );
  return names.toSorted();
}

const lists = async () => (await runCliJson<{ lists: HeldList[] }>(['connect', 'renames', ...CONFIG])).lists;
const list = () => eventually('the list waits', async () => (await lists())[0]);
const allow = ({ digest }: HeldList) => runCliJson(['connect', 'allow-renames', digest, '--yes', ...CONFIG]);

before(async () => {
  await stage.openAll();
  for (const who of [ann, ben, cat]) await createUser(onprem, who);
  await renameUser(onprem, ann.sam, { attributes: { mailNickname: [smith] } });
  await renameUser(onprem, cat.sam, { attributes: { mailNickname: [ben.sam] } });
  written = JSON.parse(readFileSync(stage.configOf('connect'), 'utf8')) as typeof written;
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(managed));
  for (const { sam } of [ann, ben, cat]) await deleteUser(onprem, sam).catch(() => {});
});

const salt = `${dnsDomain.toUpperCase()}${ann.sam}`;

test('users have their on-premises names by default, and a preview shows what the switch would rename', async () => {
  assert.equal(await signsIn(ann.sam, ann), salt);
  await isRefused(smith, ann);
  assert.deepEqual(await preview('mailNickname'), [
    [ann.sam, smith, []],
    [cat.sam, ben.sam, [`${ben.sam}@${dnsDomain}`]],
  ]);
  const renamed = written.connectors.map(connector => ({ ...connector, name: 'another' }));
  writeFileSync(copyOf, JSON.stringify({ ...written, connectors: renamed }));
  const { stdout } = await runCli(['connect', 'preview', '--config', copyOf]);
  assert.match(stdout, new RegExp(`another: new; .*${dnsDomain}: not in this configuration`, 's'));
});

test('changing the switch renames nobody and holds up no password, and an approved list renames its users', async () => {
  await startWith('mailNickname');
  const held = await list();
  assert.deepEqual(held.people.map(({ rename }) => [rename!.from, rename!.to]).toSorted(), [
    [ann.sam, smith],
    [cat.sam, ben.sam],
  ]);
  const shown = await runCli(['connect', 'renames', ...CONFIG]);
  assert.match(shown.stdout, new RegExp(`2 would be called otherwise.*${ann.sam} -> ${smith}`, 's'));
  assert.match(shown.stdout, new RegExp(`and so is ${ben.sam}@.*one of them gets five digits`));
  ann.password = randomPassword();
  await setPassword(onprem, ann.sam, ann.password);
  assert.equal(await signsIn(ann.sam, ann), salt);
  // A user whose name in the directory changes meanwhile leaves the list.
  await renameUser(onprem, cat.sam, { attributes: { mailNickname: [] } });
  await eventually('cat is off the list', async () => (await lists())[0]?.count === 1);
  await allow(await list());
  assert.equal(await signsIn(smith, ann), salt, 'the keys keep the salt of the on-premises name');
  await isRefused(ann.sam, ann);
  await signsIn(`${ann.sam}@${dnsDomain}`, ann);
  await signsIn(ben.sam, ben);
  await signsIn(cat.sam, cat);
  const { attributes } = await runCliJson<UserPreview>(['connect', 'preview', ann.sam, ...CONFIG]);
  assert.deepEqual(
    attributes
      .filter(({ value }) => value === smith || value === ann.sam)
      .map(({ name, source }) => [name, source]),
    [
      ['onPremisesSamAccountName', 'sAMAccountName'],
      ['mailNickname', 'mailNickname'],
      ['accountName', 'mailNickname'],
    ],
  );
});

test('a new password arrives under the new name, and a new mailNickname renames at once', async () => {
  ann.password = randomPassword();
  await setPassword(onprem, ann.sam, ann.password);
  assert.equal(await signsIn(smith, ann), salt);
  await renameUser(onprem, ann.sam, { attributes: { mailNickname: [jones] } });
  assert.equal(await signsIn(jones, ann), salt);
  await isRefused(smith, ann);
});

test('switching back works the same way: preview, held list, approval', async () => {
  assert.deepEqual(await preview('sAMAccountName'), [[jones, ann.sam, []]]);
  await startWith('sAMAccountName');
  const held = await list();
  assert.equal(held.count, 1);
  await signsIn(jones, ann);
  await allow(held);
  assert.equal(await signsIn(ann.sam, ann), salt);
  await isRefused(jones, ann);
  assert.deepEqual(await lists(), []);
});
