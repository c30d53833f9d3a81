import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientResult, runClient } from './run-client.ts';
import type { LabDomain } from './table.ts';

/** Empty at first, and private to the machine. */
const OWN_FOLDERS = ['/srv', '/var/lib/samba', '/var/cache/samba', '/var/log/samba', '/run/samba'] as const;

// `/etc` is a copy in memory: a join writes to the machine's own, and even a container's resolv.conf can be replaced.
const ENTER = `set -e
hostname "$1"
mount -t tmpfs -o mode=700 none /mnt; cp -a /etc /mnt/etc; mount --bind /mnt/etc /etc
rm -rf /etc/resolv.conf /etc/krb5.conf /etc/krb5.keytab
echo "$1" >/etc/hostname; echo 127.0.0.1 localhost >/etc/hosts; echo "nameserver $2" >/etc/resolv.conf
sed -i -E 's/^(passwd|group):.*/\\1: files winbind/; s/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf
for folder in ${OWN_FOLDERS.join(' ')}; do mkdir -p "$folder"; mount -t tmpfs -o mode=755 none "$folder"; done
mkdir -m 700 /var/lib/samba/private
cd /srv; echo ready; exec cat >/dev/null`;

/**
 * A machine that is a member of nothing and knows only its resolver's address. It has a name, files and processes of its own. The network
 * is the lab's, so a server on it binds only to the machine's address. It ends with the process that made it.
 */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly domain: LabDomain;
  #holder: ChildProcess | undefined;
  #pid = '';

  constructor(domain: LabDomain, name = 'fs1', address = '127.0.0.40') {
    this.domain = domain;
    this.name = name;
    this.address = address;
  }

  async open(): Promise<void> {
    const own = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const enter = ['sh', '-c', ENTER, 'sh', this.name, this.domain.address];
    const holder = spawn('unshare', [...own, ...enter], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#holder = holder;
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(() => Promise.reject(new Error(`${this.name} has no namespace of its own`))),
    ]);
    this.#pid = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim();
  }

  /** Runs a program on the machine. */
  run(
    command: string,
    args: readonly string[],
    input = '',
    env: Record<string, string> = {},
  ): Promise<ClientResult> {
    return runClient('nsenter', [...this.#inside, command, ...args], { ...this.#environment, ...env }, input);
  }

  /** Opens a shell on the machine, at this terminal, until the user leaves it. */
  async shell(): Promise<void> {
    const bash = spawn('nsenter', [...this.#inside, 'bash', '--noprofile', '--norc'], {
      stdio: 'inherit',
      env: { ...process.env, ...this.#environment, PS1: `${this.name}# ` },
    });
    await once(bash, 'exit');
  }

  /** A file of the machine, as a path of this process. */
  file(path: string): string {
    return `/proc/${this.#pid}/root${path}`;
  }

  close(): void {
    this.#holder?.kill('SIGKILL');
    this.#holder = undefined;
  }

  get #inside(): string[] {
    return ['--mount', '--uts', '--pid', '--wd', '--target', this.#pid, '--'];
  }

  /** Not in `/tmp`, which all machines of the lab share: another account's ticket would make joins fail. */
  get #environment(): Record<string, string> {
    return { KRB5CCNAME: 'FILE:/run/samba/tickets' };
  }
}
