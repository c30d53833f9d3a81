import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { ConnectPeer, refusal, type Script } from '../peers/connect-peer.ts';
import { connectOfTwoForests, userObject } from './answers.ts';
import { powershells } from './engine.ts';
import { FORESTS, TENANT, USER_DN, USER_ID } from './forests.ts';

/** What public scripts and administrators expect of the module, from the original or from PowerShell in general. */

const FORCED = 'Microsoft.Synchronize.ForceFullPasswordSync';
const [CORP, FABRIKAM] = FORESTS;
const folder = mkdtempSync(join(tmpdir(), 'causeway-habits-test-'));
const socket = join(folder, 'connect.sock');
let { script, connectors } = connectOfTwoForests();
const peer = await ConnectPeer.start({ listen: { socket } }, script);
const engines = await powershells();

beforeEach(() => {
  ({ script, connectors } = connectOfTwoForests());
  peer.script = script;
  peer.asked.length = 0;
});
after(async () => {
  await peer.close();
  rmSync(folder, { recursive: true, force: true });
});

const answer = (more: Script): void => {
  peer.script = { ...script, ...more };
};
const asked = (name: string) => peer.asked.filter(each => each.name === name).map(each => each.asked);

test('each table of the module fits into 80 columns, and wraps longer values', () => {
  const views = readFileSync(
    join(import.meta.dirname, '../../powershell/ADSync/ADSync.format.ps1xml'),
    'utf8',
  )
    .split('<View>')
    .slice(1);
  assert.ok(views.length > 10);
  for (const view of views) {
    const name = /<Name>(\w+)</.exec(view)![1]!;
    const columns = view.match(/<TableColumnHeader\b/g)!.length;
    const widths = [...view.matchAll(/<Width>(\d+)<\/Width>/g)].map(([, width]) => Number(width));
    assert.equal(widths.length, columns, `${name}: a width for every column`);
    assert.ok(widths.reduce((sum, width) => sum + width, columns - 1) < 80, name);
    assert.match(view, /<Wrap \/>/, name);
  }
});

for (const engine of engines) {
  const lines = async (body: string, CAUSEWAY_CONNECT = socket): Promise<string[]> => {
    const { code, stdout, stderr } = await engine.run(
      `$ProgressPreference = 'SilentlyContinue'\nImport-Module ADSync\n${body}`,
      { CAUSEWAY_CONNECT },
    );
    assert.equal(stderr, '', body);
    assert.equal(code, 0, stdout);
    assert.deepEqual(peer.breaches, []);
    return stdout.replaceAll('\r\n', '\n').trim().split('\n');
  };

  describe(`habits in ${engine.name}`, () => {
    test('a start while Connect is busy throws what scripts of the original catch and match', async () => {
      const busy = `connector: ${TENANT} is busy: a cycle is under way`;
      answer({ startSyncCycle: () => refusal(409, 'cycle-in-progress', busy) });
      const output = await lines(`
try { Start-ADSyncSyncCycle -PolicyType Delta -ErrorAction Stop }
catch [System.InvalidOperationException] {
  "$($_.Exception.Message -match 'AAD is busy') $($_.CategoryInfo.Category) $($_.ErrorDetails.RecommendedAction)"
}`);
      assert.match(output[0]!, /^True ResourceBusy Wait for its end, or stop it:/);
    });

    test('a forced pass merged with a running one gives a warning, and one that begins gives none', async () => {
      let fullPass = 'begun';
      answer({
        setPasswordSync: ({ body }) => ({ ...(body as object), fullPass }),
        getScheduler: asking => {
          fullPass = 'merged';
          return script.getScheduler!(asking);
        },
      });
      const set = `Set-ADSyncAADPasswordSyncConfiguration ${CORP} '${TENANT}' $true -WarningAction SilentlyContinue -WarningVariable w`;
      const output = await lines(`${set}\n"[$w]"\n$null = Get-ADSyncScheduler\n${set}\n"[$w]"`);
      assert.equal(output[0], '[]');
      assert.match(output[1]!, /corp\.example\.com' is already running\. This request was merged with it/);
    });

    test('waiting for a full pass warns of what it waits for, and fails after the timeout', async () => {
      const reason = "the managed domain's key is not \u001b[31mconfirmed";
      const at = new Date().toISOString();
      const pass = {
        ...{ id: 1, requestedAt: at, startedAt: at, readAt: at, completedAt: null },
        ...{ users: 20, total: 20, rate: 5, expectedAt: null, owed: 20, waitingFor: reason },
      };
      answer({ getFullPasswordSync: () => ({ passes: [{ connector: CORP, pass }] }) });
      const output = await lines(`
$quiet = @{ WarningAction = 'SilentlyContinue'; WarningVariable = 'w'; ErrorAction = 'SilentlyContinue'; ErrorVariable = 'e' }
$pass = Get-CausewayFullPasswordSync -Wait -TimeoutSeconds 1 @quiet
"$($pass.ConnectorName) $($pass.Owed) [$($pass.CompletedAt)]"
"$($w.Count) $w"
"$($e.Count) $($e[0].CategoryInfo.Category) $($e[0].FullyQualifiedErrorId) $e"`);
      assert.equal(output[0], `${CORP} 20 []`);
      assert.equal(
        output[1],
        `1 The full password synchronization of '${CORP}' is waiting: ${reason.replace('\u001b', '\ufffd')}`,
      );
      assert.match(
        output[2]!,
        /^1 OperationTimeout timed-out,\S+ .*'corp\.example\.com' has not finished within 1 seconds/,
      );
      assert.ok(asked('getFullPasswordSync').length > 1);
    });

    test('the help’s examples of cmdlets that change something work', async () => {
      const output = await lines(`
foreach ($name in 'Set-ADSyncAADCompanyFeature', 'Set-ADSyncAADPasswordSyncConfiguration', 'Add-ADSyncConnector') {
  foreach ($example in (Get-Help $name -Full).examples.example) {
    $Error.Clear()
    $null = [scriptblock]::Create($example.code).Invoke()
    "$name [$Error]"
  }
}`);
      assert.deepEqual(output, [
        'Set-ADSyncAADCompanyFeature []',
        'Set-ADSyncAADPasswordSyncConfiguration []',
        'Add-ADSyncConnector []',
      ]);
      assert.deepEqual(
        connectors[0]!.globalParameters.filter(each => each.name === FORCED).map(each => each.value),
        [1],
      );
    });

    test('a missing feature is not a busy resource and has its own advice, and its former name is accepted', async () => {
      const shown = `catch { "$($_.CategoryInfo.Category) $($_.ErrorDetails.RecommendedAction)" }`;
      const output = await lines(`
try { Set-ADSyncAADCompanyFeature -ConnectorName '${TENANT}' -ForcePasswordResetOnLogonFeature $true -ErrorAction Stop } ${shown}`);
      assert.match(output[0]!, /^NotImplemented Leave it switched off/);
      assert.deepEqual(
        asked('setCompanyFeature').map(({ body }) => body),
        [{ forcePasswordChangeOnLogOn: true }],
      );
    });

    test('not running and not allowed both end the command, and a wrong input does not', async () => {
      const both = `'one', 'two' | ForEach-Object { [pscustomobject]@{ Name = $_ } } | Get-ADSyncConnector -ErrorAction SilentlyContinue -ErrorVariable e`;
      const tried = `try { ${both}; "went on, $($e.Count)" } catch { "ended: $($_.CategoryInfo.Category)" }`;
      assert.deepEqual(await lines(tried), ['went on, 2']);
      assert.deepEqual(await lines(tried, join(folder, 'none.sock')), ['ended: ConnectionError']);
      for (const [status, category] of [
        [401, 'AuthenticationError'],
        [403, 'PermissionDenied'],
      ] as const) {
        answer({ getConnector: () => refusal(status, 'not-you', 'you may not') });
        peer.asked.length = 0;
        assert.deepEqual(await lines(tried), [`ended: ${category}`]);
        assert.equal(asked('getConnector').length, 1);
      }
    });

    test('the Tab key offers matching connectors first', async () => {
      const first = (line: string) =>
        `([System.Management.Automation.CommandCompletion]::CompleteInput('${line}', ${line.length}, $null)).CompletionMatches[0].CompletionText`;
      const forests = [
        'Set-ADSyncAADPasswordSyncConfiguration -SourceConnector ',
        'Get-ADSyncAADPasswordSyncConfiguration -SourceConnector ',
        'Get-ADSyncPartitionPasswordSyncState -ConnectorName ',
        'Get-ADSyncDomainReachabilityStatus -ConnectorName ',
        'Get-CausewayFullPasswordSync -ConnectorName ',
        'Invoke-ADSyncDiagnostics -PasswordSync -ADConnectorName ',
        'Invoke-ADSyncCSObjectPasswordHashSync -ConnectorName ',
      ];
      const tenants = [
        'Set-ADSyncAADPasswordSyncConfiguration -TargetConnector ',
        'Get-ADSyncAADCompanyFeature -ConnectorName ',
        'Set-ADSyncAADCompanyFeature -ConnectorName ',
      ];
      // In Connect's order, whatever the parameter.
      answer({ listConnectors: () => ({ connectors: [connectors[2], connectors[0], connectors[1]] }) });
      assert.deepEqual(
        await lines(forests.map(first).join('\n')),
        forests.map(() => CORP),
      );
      answer({ listConnectors: () => ({ connectors }) });
      assert.deepEqual(
        await lines(tenants.map(first).join('\n')),
        tenants.map(() => `'${TENANT}'`),
      );
    });

    test('a name in the pipeline is bound by its property', async () => {
      answer({
        getFullPasswordSync: () => ({ passes: [] }),
        listObjects: () => ({ objects: [userObject()] }),
        getObject: () => userObject(),
        syncObjectPassword: () => ({ at: new Date().toISOString(), status: 'Success', detail: null }),
        diagnosePasswordSync: () => ({ checks: [] }),
      });
      const output = await lines(`
$named = [pscustomobject]@{ Name = '${CORP}' }
$null = @(
  $named | Get-ADSyncConnector
  $named | Get-ADSyncConnectorStatistics
  $named | Get-ADSyncConnectorRunStatus
  $named | Get-ADSyncDomainReachabilityStatus
  $named | Get-ADSyncPartitionPasswordSyncState
  $named | Get-ADSyncAADPasswordSyncConfiguration
  $named | Set-ADSyncAADPasswordSyncConfiguration -TargetConnector '${TENANT}' -Enable $true
  $named | Get-CausewayFullPasswordSync
  $named | Invoke-ADSyncDiagnostics -PasswordSync
  $named | Get-ADSyncCSObject
  $named | Get-ADSyncAADCompanyFeature
  $named | Set-ADSyncAADCompanyFeature -UserWriteback $false
)
(Get-ADSyncConnector ${CORP} | Get-ADSyncCSObject).ObjectId.ToString()
([pscustomobject]@{ ConnectorName = '${CORP}'; DistinguishedName = '${USER_DN}' } | Invoke-ADSyncCSObjectPasswordHashSync).Status
(Get-ADSyncCSObject -Identifier ${USER_ID} | Invoke-ADSyncCSObjectPasswordHashSync).Status
(Get-ADSyncCSObject -Identifier ${USER_ID} | Get-ADSyncCSObject).ObjectId.ToString()
(Get-ADSyncAADPasswordSyncConfiguration | Set-ADSyncAADPasswordSyncConfiguration -Enable $true)`);
      assert.deepEqual(output, [USER_ID, 'Success', 'Success', USER_ID]);
      const named = (name: string, part: 'params' | 'query' | 'body', key: string) =>
        asked(name).map(each => (each[part] as Record<string, unknown>)[key]);
      assert.equal(named('getConnectorStatistics', 'params', 'name')[0], CORP);
      assert.equal(named('getDomainReachability', 'params', 'name')[0], CORP);
      for (const name of [
        'listRunStatus',
        'listPartitionStates',
        'getFullPasswordSync',
        'diagnosePasswordSync',
      ])
        assert.equal(named(name, 'query', 'connector')[0], CORP, name);
      assert.equal(named('listObjects', 'query', 'connector')[0], CORP);
      assert.deepEqual(named('setPasswordSync', 'body', 'sourceConnector'), [CORP, CORP, FABRIKAM]);
    });

    test('an older connector does not overwrite a newer one, and a script may keep using its own object', async () => {
      answer({
        saveConnector: asking => {
          const { version } = connectors[0]!;
          const given = asking.query.version;
          return given === version
            ? script.saveConnector!(asking)
            : refusal(409, 'connector-changed', `version ${version} expected, got ${given}; get it again`);
        },
      });
      const output = await lines(`
$old = Get-ADSyncConnector ${CORP}
$own = Get-ADSyncConnector ${CORP}
$null = Add-ADSyncConnector $own
$null = Add-ADSyncConnector $own
"$($own.Version - $old.Version)"
try { Add-ADSyncConnector $old -ErrorAction Stop }
catch { "$($_.CategoryInfo.Category)|$(($_.FullyQualifiedErrorId -split ',')[0])|$_|$($_.ErrorDetails.RecommendedAction)" }`);
      assert.equal(output[0], '2');
      assert.match(
        output[1]!,
        /^InvalidOperation\|connector-changed\|version 5 expected, got 3.*\|Read the connector again/,
      );
    });

    test('AddOrReplace replaces the parameter of the same name', async () => {
      const output = await lines(`
$c = Get-ADSyncConnector ${CORP}
foreach ($value in 0, 1) {
  $p = New-Object Microsoft.IdentityManagement.PowerShell.ObjectModel.ConfigurationParameter '${FORCED}', String, ConnectorGlobal, $null, $null, $null
  $p.Value = $value
  $c.GlobalParameters.AddOrReplace($p)
}
$c.GlobalParameters | ForEach-Object { "$($_.Name) $($_.Value)" }`);
      assert.deepEqual(output, ['Microsoft.Example.Kept as it is', `${FORCED} 1`]);
    });

    test('Get-Help describes the module as a whole', async () => {
      const output = (await lines('Get-Help about_ADSync')).join('\n');
      assert.match(output, /Administers Causeway Connect with the cmdlets of Azure AD Connect/);
      for (const [, cmdlet] of output.matchAll(/^ {4}([A-Z]\w+-\w+)$/gm))
        assert.match(
          readFileSync(join(import.meta.dirname, '../../powershell/ADSync/ADSync.psd1'), 'utf8'),
          new RegExp(`'${cmdlet}'`),
        );
    });
  });
}
