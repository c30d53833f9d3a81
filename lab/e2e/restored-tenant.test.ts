import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { ConnectStatus, Difference } from '@causeway/contract';
import { EXIT } from '@causeway/service';
import { eventually } from '@causeway/service/testing';
import pg from 'pg';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, disableUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli } from '../places/run-cli.ts';
import { dumpDatabase, restoreDatabase } from '../run/postgres.ts';

// The tenant's database is restored from a dump after the forest has changed, without any further step of an administrator.

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

test('a restored tenant soon matches the domain controller', async () => {
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

/**
 * Compares as an administrator does, whether the service runs or not. Leaves out people of other tests whose names cannot work, which
 * nothing ends.
 */
async function compare(): Promise<{ code: number; found: string[]; waiting: number; text: string }> {
  const command = ['connect', 'compare', '--all', '--config', stage.configOf('connect')];
  const [text, json] = [await runCli(command), await runCli([...command, '--json'])];
  assert.equal(text.code, json.code, text.stderr || json.stderr);
  const { forests } = JSON.parse(json.stdout) as { forests: { differences: Difference[] }[] };
  const all = forests.flatMap(({ differences }) => differences);
  const open = all.filter(({ waits }) => waits === null);
  const found = open.map(({ kind, name, what, attributes }) =>
    [kind, name, ...(what === 'differs' ? attributes.map(each => each.name) : [what])].join(' '),
  );
  return { code: text.code, found: found.sort(), waiting: all.length - open.length, text: text.stdout };
}

test('compare finds what somebody writes into the tenant’s database, and nothing else', async () => {
  const [disabled, older, gone] = (await Promise.all(['written', 'older', 'gone'].map(hire))) as [
    Person,
    Person,
    Person,
  ];
  await looks(
    'before',
    [disabled, older, gone].map(who => [who, who.password, true]),
  );
  await eventually('nothing differs while the service runs', async () => {
    const { code, found, waiting } = await compare();
    assert.deepEqual(found, []);
    return code === (waiting > 0 ? EXIT.differs : EXIT.ok);
  });
  await stage.connect.stop();
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const write = (what: string, who: Person) =>
    client.query(`update users set ${what} where user_principal_name = $1`, [who.upn]);
  await write('account_enabled = false', disabled);
  await write('order_version = order_version - 1', older);
  await write('deleted_at = now()', gone);
  await client.end();
  const { code, found, text } = await compare();
  assert.deepEqual(
    found,
    [
      `password ${older.upn} password`,
      `user ${disabled.upn} accountEnabled`,
      `user ${gone.upn} only-here`,
    ].sort(),
  );
  assert.equal(code, EXIT.differs);
  assert.match(text, /accountEnabled here true, at the tenant false/);
  await stage.connect.start();
});
