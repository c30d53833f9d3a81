import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

// Runs the linters of `npm run check` with our own configuration on planted mistakes. A rule that is off would be noticed here.

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'causeway-linters-'));
// Node's types are found there.
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
after(() => rmSync(folder, { recursive: true }));

function plant(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

const lint = (program: string, ...args: string[]): string => {
  const bin = join(root, 'node_modules/.bin', program);
  const { stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8' });
  return stdout + stderr;
};

test('oxlint finds promises that nobody awaits', () => {
  cpSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  plant({
    'packages/wire/src/planted.ts': `import { setTimeout as sleep } from 'node:timers/promises';
export async function planted(all: (() => Promise<boolean>)[]): Promise<void> {
  sleep(1);
  all[0]!();
  if (all[1]!()) return;
  all.forEach(async each => void (await each()));
  await all.length;
}
`,
    'packages/wire/src/planted.test.ts': `import { test } from 'node:test';
test('nobody waits for a test', async () => {});
`,
  });
  const said = lint('oxlint', '--type-aware', '-c', join(root, '.oxlintrc.json'), '-f', 'unix', 'packages');
  const found = [...said.matchAll(/^(.+?):(\d+):.*\((.+)\)\]$/gm)].map(([, file, line, rule]) =>
    [file, line, rule].join(' '),
  );
  assert.deepEqual(found.sort(), [
    'packages/wire/src/planted.ts 3 no-floating-promises',
    'packages/wire/src/planted.ts 4 no-floating-promises',
    'packages/wire/src/planted.ts 5 no-misused-promises',
    'packages/wire/src/planted.ts 6 no-misused-promises',
    'packages/wire/src/planted.ts 7 await-thenable',
  ]);
});

test('knip finds files, exports, public names and dependencies that nobody uses', () => {
  const manifest = (name: string, dependencies: object, more: object) =>
    JSON.stringify({ name, version: '1.0.0', private: true, type: 'module', dependencies, ...more });
  const exports = { '.': './src/index.ts' };
  cpSync(join(root, 'knip.json'), join(folder, 'knip.json'));
  plant({
    'package.json': manifest('planted', {}, { workspaces: ['packages/*', 'lab', 'tools'] }),
    'packages/wire/package.json': manifest('@planted/wire', { zod: '4.6.7' }, { exports }),
    'packages/wire/src/index.ts': "export { nobodys, used } from './planted.ts';\n",
    'packages/wire/src/planted.ts':
      'export const used = 1;\nexport const nobodys = 2;\nexport const dead = 3;\n',
    'packages/wire/src/left.ts': 'export const left = 4;\n',
    'lab/package.json': manifest('@planted/lab', { '@planted/wire': '1.0.0' }, {}),
    'lab/main.ts': "import { used } from '@planted/wire';\nconsole.log(used);\n",
    'tools/package.json': manifest('@planted/tools', {}, {}),
  });
  const said = lint('knip', '--reporter', 'json', '--no-config-hints');
  const { issues } = JSON.parse(said) as { issues: Record<string, string | { name: string }[]>[] };
  const found = issues.flatMap(({ file, ...kinds }) =>
    Object.entries(kinds).flatMap(([kind, all]) =>
      Array.isArray(all) ? all.map(({ name }) => `${file} ${kind} ${name}`) : [],
    ),
  );
  assert.deepEqual(found.sort(), [
    'packages/wire/package.json dependencies zod',
    'packages/wire/src/index.ts exports nobodys',
    'packages/wire/src/left.ts files packages/wire/src/left.ts',
    'packages/wire/src/planted.ts exports dead',
    'packages/wire/src/planted.ts exports nobodys',
  ]);
});
