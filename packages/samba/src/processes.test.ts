import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { domainStatus, startDomain, stopDomain } from './domain-process.ts';
import { portHolder, refuseTakenPorts, waitForPorts } from './ports.ts';
import { identify, isAlive } from './processes.ts';
import { provisionDomain } from './provision.ts';
import { runTool } from './run-tool.ts';

test('tells a process from a later one with the same number', async () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const identity = identify(child.pid!)!;
  assert.equal(isAlive(identity), true);
  assert.equal(isAlive({ ...identity, startTicks: identity.startTicks - 1 }), false);
  assert.equal(isAlive({ ...identity, bootId: 'another boot' }), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(isAlive(identity), false);
});

test('reports a taken port with the process that holds it', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    assert.equal(portHolder(port)?.pid, process.pid);
    await assert.rejects(
      refuseTakenPorts('127.0.0.1', [port]),
      new RegExp(`port ${port} on 127.0.0.1 is taken by process ${process.pid} \\(`),
    );
  } finally {
    server.close();
    await once(server, 'close');
  }
  await refuseTakenPorts('127.0.0.1', [port]);
});

test('stops waiting for ports when the server has ended, and at its limit', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as { port: number };
  closed.close();
  await once(closed, 'close');
  await assert.rejects(
    waitForPorts('127.0.0.1', [port], 5000, () => false),
    /ended while it was starting/,
  );
  await assert.rejects(
    waitForPorts('127.0.0.1', [port], 50, () => true),
    new RegExp(`port ${port} on 127.0.0.1 did not answer within 0.05 s`),
  );
});

test('reports a failed tool with its exit code and last lines, and a missing one with what to do', async () => {
  await assert.rejects(runTool('sh', ['-c', 'echo first; echo why >&2; exit 3']), /sh -c ended with 3: why/);
  await assert.rejects(runTool('no-such-tool', []), /cannot run no-such-tool: install/);
  assert.equal(await runTool('cat', [], { input: 'Zoë' }), 'Zoë');
});

test('a directory without a domain neither starts nor runs, and stopping it is no error', async () => {
  const directory = mkdtempSync(`${tmpdir()}/causeway-samba-`);
  try {
    assert.deepEqual(domainStatus({ directory }), { running: false });
    await stopDomain({ directory });
    await assert.rejects(startDomain({ directory }), /no domain in .*; provision a domain there first/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('refuses to provision over an occupied directory', async () => {
  const domain = { realm: 'A.EXAMPLE', netbiosDomain: 'A', hostName: 'dc', address: '127.0.0.99' };
  const settings = {
    ...domain,
    directory: import.meta.dirname,
    adminPassword: 'unused',
    dns: 'none' as const,
  };
  await assert.rejects(provisionDomain(settings), /is not empty; name a directory/);
});
