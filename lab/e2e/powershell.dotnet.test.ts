import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FORCE_FULL_PASSWORD_SYNC, type FullPasswordSync } from '@causeway/contract';
import { localSocketPath } from '@causeway/service';
import { makeCertificates } from '../places/certificates.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCliJson } from '../places/run-cli.ts';
import { FOREST, TENANT_NAME } from '../places/stage.ts';
import { powershells } from '../powershell/engine.ts';
import { fillNames, tutorialScripts } from '../powershell/tutorial.ts';

/** Administrators' scripts in a real PowerShell, against a Connect that reads a real forest. */

const TENANT = `${TENANT_NAME} - AAD`;
const engines = await powershells();
const folder = mkdtempSync(join(tmpdir(), 'causeway-powershell-e2e-'));
const certificates = await makeCertificates(folder);
const PORT = 8455;
/** A view of errors that breaks no message, whatever the terminal's width, and shows category and id. */
const WHOLE_ERRORS = "$ErrorView = 'NormalView'\n";
const adminApi = { port: PORT, tls: certificates.server };
const stage = await freshStage({ databaseUrl: process.env.DATABASE_URL, adminApi });
const CAUSEWAY_CONNECT = localSocketPath(stage.stateOf('connect'));

interface Status {
  connectors: { name: string; passwords: number; users: number; fullPasses?: FullPasswordSync[] }[];
}

before(async () => {
  await stage.openTenant();
  await stage.createConnectorAccounts();
  await stage.openConnect();
  for (let waited = 0; ; waited++) {
    const [connector] = (await stage.connectStatus<Status>()).connectors;
    if (connector && connector.passwords > 20) break;
    assert.ok(waited < 120, 'the first cycle brings everybody');
    await delay(500);
  }
});
after(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

const token = <T>(...args: string[]) =>
  runCliJson<T>(['connect', 'token', ...args, '--config', stage.configOf('connect')]);

for (const engine of engines) {
  describe(`administrators' scripts in ${engine.name}`, () => {
    const run = async (script: string): Promise<string[]> => {
      const { code, stdout, stderr } = await engine.run(script, { CAUSEWAY_CONNECT });
      assert.equal(stderr, '', script);
      assert.equal(code, 0, stdout);
      return stdout.replaceAll('\r\n', '\n').trim().split('\n');
    };

    test('the tutorial’s script runs unchanged, and its full pass completes', async () => {
      const { script } = tutorialScripts().at(-1)!;
      await run(fillNames(script, FOREST, TENANT));
      const output = await run(`Import-Module ADSync
$pass = Get-CausewayFullPasswordSync -ConnectorName ${FOREST} -Wait
"$($pass.ConnectorName) $($pass.PercentComplete) $($pass.Users -ge 20) $($pass.Users -le $pass.Total) $($pass.CompletedAt -ge $pass.RequestedAt)"
"parameter $((Get-ADSyncConnector -Name ${FOREST}).GlobalParameters['${FORCE_FULL_PASSWORD_SYNC}'].Value)"
"channel $((Get-ADSyncAADPasswordSyncConfiguration -SourceConnector ${FOREST}).Enabled)"
(Get-ADSyncPartitionPasswordSyncState).PasswordSyncLastCycleStatus`);
      assert.deepEqual(output, [`${FOREST} 100 True True True`, 'parameter 0', 'channel True', 'Successful']);
    });

    test('a name in the wrong case is answered with the existing names, and switches nothing', async () => {
      const { script } = tutorialScripts().at(-1)!;
      const { stderr } = await engine.run(WHOLE_ERRORS + fillNames(script, FOREST.toUpperCase(), TENANT), {
        CAUSEWAY_CONNECT,
      });
      assert.match(
        stderr,
        new RegExp(`there is no connector '${FOREST.toUpperCase()}': known are '${FOREST}', '${TENANT}'`),
      );
      const output = await run(`Import-Module ADSync
(Get-ADSyncAADPasswordSyncConfiguration).Enabled
(Get-CausewayFullPasswordSync).CompletedAt -ne $null`);
      assert.deepEqual(output, ['True', 'True']);
    });

    test('a script on a workstation works over HTTPS with a named token, until the token is revoked', async () => {
      const { token: secret } = await token<{ token: string }>('create', 'workstation');
      const away = { CAUSEWAY_CONNECT: undefined, XDG_CONFIG_HOME: join(folder, engine.name) };
      const { script } = tutorialScripts().at(-1)!;
      const first = await engine.run(
        `Import-Module ADSync
$token = [Security.SecureString]::new(); '${secret}'.ToCharArray() | ForEach-Object { $token.AppendChar($_) }
Register-CausewayConnection https://127.0.0.1:${PORT} -CaFile ${certificates.caFile} -Token $token | ForEach-Object { $_.Address }`,
        away,
      );
      assert.equal(first.stderr, '');
      assert.equal(first.stdout.trim(), `https://127.0.0.1:${PORT}`);
      const second = await engine.run(fillNames(script, FOREST, TENANT), away);
      assert.equal(second.stderr, '');
      const passes = await run(
        'Import-Module ADSync; (Get-CausewayFullPasswordSync -Wait).CompletedAt -ne $null',
      );
      assert.deepEqual(passes, ['True']);
      await token('revoke', 'workstation');
      const third = await engine.run(WHOLE_ERRORS + fillNames(script, FOREST, TENANT), away);
      assert.match(
        third.stderr,
        /CategoryInfo +: AuthenticationError: .*\n.*FullyQualifiedErrorId : unauthorized,/,
      );
    });

    test('a monitoring script that walks connectors and their run profiles sees the last result of each', async () => {
      const output = await run(`Import-Module ADSync
foreach ($connector in Get-ADSyncConnector) {
  foreach ($profile in $connector.RunProfiles) {
    $last = Get-ADSyncRunProfileResult -NumberRequested 2 -ConnectorId $connector.Identifier -RunProfileId $profile.Identifier |
      Where-Object -Property IsRunComplete | Select-Object -Index 0
    if ($null -eq $last) { continue }
    $seconds = ($last.EndDate - $last.StartDate).TotalSeconds
    "$($connector.Name) $($profile.Name);$($last.Result);$($seconds -ge 0);$(([datetime]::UtcNow - $last.EndDate).TotalMinutes -lt 15)"
  }
}`);
      const kinds = ['Full Import', 'Full Synchronization', 'Delta Import', 'Delta Synchronization'];
      for (const kind of kinds)
        assert.ok(output.includes(`${FOREST} ${kind};success;True;True`), output.join('\n'));
      assert.ok(output.some(line => line.startsWith(`${FOREST} Password Hash Synchronization;`)));
      assert.ok(output.some(line => line.startsWith(`${TENANT} Export;`)));
      const counted = await run(`Import-Module ADSync
$full = Get-ADSyncConnector -Name ${FOREST} | Get-ADSyncRunProfileResult -RunStepDetails | Where-Object RunProfileName -eq 'Full Import' | Select-Object -Last 1
"$($full.RunStepResults.StageAdd -ge 20) $($full.RunStepResults.StageFailure)"
$exports = Get-ADSyncRunProfileResult -ConnectorName '${TENANT}' | Get-ADSyncRunStepResult
"$(($exports | Measure-Object ExportAdd -Sum).Sum -ge 20)"
"$((Get-ADSyncRunProfileResult | Where-Object { $_.Result -notin 'success', 'completed-export-errors' } | Measure-Object).Count)"`);
      assert.deepEqual(counted, ['True 0', 'True', '0']);
      const { runs } = await runCliJson<{ runs: { result: string; looks: number }[] }>([
        ...['connect', 'runs', '--connector', FOREST, '--since', '1h', '--config', stage.configOf('connect')],
      ]);
      assert.ok(runs.length > 3 && runs.every(({ looks }) => looks >= 1));
    });

    test('rules, a person between forest and tenant, the threshold and the next cycle can be read and set', async () => {
      const made = join(folder, `configuration ${engine.name}`);
      const output = await run(`Import-Module ADSync
$c = Get-ADSyncConnector -Name ${FOREST}
"$($c.Partitions[0].ConnectorPartitionScope.ContainerInclusionList[0] -eq $c.Partitions[0].DN) $($c.ConnectivityParameters['forest-name'].Value)"
"$((Get-ADSyncRule | Where-Object { $_.EnablePasswordSync } | Measure-Object).Count)"
$user = Get-ADSyncCSObject -ConnectorName ${FOREST} | Where-Object { $_.IsConnector -and $_.ObjectType -eq 'user' } | Select-Object -First 1
$person = Get-ADSyncMVObject -Identifier $user.ConnectedMVObjectId
"$($person.Lineage.ConnectorName)"
"$(($person.Attributes | Where-Object Name -eq 'sourceAnchor').Values[0] -eq $user.AnchorValue)"
"$((Get-ADSyncExportDeletionThreshold).ThresholdCount) $((Enable-ADSyncExportDeletionThreshold -DeletionThreshold 400).ThresholdCount) $((Enable-ADSyncExportDeletionThreshold 500).ThresholdCount)"
"$(Disable-ADSyncExportDeletionThreshold -WarningAction SilentlyContinue)|$(Get-ADSyncAutoUpgrade)"
$fullImports = { (Get-ADSyncRunProfileResult -ConnectorName ${FOREST} | Where-Object RunProfileName -eq 'Full Import' | Measure-Object).Count }
$before = & $fullImports
Set-ADSyncSchedulerConnectorOverride -ConnectorName ${FOREST} -FullImportRequired $true
$null = Start-ADSyncSyncCycle -PolicyType Delta
while (Get-ADSyncConnectorRunStatus) { [Threading.Thread]::Sleep(200) }
"$((& $fullImports) - $before) $((Get-ADSyncSchedulerConnectorOverride -ConnectorName ${FOREST}).FullImportRequired)"
Get-ADSyncServerConfiguration -Path '${made}'
"$((Import-Clixml "${made}/Connectors/Connector_{$($c.Identifier)}.xml").Name)"`);
      assert.deepEqual(output, [
        `True ${FOREST}`,
        '2',
        `${FOREST} ${TENANT}`,
        'True',
        '500 400 500',
        '|Disabled',
        '1 False',
        FOREST,
      ]);
    });

    test('a real Connect answers every cmdlet that asks', async () => {
      const output = await run(`Import-Module ADSync
Get-ADSyncConnector | ForEach-Object { "$($_.Name) $($_.ConnectorTypeName) $($_.Type) $($_.Subtype) $($_.Partitions.Count)" }
$s = Get-ADSyncScheduler
"$($s.SyncCycleEnabled) $($s.StagingModeEnabled) $($s.AllowedSyncCycleInterval -gt [TimeSpan]::Zero)"
Get-ADSyncConnector | Get-ADSyncConnectorStatistics | ForEach-Object { "$($_.ConnectorName) $($_.TotalConnectors -ge 20)" }
"$((Get-ADSyncGlobalSettings).Parameters['Microsoft.SynchronizationOption.UPNAttribute'].Value)"
"$((Get-ADSyncGlobalSettings).Version -eq (Get-ADSyncGlobalSettings).Parameters['Microsoft.Synchronize.ServerConfigurationVersion'].Value)"
"$((Get-ADSyncAADCompanyFeature).PasswordHashSync)"
Get-ADSyncDomainReachabilityStatus ${FOREST} | ForEach-Object { "$($_.FullName) $($_.IsReachable)" }
"$((Start-ADSyncSyncCycle -PolicyType Delta).Result)"
while (Get-ADSyncConnectorRunStatus) { [Threading.Thread]::Sleep(200) }
$user = Get-ADSyncCSObject -ConnectorName ${FOREST} | Where-Object { $_.IsConnector -and $_.ObjectType -eq 'user' }
$user = @($user | Where-Object { ($_ | Get-ADSyncCSObjectLog -Count 1).Status -eq 'Success' }) # some have no keys, or no password
$one = Get-ADSyncCSObject -ConnectorName ${FOREST} -DistinguishedName $user[0].DistinguishedName
"$($one.ObjectId -eq $user[0].ObjectId)"
"$(($one | Invoke-ADSyncCSObjectPasswordHashSync).Status)"
"$(($one | Get-ADSyncCSObjectLog -Count 1).Status)"
$checks = Invoke-ADSyncDiagnostics -PasswordSync
"$($checks.Count -ge 4) [$(($checks | Where-Object { -not $_.Passed }).Found)]"
"$((Invoke-ADSyncDiagnostics -PasswordSync -ADConnectorName ${FOREST} -DistinguishedName $one.DistinguishedName).Count -ge 3)"`);
      assert.deepEqual(
        output.map(line => line.trim()),
        [
          `${TENANT} Extensible2 Extensible2 Windows Azure Active Directory (Microsoft) 1`,
          `${FOREST} AD AD  1`,
          'True False True',
          `${TENANT} True`,
          `${FOREST} True`,
          'userPrincipalName',
          'True',
          'True',
          `${FOREST} True`,
          'Success',
          'True',
          'Success',
          'Success',
          'True [the tenant has no managed domain: only its own sign-in is fed]',
          'True',
        ],
      );
    });
  });
}
