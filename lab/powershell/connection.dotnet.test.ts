import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { ConnectPeer, type PeerSettings, Raw, refusal } from '../peers/connect-peer.ts';
import { makeCertificates } from '../places/certificates.ts';
import { connectOfTwoForests } from './answers.ts';
import { type PowerShell, powershells } from './engine.ts';
import { FORESTS, TENANT } from './forests.ts';

const TOKEN = 'made-up-token-of-a-test';
const folder = mkdtempSync(join(tmpdir(), 'causeway-connection-test-'));
const home = join(folder, 'home');
const profile = join(home, 'causeway', 'connection.json');
const socket = join(folder, 'connect.sock');
const certificates = await makeCertificates(join(folder, 'certificates'));
const engines = await powershells();

const tlsOf = (certificate: { certificateFile: string; keyFile: string }, host?: string): PeerSettings => ({
  listen: {
    cert: readFileSync(certificate.certificateFile, 'utf8'),
    key: readFileSync(certificate.keyFile, 'utf8'),
    token: TOKEN,
    ...(host && { host }),
  },
});
const { script } = connectOfTwoForests();
const local = await ConnectPeer.start({ listen: { socket } }, script);
const remote = await ConnectPeer.start(tlsOf(certificates.server), script);
const expired = await ConnectPeer.start(tlsOf(certificates.expired), script);
const elsewhere = await ConnectPeer.start(tlsOf(certificates.server, '127.0.0.2'), script);

beforeEach(() => {
  local.script = script;
  remote.asked.length = 0;
  rmSync(home, { recursive: true, force: true });
});
after(async () => {
  for (const peer of [local, remote, expired, elsewhere]) await peer.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Shows an error as a program sees it, its advice in one line. */
const CAUGHT = `catch { "$($_.CategoryInfo.Category)|$(($_.FullyQualifiedErrorId -split ',')[0])|$($_.Exception.Message)|$($_.ErrorDetails.RecommendedAction -replace '\\s+', ' ')" }`;
const caught = (command: string): string => `try { ${command} -ErrorAction Stop } ${CAUGHT}`;

const secure = (token: string): string =>
  `$token = [Security.SecureString]::new(); '${token}'.ToCharArray() | ForEach-Object { $token.AppendChar($_) }`;

function speak(engine: PowerShell, environment: NodeJS.ProcessEnv) {
  return async (lines: string): Promise<string[]> => {
    const { stdout, stderr, code } = await engine.run(`Import-Module ADSync\n${lines}`, {
      CAUSEWAY_CONNECT: undefined,
      XDG_CONFIG_HOME: home,
      ...environment,
    });
    assert.equal(stderr, '', lines);
    assert.equal(code, 0);
    return stdout.replaceAll('\r\n', '\n').trim().split('\n');
  };
}

for (const engine of engines) {
  const here = speak(engine, { CAUSEWAY_CONNECT: socket });
  const away = speak(engine, {});
  const register = (port: number, more: string, host = '127.0.0.1') =>
    `${secure(TOKEN)}\n${caught(`Register-CausewayConnection -Address https://${host}:${port} -Token $token ${more}`)}`;

  describe(`a registered connection in ${engine.name}`, () => {
    test('is readable by its owner alone, works once registered, and can be removed', async () => {
      const made = await away(
        `${register(remote.port, `-CaFile ${certificates.caFile} | ForEach-Object { $_.Address }`).replace(' -ErrorAction Stop', '')}`,
      );
      assert.deepEqual(made, [`https://127.0.0.1:${remote.port}`]);
      assert.equal(statSync(profile).mode & 0o777, 0o600);
      assert.equal(statSync(join(home, 'causeway')).mode & 0o777, 0o700);
      const used = await away(`(Get-CausewayConnection).Address
(Get-CausewayConnection).Source
(Get-ADSyncConnector).Name
Get-CausewayConnection | Out-Host
Unregister-CausewayConnection
${caught('Get-ADSyncConnector')}`);
      assert.deepEqual(
        used.slice(0, 5),
        [`https://127.0.0.1:${remote.port}`, profile, ...FORESTS, TENANT].slice(0, 5),
      );
      assert.equal(used.join('\n').includes(TOKEN), false, 'the token is never shown');
      assert.match(
        used.at(-1)!,
        /^ObjectNotFound\|not-connected\|.*\|Run the cmdlet on Connect's machine, or register/,
      );
      assert.equal(existsSync(profile), false);
      assert.deepEqual(remote.breaches, []);
    });

    const refused: [string, () => string, RegExp][] = [
      [
        'an expired certificate',
        () => register(expired.port, `-CaFile ${certificates.caFile}`),
        /certificate-refused\|the server's certificate has expired/,
      ],
      [
        'a certificate of another CA',
        () => register(remote.port, `-CaFile ${certificates.otherCaFile}`),
        /certificate-refused\|the server's certificate was not issued by the CA/,
      ],
      [
        'a certificate for another name',
        () => register(elsewhere.port, `-CaFile ${certificates.caFile}`, '127.0.0.2'),
        /certificate-refused\|the server's certificate is for another name/,
      ],
      [
        'a certificate that no CA of the system issued',
        () => register(remote.port, ''),
        /certificate-refused\|the server's certificate was not issued by a CA that this machine trusts/,
      ],
      [
        'the server itself as its CA',
        () => register(remote.port, `-CaFile ${certificates.server.certificateFile}`),
        /certificate-refused\|the server's certificate was not issued by the CA/,
      ],
    ];
    for (const [what, command, expected] of refused) {
      test(`is not registered with ${what}, and the token is not sent`, async () => {
        const [said] = await away(command());
        assert.match(said!, /^SecurityError\|/);
        assert.match(said!, expected);
        assert.equal(existsSync(profile), false);
        assert.equal([remote, expired, elsewhere].flatMap(peer => peer.asked).length, 0);
      });
    }

    test('is not registered with a token that Connect does not know, plain HTTP, or no CA', async () => {
      const said = await away(`${secure('another-token')}
${caught(`Register-CausewayConnection -Address https://127.0.0.1:${remote.port} -CaFile ${certificates.caFile} -Token $token`)}
${caught(`Register-CausewayConnection -Address http://127.0.0.1:${remote.port} -CaFile ${certificates.caFile} -Token $token`)}
${caught(`Register-CausewayConnection -Address https://user@127.0.0.1:${remote.port}/path -CaFile ${certificates.caFile} -Token $token`)}
${caught(`Register-CausewayConnection -Address https://127.0.0.1:${remote.port} -CaFile ${certificates.server.keyFile} -Token $token`)}
${caught(`Register-CausewayConnection -Address https://127.0.0.1:${remote.port} -CaFile ${folder}/none.pem -Token $token`)}
$token.AppendChar([char]10)
${caught(`Register-CausewayConnection -Address https://127.0.0.1:${remote.port} -CaFile ${certificates.caFile} -Token $token`)}`);
      const expected = [
        /^AuthenticationError\|not-authorized\|.*Create a new one/,
        /^InvalidArgument\|bad-address\|an address such as https:/,
        /^InvalidArgument\|bad-address\|/,
        /^InvalidData\|bad-ca\|a CA's certificate in PEM expected/,
        /^InvalidData\|bad-ca\|cannot read the CA file/,
        /^InvalidArgument\|bad-token\|a token of printable ASCII/,
      ];
      assert.equal(said.length, expected.length, said.join('\n'));
      for (const [i, line] of said.entries()) assert.match(line, expected[i]!);
      assert.equal(existsSync(profile), false);
    });
  });

  describe(`errors in ${engine.name}`, () => {
    test('have category, id, what was wrong and what to do', async () => {
      local.script = {
        ...script,
        getScheduler: () => refusal(503, 'unavailable', 'the store is locked'),
        getGlobalSettings: () => refusal(500, 'internal', 'something went wrong here; the log says more'),
        stopSyncCycle: () => refusal(403, 'forbidden', 'not for \u001b[31myou'),
        startSyncCycle: () => refusal(409, 'cycle-in-progress', 'a cycle is under way'),
      };
      const said = await here(`${caught(`Get-ADSyncConnector -Name ${FORESTS[0].toUpperCase()}`)}
${caught('Get-ADSyncScheduler')}
${caught('Get-ADSyncGlobalSettings')}
${caught('Stop-ADSyncSyncCycle')}
${caught('Start-ADSyncSyncCycle')}
${caught('Set-ADSyncAADCompanyFeature -GroupWritebackV2 $true')}
${caught(`Invoke-ADSyncDiagnostics -PasswordSync -DistinguishedName 'CN=x'`)}
$e = $null; Get-ADSyncConnector wrong -ErrorAction SilentlyContinue -ErrorVariable e; "$($e.Count) $($e[0].TargetObject)"`);
      const expected = [
        new RegExp(
          `^ObjectNotFound\\|no-such-connector\\|.*'${FORESTS[0]}'.*'${TENANT}'.*\\|Use a name that the message lists`,
        ),
        /^ResourceUnavailable\|unavailable\|the store is locked\|/,
        /^NotSpecified\|internal\|/,
        /^PermissionDenied\|forbidden\|not for \ufffd\[31myou\|/,
        /^ResourceBusy\|cycle-in-progress\|/,
        /^NotImplemented\|no-such-feature\|/,
        /^InvalidArgument\|bad-request\|-ADConnectorName expected/,
        /^1 wrong$/,
      ];
      assert.equal(said.length, expected.length, said.join('\n'));
      for (const [i, line] of said.entries()) assert.match(line, expected[i]!);
    });

    test('a failed input does not stop the next one', async () => {
      const { stdout, stderr } = await engine.run(
        `Import-Module ADSync
'${FORESTS[0]}', 'wrong', '${TENANT}' | ForEach-Object { [pscustomobject]@{ Name = $_ } } | Get-ADSyncConnector | ForEach-Object { $_.Name }`,
        { CAUSEWAY_CONNECT: socket },
      );
      assert.deepEqual(stdout.trim().split(/\r?\n/), [FORESTS[0], TENANT]);
      assert.match(stderr, /there is no connector 'wrong'/);
    });

    test('Connect not running and a variable that is not a path are reported', async () => {
      const gone = speak(engine, { CAUSEWAY_CONNECT: join(folder, 'none.sock') });
      assert.match(
        (await gone(caught('Get-ADSyncConnector')))[0]!,
        /^ConnectionError\|not-running\|Connect is not running: nothing listens on .*\|Start it, with the same configuration/,
      );
      const wrong = speak(engine, { CAUSEWAY_CONNECT: 'https://connect.example' });
      assert.match(
        (await wrong(caught('Get-ADSyncConnector')))[0]!,
        /^InvalidArgument\|bad-address\|the path of a local socket or pipe expected/,
      );
    });

    test('answers that no Connect would give end in an error, and cost neither memory nor time', async () => {
      const answers: [Raw, RegExp][] = [
        [new Raw(200, 'not JSON'), /bad-answer\|.*JSON: null expected at character 0/],
        [new Raw(200, '[]'), /bad-answer\|.*an object expected/],
        [new Raw(200, '{"connectors":5}'), /bad-answer\|.*a list of objects expected in 'connectors'/],
        [new Raw(200, '{"connectors":[{"name":1}]}'), /bad-answer\|.*text expected in 'name'/],
        [
          new Raw(200, `{"connectors":${'['.repeat(40)}${']'.repeat(40)}}`),
          /bad-answer\|.*at most 32 levels/,
        ],
        [new Raw(200, '{"connectors":["\\u12"]}'), /bad-answer\|.*an escape expected/],
        [new Raw(200, '{}', { 'x-long': 'x'.repeat(9000) }), /bad-answer\|.*a head of at most 64 KiB/],
        [new Raw(418, 'a teapot', {}), /\|http-error\|GET .* failed with HTTP status 418/],
        [
          new Raw(302, '', { location: 'https://elsewhere.example' }),
          /\|http-error\|.* failed with HTTP status 302/,
        ],
      ];
      const pending = [...answers];
      local.script = { ...script, listConnectors: () => pending.shift()![0] };
      const said = await here(answers.map(() => caught('Get-ADSyncConnector')).join('\n'));
      for (const [i, [, expected]] of answers.entries()) assert.match(said[i]!, expected);
    });

    test('bytes that are not HTTP, a false length and a truncated answer end in an error too', async () => {
      const answers: [string, RegExp][] = [
        ['SSH-2.0-OpenSSH\r\n', /bad-answer\|.*an HTTP status line expected/],
        ['HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{}', /bad-answer\|.*at most 64 MiB/],
        ['HTTP/1.1 200 OK\r\ncontent-length: 2000000000\r\n\r\n{}', /bad-answer\|.*at most 64 MiB/],
        ['HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}', /bad-answer\|.*at most 64 MiB/],
        ['HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}', /bad-answer\|.*the answer is incomplete/],
        [
          'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n',
          /bad-answer\|.*size of a chunk/,
        ],
        ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7fffffff\r\n', /bad-answer\|.*at most 64 MiB/],
        ['HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n', /bad-answer\|.*'chunked' expected/],
        ['HTTP/1.1 200 OK\r\nno colon here\r\n\r\n', /bad-answer\|.*a header expected/],
        ['', /bad-answer\|.*the answer is incomplete/],
      ];
      const path = join(folder, 'liar.sock');
      const pending = answers.map(([bytes]) => bytes);
      const liar = await listenAt(path, connection => connection.end(pending.shift() ?? ''));
      try {
        const said = await speak(engine, { CAUSEWAY_CONNECT: path })(
          answers.map(() => caught('Get-ADSyncConnector')).join('\n'),
        );
        for (const [i, [, expected]] of answers.entries()) assert.match(said[i]!, expected);
      } finally {
        liar.close();
      }
    });
  });

  describe(`convenience in ${engine.name}`, () => {
    test('the Tab key completes the names of connectors, quoted if necessary', async () => {
      const complete = (line: string) =>
        `([System.Management.Automation.CommandCompletion]::CompleteInput('${line}', ${line.length}, $null)).CompletionMatches | ForEach-Object { $_.CompletionText }`;
      const found = await here(`${complete('Get-ADSyncConnector -Name ')}
"--"
${complete('Set-ADSyncAADPasswordSyncConfiguration -SourceConnector FAB')}
${complete('Set-ADSyncAADPasswordSyncConfiguration -TargetConnector cont')}`);
      assert.deepEqual(found, [...FORESTS, `'${TENANT}'`, '--', FORESTS[1], `'${TENANT}'`]);
    });

    test('tables show the columns that matter', async () => {
      const output = (
        await here(
          'Get-ADSyncConnector | Out-String -Width 200\nGet-ADSyncConnectorStatistics | Out-String -Width 200',
        )
      ).join('\n');
      assert.match(output, /^Name +ConnectorTypeName +Version +LastModificationTime/m);
      assert.match(output, /^contoso - AAD +Extensible2 +3 +2026-03-10 18:48:23/m);
      assert.match(output, /^ConnectorName +Total +IAdds/m);
    });

    test('waiting for a full pass shows a progress bar', async () => {
      const at = (ms: number) => new Date(Date.now() + ms).toISOString();
      let asked = 0;
      local.script = {
        ...script,
        getFullPasswordSync: () => {
          const done = ++asked > 2;
          const pass = { id: 1, requestedAt: at(-9000), startedAt: at(-8000), readAt: done ? at(0) : null };
          const progress = {
            completedAt: done ? at(0) : null,
            users: done ? 200 : 50 * asked,
            total: 200,
            rate: 25,
          };
          return {
            passes: [
              {
                connector: FORESTS[0],
                pass: { ...pass, ...progress, expectedAt: at(4000), owed: 0, waitingFor: null },
              },
              { connector: FORESTS[1], pass: null },
            ],
          };
        },
      };
      const said = await here(`$shell = [powershell]::Create()
$passes = $shell.AddScript('Get-CausewayFullPasswordSync -Wait').Invoke()
$shell.Streams.Error
$passes | ForEach-Object { "$($_.ConnectorName) $($_.Users) $($_.PercentComplete)" }
$shell.Streams.Progress | Where-Object Activity -like 'Full*' | ForEach-Object { "$($_.Activity): $($_.StatusDescription)|$($_.PercentComplete)|$($_.SecondsRemaining)|$($_.RecordType)" }`);
      const bar = 'Full password synchronization of corp.example.com';
      assert.equal(said[0], `${FORESTS[0]} 200 100`);
      assert.equal(asked, 3);
      assert.match(said[1]!, new RegExp(`^${bar}: 50 of 200 users, 25 a second\\|25\\|[34]\\|Processing$`));
      assert.match(said.at(-1)!, new RegExp(`^${bar}: .*\\|100\\|.*\\|Completed$`));
    });
  });
}

function listenAt(path: string, onConnection: (connection: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(connection => {
      connection.on('error', () => {});
      connection.once('data', () => onConnection(connection));
    });
    server.once('error', reject);
    server.listen(path, () => resolve(server));
  });
}
