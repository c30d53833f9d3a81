import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dnsDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { type ClientResult, lastLine, runClient } from './run-client.ts';
import { labPath } from './state.ts';
import type { LabDomain } from './table.ts';

/** Who joins a machine, or asks something of it. */
export interface Credentials {
  user: string;
  password: string;
}

export type Protocol = 'Kerberos' | 'NTLM';

/** Files of the whole machine that a member has versions of its own of, and what it puts there. */
const OWN_FILES = ['/etc/hosts', '/etc/resolv.conf', '/etc/nsswitch.conf'] as const;
/** A share whose access lists Samba keeps and judges itself: POSIX would say no first. */
const SHARE = 'files';
/** The lab's own folder is root's alone: the people whose files these are could not enter it. */
const SHARED = '/mnt/files';

const ENTER = `set -e
for file in ${OWN_FILES.join(' ')}; do mount --bind "$1$file" "$file"; done
mkdir -p /run/samba; mount -t tmpfs none /run/samba
mount -t tmpfs none /mnt; mkdir -m 777 ${SHARED}
echo ready; exec sleep infinity`;

/**
 * A Samba file server that is a member of the managed domain and knows nothing of it but its resolver's address. It lives in a mount
 * and a process namespace of its own, as winbind's socket and name service are a machine's, and ends with the process that made it.
 */
export class MemberServer {
  readonly name: string;
  readonly address: string;
  readonly #domain: LabDomain;
  readonly #folder: string;
  #holder: ChildProcess | undefined;
  #inside: string[] = [];

  constructor(domain: LabDomain, name = 'fs1', address = '127.0.0.40') {
    this.#domain = domain;
    this.name = name;
    this.address = address;
    this.#folder = labPath(name);
  }

  get host(): string {
    return `${this.name}.${dnsDomain(this.#domain)}`;
  }

  /** The machine is there; it is a member of nothing yet. */
  async open(): Promise<void> {
    this.#write();
    const holder = spawn(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', ENTER, 'sh', this.#folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#holder = holder;
    await Promise.race([
      once(holder.stdout!, 'data'),
      once(holder, 'exit').then(() => Promise.reject(new Error(`${this.name} has no namespace of its own`))),
    ]);
    const pid = holder.pid!;
    const child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    this.#inside = ['--mount', '--pid', '--target', child, '--'];
  }

  /** By `net ads join`, with the machine's address in the domain's DNS. */
  async join(administrator: Credentials): Promise<void> {
    const login = ['-s', this.#conf, '-A', this.#authFile(administrator)];
    try {
      await this.#must('net', ['ads', 'join', ...login, '--no-dns-updates']);
      await this.#must('net', ['ads', 'dns', 'register', '-s', this.#conf, '-P', this.host, this.address]);
    } finally {
      rmSync(this.#authFile(), { force: true });
    }
  }

  /** By `adcli join`, as realmd and SSSD do it; the machine then has a ticket by its keytab. */
  async joinByAdcli({ user, password }: Credentials, computer: string): Promise<void> {
    const keytab = join(this.#folder, `${computer}.keytab`);
    const { realm } = this.#domain;
    const named = [`--domain=${dnsDomain(this.#domain)}`, `--computer-name=${computer}`];
    const files = [
      `--host-fqdn=${computer}.${dnsDomain(this.#domain)}`.toLowerCase(),
      `--host-keytab=${keytab}`,
    ];
    const login = [`--login-user=${user}`, '--stdin-password'];
    await this.#must('adcli', ['join', ...named, ...files, ...login], password);
    await this.#must('kinit', [
      '-c',
      join(this.#folder, 'machine'),
      '-k',
      '-t',
      keytab,
      `${computer}$@${realm}`,
    ]);
  }

  /** Winbind and the file server run. */
  async start(): Promise<void> {
    for (const daemon of ['winbindd', 'smbd']) await this.#must(daemon, ['-D', '-s', this.#conf]);
    const asked = () => this.run('wbinfo', ['-t']);
    await eventually('the member trusts its domain', async () => (await asked()).code === 0);
    const shares = () => runClient('smbclient', ['-N', '-L', `//${this.address}`], {}, '');
    await eventually(
      'the member serves files',
      async () => !/NT_STATUS_CONNECTION/.test(lastLine(await shares())),
    );
  }

  /** A file that whoever has one of these SIDs in the token may read, and nobody else but the system. */
  async share(file: string, content: string, readers: readonly string[], owner: Credentials): Promise<void> {
    const local = join(this.#folder, file);
    writeFileSync(local, content);
    const entries = ['S-1-5-18:0/0/0x001f01ff', ...readers.map(sid => `${sid}:0/0/0x001200a9`)];
    const acl = [
      'REVISION:1',
      'OWNER:S-1-5-32-544',
      'GROUP:S-1-5-32-544',
      ...entries.map(one => `ACL:${one}`),
    ];
    const login = ['-s', this.#conf, '-A', this.#authFile(owner)];
    try {
      await this.#must('smbclient', [`//${this.address}/${SHARE}`, ...login, '-c', `put ${local} ${file}`]);
      await this.#must('smbcacls', [
        `//${this.address}/${SHARE}`,
        file,
        ...login,
        '--numeric',
        '-S',
        acl.join(),
      ]);
    } finally {
      rmSync(this.#authFile(), { force: true });
    }
  }

  /** The file's content, or undefined where it does not open; a new session and, by Kerberos, a new ticket each time. */
  async read(file: string, { user, password }: Credentials, by: Protocol): Promise<string | undefined> {
    const target = join(this.#folder, 'read');
    rmSync(target, { force: true });
    const get = ['-s', this.#conf, '-c', `get ${file} ${target}`];
    const { realm } = this.#domain;
    if (by === 'NTLM') {
      const login = ['-A', this.#authFile({ user, password }), '--use-kerberos=off'];
      await this.run('smbclient', [`//${this.address}/${SHARE}`, ...get, ...login]);
      rmSync(this.#authFile(), { force: true });
    } else {
      const cache = { KRB5CCNAME: `FILE:${join(this.#folder, 'ticket')}` };
      const kinit = await this.run('kinit', [`${user}@${realm}`], `${password}\n`, cache);
      if (kinit.code !== 0) return undefined;
      await this.run('smbclient', [`//${this.host}/${SHARE}`, ...get, '--use-kerberos=required'], '', cache);
      rmSync(join(this.#folder, 'ticket'), { force: true });
    }
    try {
      return readFileSync(target, 'utf8');
    } catch {
      return undefined;
    }
  }

  /** Runs a program as the machine does. */
  run(
    command: string,
    args: readonly string[],
    input = '',
    env: Record<string, string> = {},
  ): Promise<ClientResult> {
    const cache = `FILE:${join(this.#folder, 'tickets')}`;
    const own = { KRB5_CONFIG: join(this.#folder, 'krb5.conf'), KRB5CCNAME: cache, ...env };
    return runClient('nsenter', [...this.#inside, command, ...args], own, input);
  }

  close(): void {
    this.#holder?.kill('SIGKILL');
    this.#holder = undefined;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #must(command: string, args: readonly string[], input?: string): Promise<void> {
    const result = await this.run(command, args, input);
    if (result.code !== 0) throw new Error(`${command} ${args[0]} at ${this.name}: ${lastLine(result)}`);
  }

  get #conf(): string {
    return join(this.#folder, 'smb.conf');
  }

  /** With credentials it is written, readable by root alone; a password is in no argument. */
  #authFile(credentials?: Credentials): string {
    const file = join(this.#folder, 'login');
    if (credentials) {
      const { user, password } = credentials;
      const { netbiosDomain } = this.#domain;
      writeFileSync(file, `username = ${user}\npassword = ${password}\ndomain = ${netbiosDomain}\n`, {
        mode: 0o600,
      });
    }
    return file;
  }

  #write(): void {
    const folder = this.#folder;
    rmSync(folder, { recursive: true, force: true });
    for (const name of ['private', 'lock', 'state', 'cache', 'run', 'log', 'etc'])
      mkdirSync(join(folder, name), { recursive: true });
    const { realm, netbiosDomain, address } = this.#domain;
    const nss = readFileSync('/etc/nsswitch.conf', 'utf8').replace(
      /^(passwd|group):.*/gm,
      '$1: files winbind',
    );
    writeFileSync(join(folder, 'etc/hosts'), '127.0.0.1 localhost\n');
    writeFileSync(join(folder, 'etc/resolv.conf'), `nameserver ${address}\n`);
    writeFileSync(join(folder, 'etc/nsswitch.conf'), nss);
    writeFileSync(join(folder, 'krb5.conf'), `[libdefaults]\n\tdefault_realm = ${realm}\n\trdns = false\n`);
    const settings = {
      ...{ workgroup: netbiosDomain, realm, 'netbios name': this.name.toUpperCase(), security: 'ads' },
      ...{ interfaces: `${this.address}/8`, 'bind interfaces only': 'yes' },
      ...{ 'smb ports': '445', 'disable netbios': 'yes' },
      'private dir': join(folder, 'private'),
      'lock directory': join(folder, 'lock'),
      'state directory': join(folder, 'state'),
      'cache directory': join(folder, 'cache'),
      'pid directory': join(folder, 'run'),
      'ncalrpc dir': join(folder, 'run/ncalrpc'),
      'log file': join(folder, 'log/%m.log'),
      'idmap config * : backend': 'autorid',
      'idmap config * : range': '100000-9999999',
      'kerberos method': 'secrets and keytab',
      'dedicated keytab file': join(folder, 'krb5.keytab'),
      'vfs objects': 'acl_xattr xattr_tdb',
      'acl_xattr:ignore system acls': 'yes',
      'create mask': '0777',
      'force create mode': '0777',
    };
    const section = (name: string, values: Record<string, string>) =>
      [`[${name}]`, ...Object.entries(values).map(([key, value]) => `\t${key} = ${value}`), ''].join('\n');
    const share = { path: SHARED, 'read only': 'no' };
    writeFileSync(this.#conf, `${section('global', settings)}${section(SHARE, share)}`);
  }
}
