import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GROUP_RECORDS } from '@causeway/contract';
import { Database } from '../../store/database.ts';
import { listRuns } from '../../store/runs/run-table.ts';
import { DOMAIN_SID, group, guidOf, imported, person } from '../../testing/fixtures.ts';
import { openConnect } from '../../testing/open-connect.ts';
import { sourceAnchorOf } from '../source-anchor.ts';
import { findKnown, putObject } from './put-object.ts';

const SCRIPT = fileURLToPath(new URL('../../testing/export-once.ts', import.meta.url));
const GROUP = 5000;
const MEMBERS = 900;

/** @returns the signal that ended it */
async function exportOnce(file: string, crashAt?: string): Promise<string | null> {
  const env = { ...process.env, ...(crashAt !== undefined && { CAUSEWAY_CRASH_AT: crashAt }) };
  const args = ['--disable-warning=ExperimentalWarning', SCRIPT, file];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.ok(signal !== null || code === 0, `it ended with ${code}`);
  return signal;
}

test('completes an export that was killed between any two of its steps in the next one', async t => {
  const { connect, peer, stateDirectory, close } = await openConnect();
  t.after(close);
  peer.accepts = GROUP_RECORDS;
  const { context } = connect.connectors[0]!;
  const people = Array.from({ length: MEMBERS }, (_, n) => n + 1);
  const added = people.map(n => ({ guid: guidOf(n), sid: `${DOMAIN_SID}-${1000 + n}`, dn: '' }));
  context.store.db.transaction(() => {
    imported(context, ...people.map(n => person(n)));
    const object = group(GROUP);
    putObject(context, findKnown(context.store, object.guid, object.objectClasses), object, {
      ...{ generation: 1, domainSid: DOMAIN_SID },
      memberChanges: { added, removed: [], isWhole: false },
    });
  });
  await connect.close();
  const file = join(dirname(stateDirectory), 'connect.yaml');
  const points = ['before-groups', 'after-groups', 'before-slices', 'after-slices', 'before-slices-commit'];
  for (const point of points) assert.equal(await exportOnce(file, `connect.${point}`), 'SIGKILL', point);
  assert.equal(await exportOnce(file), null);
  assert.equal(peer.membersOf(sourceAnchorOf(guidOf(GROUP)))!.length, MEMBERS);
  peer.requests.length = 0;
  assert.equal(await exportOnce(file), null);
  assert.deepEqual(peer.requestsTo('/api/v1/sync/members'), [], 'nothing is left to do');
  const db = new Database(join(stateDirectory, 'connect.db'));
  const results = listRuns(db, { limit: 100 }).map(({ result }) => result);
  db.close();
  assert.deepEqual(results, ['success', 'success', ...points.map(() => 'stopped-server')]);
});
