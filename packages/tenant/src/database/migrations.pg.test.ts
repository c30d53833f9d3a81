import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';

/** Every column with its type and default, every index and every check, as PostgreSQL itself tells them. */
const SHAPE = sql<{ line: string }>`
  select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
    from information_schema.columns where table_schema = 'public'
  union all select indexdef from pg_indexes where schemaname = 'public'
  union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid))
    from pg_constraint where connamespace = 'public'::regnamespace
      and contype <> 'n'`; // not null is a constraint since PostgreSQL 18, and in the columns everywhere

const shapes: string[][] = [];

onEveryBackend('the migrations', tenant => {
  it('make the same database whatever it runs on', async () => {
    const { rows } = await SHAPE.execute(tenant().running.database);
    const shape = rows.map(({ line }) => line).sort();
    assert.ok(shape.some(line => line.startsWith('users.cloud_credential ')));
    shapes.push(shape);
    assert.deepEqual(shape, shapes[0]);
  });
});
