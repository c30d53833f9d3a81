import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskError, suspectDisk } from '@causeway/service';
import { ensureCertificates } from './certificates.ts';
import { SYSVOL } from './configuration.ts';
import { type DomainPlace, readDomain } from './description.ts';
import { type DomainLayout, domainLayout } from './layout.ts';
import { domainPorts, refuseTakenPorts, waitForPorts } from './ports.ts';
import {
  endProcesses,
  identify,
  isAlive,
  mountNamespace,
  namespaceMembers,
  type ProcessIdentity,
} from './processes.ts';
import { ensureServiceNames } from './service-names.ts';

/** The pid file. Identifies the domain controller's process, and never a later one with the same number. */
interface PidRecord extends ProcessIdentity {
  namespace: string;
  /** ISO 8601. */
  since: string;
}

export interface DomainStatus {
  running: boolean;
  pid?: number;
  since?: Date;
}

export interface RunningDomain {
  pid: number;
  since: Date;
  /** True if it was running already, started by a supervisor that has ended since. */
  adopted: boolean;
}

const START_LIMIT = 60_000;
const STOP_PATIENCE = 5_000;

// Samba's own winbind socket lies at a compiled-in path, so each domain controller gets a view of the file system with its own /run/samba.
const SOCKET_DIR = '/run/samba';
// The same for what machines and users read as themselves, from a folder that only root can enter.
const IN_OWN_NAMESPACE = `mount --bind "$1" ${SOCKET_DIR} && mkdir -p ${SYSVOL} && mount --bind "$2" ${SYSVOL} && shift 2 && exec "$@"`;

const domainProcesses = (layout: DomainLayout, record: PidRecord) =>
  namespaceMembers(record, record.namespace, { folder: layout.runDir, on: SOCKET_DIR });

/** Starts the domain controller and waits until all its ports answer. Adopts one that runs already. */
export async function startDomain(place: DomainPlace): Promise<RunningDomain> {
  const layout = domainLayout(place.directory);
  const domain = readDomain(place);
  const ports = domainPorts(domain.dns);
  const known = readPidRecord(layout);
  if (known && isAlive(known)) {
    await waitForPorts(domain.address, ports, START_LIMIT, () => isAlive(known));
    return { pid: known.pid, since: new Date(known.since), adopted: true };
  }
  await stopDomain(place);
  await refuseTakenPorts(domain.address, ports);
  await ensureCertificates(domain, layout);
  await ensureServiceNames(domain, layout);
  await ensureSysvolPath(layout);
  const record = await launch(layout);
  try {
    await waitForPorts(domain.address, [...ports], START_LIMIT, () => isAlive(record));
    await waitForSocket(layout, () => isAlive(record));
  } catch (cause) {
    await stopDomain(place);
    const text = `${domain.realm} does not start: ${(cause as Error).message}${await lastWords(layout)}`;
    const error = new Error(text, { cause });
    throw suspectDisk(error, layout.privateDir) ?? error;
  }
  return { pid: record.pid, since: new Date(record.since), adopted: false };
}

/** A domain of an older release serves policies from a folder that only root can enter. */
async function ensureSysvolPath({ smbConf, sysvol }: DomainLayout): Promise<void> {
  const text = await readFile(smbConf, 'utf8');
  const shown = text.replaceAll(`\tpath = ${sysvol}`, `\tpath = ${SYSVOL}`);
  if (shown === text) return;
  await writeFile(`${smbConf}.new`, shown, { mode: 0o644 });
  await rename(`${smbConf}.new`, smbConf);
}

async function launch(layout: DomainLayout): Promise<PidRecord> {
  await mkdir(SOCKET_DIR, { recursive: true });
  const console = await open(layout.consoleFile, 'w', 0o600);
  const samba = ['samba', '-s', layout.smbConf, '-F', '--no-process-group', '-M', 'prefork'];
  try {
    const child = spawn(
      'unshare',
      [
        ...['--mount', '--propagation', 'private', 'sh', '-c', IN_OWN_NAMESPACE, 'sh'],
        ...[layout.runDir, layout.sysvol, ...samba],
      ],
      {
        detached: true,
        // Samba ends when a pipe on its standard input closes, but ignores /dev/null.
        stdio: ['ignore', console.fd, console.fd],
        env: { ...process.env, KRB5_CONFIG: layout.krb5Conf, LC_ALL: 'C.UTF-8' },
        cwd: '/',
      },
    );
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', cause => reject(new Error('cannot run unshare: install util-linux', { cause })));
    });
    child.unref();
    return await recordProcess(layout, child.pid!);
  } finally {
    await console.close();
  }
}

async function recordProcess(layout: DomainLayout, pid: number): Promise<PidRecord> {
  const own = mountNamespace(process.pid);
  const identity = identify(pid);
  let namespace = mountNamespace(pid);
  for (let tries = 0; namespace === own && tries < 200; tries++) {
    await sleep(5);
    namespace = mountNamespace(pid);
  }
  if (identity === undefined || namespace === undefined || namespace === own || !isAlive(identity))
    throw new Error(`cannot give samba a mount namespace of its own; run as root${await lastWords(layout)}`);
  const record = { ...identity, namespace, since: new Date().toISOString() };
  try {
    await writeFile(`${layout.pidFile}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    await rename(`${layout.pidFile}.new`, layout.pidFile);
  } catch (cause) {
    // Nobody would find it again, and it would hold its ports at the next start.
    await endProcesses(() => domainProcesses(layout, record), STOP_PATIENCE);
    throw diskError(cause, layout.pidFile) ?? cause;
  }
  return record;
}

async function waitForSocket(layout: DomainLayout, alive: () => boolean): Promise<void> {
  const end = performance.now() + START_LIMIT;
  while (!existsSync(layout.ldapi)) {
    if (!alive() || performance.now() > end) throw new Error(`the socket ${layout.ldapi} did not appear`);
    await sleep(100);
  }
}

/** Ends the domain controller with every process that it started. If it does not run, this is no error. */
export async function stopDomain(place: DomainPlace): Promise<void> {
  const layout = domainLayout(place.directory);
  const record = readPidRecord(layout);
  if (record === undefined) return;
  await endProcesses(() => domainProcesses(layout, record), STOP_PATIENCE);
  // On a failing disk the file may stay: it names no living process.
  await rm(layout.pidFile, { force: true }).catch((error: unknown) => {
    if (diskError(error, layout.pidFile) === undefined) throw error;
  });
}

export function domainStatus(place: DomainPlace): DomainStatus {
  const record = readPidRecord(domainLayout(place.directory));
  if (record === undefined || !isAlive(record)) return { running: false };
  return { running: true, pid: record.pid, since: new Date(record.since) };
}

function readPidRecord(layout: DomainLayout): PidRecord | undefined {
  try {
    return JSON.parse(readFileSync(layout.pidFile, 'utf8')) as PidRecord;
  } catch {
    return undefined;
  }
}

async function lastWords(layout: DomainLayout): Promise<string> {
  const words: string[] = [];
  for (const file of [layout.consoleFile, layout.logFile]) {
    const text = await readFile(file, 'utf8').catch(() => '');
    words.push(...text.trim().split('\n').slice(-3));
  }
  const said = words.map(line => line.trim()).filter(line => line !== '');
  return said.length > 0 ? `; its last words: ${said.join('; ')}` : '';
}
