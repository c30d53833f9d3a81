import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { callLocally, serviceIn } from '@causeway/api';
import {
  type ConnectStatus,
  type DomainUserStatus,
  connectAdministrationRoutes as routes,
} from '@causeway/contract';
import { domainStatus, stopDomain } from '@causeway/samba';
import { eventually as lookUntil } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { labUp } from '../domains/lifecycle.ts';
import { seededUsers } from '../domains/seed.ts';
import {
  DOMAINS,
  describeDomain,
  krb5ConfFile,
  type LabDomain,
  layoutOf,
  randomPassword,
} from '../domains/table.ts';
import { managedDn, tryLdapSimple } from '../domains/try-ldap.ts';
import { tryKinit } from '../domains/try-password.ts';
import { createUser, deleteUser, renameUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';
import { bytesBelow, findSecrets, secretsOf } from './secret-search.ts';

// One Connect and two forests whose people have the same names: what each forest has of its own, and what happens to one alone.

const { onprem: corp, fabrikam, managed } = DOMAINS;
const forests: LabDomain[] = [corp, fabrikam];
const fabrikamWasUp = domainStatus(layoutOf(fabrikam)).running;
const stage = await freshStage({ forests, record: true, databaseUrl: process.env.DATABASE_URL });
const run = randomBytes(2).toString('hex');
const config = ['--config', stage.configOf('connect')];
let trials: Trials;

/** Three domain controllers and three services share one machine, so this waits longer. */
const eventually = (what: string, look: () => Promise<boolean>) =>
  lookUntil(what, look, { patienceMs: 120_000 });

interface Someone {
  forest: LabDomain;
  sam: string;
  upn: string;
  password: string;
}

const nameOf = (forest: LabDomain): string => describeDomain(forest).dnsDomain;
/** Asks over the services' own sockets, because a command per look would cost more than the answer. */
const status = () => stage.connectStatus<ConnectStatus>();
const connector = async (forest: LabDomain) =>
  (await status()).connectors.find(({ name }) => name === nameOf(forest))!;

const made: [LabDomain, string][] = [];
async function make(forest: LabDomain, name: string, upn?: string): Promise<Someone> {
  const sam = `${name}.${run}`;
  const user = { sam, upn: upn ?? `${sam}@${nameOf(forest)}`, password: randomPassword() };
  made.push([forest, await createUser(forest, user)]);
  return { forest, ...user };
}

/** Both forests have a person of this name. Seeded people would not do, because their passwords must stay. */
const name = `anna.${run}`;
const [anna, namesake] = [await make(corp, 'anna'), await make(fabrikam, 'anna')];
const both = [anna, namesake];

async function managedName({ upn }: Pick<Someone, 'upn'>): Promise<string> {
  return (await stage.domainStatus<DomainUserStatus>(upn)).entry!.samAccountName!;
}

async function works(who: Someone): Promise<void> {
  await eventually(`${who.upn} at web sign-in`, () => trials.web(who, who.password));
  await eventually(`${who.upn} in the managed domain`, async () => {
    const sam = await managedName(who).catch(() => undefined); // not there yet
    return sam !== undefined && trials.accepted({ sam }, who.password);
  });
}

async function renew(who: Someone): Promise<void> {
  who.password = randomPassword();
  await setPassword(who.forest, who.sam, who.password);
}

/** Credential records that Connect has sent so far, by forest, as the network saw them. */
function recordsSent(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { path, body } of stage.proxy!.requests) {
    if (!path.endsWith('/sync/credentials')) continue;
    const { forest, changes } = JSON.parse(body.toString('utf8')) as {
      forest: string;
      changes: { record: string | null }[];
    };
    counts[forest] = (counts[forest] ?? 0) + changes.filter(({ record }) => record !== null).length;
  }
  return counts;
}

const passCompleted = async (forest: LabDomain) =>
  ((await connector(forest)).fullPass?.completedAt ?? null) !== null;

before(async () => {
  trials = new Trials(await stage.openWeb());
  for (const who of both) await eventually(`${who.upn} at web sign-in`, () => trials.web(who, who.password));
  await stage.openDomain();
  await stage.pair();
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(managed));
  await labUp(undefined, forests);
  for (const [forest, dn] of made) await deleteUser(forest, dn).catch(() => {});
  if (!fabrikamWasUp) await stopDomain(layoutOf(fabrikam));
});

test('before the script the managed domain has the users of both forests, without passwords', async () => {
  for (const who of both) {
    await eventually(`${who.upn} has an account`, () => managedName(who).then(Boolean, () => false));
    assert.ok(await trials.refused({ sam: await managedName(who) }, who.password));
  }
  const { accounts } = await stage.domainStatus<{ accounts: { withCredential: number } }>();
  assert.equal(accounts.withCredential, 0);
  assert.deepEqual(recordsSent(), { [nameOf(corp)]: 0, [nameOf(fabrikam)]: 0 });
});

test('a full pass of one forest leaves the other alone', async () => {
  await stage.forcePasswordSync(fabrikam);
  await works(namesake);
  await eventually('the pass is over', () => passCompleted(fabrikam));
  const other = await connector(corp);
  assert.deepEqual([other.fullPass, other.withLegacyRecord, other.owed], [null, 0, 0]);
  const sent = recordsSent();
  assert.equal(sent[nameOf(corp)], 0);
  assert.equal(sent[nameOf(fabrikam)], (await connector(fabrikam)).withLegacyRecord);
  const told = (await status()).events.filter(({ text }) => /full password hash/i.test(text));
  assert.ok(told.length > 0);
  assert.deepEqual(new Set(told.map(event => event.connector)), new Set([nameOf(fabrikam)]));
  assert.ok(await trials.refused({ sam: await managedName(anna) }, anna.password));
  await stage.forcePasswordSync(corp);
  await works(anna);
});

test('a cycle of both forests is running until the last one has finished, and an idle Connect accepts a new cycle', async () => {
  const service = serviceIn(stage.stateOf('connect'), 'connect');
  let looks = 0;
  for (let round = 0; round < 5; round++) {
    await callLocally(service, routes.startSyncCycle, { body: { policyType: 'Initial' } });
    for (;;) {
      const { running } = await callLocally(service, routes.listRunStatus, { query: {} });
      if (running.length === 0) break;
      looks++;
    }
  }
  assert.ok(looks > 5, 'it was seen at work');
});

test('namesakes of both forests are two users, each with their own name, password and salt', async () => {
  const names = await Promise.all(both.map(managedName));
  const longNames = forests.map(forest => seededUsers(forest).find(({ kind }) => kind === 'long-name')!);
  const [plain, suffixed] = names.toSorted((a, b) => a.length - b.length);
  assert.equal(plain, name);
  assert.match(suffixed!, new RegExp(`^${name}[0-9a-f]{5}$`));
  const long = await Promise.all(longNames.map(managedName));
  for (const shortened of long) assert.match(shortened, /^maximilian\.feat[0-9a-f]{5}$/);
  assert.notEqual(long[0], long[1]);
  for (const [i, who] of both.entries()) {
    const stranger = both[1 - i]!;
    const account = { realm: managed.realm, password: who.password, krb5Conf: krb5ConfFile() };
    for (const user of [names[i]!, who.upn]) {
      const ticket = await tryKinit({ ...account, user });
      assert.equal(ticket.salt, `${who.forest.realm}${name}`);
      assert.match(ticket.etype ?? '', /^aes256.*aes256/);
    }
    for (const user of [names[i]!, who.upn, managedDn(managed, names[i]!)]) {
      const bound = await tryLdapSimple({ user, domain: managed, password: who.password });
      assert.equal(bound.identity, `${managed.netbiosDomain}\\${names[i]}`, user);
    }
    assert.ok(await trials.refused({ sam: names[i]! }, stranger.password));
    assert.equal(await trials.web(who, stranger.password), false);
  }
});

test('names survive a restart, and another namesake changes no user’s name', async () => {
  const before = await Promise.all(both.map(managedName));
  await stage.domain.stop();
  await stage.domain.start();
  await renew(anna);
  await works(anna);
  assert.deepEqual(await Promise.all(both.map(managedName)), before);
});

test('a stopped domain controller holds up only its own forest, which catches up', async () => {
  const bob = await make(fabrikam, 'bob');
  await works(bob);
  await stopDomain(layoutOf(fabrikam));
  await eventually('the error', async () =>
    /127\.0\.0\.11/.test((await connector(fabrikam)).lastError ?? ''),
  );
  await renew(anna);
  await works(anna);
  assert.equal((await connector(corp)).lastError, null);
  await works(bob); // existing passwords work without it
  await labUp(undefined, forests);
  await renew(bob);
  await works(bob);
  await eventually('the error is over', async () => (await connector(fabrikam)).lastError === null);
});

test('a userPrincipalName stays with its first forest, remains reserved for it, and moves once it is freed', async () => {
  const first = await make(corp, 'uma');
  await eventually('the first one', () => trials.web(first, first.password));
  const second = await make(fabrikam, 'uma2', first.upn);
  await eventually('the second one is quarantined', async () =>
    (await connector(fabrikam)).quarantine.some(({ code }) => code === 'attribute-value-must-be-unique'),
  );
  assert.ok(await trials.web(first, first.password));
  assert.equal(await trials.web(second, second.password), false);
  const ambiguous = await runCli(['connect', 'status', first.upn, ...config]);
  assert.match(ambiguous.stderr, /several users are called/);
  const renamed = { ...first, upn: `uma.new.${run}@${nameOf(corp)}` };
  await renameUser(corp, first.sam, { upn: renamed.upn });
  await eventually('the first one by the new name', () => trials.web(renamed, first.password));
  assert.equal(await trials.web(second, second.password), false, 'the first forest may take it back');
  await runCliJson(['tenant', 'name', 'free', first.upn, ...stage.remote]);
  await eventually('the second one at web sign-in', () => trials.web(second, second.password));
  assert.equal(await trials.web({ upn: first.upn }, first.password), false);
});

test('a Connect is rejected for a forest that an administrator takes from it, until they give it back', async () => {
  const { agents } = await runCliJson<{ agents: { id: string; kind: string }[] }>([
    ...['tenant', 'agents', 'list', ...stage.remote],
  ]);
  const { id } = agents.find(({ kind }) => kind === 'connect')!;
  const allow = (...of: LabDomain[]) =>
    runCliJson(['tenant', 'agents', 'set-forests', id, ...of.map(nameOf), ...stage.remote]);
  await allow(corp);
  const [zoe, zack] = [await make(fabrikam, 'zoe'), await make(corp, 'zack')];
  const refused = /not enrolled for the forest 'fabrikam\.example\.org'.*set-forests/s;
  await eventually('the refusal', async () => refused.test((await connector(fabrikam)).lastError ?? ''));
  await eventually('the other forest', () => trials.web(zack, zack.password));
  assert.equal(await trials.web(zoe, zoe.password), false);
  await allow(corp, fabrikam);
  await eventually('the forest that was given back', () => trials.web(zoe, zoe.password));
});

test('each connector counts its own deletions, and each list is approved separately', async () => {
  const leaving = [await make(corp, 'eve'), await make(fabrikam, 'eve')];
  const signIns = () => Promise.all(leaving.map(who => trials.web(who, who.password)));
  await eventually('both are there', async () => (await signIns()).every(Boolean));
  const file = stage.configOf('connect');
  await stage.connect.stop(); // so that one cycle sees them all
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...settings, deletionThreshold: 0 }));
  for (const { forest, sam } of leaving) await deleteUser(forest, sam);
  const sync = () => runCli(['connect', 'sync', '--once', ...config]);
  const commands = [corp, fabrikam].map(
    forest => `causeway connect deletions --connector '${nameOf(forest)}'`,
  );
  const { stdout } = await sync();
  for (const command of commands) assert.ok(stdout.includes(`1 deletions wait for you: ${command}`), stdout);
  const { lists } = await runCliJson<{ lists: { connector: string; digest: string }[] }>([
    ...['connect', 'deletions', ...config],
  ]);
  const { digest } = lists.find(({ connector }) => connector === nameOf(fabrikam))!;
  const unasked = await runCli(['connect', 'allow-deletes', digest, ...config]);
  assert.equal(unasked.code, 1);
  assert.match(unasked.stderr, /eve.*can still sign in.*nothing was changed/s);
  assert.equal((await runCli(['connect', 'allow-deletes', digest, '--yes', ...config])).code, 0);
  assert.equal((await sync()).code, 0);
  assert.deepEqual(await signIns(), [true, false]);
});

test('nothing that Connect wrote or sent has a secret of either forest', () => {
  const secrets = forests.flatMap(forest =>
    seededUsers(forest)
      .filter(({ password }) => password !== null)
      .flatMap(({ upn, password }) => secretsOf(upn, password!, `${forest.realm}${upn.split('@')[0]}`)),
  );
  const places = [
    bytesBelow(stage.stateOf('connect')),
    ...['connect', 'tenant', 'domain'].map(name => bytesBelow(stage.logOf(name))),
    ...stage.proxy!.requests.map(({ body }) => body),
  ];
  assert.deepEqual(findSecrets(Buffer.concat(places), secrets), []);
});
