import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ConnectStatus } from '@causeway/contract';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, disableUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { dumpDatabase, restoreDatabase } from '../run/postgres.ts';

// The tenant's database is taken back to a dump after the forest has gone on. Nobody does anything afterwards.

const PATIENCE_MS = 60_000;
const { onprem } = DOMAINS;
const { dnsDomain } = describeDomain(onprem);
const run = randomBytes(2).toString('hex');
const databaseUrl = process.env.DATABASE_URL!;
const stage = await freshStage({ databaseUrl });
const made: string[] = [];
let trials: Trials;

interface Person {
  sam: string;
  upn: string;
  password: string;
}

async function hire(name: string): Promise<Person> {
  const sam = `${name}.${run}`;
  const person = { sam, upn: `${sam}@${dnsDomain}`, password: randomPassword() };
  made.push(await createUser(onprem, person));
  return person;
}

async function looks(
  when: string,
  expected: readonly [Person, password: string, isIn: boolean][],
): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (const [who, password, isIn] of expected) {
    const look = async () => (await trials.web(who, password)) === isIn;
    await eventually(`${when}: ${who.sam} is ${isIn ? 'in' : 'out'}`, look, {
      patienceMs: Math.max(1_000, until - Date.now()),
    });
  }
}

before(async () => {
  trials = new Trials(await stage.openWeb());
});

after(async () => {
  await stage.close();
  for (const dn of made) await deleteUser(onprem, dn).catch(() => {});
});

test('a tenant that is restored to a dump is soon as the domain controller says', async () => {
  const [leaves, isDisabled, changes, stays] = (await Promise.all(
    ['leaves', 'disabled', 'changes', 'stays'].map(hire),
  )) as [Person, Person, Person, Person];
  const before = changes.password;
  await looks(
    'before',
    [leaves, isDisabled, changes, stays].map(who => [who, who.password, true]),
  );
  const dump = await dumpDatabase(databaseUrl);

  const isHired = await hire('hired');
  await disableUser(onprem, isDisabled.sam);
  await deleteUser(onprem, leaves.sam);
  changes.password = randomPassword();
  await setPassword(onprem, changes.sam, changes.password);
  const expected = [
    [isDisabled, isDisabled.password, false],
    [leaves, leaves.password, false],
    [changes, before, false],
    [isHired, isHired.password, true],
    [changes, changes.password, true],
    [stays, stays.password, true],
  ] as const;
  await looks(
    'after a day',
    expected.map(([...one]) => one),
  );

  await stage.tenant.stop();
  await restoreDatabase(databaseUrl, dump);
  await stage.tenant.start();
  await looks(
    'after the restore',
    expected.map(([...one]) => one),
  );

  await eventually('nothing differs any more', async () => {
    const { connectors } = await stage.connectStatus<ConnectStatus>();
    return connectors[0]!.comparison?.differing === 0;
  });
  const { connectors } = await stage.connectStatus<ConnectStatus>();
  const { saidAnew, alarmed, strangersHeld } = connectors[0]!.comparison!;
  assert.ok(saidAnew >= 3, `${saidAnew} were said anew`);
  assert.deepEqual([alarmed, strangersHeld, connectors[0]!.suppressedDeletes], [0, 0, 0]);
});
