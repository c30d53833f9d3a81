import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { accountItem, person } from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const BATCHES = 3;
const BATCH = 250;

onEveryBackend('statistics', tenant => {
  let connect: TestAgent;
  let number = 0;
  const { objects } = provisioningOf(() => connect);
  const batch = async (): Promise<Set<string>> => {
    const people = Array.from({ length: BATCH }, () => person(++number));
    return new Set(await objects(...people.map(who => accountItem(connect, who))));
  };

  before(async () => {
    const { send: admin } = await tenant().createTenant('contoso');
    connect = await enrolAgent(tenant().url, admin, 'connect');
  });

  it('exist while a first import runs: the planner does not take a tenant for a few of the rows', async () => {
    const { database } = tenant().running;
    for (let i = 0; i < BATCHES; i++) assert.deepEqual(await batch(), new Set(['applied']));
    const { rows } = await sql<Record<'QUERY PLAN', [{ Plan: Record<'Plan Rows', number> }]>>`
      explain (format json) select from users where tenant_id = ${connect.tenantId}`.execute(database);
    const expected = rows[0]!['QUERY PLAN'][0].Plan['Plan Rows'];
    assert.ok(expected >= (BATCHES * BATCH) / 3, `${expected} rows are expected`);
  });

  it('do not fail a batch when PostgreSQL cannot gather them', async () => {
    const { database } = tenant().running;
    const odd = (body: string) =>
      sql`create or replace function odd(a text) returns text language plpgsql immutable as ${sql.lit(`begin ${body}; end`)}`;
    await odd('return a').execute(database);
    await sql`create table odd_texts (a text)`.execute(database);
    await sql`create index odd_index on odd_texts (odd(a))`.execute(database);
    await sql`insert into odd_texts select repeat('x', 1000) from generate_series(1, 1000)`.execute(database);
    await odd(`raise exception 'odd'`).execute(database);
    await assert.rejects(sql`analyze odd_texts`.execute(database), /odd/);
    assert.deepEqual(await batch(), new Set(['applied']));
  });
});
