import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { stopDomain } from '@causeway/samba';
import { writePrivateFile } from '@causeway/service';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { labUp } from '../domains/lifecycle.ts';
import { labPath } from '../domains/state.ts';
import { DOMAINS, describeDomain, layoutOf, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, disableUser, renameUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// Outages while Connect runs, and how it recovers by itself: the domain controller stops, returns older, or refuses.

const stage = await freshStage();
const onprem = DOMAINS.onprem;
const { dnsDomain } = describeDomain(onprem);
const layout = layoutOf(onprem);
const run = randomBytes(2).toString('hex');
const connectorPassword = stage.connectorPasswordFile(onprem);
let trials: Trials;

interface Status {
  connectors: {
    lastObjectCycleAt: string;
    lastError: string | null;
    suppressedDeletes: number;
    stillSigningIn: string[];
    quarantined: number;
    restore?: { olderPasswords: number; opening: string[]; complete: boolean };
  }[];
  events: { eventId: number; level: string; text: string }[];
}

const status = () => stage.connectStatus<Status>();
const says = (text: RegExp) => async () => text.test((await status()).connectors[0]!.lastError ?? '');
const isWell = async () => (await status()).connectors[0]!.lastError === null;
const sync = (...args: string[]) =>
  runCli(['connect', 'sync', '--once', ...args, '--config', stage.configOf('connect')]);

const made: string[] = [];
async function make(name: string) {
  const user = { sam: `${name}.${run}`, upn: `${name}.${run}@${dnsDomain}`, password: randomPassword() };
  const dn = await createUser(onprem, user);
  made.push(dn);
  return { ...user, dn };
}
type Someone = Awaited<ReturnType<typeof make>>;

const works = (who: Someone) =>
  eventually(`${who.upn} at web sign-in`, () => trials.web(who, who.password), { patienceMs: 60_000 });

const isOut = (who: Someone) =>
  eventually(`${who.upn} is out`, async () => !(await trials.web(who, who.password)));

async function renew(who: Someone): Promise<string> {
  const old = who.password;
  who.password = randomPassword();
  await setPassword(onprem, who.sam, who.password);
  return old;
}

before(async () => {
  trials = new Trials(await stage.openWeb());
});

beforeEach(() => labUp());

after(async () => {
  await stage.close();
  await labUp();
  for (const dn of made) await deleteUser(onprem, dn).catch(() => {});
});

test('a stopped domain controller is named, and later changes arrive by themselves once it is back', async () => {
  const alice = await make('alice');
  await works(alice);
  await stopDomain(layout);
  await eventually('the error', says(/the domain controller '127\.0\.0\.10' of connector .* cannot be used/));
  const once = await sync();
  assert.equal(once.code, 1);
  assert.match(once.stderr, /^causeway: the domain controller .* cannot be used: .*\n/);
  await works(alice); // what the tenant has works without the domain controller
  await labUp();
  await renew(alice);
  await works(alice);
  await eventually('the error is over', isWell);
});

test('a domain controller restored from a copy harms nobody, until one command accepts the restore', async () => {
  const bob = await make('bob');
  const carol = await make('carol');
  const dan = await make('dan');
  const erin = await make('erin');
  for (const who of [bob, carol, dan, erin]) await works(who);
  const inTheCopy = bob.password;
  const copy = labPath('copy-of-private');
  await stopDomain(layout);
  cpSync(layout.privateDir, copy, { recursive: true, filter: source => !source.endsWith('ldapi') });
  await labUp();
  for (let n = 0; n < 5; n++) await renew(bob); // the restored domain controller has none of these
  await works(bob);
  await disableUser(onprem, dan.sam);
  await deleteUser(onprem, erin.dn);
  for (const who of [dan, erin]) await isOut(who);
  await stopDomain(layout);
  rmSync(layout.privateDir, { recursive: true });
  cpSync(copy, layout.privateDir, { recursive: true });
  rmSync(copy, { recursive: true });
  await labUp();
  await eventually('the event', async () =>
    (await status()).events.some(
      ({ level, text }) => level === 'warn' && /full cycle: .* was restored or replaced/.test(text),
    ),
  );
  await eventually('a cycle', isWell);
  assert.ok(await trials.web(bob, bob.password));
  await renew(carol);
  await works(carol);
  await works(bob);
  const waits = await eventually('what waits', async () => {
    const { restore } = (await status()).connectors[0]!;
    return restore?.complete && restore.olderPasswords > 0 ? restore : false;
  });
  assert.deepEqual(waits.opening, [dan.upn, erin.upn].toSorted());
  for (const who of [dan, erin]) assert.ok(!(await trials.web(who, who.password)), who.upn);

  const command = [
    'connect',
    'accept-restore',
    '--connector',
    dnsDomain,
    '--config',
    stage.configOf('connect'),
  ];
  const asked = await runCli(command);
  assert.equal(asked.code, 1);
  for (const text of [erin.upn, /WHOLE forest/, /with --yes/]) assert.match(asked.stderr, RegExp(text));
  assert.ok(await trials.web(bob, bob.password), 'nothing was changed');
  const accepted = await runCli([...command, '--yes']);
  assert.equal(accepted.code, 0, accepted.stderr);
  const later = bob.password;
  bob.password = inTheCopy;
  for (const who of [bob, dan, erin, carol]) await works(who);
  assert.ok(!(await trials.web(bob, later)), 'what was set after the copy opens nothing any more');
  assert.equal((await status()).connectors[0]!.restore, undefined);
  const before = carol.password;
  await setPassword(onprem, carol.sam, randomPassword(), { mustChange: true });
  await eventually('the reset ends her password', async () => !(await trials.web(carol, before)));
  await renew(carol);
  await works(carol);
});

test('a wrong password of the connector account is named, and the right one works without a restart', async () => {
  const right = readFileSync(connectorPassword, 'utf8');
  writePrivateFile(connectorPassword, 'not the password');
  await stopDomain(layout); // closes open connections
  await labUp();
  await eventually('the error', says(/rejects the account .*causeway connect account create/s));
  const once = await sync();
  assert.equal(once.code, 1);
  assert.match(once.stderr, /rejects the account/);
  writePrivateFile(connectorPassword, right);
  await eventually('the error is over', isWell, { patienceMs: 60_000 });
  await works(await make('dora'));
});

interface List {
  digest: string;
  count: number;
  ceased: number;
  people: { user: string; canSignIn: boolean }[];
}

test('mass deletions in a small company wait, and only those on the approved list happen', async () => {
  const config = stage.configOf('connect');
  const cli = <T>(...args: string[]) => runCliJson<T>(['connect', ...args, '--config', config]);
  const settings = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  // The lab may have hundreds of people by now, a tenth of whom would be more than leave here.
  const limits = { cycleIntervalMs: 1_000, deletionThreshold: 10 };
  writeFileSync(config, JSON.stringify({ ...settings, ...limits }));
  await stage.connect.stop();
  await stage.connect.start();
  const leavers: Someone[] = [];
  for (let n = 0; n < 12; n++) leavers.push(await make(`eve${n}`));
  const later = await make('gus');
  for (const who of [...leavers, later]) await works(who);
  await stage.connect.stop(); // so that one cycle sees them all
  // One is out of scope by mistake, the others are deleted.
  const [mistaken, ...gone] = leavers as [Someone, ...Someone[]];
  const scope = (adminDescription: string[]) =>
    renameUser(onprem, mistaken.sam, { attributes: { adminDescription } });
  await scope(['User_by mistake']);
  for (const { sam } of gone) await deleteUser(onprem, sam);
  const held = await sync();
  assert.equal(held.code, 0, held.stderr);
  const { connectors, events } = await status();
  assert.equal(connectors[0]!.suppressedDeletes, 12);
  assert.deepEqual(connectors[0]!.stillSigningIn.toSorted(), leavers.map(({ upn }) => upn).toSorted());
  const event = events.find(({ eventId }) => eventId === 116);
  assert.match(event?.text ?? '', /12 pending deletes.*threshold of 10 objects.*causeway connect deletions/);

  const { lists } = await cli<{ lists: List[] }>('deletions');
  const { digest, count, people } = lists[0]!;
  assert.deepEqual([lists.length, count, people.every(({ canSignIn }) => canSignIn)], [1, 12, true]);
  const old = await sync('--allow-deletes', '12');
  assert.deepEqual([old.code, /causeway connect deletions/.test(old.stderr)], [1, true]);
  await scope([]);
  await deleteUser(onprem, later.sam);
  const hal = await make('hal');
  await stage.connect.start();
  await works(hal); // everything else works on
  for (const who of [...leavers, later]) assert.ok(await trials.web(who, who.password), who.upn);

  await assert.rejects(cli('allow-deletes', digest), /11 would be deleted.*1 of the list do.*--yes/s);
  const approved = await cli<List>('allow-deletes', digest, '--yes');
  assert.deepEqual([approved.count, approved.ceased], [11, 1]);
  for (const who of gone)
    await eventually(`${who.upn} is out`, async () => !(await trials.web(who, who.password)));
  assert.ok(await trials.web(mistaken, mistaken.password), 'who was put back is not deleted');
  assert.ok(await trials.web(later, later.password), 'who came later waits for an approval of their own');
  const rest = (await cli<{ lists: List[] }>('deletions')).lists[0]!;
  assert.deepEqual(
    rest.people.map(({ user }) => user),
    [later.upn],
  );
  await cli('allow-deletes', rest.digest, '--yes');
  await eventually(`${later.upn} is out`, async () => !(await trials.web(later, later.password)));
  assert.equal((await status()).connectors[0]!.suppressedDeletes, 0);
});

test('a user whose deletion waits is disabled at once when the directory disables them', async () => {
  const config = stage.configOf('connect');
  await stage.connect.stop();
  const settings = JSON.parse(readFileSync(config, 'utf8')) as Record<string, unknown>;
  writeFileSync(config, JSON.stringify({ ...settings, deletionThreshold: 0 }));
  await stage.connect.start();
  const ida = await make('ida');
  await works(ida);
  await renameUser(onprem, ida.sam, { attributes: { adminDescription: ['User_left'] } });
  await eventually('it waits', async () => (await status()).connectors[0]!.suppressedDeletes === 1);
  assert.ok(await trials.web(ida, ida.password));
  await renameUser(onprem, ida.sam, { attributes: { userAccountControl: ['514'] } });
  await eventually('she is out', async () => !(await trials.web(ida, ida.password)));
  const [{ suppressedDeletes, stillSigningIn }] = (await status()).connectors as [Status['connectors'][0]];
  assert.deepEqual([suppressedDeletes, stillSigningIn], [1, []]);
  writeFileSync(config, JSON.stringify(settings));
  await stage.connect.stop();
  await stage.connect.start();
});

test('a cycle runs by the timer although nothing changes', async () => {
  const cycleAt = async () => (await status()).connectors[0]!.lastObjectCycleAt;
  for (let n = 0; n < 3; n++) {
    const before = await cycleAt();
    await eventually('the next cycle', async () => (await cycleAt()) !== before);
  }
});
