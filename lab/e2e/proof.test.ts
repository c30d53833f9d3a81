import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stopDomain } from '@causeway/samba';
import pg from 'pg';
import { tellStory } from '../demo/story.ts';
import { seededUsers } from '../domains/seed.ts';
import { DOMAINS, labForests, layoutOf } from '../domains/table.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { bytesBelow, findSecrets, type KnownSecret, secretsOf } from './secret-search.ts';

const databaseUrl = process.env.DATABASE_URL;
const stage = await freshStage({
  ...{ forests: labForests, headIntervalMs: 1000, record: true, databaseUrl },
  dns: 'internal',
});
const { steps, people } = tellStory(stage);

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(DOMAINS.managed));
});

test('a password passes through all places', async t => {
  for (const step of steps) await t.test(step.title, async s => s.diagnostic(await step.run()));
});

test('nothing that Connect and the tenant write has an NT hash or a Kerberos key', async t => {
  const secrets = knownSecrets();
  assert.ok(secrets.length > 30, 'there are secrets to look for');
  for (const { name, read, plant } of searched()) {
    await t.test(`${name} holds none`, async () => {
      assert.deepEqual(findSecrets(await read(), secrets), []);
    });
    await t.test(`the search finds one planted in ${name}`, async () => {
      for (const encode of [raw, hex, base64]) {
        const planted: KnownSecret = { label: 'planted', bytes: randomBytes(16) };
        await plant(encode(planted.bytes));
        assert.deepEqual(findSecrets(await read(), [planted]), ['planted']);
      }
    });
  }
});

const raw = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const hex = (bytes: Uint8Array): Buffer => Buffer.from(`x${raw(bytes).toString('hex')}`);
const base64 = (bytes: Uint8Array): Buffer =>
  Buffer.from(Buffer.concat([Buffer.from('a'), bytes]).toString('base64'));

function knownSecrets(): KnownSecret[] {
  const seeded = labForests.flatMap(forest =>
    seededUsers(forest)
      .filter(user => user.password !== null)
      .flatMap(user => secretsOf(user.sam, user.password!, `${forest.realm}${user.upn.split('@')[0]}`)),
  );
  const told = people.flatMap(({ forest, sam, passwords }) =>
    passwords.flatMap((password, i) =>
      secretsOf(`${sam}, password ${i}`, password, `${(forest ?? DOMAINS.managed).realm}${sam}`),
    ),
  );
  return [...seeded, ...told];
}

interface Searched {
  name: string;
  read(): Promise<Buffer>;
  plant(bytes: Buffer): Promise<void>;
}

function searched(): Searched[] {
  const file = (name: string, path: string, plantIn = path): Searched => ({
    name,
    read: async () => bytesBelow(path),
    plant: async bytes => appendFileSync(plantIn, bytes),
  });
  const requests = stage.proxy!.requests;
  return [
    file("Connect's files", stage.stateOf('connect'), join(stage.stateOf('connect'), 'planted')),
    file("the tenant's files", stage.stateOf('tenant'), join(stage.stateOf('tenant'), 'planted')),
    ...(databaseUrl ? [database(databaseUrl)] : []),
    ...['connect', 'tenant', 'domain'].map(name => file(`the log of ${name}`, stage.logOf(name))),
    {
      name: 'the recorded requests',
      read: async () => Buffer.concat(requests.map(request => request.body)),
      plant: async body => void requests.push({ method: 'POST', path: '/planted', body }),
    },
  ];
}

/** A dump as a thief would have it. A planted secret goes into a table of its own, raw bytes as bytea. */
function database(url: string): Searched {
  return {
    name: "a dump of the tenant's database",
    read: async () => execFileSync('pg_dump', ['--no-owner', url], { maxBuffer: 1 << 30 }),
    plant: async bytes => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('create table if not exists planted (bytes bytea, characters text)');
      await client.query(`insert into planted values ($1, encode($1, 'escape'))`, [bytes]);
      await client.end();
    },
  };
}
