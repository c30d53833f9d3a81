import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  installModule,
  MODULE_FILES,
  modulePaths,
  packModule,
  readArchive,
  releaseArchive,
} from '@causeway/powershell';
import { powershells } from './engine.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'causeway-module-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const engines = await powershells();
const docs = readFileSync(join(ROOT, 'docs/powershell.md'), 'utf8');

/** The archive of the module that the engines use. */
function packEarlierBuild(): Uint8Array {
  const built = join(engines[0]!.modulePath, 'ADSync');
  return packModule(
    new Map(MODULE_FILES.map(name => [name, new Uint8Array(readFileSync(join(built, name)))])),
  );
}

test('a release and an earlier build elsewhere are the same bytes, and can be installed and found', async () => {
  const first = join(folder, 'dist', 'adsync.zip');
  await releaseArchive(first);
  assert.ok(readFileSync(first).equals(packEarlierBuild()));
  // The module ships nothing that PowerShell itself has.
  assert.deepEqual(
    [...readArchive(first).keys()].filter(name => name.endsWith('.dll')),
    ['ADSync.dll'],
  );
  const home = join(folder, 'home');
  const [modules = ''] = modulePaths('user', process.platform, {}, home);
  await installModule([modules], first);
  assert.deepEqual(readdirSync(join(modules, 'ADSync'), { recursive: true }).length, MODULE_FILES.length + 1);
  for (const engine of engines) {
    const { stdout } = await engine.run('Import-Module adsync; (Get-Module ADSync).Path', { HOME: home });
    assert.equal(stdout.trim(), join(modules, 'ADSync', 'ADSync.dll'));
  }
});

test('a script with the original’s Windows path finds the module on the drive that the docs describe', async () => {
  const home = join(folder, 'home of a drive');
  const archive = join(folder, 'drive.zip');
  writeFileSync(archive, packEarlierBuild());
  const [, bin = ''] = /^ *causeway powershell install --path ~\/c\/"(.+)"$/m.exec(docs) ?? [];
  const [drive = ''] = /^ *\$null = New-PSDrive .*$/m.exec(docs) ?? [];
  await installModule([join(home, 'c', bin)], archive);
  const path = 'C:\\Program Files\\Microsoft Azure AD Sync\\Bin\\ADSync\\ADSync.psd1';
  for (const engine of engines) {
    const without = await engine.run(`Import-Module "${path}"`, { HOME: home });
    assert.match(without.stderr, /A drive with the name 'C' does not exist/);
    const { stdout, stderr } = await engine.run(
      `${drive}\nImport-Module "${path}"\n(Get-Module ADSync).Path`,
      { HOME: home },
    );
    assert.equal(stderr, '');
    assert.equal(stdout.trim(), join(home, 'c', bin, 'ADSync', 'ADSync.dll'));
  }
});

for (const engine of engines) {
  describe(`the module in ${engine.name}`, () => {
    test('manifest, assembly, help and docs name the same cmdlets, and each is fully documented', async () => {
      const { stdout, stderr } = await engine.run(`Import-Module ADSync
foreach ($cmdlet in Get-Command -Module ADSync) {
  $help = Get-Help $cmdlet.Name -Full
  $common = [System.Management.Automation.Cmdlet]::CommonParameters + [System.Management.Automation.Cmdlet]::OptionalCommonParameters
  $own = $cmdlet.Parameters.Keys | Where-Object { $_ -notin $common }
  $told = @($help.parameters.parameter | Where-Object { $_.description.Text } | ForEach-Object { $_.name })
  $missing = $own | Where-Object { $_ -notin $told }
  $extra = $told | Where-Object { $_ -notin $own }
  "$($cmdlet.Name)|$($help.Synopsis.Length -gt 10)|$($help.description.Text.Length -gt 10)|$(@($help.examples.example).Count)|$missing$extra"
}`);
      assert.equal(stderr, '');
      const cmdlets = stdout
        .trim()
        .split(/\r?\n/)
        .map(line => line.split('|'));
      for (const [name, synopsis, description, examples, wrong] of cmdlets) {
        assert.equal(`${synopsis} ${description} ${wrong}`, 'True True ', name);
        assert.ok(Number(examples) > 0, `${name} has examples`);
      }
      const names = cmdlets.map(([name]) => name!);
      assert.ok(names.length > 20);
      const manifest = readFileSync(join(ROOT, 'powershell/ADSync/ADSync.psd1'), 'utf8');
      const exported = [...manifest.matchAll(/^ {8}'([A-Z]\w+-\w+)'$/gm)].map(([, name]) => name!);
      assert.deepEqual(exported.toSorted(), names.toSorted());
      const told = [...docs.matchAll(/^\| `([A-Z]\w+-\w+)` \| (same|differs|ours) \|/gm)].map(
        ([, name]) => name!,
      );
      assert.deepEqual(told.toSorted(), names.toSorted());
    });

    test('each example of the help parses, and names cmdlets that exist', async () => {
      const { stdout } = await engine.run(`Import-Module ADSync
foreach ($cmdlet in Get-Command -Module ADSync) {
  foreach ($example in (Get-Help $cmdlet.Name -Full).examples.example) {
    $errors = $null
    $ast = [System.Management.Automation.Language.Parser]::ParseInput($example.code, [ref]$null, [ref]$errors)
    foreach ($e in $errors) { "$($cmdlet.Name): $($e.Message)" }
    foreach ($call in $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)) {
      $name = $call.GetCommandName()
      if ($name -like '*-ADSync*' -or $name -like '*-Causeway*') {
        $known = Get-Command $name -ErrorAction SilentlyContinue
        if (-not $known) { "$($cmdlet.Name): $name" ; continue }
        foreach ($p in $call.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] }) {
          if (-not $known.Parameters.ContainsKey($p.ParameterName)) { "$($cmdlet.Name): $name -$($p.ParameterName)" }
        }
      }
    }
  }
}
'done'`);
      assert.equal(stdout.trim(), 'done');
    });

    test('cmdlets that change something have -WhatIf, and cmdlets that only read do not', async () => {
      const { stdout } = await engine.run(`Import-Module ADSync
Get-Command -Module ADSync | ForEach-Object { "$($_.Name) $($_.Parameters.ContainsKey('WhatIf'))" }`);
      for (const line of stdout.trim().split(/\r?\n/)) {
        const [name = '', asks] = line.split(' ');
        const reads = name.startsWith('Get-') || name === 'Invoke-ADSyncDiagnostics';
        assert.equal(asks, reads ? 'False' : 'True', name);
      }
    });
  });
}
