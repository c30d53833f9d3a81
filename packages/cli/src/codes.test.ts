import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

// A one-time code must not be visible to the machine's other users: in no command line, in no environment.

const MAIN = fileURLToPath(import.meta.resolve('./main.ts'));
const CODE = 'abcdefghjkmnpqrstuvwxyz234';

const folder = mkdtempSync(join(tmpdir(), 'causeway-codes-'));
const codeFile = join(folder, 'code');
/** A tenant that answers only after the test has looked, and then refuses. */
const requests: { body: string; reply: ServerResponse }[] = [];
const server = createServer((request, reply) => {
  void text(request).then(body => {
    requests.push({ body, reply });
    server.emit('asked');
  });
});

before(async () => {
  writeFileSync(codeFile, `${CODE}\n`, { mode: 0o600 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

let states = 0;
const where = (): string[] => [
  ...['--state', join(folder, `state${++states}`)],
  ...['--tenant', `http://127.0.0.1:${(server.address() as AddressInfo).port}`],
];
const DOMAIN = [
  '--realm',
  'AADDS.EXAMPLE.NET',
  '--netbios',
  'AADDS',
  '--host-name',
  'ds1',
  '--address',
  '127.0.0.29',
];
const COMMANDS: Record<string, () => string[]> = {
  'connect enrol': () => ['connect', 'enrol', ...where()],
  'domain create': () => ['domain', 'create', ...DOMAIN, ...where()],
};

function run(args: readonly string[], input = ''): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [MAIN, ...args]);
  child.stdin.end(input);
  const said = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { child, ended: said.then(([stdout, stderr, [code]]) => ({ code, stdout, stderr })) };
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

for (const [name, command] of Object.entries(COMMANDS)) {
  for (const [how, flags, input] of [
    ['a file', ['--code-file', codeFile], ''],
    ['standard input', ['--code-file', '-'], `${CODE}\n`],
  ] as const) {
    test(`${name} exposes no code from ${how} while it waits for the tenant`, async () => {
      const asked = once(server, 'asked');
      const { child, ended } = run([...command(), ...flags], input);
      await Promise.race([asked, ended.then(({ stderr }) => assert.fail(stderr))]);
      const { body, reply } = requests.pop()!;
      assert.ok(body.includes(CODE), 'the tenant is asked with the code');
      for (const file of ['cmdline', 'environ']) {
        const seen = readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
        assert.ok(seen.length > 0 && !seen.includes(CODE), file);
      }
      reply.writeHead(403).end(JSON.stringify({ error: { code: 'enrolment-refused', message: 'no' } }));
      assert.equal((await ended).code, 1);
    });
  }

  test(`${name} refuses a code on the command line before it sends anything, and says to make a new one`, async () => {
    for (const old of [['--code', CODE], [`--code=${CODE}`], ['--code-file', codeFile, '--code', CODE]]) {
      const { code, stderr } = await run([...command(), ...old]).ended;
      assert.equal(code, 2, stderr);
      assert.match(
        stderr,
        /others may know.*tenant enrolment create --kind (connect|domain).*--code-file -/s,
      );
      assert.ok(!stderr.includes(CODE), 'the code is not repeated');
    }
    assert.equal(requests.length, 0);
    const { stdout } = await run([...name.split(' '), '--help']).ended;
    assert.match(stdout, /--code-file <file>/);
    assert.doesNotMatch(stdout, /--code /);
  });

  test(`${name} explains how to give a code if none was given and nobody can be asked`, async () => {
    for (const flags of [[], ['--code-file', '-']]) {
      const { code, stderr } = await run([...command(), ...flags]).ended;
      assert.equal(code, 1);
      assert.match(stderr, /--code-file FILE \('-' is standard input\).*tenant enrolment create/);
    }
    assert.equal(requests.length, 0);
  });
}
