import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { labUp } from '../domains/lifecycle.ts';

// The launcher as users meet it, and the lab's own commands.

await labUp();
const LAUNCHER = fileURLToPath(import.meta.resolve('../../causeway'));
const folder = mkdtempSync(join(tmpdir(), 'causeway-launcher-'));
after(() => rmSync(folder, { recursive: true }));

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

function run(command: string, ...args: string[]): Promise<Result> {
  return new Promise(resolve => {
    const child = execFile(command, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin?.end();
  });
}
const causeway = (...args: string[]) => run(LAUNCHER, ...args);

test('tells other users than root in one sentence that it needs root', async () => {
  // A copy that all users may read, because the clone may lie in root's home.
  const copy = join(folder, 'copy');
  cpSync(join(dirname(LAUNCHER), 'lab', 'setup.sh'), join(copy, 'lab', 'setup.sh'));
  cpSync(LAUNCHER, join(copy, 'causeway'));
  chmodSync(folder, 0o755);
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', join(copy, 'causeway')];
  for (const args of [['demo'], ['test'], ['lab', 'up'], ['domain', 'create']]) {
    const refused = await run('setpriv', ...nobody, ...args);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^causeway: .* needs? root: [^\n]*\n$/);
    assert.equal(refused.stdout, '');
  }
});

test('names an unknown command or option or a bad value, and the exit code shows it', async () => {
  const wrong: [string[], RegExp][] = [
    [['demo', '--nosuch'], /unknown option '--nosuch'/],
    [['nosuch'], /unknown command 'nosuch'/],
    [['connect', 'nosuch'], /unknown command 'nosuch'/],
    [['lab', 'seed', '--users', 'x'], /expected a whole number above 0/],
    [['lab', 'seed', '--users', '1', '--domain', 'managed'], /gets its people from the forests/],
    [['lab', 'up', '--forests', '3'], /the lab has 2 forests/],
    [
      ['lab', 'kinit', 'alice', '--realm', 'nosuch'],
      /no domain is called nosuch; there are onprem, fabrikam, managed/,
    ],
    [['test', '--only', 'nosuch.test'], /no test file's path holds "nosuch\.test"/],
    [['connect', 'run', '--config', join(folder, 'none.yaml')], /cannot read the configuration file/],
  ];
  for (const [args, expected] of wrong) {
    const refused = await causeway(...args);
    assert.notEqual(refused.code, 0, args.join(' '));
    assert.match(refused.stderr, expected);
  }
});

test('a configuration with an unknown or missing key is rejected in one sentence', async () => {
  const file = join(folder, 'tenant.yaml');
  for (const [text, expected] of [
    ['listn: {port: 1}', /unknown key 'listn', did you mean 'listen'\?/],
    ['listen: {port: x}', /listen\.port: .*expected number/],
  ] as const) {
    writeFileSync(file, text);
    const refused = await causeway('tenant', 'run', '--config', file);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, expected);
    assert.match(refused.stderr, /^causeway: the configuration [^\n]*\nCorrect the keys [^\n]*\n$/);
  }
});

test('seeding again makes nobody twice', async () => {
  await causeway('lab', 'seed', '--users', '20');
  const again = await causeway('lab', 'seed', '--users', '20', '--json');
  const { created, existing, groups } = JSON.parse(again.stdout) as Record<string, number>;
  assert.deepEqual([created, existing, groups], [0, 20, 0]);
});

test('kinit, smb and ldap try a password, and status names what a script needs', async () => {
  const ticket = await causeway('lab', 'kinit', 'alice');
  assert.match(
    ticket.stdout,
    /^CORP\.EXAMPLE\.COM gives alice a ticket: aes256.*salt CORP\.EXAMPLE\.COMalice\n$/,
  );
  assert.match((await causeway('lab', 'smb', 'alice')).stdout, /gives alice an SMB session/);
  assert.match(
    (await causeway('lab', 'ldap', 'alice@corp.example.com')).stdout,
    /simple bind CORP\\alice, GSSAPI CORP\\alice\n$/,
  );
  const wrong = join(folder, 'wrong');
  writeFileSync(wrong, 'not the password\n');
  for (const client of ['kinit', 'smb', 'ldap']) {
    const refused = await causeway('lab', client, 'alice', '--password-file', wrong);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^causeway: refused: /);
  }
  const status = JSON.parse((await causeway('lab', 'status', '--json')).stdout) as {
    krb5Conf: string;
    domains: Record<string, unknown>[];
  };
  assert.deepEqual(
    status.domains.map(({ realm, address }) => [realm, address]),
    [
      ['CORP.EXAMPLE.COM', '127.0.0.10'],
      ['FABRIKAM.EXAMPLE.ORG', '127.0.0.11'],
      ['AADDS.EXAMPLE.NET', '127.0.0.20'],
    ],
  );
  for (const domain of status.domains)
    for (const name of ['host', 'administratorPasswordFile', 'caFile', 'krb5Conf', 'ldapi'])
      assert.equal(typeof domain[name], 'string', name);
});
