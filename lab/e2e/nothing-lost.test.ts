import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { stopDomain } from '@causeway/samba';
import { mapLimit } from '@causeway/service';
import { eventually, NotYet } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, layoutOf, randomPassword } from '../domains/table.ts';
import { createUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import type { Place } from '../places/place.ts';
import { FOREST } from '../places/stage.ts';
import { randomFrom } from '../random.ts';
import { playing, seeds } from '../seeds.ts';

const PEOPLE = 200;
const CHANGES_MS = 60_000;
const KILLS = 10;
/** How long everything may take to be right after the last kill. */
const SETTLE_MS = 60_000;
/** Trials at once: each is a process of another program, and there are two cores. */
const AT_ONCE = 4;

/** Between any two steps of each service, once. */
const CRASHES: Record<string, readonly string[]> = {
  connect: [
    'after-read',
    'before-send',
    'after-send',
    'before-commit',
    'before-watermark',
    'after-watermark',
  ],
  tenant: ['before-commit', 'after-commit'],
  domain: ['after-read', 'before-write', 'after-write', 'after-ledger', 'before-cursor'],
};

const seed = seeds(1)[0]!;
const random = randomFrom(seed);
const stage = await freshStage({ databaseUrl: process.env.DATABASE_URL });

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(DOMAINS.managed));
});

interface Changing {
  readonly sam: string;
  readonly upn: string;
  readonly dn: string;
  password: string;
  before: string;
}

test(`seed ${seed}: 200 changing passwords survive kill -9 of every service`, {
  timeout: 12 * 60_000,
}, async t => {
  const told: string[] = [];
  await playing(seed, told, () => play(t, told));
});

/** @param told who was killed */
async function play(t: TestContext, told: string[]): Promise<void> {
  const trials = new Trials(await stage.openAll());
  const people = await makePeople();
  /** In how many of the three places each password works. */
  const placesOf = async (some: readonly Changing[], which: 'password' | 'before'): Promise<number[]> => {
    const [sessions, others] = await Promise.all([
      trials.ntlmOfMany(some.map(person => ({ user: person.sam, password: person[which] }))),
      mapLimit(some, AT_ONCE, async person => [
        await trials.web(person, person[which]),
        (await trials.kerberos(person, person[which])) !== undefined,
      ]),
    ]);
    return some.map((_, i) => [sessions[i], ...others[i]!].filter(Boolean).length);
  };
  /** Looks at all people until every one is right, without looking again at those who were. */
  const allSignIn = async (patienceMs: number): Promise<void> => {
    let open = [...people];
    const look = async () => {
      const places = await placesOf(open, 'password');
      open = open.filter((_, i) => places[i] !== 3);
      const names = open.map(person => person.sam).join(' ');
      return open.length === 0 || new NotYet(`${open.length} of ${PEOPLE} not right: ${names}`);
    };
    await eventually('everybody signs in', look, { patienceMs, lookMs: 0 });
  };
  await allSignIn(120_000);

  const stop = new AbortController();
  const killers = stage.places.map(place => keepKilling(place, told, stop.signal));
  await changePasswords(people);
  stop.abort();
  await Promise.all(killers);
  t.diagnostic(`${told.length} kills: ${told.join(' ')}`);
  for (const place of stage.places) {
    const own = told.filter(crash => crash.startsWith(place.settings.name));
    assert.ok(
      own.length >= KILLS + CRASHES[place.settings.name]!.length,
      `${place.settings.name} was killed ${own.length} times`,
    );
  }

  const settled = performance.now();
  await allSignIn(SETTLE_MS);
  t.diagnostic(
    `every newest password worked in all three places ${((performance.now() - settled) / 1000).toFixed(1)} s after the last kill`,
  );

  const stale = await placesOf(people, 'before');
  assert.deepEqual(
    people.filter((_, i) => stale[i] !== 0).map(person => person.sam),
    [],
    'the password before works for nobody',
  );
}

async function makePeople(): Promise<Changing[]> {
  const tag = seed.toString(36);
  const names = Array.from({ length: PEOPLE }, (_, i) => `k${tag}-${i}`);
  return mapLimit(names, AT_ONCE, async sam => {
    const password = randomPassword();
    const dn = await createUser(DOMAINS.onprem, { sam, password });
    return { sam, upn: `${sam}@${FOREST}`, dn, password, before: password };
  });
}

/** Changes each password once within the time, and each tenth one twice within one second. */
async function changePasswords(people: readonly Changing[]): Promise<void> {
  const started = performance.now();
  for (const [i, person] of people.entries()) {
    await delay(Math.max(0, started + (i * CHANGES_MS) / people.length - performance.now()));
    for (let times = i % 10 === 0 ? 2 : 1; times > 0; times--) {
      const next = randomPassword();
      await setPassword(DOMAINS.onprem, person.dn, next);
      person.before = person.password;
      person.password = next;
    }
  }
}

/** Kills a place repeatedly, first at its fault points, then at random moments. Leaves it running. */
async function keepKilling(place: Place, told: string[], signal: AbortSignal): Promise<void> {
  const { name } = place.settings;
  for (const point of CRASHES[name]!) {
    await place.stop();
    place.spawn({ CAUSEWAY_CRASH_AT: `${name}.${point}` });
    await place.ended();
    told.push(`${name}.${point}`);
  }
  for (let kills = 0; kills < KILLS; kills++) {
    place.spawn();
    await delay(500 + random() * 2500);
    await place.kill();
    told.push(`${name}.random`);
  }
  await place.start();
  while (!signal.aborted) await delay(100);
}
