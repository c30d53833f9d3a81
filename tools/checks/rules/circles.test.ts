import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { CIRCLES } from './circles.ts';

test('finds a circle of files within one room, of types, and in lab', () => {
  const files = {
    'packages/wire/src/a.ts': "import type { B } from './b.ts';",
    'packages/wire/src/b.ts': "import { a } from './a.ts';",
    'packages/wire/src/c.ts': "import { a } from './a.ts';",
    'lab/domains/a.ts': "export * from './b.ts';",
    'lab/domains/b.ts': "const a = await import('./a.ts');",
  };
  const what = 'is a circle: move what two of them need to a file of its own';
  assert.deepEqual(planted(CIRCLES, files), [
    `packages/wire/src/a.ts: packages/wire/src/a.ts > packages/wire/src/b.ts > packages/wire/src/a.ts ${what}`,
    `lab/domains/a.ts: lab/domains/a.ts > lab/domains/b.ts > lab/domains/a.ts ${what}`,
  ]);
});
