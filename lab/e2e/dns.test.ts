import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import type { DomainDns, DomainStatus } from '@causeway/contract';
import { stopDomain } from '@causeway/samba';
import { DOMAINS, type LabDomain, layoutOf } from '../domains/table.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli, runCliJson } from '../places/run-cli.ts';

// A managed domain made without DNS gets it by a command. Samba's own tool rejects a loopback address, so this domain uses another one. The
// forwarder's address is this test's too, because some networks answer DNS for every address.

const managed: LabDomain = { ...DOMAINS.managed, address: '10.53.0.20' };
const FORWARDER = '10.53.0.99';
const ELSEWHERE = '192.0.2.53';
const stage = await freshStage({ managed });
const host = `${managed.hostName}.${managed.realm}`.toLowerCase();

function addresses(what: 'add' | 'del'): void {
  for (const address of [managed.address, FORWARDER])
    execFileSync('ip', ['address', what, `${address}/32`, 'dev', 'lo']);
}

/** A name server at the forwarder's address that answers `ELSEWHERE` for each name (RFC 1035, section 4.1). */
async function openForwarder() {
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    const reply = Buffer.concat([
      query.subarray(0, 2), // ID
      Buffer.from([0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]), // a response, recursion available; one question, one answer
      query.subarray(12, query.indexOf(0, 12) + 5), // the question: its name, type and class
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...ELSEWHERE.split('.').map(Number)]),
    ]);
    socket.send(reply, peer.port, peer.address);
  });
  await new Promise<void>(resolve => socket.bind(53, FORWARDER, resolve));
  return { close: () => new Promise<void>(resolve => socket.close(resolve)) };
}

async function asked(name: string): Promise<string[] | string> {
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([managed.address]);
  return resolver.resolve4(name).catch((error: NodeJS.ErrnoException) => error.code!);
}

const config = () => ['--config', stage.configOf('domain')];
const dns = (...args: string[]) => ['domain', 'dns', ...config(), ...args];

before(async () => {
  addresses('add');
  await stage.openTenant();
  await stage.createDomain();
  await stage.domain.start();
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(managed));
  addresses('del');
});

test('a domain without DNS says so, and names the remedy', async () => {
  const shown = await runCli(dns());
  assert.match(shown.stdout, /answers no DNS.*\n.*causeway domain dns --set internal/);
  assert.equal(await asked(host), 'ECONNREFUSED');
});

test('changes nothing while the service runs', async () => {
  const refused = await runCli(dns('--set', 'internal', '--yes'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /causeway domain run|in use|another process/);
});

test('names the program that holds port 53, and changes nothing', async () => {
  await stage.domain.stop();
  const other = createServer();
  await new Promise<void>(resolve => other.listen(53, managed.address, resolve));
  const refused = await runCli(dns('--set', 'internal', '--yes'));
  await new Promise(resolve => other.close(resolve));
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    new RegExp(`port 53 on ${managed.address} is taken by process ${process.pid}`),
  );
  assert.equal((await runCliJson<DomainDns>(dns())).mode, 'none');
});

test('answers for its own names afterwards, and asks the forwarder for others', async () => {
  const after = await runCliJson<DomainDns>(dns('--set', 'internal', '--forwarder', FORWARDER, '--yes'));
  assert.deepEqual(after, { mode: 'internal', address: managed.address, forwarder: FORWARDER });
  assert.deepEqual(await asked(host), [managed.address]);
  assert.equal(await asked('www.example.org'), 'ESERVFAIL', 'nobody is at the forwarder');
  const forwarder = await openForwarder();
  assert.deepEqual(await asked('www.example.org').finally(forwarder.close), [ELSEWHERE]);
  await stage.domain.start();
  const status = await stage.domainStatus<DomainStatus>();
  assert.deepEqual(status.dns, after);
});

test('without a forwarder it knows only its own names', async () => {
  await stage.domain.stop();
  await runCliJson(dns('--no-forwarder', '--yes'));
  assert.equal(await asked('www.example.org'), 'ENOTFOUND');
  assert.deepEqual(await asked(host), [managed.address]);
});
