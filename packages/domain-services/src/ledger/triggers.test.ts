import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { Ledger } from './ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-triggers-'));
after(() => rmSync(folder, { recursive: true }));

/** Statements of a trigger, which ends with `BEGIN … END`. */
const statementsOf = (sql: string): string[] =>
  sql
    .slice(sql.lastIndexOf('BEGIN') + 'BEGIN'.length)
    .replace(/END;?\s*$/, '')
    .split(';')
    .map(statement => statement.trim())
    .filter(statement => statement !== '');

/** At most 256 rows of a forest. */
const FEW = 'group_buckets';

test('no trigger reads a whole table, or all rows of a forest, for one row that changes', () => {
  const file = join(folder, 'ledger.db');
  new Ledger(file).close();
  const raw = new DatabaseSync(file);
  for (const name of ['name_key', 'bucket_of'])
    raw.function(name, { deterministic: true }, (value: unknown) => String(value));
  const triggers = raw.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all();
  const plans = triggers.flatMap(({ name, sql }) =>
    statementsOf(String(sql)).flatMap(statement =>
      raw
        .prepare(`EXPLAIN QUERY PLAN ${statement.replace(/\b(?:new|old)\.\w+/g, '?')}`)
        .all()
        .map(({ detail }) => `${name}: ${detail}`),
    ),
  );
  raw.close();
  assert.ok(plans.some(plan => /managers_of_account: .*\(wanted=\?\)$/.test(plan)));
  assert.deepEqual(
    plans.filter(plan => /: SCAN (?!\d)|\(forest=\?\)$/.test(plan) && !plan.includes(FEW)),
    [],
  );
});
