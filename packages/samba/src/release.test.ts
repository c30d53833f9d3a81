import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIXES, judgeRelease } from './release.ts';

test('lists the holes of a Samba version that signed-in users can exploit', () => {
  const all = FIXES.map(({ id }) => id);
  for (const version of [
    '4.17.12-Debian',
    '4.19.5-Ubuntu',
    '4.21.99',
    '4.22.10-Debian-4.22.10',
    '4.23.9',
    '4.24.4',
  ])
    assert.deepEqual(
      judgeRelease(version).lacks.map(({ id }) => id),
      all,
      version,
    );
  for (const version of ['4.22.11-Debian', '4.23.10', '4.24.5', '4.25.0pre1', '5.0.0']) {
    assert.deepEqual(judgeRelease(version), { version, lacks: [], warning: null });
  }
});

test('the warning names version, holes and packages, and an unknown version gets one too', () => {
  const { warning } = judgeRelease('4.17.12-Debian');
  for (const word of [
    '4.17.12-Debian',
    'CVE-2026-58221',
    'CVE-2026-58222',
    'Debian 13',
    '4.22.11',
    'changelog',
  ])
    assert.ok(warning!.includes(word), word);
  for (const version of [null, 'GIT']) assert.match(judgeRelease(version).warning!, /cannot be found out/);
});
