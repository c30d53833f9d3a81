import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LockedPackage } from '../project.ts';
import { planted } from '../testing/planted.ts';
import { DEPENDENCIES } from './dependencies.ts';

const locked = (packages: Readonly<Record<string, LockedPackage>>): string[] =>
  planted(DEPENDENCIES, { 'package-lock.json': JSON.stringify({ packages }) });

test('finds a licence that is not allowed, also in an indirect dependency', () => {
  for (const license of [
    'GPL-3.0-only',
    'AGPL-3.0',
    'SEE LICENSE IN LICENSE',
    'MIT AND GPL-2.0',
    'UNLICENSED',
  ]) {
    const [breach, ...others] = locked({ 'node_modules/a/node_modules/@b/c': { license } });
    assert.match(breach ?? '', /^package-lock\.json: node_modules\/a\/node_modules\/@b\/c: .+ is no licence/);
    assert.ok(breach!.includes(license));
    assert.deepEqual(others, []);
  }
  assert.match(locked({ 'node_modules/a': {} })[0] ?? '', /: no licence is no licence that/);
});

test('finds a version that is not pinned, and an address in the lockfile', () => {
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'])
    for (const version of ['^1.2.3', '1', '*', 'latest', 'git+https://example.com/a'])
      assert.deepEqual(locked({ 'packages/wire': { [kind]: { zod: version } } }), [
        `package.json of packages/wire: zod may be any of ${version}: pin it to one version`,
      ]);
  assert.deepEqual(locked({ 'node_modules/a': { license: 'MIT', resolved: 'https://example.com/a.tgz' } }), [
    'package-lock.json: node_modules/a: it is fetched from https://example.com/a.tgz: only packages of the registry, without its address',
  ]);
});

test('accepts allowed licences, exact versions and our own packages', () => {
  assert.deepEqual(
    locked({
      '': { devDependencies: { typescript: '7.0.2', next: '1.0.0-rc.1' } },
      'packages/wire': { license: 'Apache-2.0', dependencies: { zod: '4.6.7' } },
      'node_modules/zod': { license: 'MIT', dependencies: { other: '^1.0.0' } },
      'node_modules/@causeway/wire': { resolved: 'packages/wire', link: true },
    }),
    [],
  );
});
