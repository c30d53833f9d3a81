import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import type { ConnectStatus, ConnectUserStatus } from '@causeway/contract';
import { startDomain } from '@causeway/samba';
import { eventually as lookUntil } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import {
  freezeController,
  joinController,
  killController,
  removeController,
  replicate,
  thawController,
} from '../domains/controllers.ts';
import { labUp } from '../domains/lifecycle.ts';
import { DOMAINS, describeDomain, type LabDomain, layoutOf, randomPassword } from '../domains/table.ts';
import {
  change,
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  quotedPassword,
  renameUser,
  userAttributes,
  userDn,
} from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// A connector with two domain controllers of one domain. One dies, lags, returns, or is lost for good.

const first: LabDomain = DOMAINS.onprem;
const stage = await freshStage();
const file = stage.configOf('connect');
const config = ['--config', file];
const run = randomBytes(2).toString('hex');
const { dnsDomain } = describeDomain(first);
const PEOPLE = 200;
const FAILOVER_MS = 30_000;
let second: LabDomain;
let readOnly: LabDomain | undefined;
let trials: Trials;

interface Someone {
  sam: string;
  upn: string;
  password: string;
}

const someone = (name: string): Someone => {
  const sam = `${name}.${run}`;
  return { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword() };
};
const crowd = Array.from({ length: PEOPLE }, (_, n) => someone(`p${n}`));

const eventually = (what: string, look: () => Promise<boolean>, ms = 60_000) =>
  lookUntil(what, look, { patienceMs: ms });
const connector = async () => (await stage.connectStatus<ConnectStatus>()).connectors[0]!;
const status = (who: Someone) => stage.connectStatus<ConnectUserStatus>(who.sam);
const signsIn = (who: Someone) => trials.web(who, who.password);
const reads = (controller: LabDomain) => async () =>
  (await connector()).domainController?.server === controller.address;
const isWell = async () => {
  const { lastError, domainController } = await connector();
  return lastError === null && domainController?.lagsSince === null;
};

async function make(at: LabDomain, name: string): Promise<Someone> {
  const who = someone(name);
  await createUser(at, who);
  await eventually(`${who.upn} signs in`, () => signsIn(who));
  return who;
}

/** Sets new passwords for many, in one connection. Throws if the domain controller rejects one. */
async function renew(at: LabDomain, people: readonly Someone[]): Promise<void> {
  const changes = people.map(who => {
    who.password = randomPassword();
    const replace = { unicodePwd: [quotedPassword(who.password)] };
    return { dn: userDn(at, who), change: 'modify' as const, replace };
  });
  await change(at, ...changes);
}

/** Waits until the second password of each has been sent. */
const allSent = (people: readonly Someone[], version = 2) =>
  eventually(`${people.length} passwords of version ${version}`, async () => {
    for (const who of people) {
      const { password } = await status(who);
      if ((password?.order?.version ?? 0) < version) return false;
    }
    return true;
  });

async function replicateBoth(): Promise<void> {
  await replicate(first, second);
  await replicate(second, first);
}

/** Waits until a cycle has read what this domain controller has by now. */
const isRead = (at: LabDomain, name: string) => make(at, name);

function configure(change: Record<string, unknown>): void {
  const { connectors, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as {
    connectors: Record<string, unknown>[];
  };
  writeFileSync(file, JSON.stringify({ ...rest, connectors: [{ ...connectors[0], ...change }] }));
}

const entryOf = (controller: LabDomain) => ({
  server: controller.address,
  caFile: describeDomain(controller).caFile,
});

before(async () => {
  trials = new Trials(await stage.openWeb());
  second = await joinController(first, { name: 'onprem2', hostName: 'dc2', address: '127.0.0.15' });
  await stage.connect.stop();
  configure({ domainControllers: [entryOf(second)] });
  await stage.connect.start();
  await eventually('a cycle', isWell);
});

beforeEach(() => Promise.all([first, second].map(controller => startDomain(layoutOf(controller)))));

after(async () => {
  await stage.close();
  await labUp();
  for (const joined of [second, readOnly]) if (joined) await removeController(first, joined);
  await change(first, ...crowd.map(who => ({ dn: userDn(first, who), change: 'delete' as const }))).catch(
    () => {},
  );
});

test('200 passwords that change at both controllers while the first one dies and returns all arrive', async () => {
  await change(
    first,
    ...crowd.map(who => ({
      dn: userDn(first, who),
      change: 'add' as const,
      attributes: userAttributes(first, who),
    })),
  );
  await replicateBoth();
  await allSent(crowd, 1);
  const [early, unheard] = [crowd.slice(0, 60), crowd.slice(60, 80)];
  const [late, other] = [crowd.slice(80, 100), crowd.slice(100)];
  await Promise.all([renew(first, early), renew(second, other.slice(0, 50))]);
  await replicate(first, second); // it dies before it has seen the others
  await renew(first, unheard); // the second has not seen these, and Connect perhaps not all
  const died = Date.now();
  await killController(first);
  await renew(second, other.slice(50));
  await eventually('the second one is read', reads(second), FAILOVER_MS);
  assert.ok(Date.now() - died < FAILOVER_MS);
  const { domainController } = await connector();
  assert.equal(domainController?.preferred, first.address);
  assert.match(domainController?.reason ?? '', /'127\.0\.0\.10' of connector .* cannot be used/);
  await allSent([...early, ...other]);
  await startDomain(layoutOf(first));
  await renew(first, late);
  await replicateBoth();
  await allSent(crowd);
  await eventually('the first one is read again', reads(first));
  await eventually('all is well', isWell);
  for (const who of [early[0]!, early.at(-1)!, unheard.at(-1)!, late[0]!, other[0]!, other.at(-1)!]) {
    assert.ok(await signsIn(who), who.upn);
  }
  const events = stage.readLog('connect');
  assert.match(events, /'127\.0\.0\.15' .* is read from now on: the domain controller '127\.0\.0\.10'/);
  assert.match(events, /'127\.0\.0\.10' .* is read from now on: it is preferred/);
});

test('a lagging domain controller re-enables and deletes no user, and disables at once', async () => {
  const [disabled, deleted, closing, unknown] = [
    await make(first, 'disabled'),
    await make(first, 'deleted'),
    await make(first, 'closing'),
    someone('unknown'),
  ];
  await replicateBoth();
  await disableUser(first, disabled.sam);
  await deleteUser(first, deleted.sam);
  await createUser(first, unknown); // the other one never saw this user
  await eventually('the new one', () => signsIn(unknown));
  await eventually('they are closed', async () => !(await signsIn(disabled)) && !(await signsIn(deleted)));
  await killController(first);
  await eventually('the lagging one is read', reads(second), FAILOVER_MS);

  for (const { sam } of [disabled, deleted])
    await renameUser(second, sam, { attributes: { displayName: ['of the one that lags'] } });
  await isRead(second, 'made-there');
  const nobodyMoved = async () => {
    assert.equal(await signsIn(disabled), false, 'who was disabled stays closed');
    assert.equal(await signsIn(deleted), false, 'who was deleted stays gone');
    assert.ok(await signsIn(unknown), 'whom the other one does not know stays');
  };
  await nobodyMoved();
  assert.notEqual((await connector()).domainController?.lagsSince, null);

  const whole = await runCli(['connect', 'sync', '--once', '--initial', ...config]);
  assert.equal(whole.code, 0, whole.stderr);
  await nobodyMoved();
  await disableUser(second, closing.sam);
  await eventually('closing counts', async () => !(await signsIn(closing)));
  const doctor = await runCli(['doctor', ...config, ...stage.remote]);
  assert.match(doctor.stdout, /127\.0\.0\.15 has not got all that was read before/);

  await startDomain(layoutOf(first));
  await replicateBoth();
  await eventually('the first one is read again', reads(first));
  await eventually('all is well', isWell);
  await isRead(first, 'after');
  await nobodyMoved();
  await enableUser(first, disabled.sam);
  await eventually('who is enabled is in again', () => signsIn(disabled));
});

test('Connect leaves a domain controller that falls silent, and reads it again when it answers', async () => {
  const who = await make(first, 'silent');
  await replicateBoth();
  await eventually('nothing is left to do', isWell);
  freezeController(first);
  try {
    await renew(second, [who]);
    await eventually('the other one is read, and brings the password', () => signsIn(who), FAILOVER_MS);
    assert.ok(await reads(second)());
  } finally {
    thawController(first);
  }
  await replicateBoth();
  await eventually('it is read again', reads(first));
});

test('12: only an administrator gives up a domain controller lost with a change that it alone had, while the other one lags', async () => {
  const who = await make(first, 'lost');
  await replicateBoth();
  await disableUser(first, who.sam);
  await eventually('closed', async () => !(await signsIn(who)));
  await killController(first);
  await eventually('the other one is read', reads(second), FAILOVER_MS);
  await isRead(second, 'before-accept');
  assert.equal(await signsIn(who), false);
  const accept = ['connect', 'accept-dc', (await connector()).name, ...config];
  const shown = await runCli(accept);
  assert.match(shown.stdout, /127\.0\.0\.15 has not got all.*\n(.*\n)+.*--yes/);
  assert.equal(await signsIn(who), false);
  const { accepted } = await runCliJson<{ accepted: boolean }>([...accept, '--yes']);
  assert.equal(accepted, true);
  await eventually('the one that is left counts', () => signsIn(who));
  await eventually('it lags no more', isWell);
  await startDomain(layoutOf(first));
  await replicateBoth();
});

test('rejects a read-only domain controller with the reason', async () => {
  const place = { name: 'onprem3', hostName: 'rodc', address: '127.0.0.16' };
  readOnly = await joinController(first, place, 'RODC');
  await stage.connect.stop();
  configure({ ...entryOf(readOnly), domainControllers: [] });
  const once = await runCli(['connect', 'sync', '--once', ...config]);
  assert.equal(once.code, 1);
  assert.match(once.stderr, /'127\.0\.0\.16' of connector .* is a read-only one \(RODC\)/);
});
