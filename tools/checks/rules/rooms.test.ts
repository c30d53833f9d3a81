import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { ROOMS } from './rooms.ts';

test('allows an import from the floor below, and finds one from above or beside, of types too', () => {
  const files = {
    'packages/tenant/src/server.ts': "import { a } from './api/users.ts';",
    'packages/tenant/src/api/users.ts': "import { a } from '../people/users.ts';\nimport './names.ts';",
    'packages/tenant/src/people/users.ts': "import type { A } from '../server.ts';",
    'packages/tenant/src/people/groups.ts': "import { b } from '../clients/agents.ts';",
    'packages/tenant/src/people/users.test.ts': "import { a } from '../api/users.ts';",
  };
  const what = 'which is not below it: move what both need to a room below';
  assert.deepEqual(planted(ROOMS, files), [
    `packages/tenant/src/people/users.ts:1: people may not import server, ${what}`,
    `packages/tenant/src/people/groups.ts:1: people may not import clients, ${what}`,
  ]);
});

test('the rooms of lab have floors, too', () => {
  const [breach] = planted(ROOMS, { 'lab/peers/a.ts': "import { a } from '../demo/demo.ts';" });
  assert.match(breach ?? '', /^lab\/peers\/a\.ts:1: peers may not import demo/);
});

test('finds a room that is on no floor', () => {
  assert.deepEqual(planted(ROOMS, { 'packages/tenant/src/shed/a.ts': '' }), [
    'packages/tenant/src/shed/a.ts: the room shed of tenant is on no floor of tools/checks/layers.ts: give it one, and a row in ARCHITECTURE.md',
  ]);
});
