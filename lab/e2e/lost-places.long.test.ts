import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, disableUser, enableUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { Losses, partsOf } from '../places/losses.ts';

// The drills of docs/operate.md: places are restored from a backup, or keep nothing but their keys, after the forest has changed. Every
// place then returns to what the forest says, without an administrator.

const PATIENCE_MS = 60_000;
const stage = await freshStage({ headIntervalMs: 1_000 });
const onprem = DOMAINS.onprem;
const { dnsDomain } = describeDomain(onprem);
const losses = new Losses(stage);
let trials: Trials;

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

/** What a day brings. All of them were there at the backup, except the one who is hired. */
interface Day {
  readonly leaves: Person;
  readonly isDisabled: Person;
  readonly comesBack: Person;
  readonly changes: Person;
  readonly before: string;
  readonly stays: Person;
  readonly isHired: Person;
}

/** A backup, and then a day that it does not have. */
async function dayAfterBackup(): Promise<Day> {
  const [leaves, isDisabled, comesBack, changes, stays] = (await Promise.all(
    ['leaves', 'disabled', 'back', 'changes', 'stays'].map(hire),
  )) as [Person, Person, Person, Person, Person];
  await disableUser(onprem, comesBack.sam);
  await eventually('all have come', async () => {
    const there = await Promise.all([leaves, isDisabled, changes, stays].map(who => isIn(who)));
    return there.every(Boolean) && (await isOut(comesBack));
  });
  await losses.backUp();
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
  losses.close();
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
    await losses.lose({ toBackup: lost.flatMap(partsOf) });
    await isAsTheForestSays(day, 'after the restore');
    // Nothing is left to send: both sides agree.
    const { arrivals } = await stage.domainStatus<{ arrivals: { state: string; alarm: unknown }[] }>();
    assert.equal(arrivals[0]!.alarm, null);
  });

test('a Connect that kept only its keys sends every user again and deletes those who left meanwhile', async () => {
  const day = await dayAfterBackup();
  await stage.connect.stop();
  const leaver = await hire('meanwhile');
  await stage.connect.start();
  await eventually('the newcomer is in', () => isIn(leaver));
  await stage.connect.stop();
  await deleteUser(onprem, leaver.sam);
  await losses.lose({ toNothing: ['connect'] });
  await isAsTheForestSays(day, 'after the loss');
  await eventually('who left meanwhile is out', () => isOut(leaver), { patienceMs: PATIENCE_MS });
});
