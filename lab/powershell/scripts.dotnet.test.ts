import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { TENANT_CONNECTOR_ID } from '@causeway/contract';
import { ConnectPeer } from '../peers/connect-peer.ts';
import { connectOfTwoForests, userObject } from './answers.ts';
import { powershells } from './engine.ts';
import { FORESTS, TENANT, USER_DN, USER_ID } from './forests.ts';
import { fillNames, tutorialScripts } from './tutorial.ts';

const FORCED = 'Microsoft.Synchronize.ForceFullPasswordSync';
const [CORP, FABRIKAM] = FORESTS;
const folder = mkdtempSync(join(tmpdir(), 'causeway-powershell-test-'));
const socket = join(folder, 'connect.sock');
let connect = connectOfTwoForests();
const peer = await ConnectPeer.start({ listen: { socket } }, connect.script);
const engines = await powershells();

beforeEach(() => {
  connect = connectOfTwoForests();
  peer.script = connect.script;
  peer.asked.length = 0;
});
after(async () => {
  await peer.close();
  rmSync(folder, { recursive: true, force: true });
});

const forced = (name: string) =>
  connect.connectors
    .find(each => each.name === name)!
    .globalParameters.filter(each => each.name === FORCED)
    .map(each => each.value);
const switched = () =>
  peer.asked.filter(({ name }) => name === 'setPasswordSync').map(({ asked }) => asked.body as object);

for (const engine of engines) {
  /** Runs a script, and asserts that it prints no errors and keeps to the contract. */
  const run = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await engine.run(script, { CAUSEWAY_CONNECT: socket });
    assert.equal(stderr, '', script);
    assert.equal(code, 0, stdout);
    assert.deepEqual(peer.breaches, []);
    return stdout.replaceAll('\r\n', '\n');
  };

  describe(`scripts in ${engine.name}`, () => {
    const documents = tutorialScripts();

    test('each document shows the same script of the tutorial', () => {
      assert.ok(documents.length > 0);
      for (const { script, document } of documents) assert.equal(script, documents.at(-1)!.script, document);
    });

    test('the tutorial’s script forces a full password synchronization of its forest alone', async () => {
      const output = await run(fillNames(documents.at(-1)!.script, CORP, TENANT));
      // As the original's collection, Remove returns whether there was one.
      assert.equal(output.trim(), 'False');
      assert.deepEqual(forced(CORP), [1]);
      assert.deepEqual(forced(FABRIKAM), []);
      assert.deepEqual(
        switched(),
        [false, true].map(enabled => ({ sourceConnector: CORP, targetConnector: TENANT, enabled })),
      );
      const kept = connect.connectors[0]!.globalParameters.find(
        each => each.name === 'Microsoft.Example.Kept',
      );
      assert.equal(kept?.value, 'as it is');
    });

    test('the script runs twice, and with Windows line ends', async () => {
      const script = fillNames(documents.at(-1)!.script, CORP, TENANT).replaceAll('\n', '\r\n');
      await run(script);
      assert.equal((await run(script)).trim(), 'True');
      assert.deepEqual(forced(CORP), [1]);
    });

    test('the script works with other names, positions and typographic quotes', async () => {
      await run(`Import-Module ADSync
$forest = “${CORP}”
$cloud = ‘${TENANT}’
$connector = Get-ADSyncConnector $forest
$parameter = New-Object –TypeName Microsoft.IdentityManagement.PowerShell.ObjectModel.ConfigurationParameter –ArgumentList “${FORCED}”, String, ConnectorGlobal, $null, $null, $null
$parameter.Value = "1"
[void]$connector.GlobalParameters.Remove($parameter.Name)
$connector.GlobalParameters.Add($parameter)
$null = Add-ADSyncConnector $connector
Set-ADSyncAADPasswordSyncConfiguration $forest $cloud $false
Set-ADSyncAADPasswordSyncConfiguration $forest $cloud $true`);
      assert.deepEqual(forced(CORP), ['1']);
      assert.equal(switched().length, 2);
    });

    const findings = {
      "ConnectorTypeName 'AD'": `$_.ConnectorTypeName -eq 'AD'`,
      Type: `$_.Type -eq 'AD'`,
      SubType: `$_.SubType -ne 'Windows Azure Active Directory (Microsoft)'`,
      ListName: `$_.ListName -eq 'Active Directory Domain Services'`,
    };
    for (const [how, condition] of Object.entries(findings)) {
      test(`a loop forces each forest, found by ${how}`, async () => {
        const output = await run(`Import-Module ADSync
$aad = Get-ADSyncConnector | Where-Object { $_.SubType -eq 'Windows Azure Active Directory (Microsoft)' }
foreach ($ad in Get-ADSyncConnector | ? { ${condition} }) {
  $p = New-Object Microsoft.IdentityManagement.PowerShell.ObjectModel.ConfigurationParameter '${FORCED}', String, ConnectorGlobal, $null, $null, $null
  $p.Value = 1
  $ad.GlobalParameters.Remove($p.Name) > $null
  $ad.GlobalParameters.Add($p)
  $ad = $ad | Add-ADSyncConnector
  "$($ad.Name) $($ad.GlobalParameters['${FORCED}'].Value) $($aad.Identifier)"
  $false, $true | ForEach-Object { Set-ADSyncAADPasswordSyncConfiguration -SourceConnector $ad.Name -TargetConnector $aad.Name -Enable $_ }
}`);
        assert.deepEqual(
          output.trim().split('\n'),
          FORESTS.map(name => `${name} 1 ${TENANT_CONNECTOR_ID}`),
        );
        for (const name of FORESTS) assert.deepEqual(forced(name), [1]);
        assert.equal(switched().length, 4);
      });
    }

    test('a status report covers features, channels, partitions, scheduler and statistics', async () => {
      const output = await run(`Import-Module ADSync
$connectors = Get-ADSyncConnector
$aadConnectors = $connectors | Where-Object {$_.SubType -eq "Windows Azure Active Directory (Microsoft)"}
$adConnectors = $connectors | Where-Object {$_.ConnectorTypeName -eq "AD"}
"connectors $($aadConnectors.Count) $($adConnectors.Count)"
"feature $((Get-ADSyncAADCompanyFeature -ConnectorName $aadConnectors[0].Name).PasswordHashSync) $((Get-ADSyncAADCompanyFeature).GroupWritebackV2)"
foreach ($ad in $adConnectors) {
  $c = Get-ADSyncAADPasswordSyncConfiguration -SourceConnector $ad.Name
  "channel $($c.SourceConnector) -> $($c.TargetConnector) $($c.Enabled)"
}
$schedule = Get-ADSyncScheduler
"scheduler $($schedule.CurrentlyEffectiveSyncCycleInterval) $($schedule.AllowedSyncCycleInterval.TotalMinutes) $($schedule.NextSyncCyclePolicyType) $($schedule.SyncCycleEnabled) $($schedule.NextSyncCycleStartTimeInUTC.ToString('o'))"
foreach ($state in Get-ADSyncPartitionPasswordSyncState | ? DN -notlike 'default') {
  "partition $($state.DN) $($state.PasswordSyncLastCycleStatus) $($state.PasswordSyncLastSuccessfulCycleEndTimestamp.ToString('o')) $($null -eq $state.PasswordSyncLastCycleEndTimestamp)"
}
$connectors | Get-ADSyncConnectorStatistics | ForEach-Object { "statistics $($_.ConnectorName) $($_.TotalConnectors) $($_.ExportAdds)" }
"busy [$(Get-ADSyncConnectorRunStatus)]"
$settings = Get-ADSyncGlobalSettings
"settings $($settings.Version) $($settings.Parameters['Microsoft.SynchronizationOption.UPNAttribute'].Value) $($settings.Parameters['none'].Value)"
Get-ADSyncGlobalSettingsParameter | Where-Object { $_.Name -like '*StagingMode*' } | ForEach-Object { "staging $($_.Value)" }
Get-ADSyncDomainReachabilityStatus -ConnectorName $adConnectors[0].Name | ForEach-Object { "reachable $($_.FullName) $($_.IsReachable) $($_.ExceptionMessage)" }`);
      assert.deepEqual(output.trim().split('\n'), [
        'connectors 1 2',
        'feature True False',
        ...FORESTS.map(name => `channel ${name} -> ${TENANT} True`),
        'scheduler 01:00:00 30 Delta True 2026-03-10T18:48:23.9370000Z',
        'partition DC=corp,DC=example,DC=com InProgress 2026-03-10T18:48:23.9370000Z True',
        'partition DC=Fabrikam,DC=Example,DC=org InProgress 2026-03-10T18:48:23.9370000Z True',
        ...[...FORESTS, TENANT].map(name => `statistics ${name} 28 1`),
        'busy []',
        'settings 1.1.614.0 userPrincipalName ',
        'staging False',
        `reachable ${CORP} False connection refused`,
      ]);
    });

    test('Set-ADSyncScheduler changes only what is given', async () => {
      const changes: unknown[] = [];
      peer.script = {
        ...peer.script,
        setScheduler: asked => {
          changes.push(asked.body);
          return connect.script.getScheduler!(asked);
        },
      };
      await run(`Import-Module ADSync
Set-ADSyncScheduler -CustomizedSyncCycleInterval 03:00:00
Set-ADSyncScheduler –SyncCycleEnabled $false -NextSyncCyclePolicyType Initial
Set-ADSyncScheduler -CustomizedSyncCycleInterval $null -Force
Set-ADSyncScheduler -PurgeRunHistoryInterval 1.00:00:00 -MaintenanceEnabled $true -SchedulerSuspended $true
Set-ADSyncScheduler`);
      assert.deepEqual(changes, [
        { customizedSyncCycleInterval: 10_800 },
        { syncCycleEnabled: false, nextSyncCyclePolicyType: 'Initial' },
        { customizedSyncCycleInterval: null },
        { purgeRunHistoryInterval: 86_400, maintenanceEnabled: true, schedulerSuspended: true },
      ]);
    });

    test('a cycle starts and stops, and reports it', async () => {
      const output = await run(`Import-Module ADSync
(Start-ADSyncSyncCycle -PolicyType Delta).Result
(Start-ADSyncSyncCycle Initial).Result
(Start-ADSyncSyncCycle).Result
(Stop-ADSyncSyncCycle).Result`);
      assert.deepEqual(output.trim().split('\n'), ['Success', 'Success', 'Success', 'Success']);
      const types = peer.asked.filter(({ name }) => name === 'startSyncCycle').map(({ asked }) => asked.body);
      assert.deepEqual(
        types,
        ['Delta', 'Initial', 'Delta'].map(policyType => ({ policyType })),
      );
    });

    test('objects come page by page, one by its name, and each can be sent again', async () => {
      const all = Array.from({ length: 1001 }, (_, i) => userObject(i));
      peer.script = {
        ...peer.script,
        listObjects: ({ query }) => {
          const { distinguishedName, startIndex, maxResultCount } = query as {
            distinguishedName?: string;
            startIndex: number;
            maxResultCount: number;
          };
          const named = all.filter(
            each => distinguishedName === undefined || each.distinguishedName === distinguishedName,
          );
          return { objects: named.slice(startIndex, startIndex + maxResultCount) };
        },
        getObject: ({ params }) => all.find(each => each.objectId === params.id),
        getObjectLog: ({ query }) => ({
          entries: [{ at: '2026-03-10T18:48:23.937Z', status: 'Success', detail: `of ${query.count}` }],
        }),
        syncObjectPassword: () => ({
          at: '2026-03-10T18:48:23.937Z',
          status: 'RetryRequestedByTarget',
          detail: null,
        }),
      };
      const output = await run(`Import-Module ADSync
(Get-ADSyncCSObject -ConnectorName ${CORP}).Count
(Get-ADSyncCSObject -ConnectorName ${CORP} -StartIndex 990 -MaxResultCount 5).Count
(Get-ADSyncCSObject ${CORP} '${USER_DN}').ObjectId.ToString()
(Get-ADSyncCSObject -ConnectorIdentifier ${connect.connectors[0]!.identifier} -DistinguishedName '${USER_DN}').Attributes[0].Values[0]
$user = Get-ADSyncCSObject -Identifier ${USER_ID}
$user.DistinguishedName
($user | Get-ADSyncCSObjectLog -Count 5).Detail
(Invoke-ADSyncCSObjectPasswordHashSync -ConnectorName ${CORP} -DistinguishedName '${USER_DN}').Status
(Invoke-ADSyncCSObjectPasswordHashSync -CsObject $user).Status
($user | Invoke-ADSyncCSObjectPasswordHashSync).Status
(Invoke-ADSyncCSObjectPasswordHashSync -Identifier ${USER_ID}).Status`);
      assert.deepEqual(output.trim().split('\n'), [
        ...['1001', '5', USER_ID, 'alice@corp.example.com', USER_DN, 'of 5'],
        ...[
          'RetryRequestedByTarget',
          'RetryRequestedByTarget',
          'RetryRequestedByTarget',
          'RetryRequestedByTarget',
        ],
      ]);
    });

    test('-WhatIf sends Connect nothing that changes it', async () => {
      const output = await run(`Import-Module ADSync
$c = Get-ADSyncConnector ${CORP}
Add-ADSyncConnector $c -WhatIf
Set-ADSyncAADPasswordSyncConfiguration ${CORP} '${TENANT}' $false -WhatIf
Set-ADSyncScheduler -SyncCycleEnabled $false -WhatIf
Start-ADSyncSyncCycle -WhatIf
Stop-ADSyncSyncCycle -WhatIf
Set-ADSyncAADCompanyFeature -PasswordHashSync $false -WhatIf
Invoke-ADSyncCSObjectPasswordHashSync -Identifier ${USER_ID} -WhatIf
Unregister-CausewayConnection -WhatIf`);
      assert.equal(output.match(/^What if: /gm)?.length, 8, output);
      assert.deepEqual(
        peer.asked.map(({ name }) => name),
        ['getConnector'],
      );
    });
  });
}
