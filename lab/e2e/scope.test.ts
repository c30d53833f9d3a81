import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { HeldList, ScopePreview, UserPreview, UserStatus } from '@causeway/contract';
import { openLdap } from '@causeway/ldap';
import { baseDn } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { parse } from 'yaml';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, layoutOf, randomPassword } from '../domains/table.ts';
import { change, createUser, deleteUser, renameUser, setPassword } from '../domains/users.ts';
import { everyUser } from '../places/every-user.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// The configuration decides who is synchronized: units of a real directory, renamed and moved while Connect runs. A preview shows what a
// change of the rules does, and nobody is deleted without an approval.

const { onprem } = DOMAINS;
const stage = await freshStage();
const run = randomBytes(2).toString('hex');
const base = baseDn(onprem);
const unit = (name: string, parent = base) => `OU=${name}-${run},${parent}`;
const [staff, interns, temps] = [unit('Staff'), unit('Interns', unit('Staff')), unit('Temps')];
const CONFIG = ['--config', stage.configOf('connect')];

const PEOPLE = { ann: staff, ivy: interns, tom: temps, out: `CN=Users,${base}` };
type Name = keyof typeof PEOPLE;
const names = Object.keys(PEOPLE) as Name[];
const samOf = (name: Name): string => `${name}.${run}`;

/** All users that the tenant has of a forest. */
async function synchronized(): Promise<UserStatus[]> {
  const users = await everyUser(stage);
  return users.filter(({ origin }) => origin === 'synchronized');
}

/** The people of this test who are in the tenant. */
async function there(): Promise<Name[]> {
  const users = await synchronized();
  return names.filter(name => users.some(user => user.onPremisesSamAccountName === samOf(name)));
}
const are = async (...expected: Name[]) =>
  eventually(
    `${expected.join(', ')} and nobody else are in the tenant`,
    async () => JSON.stringify(await there()) === JSON.stringify(expected),
  );

/** Starts Connect with a scope. */
async function startWith(scope: object): Promise<void> {
  await stage.connect.stop();
  configure(scope);
  await stage.connect.start();
}
/** The configuration as first written; a command may have changed it since. */
let written: { connectors: object[] };
let trials: Trials;
function configure(scope: object): void {
  const connectors = written.connectors.map(connector => ({ ...connector, scope }));
  writeFileSync(stage.configOf('connect'), JSON.stringify({ ...written, connectors }));
}
const nameScope = () =>
  runCliJson<{ objects: { dn: string; objectGuid: string }[] }>(['connect', 'name-scope', ...CONFIG]);
const leavers = async (of: HeldList['kind'] = 'leaver'): Promise<HeldList | undefined> =>
  (await runCliJson<{ lists: HeldList[] }>(['connect', 'deletions', ...CONFIG])).lists.find(
    ({ kind }) => kind === of,
  );

before(async () => {
  for (const dn of [staff, interns, temps])
    await change(onprem, { dn, change: 'add', attributes: { objectClass: ['organizationalUnit'] } });
  for (const name of names) await createUser(onprem, { sam: samOf(name), container: PEOPLE[name] });
  await stage.openTenant();
  trials = new Trials(await stage.registerApplication());
  await stage.createConnectorAccounts();
  await stage.enrolConnect();
  written = JSON.parse(readFileSync(stage.configOf('connect'), 'utf8')) as typeof written;
});

after(async () => {
  await stage.close();
  for (const name of names) await deleteUser(onprem, samOf(name)).catch(() => {});
});

test('a container without its objectGuid is rejected with the remedy, and one command writes it', async () => {
  configure({ organizationalUnits: { include: [{ dn: staff }], exclude: [{ dn: interns }] } });
  const refused = await runCli(['connect', 'run', ...CONFIG]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /without its objectGuid: run 'causeway connect name-scope/);
  const { objects } = await nameScope();
  assert.deepEqual(
    objects.map(({ dn }) => dn),
    [staff, interns],
  );
  assert.ok(readFileSync(stage.configOf('connect'), 'utf8').includes(objects[0]!.objectGuid));
  configure({ organizationalUnits: { include: [{ dn: unit('Nowhere') }] } });
  assert.match((await runCli(['connect', 'name-scope', ...CONFIG])).stderr, /Nowhere.*nothing was written/s);
  configure({ organizationalUnits: { include: [{ dn: `CN=${samOf('out')},${PEOPLE.out}` }] } });
  assert.match((await runCli(['connect', 'name-scope', ...CONFIG])).stderr, /no organizational unit/);
});

test('users below an included unit are synchronized, those of an excluded one are not, however units move or are renamed', async () => {
  configure({ organizationalUnits: { include: [{ dn: staff }], exclude: [{ dn: interns }] } });
  await nameScope();
  await stage.connect.start();
  await are('ann');
  await renameUser(onprem, samOf('ivy'), { container: staff });
  await are('ann', 'ivy');
  await renameUser(onprem, samOf('ivy'), { container: interns });
  await are('ann');
  const { synchronized, reason, container, attributes } = await runCliJson<UserPreview>([
    ...['connect', 'preview', samOf('ivy'), ...CONFIG],
  ]);
  assert.deepEqual([synchronized, container], [false, interns]);
  assert.match(reason!, /in the excluded container/);
  const upn = attributes.find(({ name }) => name === 'userPrincipalName')!;
  assert.match(upn.value!, new RegExp(`^${samOf('ivy')}@`));
  assert.match(upn.expression!, /IsPresent/);
  // The excluded unit moves and gets another name. It excludes the same people there, and people beside it are synchronized.
  const moved = `OU=Trainees-${run},${temps}`;
  await change(onprem, { dn: interns, change: 'modrdn', newRdn: `OU=Trainees-${run}`, newSuperior: temps });
  await renameUser(onprem, samOf('tom'), { container: staff });
  await are('ann', 'tom');
  await renameUser(onprem, samOf('tom'), { container: moved });
  await are('ann');
  await change(onprem, { dn: temps, change: 'modrdn', newRdn: `OU=Temps-${run}`, newSuperior: staff });
  await renameUser(onprem, samOf('tom'), { container: `OU=Temps-${run},${staff}` });
  await are('ann', 'tom');
});

test('a preview shows another scope’s effect, and users it leaves out stay until an administrator approves', async () => {
  await startWith({});
  await are('ann', 'ivy', 'tom', 'out');
  configure({ conditions: { user: `(!(sAMAccountName=ann*))` } });
  const { previews } = await runCliJson<{ previews: ScopePreview[] }>(['connect', 'preview', ...CONFIG]);
  const own = ['connect', 'preview', '--this-release', ...CONFIG];
  assert.deepEqual(
    await runCliJson(own),
    { previews, added: [], removed: [] },
    'on a copy, beside the service',
  );
  const [{ lines, deletes, adds }] = previews as [ScopePreview];
  const anns = lines.map(({ operation, name, reason }) => [operation, name, reason]);
  assert.ok(anns.some(([operation, name]) => operation === 'delete' && name === samOf('ann')));
  assert.ok(anns.every(([, , reason]) => reason === 'the condition for users is not met'));
  assert.deepEqual([adds, deletes], [0, lines.length]);
  const shown = await runCli(['connect', 'preview', ...CONFIG]);
  assert.match(shown.stdout, new RegExp(`0 come, 0 change, ${deletes} leave`));
  await startWith({ conditions: { user: `(!(sAMAccountName=ann*))` } });
  const list = await eventually('the list waits', async () => await leavers());
  assert.deepEqual(
    list.people
      .map(({ user, reason }) => [user.split('@')[0], reason])
      .filter(([user]) => user === samOf('ann')),
    [[samOf('ann'), 'the condition for users is not met']],
  );
  assert.equal(list.count, deletes);
  await are('ann', 'ivy', 'tom', 'out');
  await runCliJson(['connect', 'allow-deletes', list.digest, '--yes', ...CONFIG]);
  await are('ivy', 'tom', 'out');
  await startWith({});
  await are('ann', 'ivy', 'tom', 'out');
});

/** The example of docs/scope.md that begins with this comment. */
function example(comment: string): object {
  const document = readFileSync(new URL('../../docs/scope.md', import.meta.url), 'utf8');
  const [, text] = new RegExp(`\\n\`\`\`yaml\\n# ${comment}\\n(.*?)\`\`\``, 's').exec(document) ?? [];
  assert.ok(text, `docs/scope.md has an example '${comment}'`);
  return parse(text) as object;
}

test('the examples of docs/scope.md do what they say', async () => {
  const [berlin, rome] = [`OU=Berlin,${base}`, `OU=Rome,${base}`];
  const romans = `OU=Interns,${rome}`;
  for (const dn of [berlin, rome, romans])
    await change(onprem, { dn, change: 'add', attributes: { objectClass: ['organizationalUnit'] } });
  const made = { [`svc-${run}`]: berlin, [`b-${run}`]: berlin, [`r-${run}`]: rome, [`i-${run}`]: romans };
  for (const [sam, container] of Object.entries(made)) await createUser(onprem, { sam, container });
  const come = (...sams: string[]) =>
    eventually(`${sams.join(', ')} and nobody else`, async () => {
      const found = new Set((await synchronized()).map(user => user.onPremisesSamAccountName));
      return (
        Object.keys(made)
          .filter(sam => found.has(sam))
          .join() === sams.map(sam => `${sam}-${run}`).join()
      );
    });
  const take = async (comment: string) => {
    await stage.connect.stop();
    configure(example(comment));
    await nameScope();
    await stage.connect.start();
  };
  const [pilot, nested] = [`CN=Pilot,CN=Users,${base}`, `CN=Nested-${run},CN=Users,${base}`];
  const list = (dn: string, ...member: string[]) =>
    change(onprem, { dn, change: 'add', attributes: { objectClass: ['group'], member } });
  const allow = async () => {
    const { digest } = await eventually('a list waits', async () => await leavers());
    await runCliJson(['connect', 'allow-deletes', digest, '--yes', ...CONFIG]);
  };
  try {
    await come('svc', 'b', 'r', 'i');
    await list(nested, `CN=i-${run},${romans}`);
    await list(pilot, `CN=b-${run},${berlin}`, nested);
    await take('a pilot group');
    await allow();
    await come('b', 'i');
    await change(onprem, { dn: nested, change: 'modify', delete: { member: [`CN=i-${run},${romans}`] } });
    await come('b');
    await startWith({});
    await come('svc', 'b', 'r', 'i');
    for (const dn of [pilot, nested]) await change(onprem, { dn, change: 'delete' });
    await take('without service accounts');
    await allow();
    await come('b', 'r', 'i');
    await take('the first unit');
    await allow();
    await come('svc', 'b');
    await take('the second unit');
    await come('svc', 'b', 'r');
  } finally {
    for (const sam of Object.keys(made)) await deleteUser(onprem, sam);
    for (const dn of [romans, rome, berlin]) await change(onprem, { dn, change: 'delete' });
    await startWith({});
  }
});

test('sign-ins confirm whose passwords go, as docs/scope.md describes', async () => {
  const made = [];
  for (const name of ['chair', 'board', 'clerk', 'third']) {
    const [sam, password] = [`${name}-${run}`, randomPassword()];
    const dn = await createUser(onprem, { sam, password });
    made.push({ sam, dn, password, upn: `${sam}@${describeDomain(onprem).dnsDomain}` });
  }
  type Someone = (typeof made)[number];
  const [chair, board, clerk, third] = made as [Someone, Someone, Someone, Someone];
  const mark = ({ dn }: Someone, ...adminDescription: string[]) =>
    change(onprem, { dn, change: 'modify', replace: { adminDescription } });
  const works = (who: Someone) => eventually(`${who.sam} signs in`, () => trials.web(who, who.password));
  const fails = (who: Someone) =>
    eventually(`${who.sam} does not sign in`, async () => !(await trials.web(who, who.password)));
  const ofPasswords = ({ lines }: ScopePreview) =>
    lines.flatMap(({ operation, name }) => (operation === 'withdraw' ? [name] : [])).sort();
  try {
    for (const who of made) await works(who);
    await mark(chair, 'PHSFiltered');
    await mark(board, 'PHSFiltered');
    await eventually('Connect has read the marks', async () => {
      configure(example('everybody but a few'));
      const { previews } = await runCliJson<{ previews: ScopePreview[] }>(['connect', 'preview', ...CONFIG]);
      return ofPasswords(previews[0]!).join() === [board.sam, chair.sam].join();
    });
    assert.match(
      (await runCli(['connect', 'preview', ...CONFIG])).stdout,
      new RegExp(`- password +${board.sam}`),
    );
    await startWith(example('everybody but a few'));
    const { digest, count } = await eventually('a list waits', async () => await leavers('leaver-password'));
    assert.equal(count, 2);
    chair.password = randomPassword();
    await setPassword(onprem, chair.sam, chair.password);
    for (const who of made) await works(who);
    await runCliJson(['connect', 'allow-deletes', digest, '--yes', ...CONFIG]);
    for (const who of [chair, board]) await fails(who);
    await works(clerk);

    await mark(third, 'PHSFiltered');
    await fails(third);
    const [before, now] = [third.password, randomPassword()];
    await setPassword(onprem, third.sam, now);
    await stage.forcePasswordSync();
    const { password } = await eventually('status names the reason', async () => {
      const status = await stage.connectStatus<{ password: { detail: string } }>(third.upn);
      return /not in the scope of passwords/.test(status.password.detail) && status;
    });
    assert.ok(password);
    for (const password of [before, now]) assert.equal(await trials.web(third, password), false);
    third.password = now;
    await mark(third);
    await works(third);
    for (const who of [chair, board]) assert.equal(await trials.web(who, who.password), false);

    await startWith(example('a few and nobody else'));
    const all = await eventually('everybody is on the list', async () => await leavers('leaver-password'));
    assert.ok(all.people.some(({ user }) => user === clerk.upn));
    await mark(board, 'PHSIncluded');
    await works(board);
    await startWith({});
    await works(chair);
    assert.equal(await leavers('leaver-password'), undefined);
  } finally {
    for (const { sam } of made) await deleteUser(onprem, sam);
    await startWith({});
  }
});

test('the forest’s schema rejects a condition, and nothing is synchronized until it is right', async () => {
  for (const [condition, reason] of [
    ['(memberOf=CN=x)', /'memberOf' is a back link/],
    ['(canonicalName=*)', /'canonicalName' is constructed/],
    ['(lastLogon>=1)', /'lastLogon' is not replicated/],
    ['(noSuchThing=1)', /knows no attribute 'noSuchThing'/],
  ] as const) {
    await startWith({ conditions: { user: condition } });
    await eventually(`${condition} is refused`, async () => {
      const { connectors } = await stage.connectStatus<{ connectors: { lastError: string | null }[] }>();
      return reason.test(connectors[0]!.lastError ?? '');
    });
  }
  await are('ann', 'ivy', 'tom', 'out');
  await startWith({});
});

test('Connect and the directory find the same users for a condition', async () => {
  const conditions = [
    `(sAMAccountName=ANN.${run})`,
    `(sAMAccountName=*${run})`,
    '(userAccountControl:1.2.840.113556.1.4.803:=2)',
    '(!(userAccountControl:1.2.840.113556.1.4.803:=2))',
    '(&(displayName=*)(!(department=*)))',
    '(|(givenName=A*)(sn=*b*))',
    '(primaryGroupID>=513)',
    '(department=engineering)',
  ];
  for (const user of conditions) {
    configure({ conditions: { user } });
    const { previews } = await runCliJson<{ previews: ScopePreview[] }>(['connect', 'preview', ...CONFIG]);
    const leaving = new Set(
      previews[0]!.lines.filter(({ kind }) => kind === 'user').map(({ objectGuid }) => objectGuid),
    );
    const staying = (await synchronized()).length - leaving.size;
    assert.equal(staying, await countInDirectory(user), user);
  }
});

/** The number of people in the tenant who meet a condition, as the directory counts them. */
async function countInDirectory(filter: string): Promise<number> {
  const ldap = await openLdap({ url: { socketPath: layoutOf(onprem).ldapi }, timeoutMs: 20_000 });
  try {
    const everybody = `(objectClass=user)(!(objectClass=computer))(!(isCriticalSystemObject=TRUE))(!(sAMAccountName=causeway-connect))`;
    return (await ldap.search(base, { filter: `(&${everybody}${filter})`, attributes: ['cn'] })).length;
  } finally {
    await ldap.close();
  }
}
