import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compareVersions, isVersion, PROGRAM_VERSION } from './version.ts';

test('orders versions as Semantic Versioning 2.0.0 does', () => {
  const ascending = [
    ...['0.0.9', '0.1.0-alpha', '0.1.0-alpha.1', '0.1.0-alpha.beta', '0.1.0-beta', '0.1.0-beta.2'],
    ...[
      '0.1.0-beta.11',
      '0.1.0-rc.1',
      '0.1.0',
      '0.1.1',
      '0.2.0',
      '0.10.0',
      '1.0.0',
      '1.2.3',
      '2.0.0',
      '10.0.0',
    ],
  ];
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) {
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} and ${b}`);
    }
  }
  assert.equal(compareVersions('1.0.0+linux', '1.0.0+windows'), 0);
});

test('rejects text that is no version, and does not compare it', () => {
  const none = [
    '',
    '1',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    '01.2.3',
    '1.2.x',
    '1.2.3-',
    '1.2.3 ',
    '-1.0.0',
    '1e3.0.0',
  ];
  for (const text of [...none, `1.0.${'9'.repeat(20)}`, `1.0.0-${'a'.repeat(60)}`]) {
    assert.equal(isVersion(text), false, text);
    assert.throws(() => compareVersions(text, '1.0.0'), RangeError);
    assert.throws(() => compareVersions('1.0.0', text), RangeError);
  }
});

test("every package has the program's version", () => {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const files = globSync('{.,packages/*,lab}/package.json', { cwd: root });
  assert.ok(files.length > 10);
  for (const file of files) {
    const { version } = JSON.parse(readFileSync(`${root}${file}`, 'utf8')) as { version: string };
    assert.equal(version, PROGRAM_VERSION, file);
  }
});
