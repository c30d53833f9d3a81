import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KerberosTrial {
  ok: boolean;
  /** Encryption types of session key and ticket as `klist -e` names them. */
  etype?: string;
  /** Salt that the key distribution center announced. */
  salt?: string;
  error?: string;
}

export interface SmbTrial {
  ok: boolean;
  error?: string;
}

const TIME_LIMIT = 20_000;

/**
 * Tries a password with MIT `kinit`, in a ticket cache of its own that is gone afterwards.
 *
 * @param user short name, or a user principal name (then as an enterprise principal of the realm)
 */
export async function tryKinit(trial: {
  user: string;
  realm: string;
  password: string;
  krb5Conf: string;
}): Promise<KerberosTrial> {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-kinit-'));
  const trace = join(directory, 'trace');
  const env = {
    KRB5_CONFIG: trial.krb5Conf,
    KRB5CCNAME: `FILE:${join(directory, 'cache')}`,
    KRB5_TRACE: trace,
  };
  const principal = trial.user.includes('@')
    ? ['-E', `${trial.user}@${trial.realm}`]
    : [`${trial.user}@${trial.realm}`];
  try {
    const kinit = await run('kinit', principal, env, `${trial.password}\n`);
    const salt = /Selected etype info: etype [^,]+, salt "([^"]*)"/.exec(
      await readFile(trace, 'utf8').catch(() => ''),
    )?.[1];
    const known = salt === undefined ? {} : { salt };
    if (kinit.code !== 0) return { ok: false, ...known, error: kinitError(kinit) };
    const list = await run('klist', ['-e'], env, '');
    const etype = /Etype \(skey, tkt\): (.*)/.exec(list.output)?.[1]?.trim();
    return { ok: true, ...known, ...(etype === undefined ? {} : { etype }) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Tries a password with `smbclient` by NTLM (never Kerberos): a session and a connection to `IPC$`. */
export async function trySmb(trial: {
  user: string;
  address: string;
  netbiosDomain: string;
  password: string;
}): Promise<SmbTrial> {
  const name = trial.user.includes('@') ? trial.user : `${trial.netbiosDomain}/${trial.user}`;
  const share = [`//${trial.address}/IPC$`, '-U', name, '-c', 'exit'];
  const flags = ['--configfile=/dev/null', '--use-kerberos=off', '--max-protocol=SMB3'];
  const result = await run('smbclient', [...share, ...flags], { PASSWD: trial.password }, '');
  if (result.code === 0) return { ok: true };
  return { ok: false, error: /NT_STATUS_[A-Z_]+/.exec(result.output + result.errors)?.[0] ?? last(result) };
}

/** Tries a password with OpenLDAP's `ldapsearch`: a simple bind over LDAPS, and a search that nobody else may do. */
export async function tryLdapBind(trial: {
  user: string;
  address: string;
  baseDn: string;
  caFile: string;
  password: string;
}): Promise<SmbTrial> {
  const bind = ['-x', '-H', `ldaps://${trial.address}`, '-D', trial.user, '-w', trial.password];
  const search = ['-LLL', '-b', trial.baseDn, '-s', 'base', 'objectClass'];
  const env = { LDAPTLS_CACERT: trial.caFile, LDAPTLS_REQCERT: 'demand' };
  const result = await run('ldapsearch', [...bind, ...search], env, '');
  return result.code === 0 ? { ok: true } : { ok: false, error: last(result) };
}

interface Result {
  code: number;
  output: string;
  errors: string;
}

function run(command: string, args: string[], env: Record<string, string>, input: string): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...env },
      timeout: TIME_LIMIT,
    });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', text => (output += text));
    child.stderr.setEncoding('utf8').on('data', text => (errors += text));
    child.on('error', cause =>
      reject(new Error(`cannot run ${command}: install the package that brings it`, { cause })),
    );
    child.on('close', (code, signal) => {
      if (signal !== null) errors += `\n${command} did not answer within ${TIME_LIMIT / 1000} s`;
      resolve({ code: code ?? 1, output, errors });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function kinitError(result: Result): string {
  const own = result.errors
    .split('\n')
    .filter(line => line.startsWith('kinit:') || line.startsWith('kinit did'));
  if (/Password expired/.test(result.output)) return 'password expired or to be changed at first sign-in';
  return own.at(-1)?.replace(/^kinit: /, '') ?? last(result);
}

const last = (result: Result): string =>
  `${result.errors}\n${result.output}`.trim().split('\n').at(-1) || `exit code ${result.code}`;
