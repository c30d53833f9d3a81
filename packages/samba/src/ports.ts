import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { allProcesses } from './processes.ts';

/** Kerberos, endpoint mapper, LDAP, SMB, kpasswd, LDAPS, global catalog. */
const TCP_PORTS = [88, 135, 389, 445, 464, 636, 3268, 3269];
const DNS_PORT = 53;

export function domainPorts(dns: 'none' | 'internal'): number[] {
  return dns === 'internal' ? [DNS_PORT, ...TCP_PORTS] : TCP_PORTS;
}

/** @throws naming the first taken port, and if possible who listens on it. */
export async function refuseTakenPorts(address: string, ports: number[]): Promise<void> {
  for (const port of ports) {
    const code = await listenError(address, port);
    if (code === undefined) continue;
    if (code === 'EADDRINUSE') {
      const holder = portHolder(port, address);
      const who = holder ? `process ${holder.pid} (${holder.name})` : 'another process';
      throw new Error(`port ${port} on ${address} is taken by ${who}; stop it or use another address`);
    }
    if (code === 'EADDRNOTAVAIL')
      throw new Error(`${address} is no address of this machine; give it to an interface or use another one`);
    throw new Error(`cannot listen on port ${port} of ${address} (${code}); run as root`);
  }
}

function listenError(host: string, port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

export function answers(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** Waits until all ports accept connections. If `alive` reports that the server has ended, stops waiting. */
export async function waitForPorts(
  host: string,
  ports: number[],
  milliseconds: number,
  alive: () => boolean,
): Promise<void> {
  const end = performance.now() + milliseconds;
  let waiting = ports;
  while (waiting.length > 0) {
    const results = await Promise.all(waiting.map(port => answers(host, port)));
    waiting = waiting.filter((_, index) => !results[index]);
    if (waiting.length === 0) return;
    if (!alive()) throw new Error('the domain controller ended while it was starting');
    if (performance.now() > end)
      throw new Error(`port ${waiting.join(', ')} on ${host} did not answer within ${milliseconds / 1000} s`);
    await sleep(100);
  }
}

/** The process that listens on a TCP port: finds the socket's inode in `/proc/net/tcp` (proc(5)), then the process that has it open. */
export function portHolder(port: number, address?: string): { pid: number; name: string } | undefined {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readTable(table)) {
      const fields = line.trim().split(/\s+/);
      const [local, localPort] = (fields[1] ?? '').split(':');
      if (fields[3] !== LISTEN || Number.parseInt(localPort ?? '', 16) !== port) continue;
      if (address === undefined || /^0+$/.test(local!) || local === hexAddress(address))
        inodes.add(fields[9]!);
    }
  }
  for (const pid of allProcesses()) {
    if (openSockets(pid).some(inode => inodes.has(inode)))
      return { pid, name: readTable(`/proc/${pid}/comm`)[0] ?? '' };
  }
  return undefined;
}

const LISTEN = '0A';

const hexAddress = (address: string) =>
  address
    .split('.')
    .reverse()
    .map(byte => Number(byte).toString(16).padStart(2, '0').toUpperCase())
    .join('');

function readTable(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n');
  } catch {
    return [];
  }
}

function openSockets(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
