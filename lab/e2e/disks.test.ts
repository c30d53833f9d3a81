import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DomainStatus } from '@causeway/contract';
import { type LdapError, openLdap } from '@causeway/ldap';
import { baseDn, stopDomain } from '@causeway/samba';
import { localSocketPath, mapLimit } from '@causeway/service';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { SmallDisk } from '../disk.ts';
import { labPath } from '../domains/state.ts';
import { DOMAINS, describeDomain, domainDirectory, layoutOf, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { Place } from '../places/place.ts';
import { type CliResult, runCli } from '../places/run-cli.ts';
import type { Stage } from '../places/stage.ts';
import { startPostgres, type ThrowAwayPostgres } from '../run/postgres.ts';

// Disks that fill up or become read-only, under each service, PostgreSQL and Samba: each service reports it, ends or resumes as promised,
// and loses nothing.

const onprem = DOMAINS.onprem;
const { dnsDomain } = describeDomain(onprem);
const tag = randomBytes(2).toString('hex');
const AT_ONCE = 4;
/** Enough to fill a batch of their own at each place. */
const MANY = 40;
/** Services check their own trouble again after 30 seconds at most. */
const PATIENCE_MS = 45_000;

const disks: SmallDisk[] = [];
const made: string[] = [];
const inPlaceOf = async (folder: string, megabytes: number): Promise<SmallDisk> => {
  const disk = await SmallDisk.inPlaceOf(folder, megabytes);
  disks.push(disk);
  return disk;
};
let diskOfPostgres: SmallDisk;
let postgres: ThrowAwayPostgres;
let stage: Stage;
let trials: Trials;
const disk = {} as Record<'connect' | 'domain' | 'samba', SmallDisk>;

interface Someone {
  readonly sam: string;
  readonly upn: string;
  password: string;
}

before(async () => {
  diskOfPostgres = await SmallDisk.make(160);
  disks.push(diskOfPostgres);
  postgres = await startPostgres({ within: diskOfPostgres.folder, durable: true });
  stage = await freshStage({ databaseUrl: postgres.url });
  await stage.openTenant();
  trials = new Trials(await stage.registerApplication());
  await stage.createConnectorAccounts();
  disk.connect = await inPlaceOf(stage.stateOf('connect'), 48);
  await stage.openConnect();
  disk.domain = await inPlaceOf(stage.stateOf('domain'), 48);
  await stage.createDomain();
  disk.samba = await inPlaceOf(domainDirectory(DOMAINS.managed), 96);
  await stage.domain.start();
  await stage.pair();
});

after(async () => {
  for (const one of disks) one.makeRoom();
  await stage?.close();
  await stopDomain(layoutOf(DOMAINS.managed));
  await postgres?.stop();
  for (const one of disks) await one.remove();
  await mapLimit(made, AT_ONCE, dn => deleteUser(onprem, dn).catch(() => {}));
});

afterEach(() => {
  for (const one of disks) one.makeRoom();
});

async function make(name: string): Promise<Someone> {
  const sam = `${name}.${tag}`;
  const user = { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword() };
  made.push(await createUser(onprem, user));
  return user;
}

const makeMany = (name: string): Promise<Someone[]> =>
  mapLimit([...Array(MANY).keys()], AT_ONCE, n => make(`${name}${n}`));

async function renew(who: Someone): Promise<void> {
  who.password = randomPassword();
  await setPassword(onprem, who.sam, who.password);
}

const arrives = (who: Someone) =>
  eventually(
    `${who.sam} in both places`,
    async () =>
      (await trials.web(who, who.password)) && (await trials.kerberos(who, who.password)) !== undefined,
    { patienceMs: PATIENCE_MS },
  );

/** The trouble that a service reports in its own status. */
async function troubleOf(name: 'connect' | 'domain'): Promise<string> {
  if (name === 'domain') return (await stage.domainStatus<DomainStatus>()).trouble ?? '';
  const status = await stage.connectStatus<{ connectors: { lastError: string | null }[] }>();
  return status.connectors[0]!.lastError ?? '';
}

const says = (name: 'connect' | 'domain', words: RegExp) =>
  eventually(`${name} says ${words}`, async () => words.test(await troubleOf(name)), {
    patienceMs: PATIENCE_MS,
  });

/** Runs a service that cannot start, and keeps its output. */
async function runInVain(args: readonly string[]): Promise<CliResult> {
  const late = delay(30_000, undefined, { ref: false }).then(() => assert.fail('it has not ended'));
  return Promise.race([runCli(args, { DATABASE_URL: '' }), late]);
}

const startInVain = (name: string): Promise<CliResult> =>
  runInVain([name, 'run', '--config', stage.configOf(name)]);

const listens = (path: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connectSocket(path, () => resolve(socket.destroy() !== undefined));
    socket.on('error', () => resolve(false));
  });

/** Asserts a stated reason: a non-zero exit code, a true message, nothing listening, no process named as the lock's owner. */
async function endedWith(result: CliResult, name: string, words: RegExp): Promise<void> {
  assert.equal(result.code, 1, result.stderr);
  assert.match(result.stderr, words);
  assert.doesNotMatch(result.stderr, /in use by|transaction/);
  assert.equal(await listens(localSocketPath(stage.stateOf(name))), false);
}

const FULL = /no space left on device: '.*' cannot be written: make room/;
const READ_ONLY = /the disk of '.*' is read-only: look into the system's log/;

for (const name of ['connect', 'domain'] as const) {
  test(`${name} waits on a full disk, reports it, and resumes when there is room`, async () => {
    const alice = await make(`alice-${name}`);
    await arrives(alice);
    disk[name].fill();
    await renew(alice);
    await says(name, FULL);
    assert.ok(stage[name].running);
    disk[name].makeRoom();
    await arrives(alice);
    await says(name, /^$/);
  });

  test(`${name} stops on request on a full disk, does not start there, and starts when there is room`, async () => {
    const bob = await make(`bob-${name}`);
    await arrives(bob);
    disk[name].fill();
    await renew(bob);
    await says(name, FULL);
    const began = performance.now();
    await stage[name].stop();
    assert.ok(performance.now() - began < 15_000, 'it ends at once');
    // A killed service leaves an empty lock file, which names no process.
    if (existsSync(join(stage.stateOf(name), 'lock.pid')))
      writeFileSync(join(stage.stateOf(name), 'lock.pid'), '');
    disk[name].fill(); // closing files may have freed space
    await endedWith(await startInVain(name), name, FULL);
    disk[name].makeRoom();
    await stage[name].start();
    await arrives(bob);
  });

  test(`${name} reports that its disk became read-only, stops on request, and starts on another disk`, async () => {
    const carol = await make(`carol-${name}`);
    await arrives(carol);
    await disk[name].fail();
    await renew(carol);
    await says(name, READ_ONLY);
    await stage[name].stop();
    await endedWith(await startInVain(name), name, READ_ONLY);
    await disk[name].replace();
    await stage[name].start();
    await arrives(carol);
  });
}

test('a tenant on a full PostgreSQL disk answers 503 with a reason, keeps running, and accepts everything when there is room', async () => {
  diskOfPostgres.fill();
  const people = await makeMany('dora');
  await says('connect', /no space left on device: the tenant's database is full: try again later/);
  assert.ok(stage.tenant.running);
  diskOfPostgres.makeRoom();
  for (const who of [people[0]!, people.at(-1)!]) await arrives(who);
  await says('connect', /^$/);
});

/** Uses up the room that Samba's database keeps for a while, with a value larger than any of ours. */
async function useUp(): Promise<void> {
  const ldap = await openLdap({ url: { socketPath: layoutOf(DOMAINS.managed).ldapi }, timeoutMs: 20_000 });
  try {
    for (const size of [60_000, 6_000, 600]) {
      for (let n = 0; ; n++) {
        const name = `large-${size}-${n}`;
        const dn = `CN=${name},CN=Users,${baseDn(DOMAINS.managed)}`;
        const values = { objectClass: 'user', sAMAccountName: name, jpegPhoto: Buffer.alloc(size, n) };
        const refusal = await ldap.add(dn, values).catch((error: unknown) => error as LdapError);
        if (refusal === undefined) continue;
        assert.match(refusal.message, /IO Error/);
        break;
      }
    }
  } finally {
    await ldap.close();
  }
}

test('Samba on a full disk counts as a directory that cannot store anything, not as one that rejects a user', async () => {
  const counts = async () => (await stage.domainStatus<DomainStatus>()).problems.counts;
  const before = await counts();
  disk.samba.fill();
  await useUp();
  const people = await makeMany('eve');
  await says(
    'domain',
    /no space left on device: '.*' cannot be written|directory in '.*' cannot store anything/,
  );
  assert.deepEqual(await counts(), before);
  disk.samba.makeRoom();
  for (const who of [people[0]!, people.at(-1)!]) await arrives(who);
  assert.deepEqual(await counts(), before);
});

test('Samba on a disk that became read-only counts as the same, and starts again on another disk', async () => {
  const counts = async () => (await stage.domainStatus<DomainStatus>()).problems.counts;
  const before = await counts();
  const frank = await make('frank');
  await arrives(frank);
  await disk.samba.fail();
  await renew(frank);
  await says('domain', /the disk of '.*' is read-only/);
  assert.deepEqual(await counts(), before);
  await stage.domain.stop();
  await stopDomain(layoutOf(DOMAINS.managed));
  await disk.samba.replace();
  await stage.domain.start();
  await arrives(frank);
});

test('a tenant with an embedded database reports its disk’s trouble, and has everything afterwards', async () => {
  const state = labPath('places', 'embedded');
  const embedded = await inPlaceOf(state, 120);
  const args = ['tenant', 'run', '--state', state, '--listen', '127.0.0.1:8455'];
  const place = new Place({
    name: 'embedded tenant',
    args,
    logFile: labPath('places', 'embedded.log'),
    env: { DATABASE_URL: '' },
    ready: async () => assert.ok(await listens(localSocketPath(state))),
  });
  const token = labPath('places', 'embedded.token');
  const common = ['--tenant', 'http://127.0.0.1:8455', '--token-file', token];
  const created: string[] = [];
  /** Creates users until one is rejected. */
  const createUntilRefused = async (most: number): Promise<string> => {
    for (let n = 0; n < most; n++) {
      const upn = `u${created.length}@embedded.example`;
      const result = await runCli(['tenant', 'user', 'create', upn, ...common]);
      if (result.code !== 0) return result.stderr;
      created.push(upn);
    }
    return '';
  };
  const everybody = async (): Promise<void> => {
    const list = await runCli(['tenant', 'users', ...common]);
    assert.equal(list.code, 0, list.stderr);
    assert.deepEqual(
      created.filter(upn => !list.stdout.includes(upn)),
      [],
    );
  };
  try {
    await place.start();
    const admin = ['--admin', 'a@embedded.example', '--state', state, '--token-out', token];
    assert.equal((await runCli(['tenant', 'create', 'embedded', ...admin])).code, 0);
    assert.equal(await createUntilRefused(2), '');
    embedded.fill();
    const refusal = await createUntilRefused(40);
    assert.match(refusal, /no space left on device: the tenant's database is full: try again later/);
    assert.ok(place.running);
    embedded.makeRoom();
    assert.equal(await createUntilRefused(1), '');
    await everybody();

    await embedded.fail();
    // PostgreSQL cannot write its commit log and ends, and so does the process that embeds it.
    assert.match(await createUntilRefused(5), /no answer to POST|cannot be written, its disk is read-only/);
    await place.stop();
    assert.match(place.lastLines(), READ_ONLY);
    const inVain = await runInVain(args);
    assert.equal(inVain.code, 1);
    assert.match(inVain.stderr, READ_ONLY);
    assert.equal(await listens(localSocketPath(state)), false);
    await embedded.replace();
    await place.start();
    await everybody();
  } finally {
    await place.stop();
  }
});
