import assert from 'node:assert/strict';
import { it } from 'node:test';
import { call } from '@causeway/api';
import { synchronizationRoutes } from '@causeway/contract';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, person } from '../testing/people.ts';
import { enrolAgent } from '../testing/test-agent.ts';
import { migrate } from './migrations.ts';

/** Every column with its type and default, every index and every check, as PostgreSQL itself lists them. */
const SHAPE = sql<{ line: string }>`
  select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
    from information_schema.columns where table_schema = 'public'
  union all select indexdef from pg_indexes where schemaname = 'public'
  union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
    from pg_constraint where connamespace = 'public'::regnamespace
      and contype <> 'n'`; // PostgreSQL 18 lists not null as a constraint; the columns above have it in every version

const shapes: string[][] = [];

onEveryBackend('the migrations', tenant => {
  it('make the same database on every backend', async () => {
    const { rows } = await SHAPE.execute(tenant().running.database);
    const shape = rows.map(({ line }) => line).sort();
    assert.ok(shape.some(line => line.startsWith('users.cloud_credential ')));
    shapes.push(shape);
    assert.deepEqual(shape, shapes[0]);
  });

  it('let a second forest use an anchor after a release that knew one user per anchor', async () => {
    const { database } = tenant().running;
    const { send: admin } = await tenant().createTenant('contoso');
    const other = 'fabrikam.example.org';
    const connect = await enrolAgent(tenant().url, admin, 'connect', 'connect', [FOREST, other]);
    const who = person(1);
    const say = async (forest: string) => {
      const body = { forest, changes: [accountItem(connect, { ...who, upn: `user@${forest}` }, { forest })] };
      return call(connect.send, synchronizationRoutes.exportObjects, { body });
    };
    await say(FOREST);
    await sql`drop index users_by_anchor`.execute(database);
    await sql`create unique index users_by_anchor on users (tenant_id, source_anchor)`.execute(database);
    await sql`delete from causeway_migrations where name = 'a synchronized user is forest and anchor'`.execute(
      database,
    );
    await assert.rejects(say(other));
    await migrate(database);
    assert.equal((await say(other)).verdicts[0]!.verdict, 'applied');
    const users = database.selectFrom('users').select('forest').where('source_anchor', '=', who.anchor);
    const forests = (await users.orderBy('forest').execute()).map(({ forest }) => forest);
    assert.deepEqual(forests, [FOREST, other]);
  });
});
