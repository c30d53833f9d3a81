import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TENANT_CONNECTOR_ID } from '@causeway/contract';
import { ConnectPeer } from '../peers/connect-peer.ts';
import { connectOfTwoForests, userObject } from './answers.ts';
import { powershells } from './engine.ts';
import { FORESTS, RUN_IDS, SOME_TIME, TENANT, USER_DN, USER_ID } from './forests.ts';

/** The calls that docs/powershell.md says work, one for each of its rows that says yes. */

const [CORP, FABRIKAM] = FORESTS;
const FORCED = 'Microsoft.Synchronize.ForceFullPasswordSync';
const PARAMETER = 'Microsoft.IdentityManagement.PowerShell.ObjectModel.ConfigurationParameter';
const SWITCHED = '(Get-ADSyncAADPasswordSyncConfiguration).Enabled';

const folder = mkdtempSync(join(tmpdir(), 'causeway-calls-test-'));

interface Call {
  /** A part of the document's row that no other row has. */
  readonly row: string;
  readonly script: string;
  readonly expected: readonly string[];
}

const call = (row: string, script: string, ...expected: string[]): Call => ({ row, script, expected });

const CALLS: readonly Call[] = [
  call(
    'filtered by `ConnectorTypeName`',
    `(Get-ADSyncConnector -Name ${CORP}).Name
(Get-ADSyncConnector | Where-Object { $_.ConnectorTypeName -eq 'AD' }).Name
(Get-ADSyncConnector | Where-Object Type -ne 'AD').Name
(Get-ADSyncConnector | Where-Object SubType -eq 'Windows Azure Active Directory (Microsoft)').Name
(Get-ADSyncConnector | Where-Object ListName -eq 'Active Directory Domain Services').Name
(Get-ADSyncConnector | Where-Object Identifier -eq ${TENANT_CONNECTOR_ID}).Name`,
    ...[CORP, CORP, FABRIKAM, TENANT, TENANT, CORP, FABRIKAM, TENANT],
  ),
  call(
    '`Get-ADSyncConnectorStatistics` with a name',
    `(Get-ADSyncConnector | Get-ADSyncConnectorStatistics).ConnectorName
(Get-ADSyncConnectorStatistics -ConnectorName ${CORP}).ExportDeletes
(Get-ADSyncConnectorStatistics).Count`,
    ...[CORP, FABRIKAM, TENANT, '3', '3'],
  ),
  call(
    '`New-Object …ConfigurationParameter …`',
    `$c = Get-ADSyncConnector -Name ${CORP}
$p = New-Object ${PARAMETER} "${FORCED}", String, ConnectorGlobal, $null, $null, $null
$p.Value = 1
$c.GlobalParameters.Remove($p.Name)
$c.GlobalParameters.Add($p)
$c = Add-ADSyncConnector -Connector $c
$c.GlobalParameters['${FORCED}'].Value
$c.GlobalParameters.Remove('${FORCED}')`,
    ...['False', '1', 'True'],
  ),
  call(
    'as web pages make them',
    [
      `$c = Get-ADSyncConnector “${FABRIKAM}”`,
      `$p = New-Object –TypeName ${PARAMETER} –ArgumentList ‘${FORCED}’, String, ConnectorGlobal, $null, $null, $null`,
      '$p.Value = 1',
      '$c.GlobalParameters.Add($p)',
      `(Add-ADSyncConnector $c).GlobalParameters[“${FORCED}”].Value`,
    ].join('\r\n'),
    '1',
  ),
  call(
    '`Set-ADSyncAADPasswordSyncConfiguration …',
    `Set-ADSyncAADPasswordSyncConfiguration -SourceConnector ${CORP} -TargetConnector '${TENANT}' -Enable $false
${SWITCHED}
foreach ($ad in Get-ADSyncConnector | Where-Object Type -eq 'AD') {
  Set-ADSyncAADPasswordSyncConfiguration -SourceConnector $ad.Name -TargetConnector '${TENANT}' -Enable $false
  ${SWITCHED}
  Set-ADSyncAADPasswordSyncConfiguration -SourceConnector $ad.Name -TargetConnector '${TENANT}' -Enable $true
}
${SWITCHED}`,
    ...['False', 'True', 'False', 'True', 'True', 'False', 'True', 'True'],
  ),
  call(
    '(`.Enabled`, `.TargetConnector`)',
    `$channel = Get-ADSyncAADPasswordSyncConfiguration -SourceConnector ${CORP}
$channel.Enabled
$channel.TargetConnector`,
    ...['True', TENANT],
  ),
  call(
    '`Get-ADSyncPartitionPasswordSyncState`, also',
    `(Get-ADSyncPartitionPasswordSyncState).DN
(Get-ADSyncPartitionPasswordSyncState | ? DN -notlike 'default').Count
(Get-ADSyncPartitionPasswordSyncState | Select-Object -Index 0).PasswordSyncLastSuccessfulCycleEndTimestamp.ToString('o')`,
    ...['DC=corp,DC=example,DC=com', 'DC=Fabrikam,DC=Example,DC=org', '2', SOME_TIME.replace('Z', '0000Z')],
  ),
  call(
    '`(Get-ADSyncScheduler).CurrentlyEffectiveSyncCycleInterval.Minutes`',
    `(Get-ADSyncScheduler).CurrentlyEffectiveSyncCycleInterval.Minutes
(Get-ADSyncScheduler).NextSyncCyclePolicyType
(Get-ADSyncScheduler).SyncCycleEnabled
(Get-ADSyncScheduler).StagingModeEnabled`,
    ...['30', 'Delta', 'True', 'False'],
  ),
  call(
    '`Set-ADSyncScheduler –SyncCycleEnabled $false`',
    `Set-ADSyncScheduler –SyncCycleEnabled $false
(Get-ADSyncScheduler).SyncCycleEnabled
Set-ADSyncScheduler -SyncCycleEnabled $true -CustomizedSyncCycleInterval 03:00:00 -NextSyncCyclePolicyType Initial
$s = Get-ADSyncScheduler
"$($s.SyncCycleEnabled) $($s.CustomizedSyncCycleInterval) $($s.NextSyncCyclePolicyType)"`,
    ...['False', 'True 03:00:00 Initial'],
  ),
  call(
    '`Start-ADSyncSyncCycle -PolicyType Delta`',
    `(Start-ADSyncSyncCycle -PolicyType Delta).Result -eq 'Success'
(Start-ADSyncSyncCycle -PolicyType Initial).Result -eq 'Success'
try { Start-ADSyncSyncCycle -PolicyType Full } catch { $_.CategoryInfo.Category }`,
    ...['True', 'True', 'InvalidArgument'],
  ),
  call(
    '`Get-ADSyncConnectorRunStatus` in a loop',
    `while ($busy = Get-ADSyncConnectorRunStatus) {
  "$($busy.ConnectorName) $($busy.RunState -eq 'Busy')"
  Start-Sleep -Milliseconds 1
}`,
    ...[`${CORP} True`, `${CORP} True`],
  ),
  call(
    '`(Get-ADSyncGlobalSettings).Parameters',
    `(Get-ADSyncGlobalSettings).Parameters['Microsoft.SynchronizationOption.UPNAttribute'].Value
(Get-ADSyncGlobalSettings).Parameters | select Name, Value | ForEach-Object { "$($_.Name)=$($_.Value)" }
(Get-ADSyncGlobalSettingsParameter | Where-Object Name -eq 'Microsoft.Synchronize.StagingMode').Value`,
    'userPrincipalName',
    'Microsoft.Synchronize.StagingMode=False',
    'Microsoft.OptionalFeature.AutoUpgradeState=Disabled',
    'Microsoft.SynchronizationOption.UPNAttribute=userPrincipalName',
    'False',
  ),
  call(
    '`Get-ADSyncAADCompanyFeature` with',
    `(Get-ADSyncAADCompanyFeature -ConnectorName '${TENANT}').PasswordHashSync
(Get-ADSyncAADCompanyFeature).PasswordHashSync`,
    ...['True', 'True'],
  ),
  call(
    '`Get-ADSyncCSObject -ConnectorName …',
    `(Get-ADSyncCSObject -ConnectorName ${CORP}).Count
(Get-ADSyncCSObject -ConnectorName ${CORP} -DistinguishedName '${USER_DN}').ObjectId.ToString()
(Get-ADSyncCSObject -ConnectorIdentifier (Get-ADSyncConnector ${CORP}).Identifier -DistinguishedName '${USER_DN}').ObjectType
(Get-ADSyncCSObject -Identifier ${USER_ID}).DistinguishedName`,
    ...['2', USER_ID, 'user', USER_DN],
  ),
  call(
    '`$object \\| Invoke-ADSyncCSObjectPasswordHashSync`',
    `$object = Get-ADSyncCSObject -Identifier ${USER_ID}
($object | Invoke-ADSyncCSObjectPasswordHashSync).Status
(Invoke-ADSyncCSObjectPasswordHashSync -CsObject $object).Status
(Invoke-ADSyncCSObjectPasswordHashSync -Identifier ${USER_ID}).Status
(Invoke-ADSyncCSObjectPasswordHashSync -ConnectorName ${CORP} -DistinguishedName '${USER_DN}').Status`,
    ...Array<string>(4).fill('Success'),
  ),
  call(
    '`Get-ADSyncCSObjectLog`, ',
    `(Get-ADSyncCSObject -Identifier ${USER_ID} | Get-ADSyncCSObjectLog -Count 5).Detail
(Get-ADSyncDomainReachabilityStatus -ConnectorName ${CORP}).ExceptionMessage
Invoke-ADSyncDiagnostics -PasswordSync | ForEach-Object { "$($_.Check): $($_.Passed), $($_.Found)" }`,
    ...['of 5', 'connection refused', 'channel: True, it is on'],
  ),
  call(
    '`Get-ADSyncRunProfileResult` with',
    `(Get-ADSyncRunProfileResult).RunNumber
(Get-ADSyncRunProfileResult -NumberRequested 1).Result
(Get-ADSyncRunProfileResult | Where-Object { $_.Result -ne 'success' } | Select-Object -First 50).RunProfileName
(Get-ADSyncRunProfileResult -RunNumber 7).RunHistoryId.ToString()
Get-ADSyncConnector | Where-Object Name -eq '${TENANT}' | Get-ADSyncRunProfileResult -NumberRequested 1 -RunStepDetails | ForEach-Object { "$($_.ConnectorName) $($_.RunStepResults.ExportDelete) $($_.RunStepResults.SyncErrors.DistinguishedName)" }`,
    ...['8', '7', 'completed-export-errors', 'Export', RUN_IDS[0], `${TENANT} 3 ${USER_DN}`],
  ),
  call(
    'every profile of `$connector.RunProfiles`',
    `foreach ($conn in Get-ADSyncConnector) {
  foreach ($profile in $conn.RunProfiles) {
    $lastRun = Get-ADSyncRunProfileResult -NumberRequested 2 -ConnectorId $conn.Identifier -RunProfileId $profile.Identifier | Where-Object -Property IsRunComplete | Select-Object -Index 0
    if ($null -eq $lastRun) { continue }
    "$($conn.Name) $($profile.Name);$($lastRun.Result);$(($lastRun.EndDate - $lastRun.StartDate).TotalSeconds)"
  }
}`,
    ...[`${CORP} Delta Import;success;600`, `${TENANT} Export;completed-export-errors;0`],
  ),
  call(
    '`Get-ADSyncRunStepResult` with',
    `(Get-ADSyncRunStepResult -RunHistoryId ${RUN_IDS[1]}).StepResult
(Get-ADSyncRunStepResult | Where-Object { $_.StepResult -ne 'success' }).ExportUpdate
(Get-ADSyncRunStepResult -First).SyncErrors.ErrorLiteral
(Get-ADSyncRunProfileResult -RunNumber 7 | Get-ADSyncRunStepResult).StageNoChange`,
    ...['completed-export-errors', '2', 'not today', '4'],
  ),
  call(
    '`Get-ADSyncRule`, also',
    `(Get-ADSyncRule).Name
(Get-ADSyncRule | Where-Object EnablePasswordSync).Precedence
(Get-ADSyncRule | Where-Object { $_.Name -eq 'In from AD - User Common' }).AttributeFlowMappings.Destination
"$((Get-ADSyncRule -Identifier (Get-ADSyncRule)[0].Identifier).ScopeFilter)"`,
    ...['In from AD - User Join', 'In from AD - User Common', '100', 'surname'],
    'adminDescription NOTSTARTSWITH User_',
  ),
  call(
    '`Get-ADSyncMVObject -Identifier',
    `$cs = Get-ADSyncCSObject -Identifier ${USER_ID}
(Get-ADSyncMVObject -Identifier $cs.ConnectedMVObjectId).Lineage.ConnectedCsObjectDN
($cs | Get-ADSyncMVObject).Attributes.Values
try { Get-ADSyncMVObject ([guid]::NewGuid()) -ErrorAction Stop } catch { $_.FullyQualifiedErrorId.Split(',')[0] }`,
    ...[USER_DN, 'a@b.example', 'not-synchronized'],
  ),
  call(
    '`.Partitions.ConnectorPartitionScope`',
    `(Get-ADSyncConnector ${CORP}).Partitions[0].ConnectorPartitionScope.ContainerInclusionList
(Get-ADSyncConnector ${CORP}).ConnectivityParameters['forest-login-user'].Value
(Get-ADSyncConnector | Where-Object Type -ne 'AD').ConnectivityParameters | Where-Object Name -eq 'UserName' | ForEach-Object Value`,
    ...['DC=corp,DC=example,DC=com', 'reader', 'an-agent'],
  ),
  call(
    '`Set-ADSyncSchedulerConnectorOverride -ConnectorName',
    `Set-ADSyncSchedulerConnectorOverride -ConnectorName ${CORP} -FullImportRequired $true -FullSyncRequired $true
Get-ADSyncSchedulerConnectorOverride | ForEach-Object { "$($_.ConnectorName) $($_.FullImportRequired) $($_.FullSyncRequired)" }
(Get-ADSyncSchedulerConnectorOverride -Connector (Get-ADSyncConnector ${FABRIKAM}).Identifier).ConnectorName`,
    ...[`${CORP} True True`, `${FABRIKAM} False False`, `${TENANT} False False`, FABRIKAM],
  ),
  call(
    '`Get-ADSyncExportDeletionThreshold` (',
    `(Get-ADSyncExportDeletionThreshold -AADUserName someone).ThresholdCount
(Enable-ADSyncExportDeletionThreshold -DeletionThreshold 100).ThresholdCount
(Get-ADSyncExportDeletionThreshold).DeletionPrevention`,
    ...['500', '100', '1'],
  ),
  call(
    '`Disable-ADSyncExportDeletionThreshold`, then',
    `(Disable-ADSyncExportDeletionThreshold).Users
(Get-ADSyncExportDeletionThreshold).Waiting
(Disable-ADSyncExportDeletionThreshold -WarningVariable none -WarningAction SilentlyContinue | Measure-Object).Count
"$none"
(Enable-ADSyncExportDeletionThreshold -DeletionThreshold 500 -AADUserName someone).ThresholdCount
try { Enable-ADSyncExportDeletionThreshold 1000 -ErrorAction Stop } catch [System.InvalidOperationException] { $_.FullyQualifiedErrorId.Split(',')[0] }`,
    ...[
      'ann',
      'ben',
      '0',
      '0',
      'No deletions are waiting, so nothing was approved. The deletion threshold stays on.',
    ],
    ...['500', 'threshold-too-large'],
  ),
  call(
    '`Get-ADSyncAutoUpgrade`, also',
    `"$(Get-ADSyncAutoUpgrade)"
(Get-ADSyncAutoUpgrade) -eq 'Enabled'
(Get-ADSyncAutoUpgrade -Detail).AutoUpgradeState`,
    ...['Disabled', 'False', 'Disabled'],
  ),
  call(
    '`Get-ADSyncServerConfiguration -Path',
    `Get-ADSyncServerConfiguration -Path '${folder}/configuration'
(Get-ChildItem '${folder}/configuration' -Recurse -File).Count
(Import-Clixml "${folder}/configuration/Connectors/Connector_{$((Get-ADSyncConnector ${CORP}).Identifier)}.xml").Name`,
    ...['6', CORP],
  ),
];

/** The rows whose call works, with or without a remark. */
const ROWS = readFileSync(join(import.meta.dirname, '../../docs/powershell.md'), 'utf8')
  .split('\n')
  .map(line => /^\| (.+) \| yes\b.* \|$/.exec(line)?.[1])
  .filter(row => row !== undefined);

test('this file tries each call that docs/powershell.md says works', () => {
  assert.ok(ROWS.length > 0);
  const rows = CALLS.map(({ row }) => ROWS.filter(each => each.includes(row)));
  for (const [i, found] of rows.entries()) assert.equal(found.length, 1, `rows with ${CALLS[i]!.row}`);
  assert.deepEqual(rows.flat().toSorted(), ROWS.toSorted());
});

const socket = join(folder, 'connect.sock');
const peer = await ConnectPeer.start({ listen: { socket } });
after(async () => {
  await peer.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A Connect that remembers its scheduler's settings, has two objects, and is busy twice. */
function connect() {
  const { script } = connectOfTwoForests();
  const objects = [userObject(0), userObject(1)];
  const running = [CORP, CORP].map(connectorName => [{ runState: 'Busy', connectorName }]);
  const entry = { at: SOME_TIME, status: 'Success', detail: null };
  let scheduler: object = {
    ...(script.getScheduler!({ params: {}, query: {}, body: undefined }) as object),
    currentlyEffectiveSyncCycleInterval: 1800,
  };
  return {
    ...script,
    getScheduler: () => scheduler,
    setScheduler: ({ body }) => {
      scheduler = { ...scheduler, ...(body as object) };
      return scheduler;
    },
    listRunStatus: () => ({ running: running.pop() ?? [] }),
    listObjects: ({ query: { distinguishedName } }) => ({
      objects: objects.filter(each =>
        [undefined, each.distinguishedName].includes(distinguishedName as string),
      ),
    }),
    getObject: ({ params }) => objects.find(each => each.objectId === params.id),
    getObjectLog: ({ query }) => ({ entries: [{ ...entry, detail: `of ${query.count}` }] }),
    syncObjectPassword: () => entry,
    diagnosePasswordSync: () => ({
      checks: [{ check: 'channel', passed: true, found: 'it is on', action: null }],
    }),
  } satisfies typeof script;
}

for (const engine of await powershells()) {
  describe(`calls in ${engine.name}`, () => {
    const MARK = '---- the next call';
    let outputs: string[];
    before(async () => {
      peer.script = connect();
      const calls = CALLS.map(({ script }) => `'${MARK}'\n${script}`);
      const { code, stdout, stderr } = await engine.run(`Import-Module ADSync\n${calls.join('\n')}`, {
        CAUSEWAY_CONNECT: socket,
      });
      assert.equal(stderr, '');
      assert.equal(code, 0);
      assert.deepEqual(peer.breaches, []);
      outputs = stdout.replaceAll('\r\n', '\n').split(`${MARK}\n`).slice(1);
    });

    for (const [i, { row, expected }] of CALLS.entries())
      test(row.replaceAll('`', ''), () => assert.deepEqual(outputs[i]!.trim().split('\n'), expected));
  });
}
