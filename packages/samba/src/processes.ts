import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Tells a process from a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot, `/proc/PID/stat` field 22. */
  startTicks: number;
  /** `/proc/sys/kernel/random/boot_id`. */
  bootId: string;
}

interface ProcessStat {
  state: string;
  startTicks: number;
}

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** Reads `/proc/PID/stat` (proc(5)). The name in parentheses may hold anything, so it is skipped from the right. */
function readStat(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, startTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** A zombie counts as ended: it runs nothing and holds nothing. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return (
    stat !== undefined &&
    stat.state !== 'Z' &&
    stat.startTicks === identity.startTicks &&
    identity.bootId === bootId()
  );
}

export function mountNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

export function allProcesses(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

/**
 * Living processes of the mount namespace in which `leader` was started: all that it started, in whatever session and under whatever parent
 * (samba's children make their own sessions), even if the leader has ended. A namespace's number can be reused, so a process must also see
 * `mounted` where a domain controller has its own folder.
 */
export function namespaceMembers(leader: ProcessIdentity, namespace: string, mounted: Mounted): number[] {
  if (leader.bootId !== bootId()) return [];
  return allProcesses().filter(pid => {
    if (mountNamespace(pid) !== namespace) return false;
    const stat = readStat(pid);
    if (stat === undefined || stat.state === 'Z' || stat.startTicks < leader.startTicks) return false;
    return sees(pid, mounted);
  });
}

export interface Mounted {
  folder: string;
  on: string;
}

/** Whether a process sees the folder at that place. Compares inodes, which works on any file system and in a chroot. */
function sees(pid: number, { folder, on }: Mounted): boolean {
  try {
    const seen = statSync(`/proc/${pid}/root${on}`);
    const own = statSync(folder);
    return seen.ino === own.ino && seen.dev === own.dev;
  } catch {
    return false;
  }
}

/** Ends processes: asks, waits, then kills. Calls `list` each time, because they start others. */
export async function endProcesses(list: () => number[], patience: number): Promise<void> {
  const send = (signal: NodeJS.Signals) => {
    for (const pid of list()) {
      try {
        process.kill(pid, signal);
      } catch {
        // it has ended meanwhile
      }
    }
  };
  const until = async (milliseconds: number) => {
    const end = performance.now() + milliseconds;
    while (list().length > 0 && performance.now() < end) await sleep(50);
    return list().length === 0;
  };
  send('SIGTERM');
  if (await until(patience)) return;
  for (let round = 0; round < 50; round++) {
    send('SIGKILL');
    if (await until(100)) return;
  }
  throw new Error(`processes ${list().join(', ')} do not end, not even when killed; look for a hanging disk`);
}
