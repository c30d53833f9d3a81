import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CausewayError } from '@causeway/service';
import { zipSync } from 'fflate';
import { installModule, MODULE_FILES, modulePaths, moduleVersion, namedPath, readArchive } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-install-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const entries = (): Record<string, Uint8Array> =>
  Object.fromEntries(MODULE_FILES.map(name => [`ADSync/${name}`, bytes(`content of ${name}`)]));
let archives = 0;
function archive(content: Uint8Array): string {
  const file = join(folder, `archive-${archives++}.zip`);
  writeFileSync(file, content);
  return file;
}
const code = (expected: string) => (error: unknown) =>
  error instanceof CausewayError && error.code === expected;

test("finds PowerShell's module folders on each system", () => {
  assert.deepEqual(modulePaths('user', 'linux', {}, '/home/ann'), [
    '/home/ann/.local/share/powershell/Modules',
  ]);
  assert.deepEqual(modulePaths('user', 'darwin', { XDG_DATA_HOME: '/data' }, '/Users/ann'), [
    '/data/powershell/Modules',
  ]);
  assert.deepEqual(modulePaths('machine', 'linux', {}, '/root'), ['/usr/local/share/powershell/Modules']);
  assert.deepEqual(modulePaths('user', 'win32', {}, 'C:\\Users\\ann'), [
    'C:\\Users\\ann\\Documents\\WindowsPowerShell\\Modules',
    'C:\\Users\\ann\\Documents\\PowerShell\\Modules',
  ]);
  assert.deepEqual(modulePaths('machine', 'win32', { ProgramFiles: 'D:\\Programs' }, 'C:\\Users\\ann'), [
    'D:\\Programs\\WindowsPowerShell\\Modules',
    'D:\\Programs\\PowerShell\\Modules',
  ]);
});

test('refuses a Windows path elsewhere, where it would be the name of a new folder', () => {
  const bin = 'C:\\Program Files\\Microsoft Azure AD Sync\\Bin';
  assert.equal(namedPath(bin, 'win32'), bin);
  for (const path of [bin, 'C:/modules', 'C:modules', '\\\\server\\share', '~\\modules'])
    assert.throws(() => namedPath(path, 'linux'), code('bad-path'));
  assert.equal(namedPath('/srv/my: modules/', 'linux'), '/srv/my: modules');
});

test('installs the module from the archive, and leaves nothing of an older one', async () => {
  const target = join(folder, 'modules');
  mkdirSync(join(target, 'ADSync'), { recursive: true });
  writeFileSync(join(target, 'ADSync', 'old.dll'), 'old');
  const { installed } = await installModule([target], archive(zipSync(entries())));
  assert.deepEqual(installed, [join(target, 'ADSync')]);
  assert.deepEqual(readdirSync(target), ['ADSync']);
  for (const name of MODULE_FILES)
    assert.equal(readFileSync(join(target, 'ADSync', name), 'utf8'), `content of ${name}`);
  assert.equal(existsSync(join(target, 'ADSync', 'old.dll')), false);
});

test('extracts only the module from an archive', async () => {
  const target = join(folder, 'hostile');
  const more = {
    '../escaped': bytes('x'),
    'ADSync/../../escaped': bytes('x'),
    'ADSync/extra.dll': bytes('x'),
  };
  await installModule([target], archive(zipSync({ ...entries(), ...more })));
  assert.equal(existsSync(join(folder, 'escaped')), false);
  assert.deepEqual(readdirSync(join(target, 'ADSync')).sort(), [
    'ADSync.dll',
    'ADSync.format.ps1xml',
    'ADSync.psd1',
    'LICENSE',
    'en-US',
  ]);
});

test('rejects a file that is no archive, lacks a file, or unpacks to too much', () => {
  assert.throws(() => readArchive(join(folder, 'none.zip')), code('no-archive'));
  assert.throws(() => readArchive(archive(bytes('no archive'))), code('bad-archive'));
  const { 'ADSync/ADSync.dll': _, ...lacking } = entries();
  assert.throws(() => readArchive(archive(zipSync(lacking))), /it lacks ADSync\/ADSync\.dll/);
  const bomb = { ...entries(), 'ADSync/ADSync.dll': new Uint8Array(17 * 1024 * 1024) };
  assert.throws(() => readArchive(archive(zipSync(bomb))), code('bad-archive'));
  const truncated = zipSync(entries());
  for (let length = 0; length < truncated.length; length += 7)
    assert.throws(() => readArchive(archive(truncated.subarray(0, length))), code('bad-archive'));
});

test('says what to do without an archive and without an SDK', async () => {
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    await assert.rejects(
      installModule([join(folder, 'x')], join(folder, 'none.zip')),
      (error: CausewayError) => {
        assert.equal(error.code, 'no-module');
        assert.match(
          error.message,
          /put the release's archive at '.*none\.zip', or build it where the \.NET SDK 10 is on the PATH/,
        );
        return true;
      },
    );
  } finally {
    process.env.PATH = path;
  }
});

test('reports a folder that cannot be written', async () => {
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  await assert.rejects(installModule([file], archive(zipSync(entries()))), code('not-installed'));
});

test("the module has the packages' version", () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.equal(moduleVersion(), version);
  assert.throws(() => moduleVersion('@{}'), code('bad-module'));
});
