import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { EVENTS } from './events.ts';

test("finds an event's row that is added nowhere outside of tests", () => {
  const files = {
    'packages/connect/src/store/events.ts':
      "const EVENTS = {\n  started: row(601, 'info', 'It starts.', ''),\n  queued: row(\n    605,\n  ),\n  taken: logged(606, '', ''),\n};\n",
    'packages/connect/src/run.ts': "store.events.add('started', null, 'starts');\n",
    'packages/connect/src/queue.ts':
      "const event = { taken: 'taken' };\nstore.events.tell(event.taken, '', '');\n",
    'packages/connect/src/run.test.ts': "store.events.add('queued', null, 'queued');\n",
  };
  assert.deepEqual(planted(EVENTS, files), [
    "packages/connect/src/store/events.ts:3: 'queued' is added nowhere: add it where it happens, or take its row away",
  ]);
});
