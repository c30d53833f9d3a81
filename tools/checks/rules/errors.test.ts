import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planted } from '../testing/planted.ts';
import { ERRORS } from './errors.ts';

const table = (...codes: string[]): string =>
  `export const TABLE = {\n${codes.map(code => `  '${code}': {\n    status: 409,\n  },\n`).join('')}};\n`;
const throws = (code: string): string => `throw new CausewayError('${code}', 'it is so');\n`;

test('finds a row whose code is thrown nowhere outside of tests', () => {
  const files = {
    'packages/service/src/errors/shared-errors.ts': table('disk-full', 'never-thrown'),
    'packages/service/src/a.ts': throws('disk-full'),
    'packages/service/src/a.test.ts': throws('never-thrown'),
  };
  assert.deepEqual(planted(ERRORS, files), [
    "packages/service/src/errors/shared-errors.ts:5: 'never-thrown' is thrown nowhere: take its row away",
  ]);
});

test('finds a thrown code that is in no table', () => {
  const files = {
    'packages/service/src/errors/shared-errors.ts': table('disk-full'),
    'packages/tenant/src/a.ts': throws('disk-full') + throws('brand-new'),
    'packages/api/src/b.ts': "reply.send({ error: { code: 'no-row', message: '' } });\n",
    'powershell/ADSync/Api/C.cs':
      'throw new ConnectException("disk-full", "");\n// \nthrow new Api.ConnectException("new-too", "");\n',
  };
  assert.deepEqual(planted(ERRORS, files).sort(), [
    "packages/api/src/b.ts:1: 'no-row' stands in no table: add its row in packages/service/src/errors/",
    "packages/tenant/src/a.ts:2: 'brand-new' stands in no table: add its row in packages/service/src/errors/",
    "powershell/ADSync/Api/C.cs:3: 'new-too' stands in no table: add its row in packages/service/src/errors/",
  ]);
});

test('finds a code with two rows', () => {
  const files = {
    'packages/service/src/errors/shared-errors.ts': table('disk-full'),
    'packages/service/src/errors/tenant-errors.ts': table('disk-full'),
    'packages/tenant/src/a.ts': throws('disk-full'),
  };
  assert.deepEqual(planted(ERRORS, files), [
    "packages/service/src/errors/tenant-errors.ts:2: 'disk-full' has a row already (packages/service/src/errors/shared-errors.ts:2): take one of them away",
  ]);
});

test('counts a code that is assembled from parts where its parts are', () => {
  const dynamic = (code: string): string => `throw new CausewayError(${code}, text);\n`;
  const files = {
    'packages/service/src/errors/shared-errors.ts': table('dc-closed', 'state-too-new', 'disk-full', 'gone'),
    'packages/connect/src/a.ts': dynamic('`dc-$' + '{code}`'),
    'packages/connect/src/b.ts': dynamic('`$' + '{name}-too-new`'),
    'packages/connect/src/c.ts': `const code = 'disk-full';\n${dynamic('code')}`,
    'packages/connect/src/d.ts': "const other = 'gone';\n",
  };
  assert.deepEqual(planted(ERRORS, files), [
    "packages/service/src/errors/shared-errors.ts:11: 'gone' is thrown nowhere: take its row away",
  ]);
});
