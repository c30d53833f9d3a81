import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dnsDomain } from '@causeway/samba';
import { eventually, NotYet } from '@causeway/service/testing';
import { Machine } from './machine.ts';
import { lastLine, runClient } from './run-client.ts';

/** The account that joins a machine, or reads from it. */
export interface Credentials {
  user: string;
  password: string;
}

export type Protocol = 'Kerberos' | 'NTLM';

/** A share whose access lists Samba itself keeps and judges. Otherwise POSIX permissions would deny access first. */
const SHARE = 'files';
const SHARED = '/srv/files';

/** A Samba file server that is a member of the managed domain. It knows only its resolver's address. */
export class MemberServer extends Machine {
  get host(): string {
    return `${this.name}.${dnsDomain(this.domain)}`;
  }

  /** Opens the machine, which is not a member of anything yet. */
  override async open(): Promise<void> {
    await super.open();
    mkdirSync(this.file(SHARED));
    chmodSync(this.file(SHARED), 0o777);
    writeFileSync(this.file('/etc/samba/smb.conf'), this.#settings());
  }

  /** Joins by `net ads join`, with the machine's address in the domain's DNS. */
  async join(administrator: Credentials): Promise<void> {
    const join = () => this.#as(administrator, 'net', ['ads', 'join', '--no-dns-updates']);
    // A busy domain controller may refuse the connection (LDAP's operationsError). An administrator would retry.
    await eventually('the machine joins', () =>
      join().then(
        () => true,
        (error: Error) => {
          if (error.message.includes('Operations error')) return new NotYet(error.message);
          throw error;
        },
      ),
    );
    await this.#must('net', ['ads', 'dns', 'register', '-P', this.host, this.address]);
  }

  /** Joins by `adcli join`, as realmd and SSSD do. The machine then gets a ticket with its keytab. */
  async joinByAdcli({ user, password }: Credentials, computer: string): Promise<void> {
    const keytab = `/etc/${computer}.keytab`;
    const named = [`--domain=${dnsDomain(this.domain)}`, `--computer-name=${computer}`];
    const files = [
      `--host-fqdn=${computer}.${dnsDomain(this.domain)}`.toLowerCase(),
      `--host-keytab=${keytab}`,
    ];
    const login = [`--login-user=${user}`, '--stdin-password'];
    await this.#must('adcli', ['join', ...named, ...files, ...login], password);
    const ticket = ['-c', '/run/samba/machine', '-k', '-t', keytab, `${computer}$@${this.domain.realm}`];
    await this.#must('kinit', ticket);
  }

  /** Starts winbind and the file server. */
  async start(): Promise<void> {
    for (const daemon of ['winbindd', 'smbd']) await this.#must(daemon, ['-D']);
    const asked = () => this.run('wbinfo', ['-t']);
    await eventually('the member trusts its domain', async () => (await asked()).code === 0);
    const shares = () => runClient('smbclient', ['-N', '-L', `//${this.address}`], {}, '');
    await eventually(
      'the member serves files',
      async () => !/NT_STATUS_CONNECTION/.test(lastLine(await shares())),
    );
  }

  /** Makes a file that only tokens with one of these SIDs may read, and the system. */
  async share(file: string, content: string, readers: readonly string[], owner: Credentials): Promise<void> {
    const local = `/srv/${file}`;
    writeFileSync(this.file(local), content);
    const entries = ['S-1-5-18:0/0/0x001f01ff', ...readers.map(sid => `${sid}:0/0/0x001200a9`)];
    const acl = [
      'REVISION:1',
      'OWNER:S-1-5-32-544',
      'GROUP:S-1-5-32-544',
      ...entries.map(one => `ACL:${one}`),
    ];
    const share = `//${this.address}/${SHARE}`;
    await this.#as(owner, 'smbclient', [share, '-c', `put ${local} ${file}`]);
    await this.#as(owner, 'smbcacls', [share, file, '--numeric', '-S', acl.join()]);
  }

  /** The file's content, or undefined if it does not open. Uses a new session each time, and with Kerberos a new ticket. */
  async read(file: string, who: Credentials, by: Protocol): Promise<string | undefined> {
    const [target, tickets] = ['/srv/read', '/run/samba/ticket'];
    for (const old of [target, tickets]) rmSync(this.file(old), { force: true });
    const get = ['-c', `get ${file} ${target}`];
    if (by === 'NTLM') {
      const login = this.#login(who);
      await this.run(
        'smbclient',
        [`//${this.address}/${SHARE}`, ...get, ...login.args, '--use-kerberos=off'],
        '',
        login.env,
      );
    } else {
      const cache = { KRB5CCNAME: `FILE:${tickets}` };
      const kinit = await this.run('kinit', [`${who.user}@${this.domain.realm}`], `${who.password}\n`, cache);
      if (kinit.code !== 0) return undefined;
      await this.run('smbclient', [`//${this.host}/${SHARE}`, ...get, '--use-kerberos=required'], '', cache);
    }
    return existsSync(this.file(target)) ? readFileSync(this.file(target), 'utf8') : undefined;
  }

  async #must(command: string, args: readonly string[], input = '', env = {}): Promise<void> {
    const result = await this.run(command, args, input, env);
    if (result.code !== 0) throw new Error(`${command} ${args[0]} at ${this.name}: ${lastLine(result)}`);
  }

  /** Runs one of Samba's own programs as an account of the domain. */
  #as(who: Credentials, command: string, args: readonly string[]): Promise<void> {
    const { args: login, env } = this.#login(who);
    return this.#must(command, [...args, ...login], '', env);
  }

  /** No argument has a password, because every user of a machine can read arguments. */
  #login({ user, password }: Credentials) {
    return { args: ['-U', `${this.domain.netbiosDomain}/${user}`], env: { PASSWD: password } };
  }

  #settings(): string {
    const { realm, netbiosDomain } = this.domain;
    const settings = {
      ...{ workgroup: netbiosDomain, realm, security: 'ads' },
      ...{ interfaces: `${this.address}/8`, 'bind interfaces only': 'yes' },
      ...{ 'smb ports': '445', 'disable netbios': 'yes' },
      'idmap config * : backend': 'autorid',
      'idmap config * : range': '100000-9999999',
      'kerberos method': 'secrets and keytab',
      'vfs objects': 'acl_xattr xattr_tdb',
      'acl_xattr:ignore system acls': 'yes',
      'create mask': '0777',
      'force create mode': '0777',
    };
    const section = (name: string, values: Record<string, string>) =>
      [`[${name}]`, ...Object.entries(values).map(([key, value]) => `\t${key} = ${value}`), ''].join('\n');
    return `${section('global', settings)}${section(SHARE, { path: SHARED, 'read only': 'no' })}`;
  }
}
