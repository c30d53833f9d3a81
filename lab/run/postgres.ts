import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runTool } from '@causeway/samba';

export interface ThrowAwayPostgres {
  /** For its superuser, with the password. */
  url: string;
  stop(): Promise<void>;
}

const VERSIONS = '/usr/lib/postgresql';
/** PostgreSQL refuses to run as root; Debian's package makes this user. */
const USER = 'postgres';
const START_LIMIT = 30_000;

/**
 * Starts a PostgreSQL of its own on loopback, whose data is in a temporary folder and removed when it stops.
 *
 * @param options.durable waits for the disk as in production; tests need not
 * @param options.within the folder for its data; the system's temporary folder when absent
 * @param options.tls files of a certificate and its key, with which the server offers TLS
 */
export async function startPostgres(
  options: { durable?: boolean; within?: string; tls?: { certificateFile: string; keyFile: string } } = {},
): Promise<ThrowAwayPostgres> {
  const bin = newestBin();
  const directory = await mkdtemp(join(options.within ?? tmpdir(), 'causeway-postgres-'));
  const data = join(directory, 'data');
  const password = randomBytes(18).toString('base64url');
  const passwordFile = join(directory, 'password');
  let server: ChildProcess | undefined;
  const stop = async () => {
    if (server && server.exitCode === null && server.signalCode === null) {
      const ended = new Promise(resolve => server?.once('exit', resolve));
      server.kill('SIGINT'); // fast shutdown: ends sessions
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await writeFile(passwordFile, password, { mode: 0o600 });
    const [certificate, key] = [join(directory, 'server.pem'), join(directory, 'server.key')];
    if (options.tls) {
      await copyFile(options.tls.certificateFile, certificate);
      await copyFile(options.tls.keyFile, key);
      await chmod(key, 0o600);
    }
    await runTool('chown', ['-R', USER, directory]);
    await chmod(directory, 0o700);
    const cluster = ['-D', data, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    await asUser(join(bin, 'initdb'), ...cluster, '--encoding=UTF8', '--no-sync');
    const port = await freePort();
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: directory,
      fsync: options.durable ? 'on' : 'off',
      ...(options.tls && { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key }),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // Not runuser, which stays in between and swallows the signal that ends the server.
    const identity = [`--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
    const command = [...identity, '--', join(bin, 'postgres'), '-D', data, ...flags];
    server = spawn('setpriv', command, { stdio: 'ignore', cwd: '/' });
    await waitUntilReady(bin, port, server);
    return { url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A database as SQL, which begins by dropping existing objects. */
export const dumpDatabase = (url: string): Promise<string> =>
  runTool(join(newestBin(), 'pg_dump'), ['--clean', '--if-exists', url]);

/** Restores a database from a dump. */
export async function restoreDatabase(url: string, dump: string): Promise<void> {
  const options = ['--quiet', '--single-transaction', '--set=ON_ERROR_STOP=1'];
  await runTool(join(newestBin(), 'psql'), [...options, url], { input: dump });
}

const asUser = (...command: string[]): Promise<string> => runTool('runuser', ['-u', USER, '--', ...command]);

function newestBin(): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number).filter(Boolean) : [];
  if (versions.length === 0)
    throw new Error(`no PostgreSQL in ${VERSIONS}: install the Debian package postgresql`);
  return join(VERSIONS, String(Math.max(...versions)), 'bin');
}

async function waitUntilReady(bin: string, port: number, server: ChildProcess): Promise<void> {
  const end = performance.now() + START_LIMIT;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode} while starting`);
    const ready = await runTool(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).then(
      () => true,
      () => false,
    );
    if (ready) return;
    if (performance.now() > end)
      throw new Error(`PostgreSQL did not answer on port ${port} within ${START_LIMIT / 1000} s`);
    await sleep(100);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
