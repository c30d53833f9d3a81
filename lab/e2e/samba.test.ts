import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import {
  type DomainSettings,
  domainLayout,
  domainStatus,
  provisionDomain,
  renderKrb5Conf,
  startDomain,
  stopDomain,
} from '@causeway/samba';
import { eventually, NotYet } from '@causeway/service/testing';
import { tryKinit, trySmb } from '../domains/try-password.ts';

const root = mkdtempSync(join(tmpdir(), 'causeway-samba-'));
const settings: DomainSettings = {
  directory: join(root, 'domain'),
  realm: 'SAMBA.EXAMPLE.ORG',
  netbiosDomain: 'SAMBATEST',
  hostName: 'dct',
  address: '127.0.0.30',
  adminPassword: 'Not.a.secret-1',
  dns: 'none',
};
const layout = domainLayout(settings.directory);

after(async () => {
  await stopDomain(settings);
  rmSync(root, { recursive: true, force: true });
});

test('provisions a domain once, and never over another one or over files', async () => {
  await provisionDomain(settings);
  await assert.rejects(provisionDomain(settings), /holds a domain already/);
  assert.deepEqual(readdirSync(root), ['domain'], 'nothing half-made stays beside it');
  await assert.rejects(provisionDomain({ ...settings, directory: layout.privateDir }), /is not empty/);
});

test('a failed provisioning leaves nothing', async () => {
  const directory = join(root, 'failed');
  // Samba refuses a domain with its host's name.
  const wrong = { ...settings, directory, hostName: settings.netbiosDomain };
  await assert.rejects(provisionDomain(wrong), /cannot provision the domain SAMBA.EXAMPLE.ORG/);
  assert.deepEqual(readdirSync(root), ['domain']);
});

test('reports a taken port before anything starts', async () => {
  const server = createServer().listen(445, settings.address);
  await new Promise(resolve => server.once('listening', resolve));
  try {
    await assert.rejects(
      startDomain(settings),
      new RegExp(`port 445 on 127.0.0.30 is taken by process ${process.pid} `),
    );
    assert.equal(domainStatus(settings).running, false);
  } finally {
    await new Promise(resolve => server.close(resolve));
  }
});

test('starts, accepts the password by Kerberos and NTLM, and the next starter adopts it', async () => {
  const first = await startDomain(settings);
  assert.equal(first.adopted, false);
  const krb5Conf = join(root, 'krb5.conf');
  writeFileSync(krb5Conf, renderKrb5Conf([settings]));
  const ticket = await tryKinit({
    user: 'Administrator',
    realm: settings.realm,
    password: settings.adminPassword,
    krb5Conf,
  });
  assert.equal(ticket.ok, true, ticket.error);
  assert.match(ticket.etype!, /aes256/);
  const session = await trySmb({ ...settings, user: 'Administrator', password: settings.adminPassword });
  assert.equal(session.ok, true, session.error);
  assert.equal((await trySmb({ ...settings, user: 'Administrator', password: 'wrong' })).ok, false);

  const second = await startDomain(settings);
  assert.deepEqual({ pid: second.pid, adopted: second.adopted }, { pid: first.pid, adopted: true });
});

test('the password is on no command line and in no file', async () => {
  const secret = Buffer.from(settings.adminPassword, 'utf16le');
  for (const pid of processes()) {
    try {
      assert.ok(!readFileSync(`/proc/${pid}/cmdline`).includes(settings.adminPassword));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause; // it has ended meanwhile
    }
  }
  for (const file of [
    layout.descriptionFile,
    layout.smbConf,
    layout.consoleFile,
    layout.logFile,
    layout.samLdb,
  ]) {
    const bytes = readFileSync(file);
    assert.ok(!bytes.includes(settings.adminPassword) && !bytes.includes(secret), file);
  }
});

test('a killed supervisor leaves the domain running, and the next one adopts it and restarts it when it dies', async () => {
  const { pid } = domainStatus(settings);
  const first = supervisor();
  assert.match(await first.said(/running/), new RegExp(`running ${pid} adopted`));
  const ended = once(first.process, 'exit');
  first.process.kill('SIGKILL');
  await ended;
  assert.equal(domainStatus(settings).pid, pid);

  const second = supervisor();
  try {
    await second.said(new RegExp(`running ${pid} adopted`));
    process.kill(pid!, 'SIGKILL');
    await second.said(/running \d+ new/);
    assert.notEqual(domainStatus(settings).pid, pid);
    // SMB is ready a little later than the directory.
    const administrator = { ...settings, user: 'Administrator', password: settings.adminPassword };
    await eventually('an SMB session', async () => (await trySmb(administrator)).ok);
  } finally {
    second.process.kill('SIGKILL');
  }
});

test('stopping leaves no process, not even those whose parent was killed', async () => {
  assert.ok(processes().length > 10);
  process.kill(domainStatus(settings).pid!, 'SIGKILL');
  await stopDomain(settings);
  assert.deepEqual(processes(), []);
  assert.equal(existsSync(layout.pidFile), false);
});

/** Processes that use a file of this domain, found in another way than the package's. */
function processes(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter(pid => {
      try {
        return readdirSync(`/proc/${pid}/fd`).some(fd =>
          readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(`${settings.directory}/`),
        );
      } catch {
        return false;
      }
    });
}

/** A supervisor in a process of its own. */
function supervisor() {
  const code = `
    import { superviseDomain } from '@causeway/samba';
    await superviseDomain({ directory: ${JSON.stringify(settings.directory)} }, {
      signal: new AbortController().signal,
      onEvent: event => console.log(event.kind === 'running'
        ? 'running ' + event.domain.pid + (event.domain.adopted ? ' adopted' : ' new')
        : event.kind + ' ' + (event.error?.message ?? '')),
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: dirname(import.meta.dirname),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  const said = (pattern: RegExp): Promise<string> =>
    eventually(`the supervisor says ${pattern}`, () => (pattern.test(text) ? text : new NotYet(text)));
  return { process: child, said };
}
