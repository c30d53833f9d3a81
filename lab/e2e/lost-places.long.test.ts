import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { labPath } from '../domains/state.ts';
import { DOMAINS, describeDomain, domainDirectory, layoutOf, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, disableUser, enableUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';

// The drills of docs/operations.md, *After a loss*: places are taken back to a backup, or to nothing but their keys, after the forest
// has gone on. Nobody does anything afterwards, and all places come back to what the forest says.

const PATIENCE_MS = 60_000;
const stage = await freshStage({ headIntervalMs: 1_000 });
const onprem = DOMAINS.onprem;
const { dnsDomain } = describeDomain(onprem);
let trials: Trials;

type PlaceName = 'tenant' | 'connect' | 'domain';
const PLACES: readonly PlaceName[] = ['tenant', 'connect', 'domain'];

/** What a backup of a place holds; Domain Services and its domain are one place. */
const foldersOf = (name: PlaceName): string[] =>
  name === 'domain' ? [stage.stateOf(name), domainDirectory(DOMAINS.managed)] : [stage.stateOf(name)];
const BACKUP = labPath('places', 'backup');

async function stop(): Promise<void> {
  for (const place of stage.places) await place.stop();
  await stopDomain(layoutOf(DOMAINS.managed));
}

async function start(): Promise<void> {
  for (const name of PLACES) await stage[name].start();
}

/** With what the copy of a file system keeps, extended attributes too. */
const copy = (from: string, to: string): void => {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
};

async function backUp(): Promise<void> {
  await stop();
  execFileSync('mkdir', ['-p', BACKUP]);
  for (const name of PLACES)
    for (const [n, folder] of foldersOf(name).entries()) copy(folder, join(BACKUP, `${name}-${n}`));
  await start();
}

async function restore(names: readonly PlaceName[]): Promise<void> {
  await stop();
  for (const name of names)
    for (const [n, folder] of foldersOf(name).entries()) copy(join(BACKUP, `${name}-${n}`), folder);
  await start();
}

interface Person {
  sam: string;
  upn: string;
  password: string;
}

async function hire(name: string): Promise<Person> {
  const sam = `${name}.${randomBytes(2).toString('hex')}`;
  const person = { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword() };
  await createUser(onprem, person);
  return person;
}

const isIn = async (who: Person, password = who.password): Promise<boolean> =>
  (await trials.web(who, password)) && (await trials.accepted(who, password));
const isOut = async (who: Person, password = who.password): Promise<boolean> =>
  !(await trials.web(who, password)) && (await trials.refused(who, password));

/** What a day brings: each of them was there when the backup was made, but the one who is hired. */
interface Day {
  readonly leaves: Person;
  readonly isDisabled: Person;
  readonly comesBack: Person;
  readonly changes: Person;
  readonly before: string;
  readonly stays: Person;
  readonly isHired: Person;
}

/** A backup, and then a day of which it knows nothing. */
async function dayAfterBackup(): Promise<Day> {
  const [leaves, isDisabled, comesBack, changes, stays] = (await Promise.all(
    ['leaves', 'disabled', 'back', 'changes', 'stays'].map(hire),
  )) as [Person, Person, Person, Person, Person];
  await disableUser(onprem, comesBack.sam);
  await eventually('all have come', async () => {
    const there = await Promise.all([leaves, isDisabled, changes, stays].map(who => isIn(who)));
    return there.every(Boolean) && (await isOut(comesBack));
  });
  await backUp();
  const before = changes.password;
  changes.password = randomPassword();
  await setPassword(onprem, changes.sam, changes.password);
  await deleteUser(onprem, leaves.sam);
  await disableUser(onprem, isDisabled.sam);
  await enableUser(onprem, comesBack.sam);
  const isHired = await hire('hired');
  const day = { leaves, isDisabled, comesBack, changes, before, stays, isHired };
  await isAsTheForestSays(day, 'the day is over');
  return day;
}

async function isAsTheForestSays(day: Day, when: string): Promise<void> {
  const { leaves, isDisabled, comesBack, changes, before, stays, isHired } = day;
  const looks: Record<string, () => Promise<boolean>> = {
    'who left is out': () => isOut(leaves),
    'who is disabled is out': () => isOut(isDisabled),
    'who was enabled is in': () => isIn(comesBack),
    'the new password is taken': () => isIn(changes),
    'the old password is not': () => isOut(changes, before),
    'who stays is in': () => isIn(stays),
    'who was hired is in': () => isIn(isHired),
  };
  const until = Date.now() + PATIENCE_MS;
  for (const [what, look] of Object.entries(looks))
    await eventually(`${when}: ${what}`, look, { patienceMs: Math.max(1_000, until - Date.now()) });
}

before(async () => {
  trials = new Trials(await stage.openAll());
  await stage.forcePasswordSync();
});

after(async () => {
  await stage.close();
  rmSync(BACKUP, { recursive: true, force: true });
});

for (const lost of [
  ['tenant'],
  ['connect'],
  ['domain'],
  ['tenant', 'connect'],
  ['connect', 'domain'],
  ['tenant', 'domain'],
  ['tenant', 'connect', 'domain'],
] as const)
  test(`restored from the backup: ${lost.join(' and ')}`, async () => {
    const day = await dayAfterBackup();
    await restore(lost);
    await isAsTheForestSays(day, 'after the restore');
    // Nothing is left to be said: both sides agree.
    const { arrivals } = await stage.domainStatus<{ arrivals: { state: string; alarm: unknown }[] }>();
    assert.equal(arrivals[0]!.alarm, null);
  });

test('Connect has its keys alone: everybody comes again, and who left meanwhile goes', async () => {
  const day = await dayAfterBackup();
  await stage.connect.stop();
  const leaver = await hire('meanwhile');
  await stage.connect.start();
  await eventually('the newcomer is in', () => isIn(leaver));
  await stage.connect.stop();
  const state = stage.stateOf('connect');
  for (const file of readdirSync(state)) if (file.startsWith('connect.db')) rmSync(join(state, file));
  await deleteUser(onprem, leaver.sam);
  await stage.connect.start();
  await isAsTheForestSays(day, 'after the loss');
  await eventually('who left meanwhile is out', () => isOut(leaver), { patienceMs: PATIENCE_MS });
});
