import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClientResult, lastLine, runClient } from './run-client.ts';

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

/** @param user short name, or a user principal name (then as an enterprise principal of the realm) */
export interface KerberosAccount {
  user: string;
  realm: string;
  password: string;
  krb5Conf: string;
}

/** Tries a password with MIT `kinit`, in a ticket cache of its own, removed afterwards. */
export const tryKinit = (account: KerberosAccount): Promise<KerberosTrial> =>
  withTicket(account, async trial => trial);

/** Runs something with a ticket, whose cache is removed afterwards. `env` tells clients where it is. */
export async function withTicket<T>(
  trial: KerberosAccount,
  work: (kinit: KerberosTrial, env: Record<string, string>) => Promise<T>,
): Promise<T> {
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
    const kinit = await runClient('kinit', principal, env, `${trial.password}\n`);
    const salt = /Selected etype info: etype [^,]+, salt "([^"]*)"/.exec(
      await readFile(trace, 'utf8').catch(() => ''),
    )?.[1];
    const known = salt === undefined ? {} : { salt };
    if (kinit.code !== 0) return await work({ ok: false, ...known, error: kinitError(kinit) }, env);
    const list = await runClient('klist', ['-e'], env, '');
    const etype = /Etype \(skey, tkt\): (.*)/.exec(list.output)?.[1]?.trim();
    return await work({ ok: true, ...known, ...(etype === undefined ? {} : { etype }) }, env);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface SmbAccount {
  user: string;
  address: string;
  netbiosDomain: string;
  password: string;
}

/** A client has a time limit for all its sessions together. */
const SESSIONS_AT_ONCE = 40;

const BY_NTLM = ['--configfile=/dev/null', '--use-kerberos=off', '--max-protocol=SMB3'];
const ipcOf = ({ address, user, netbiosDomain }: Omit<SmbAccount, 'password'>): string[] => [
  `//${address}/IPC$`,
  ...['-U', user.includes('@') ? user : `${netbiosDomain}/${user}`],
];

/** Tries a password with `smbclient` by NTLM (never Kerberos): a session and a connection to `IPC$`. */
export async function trySmb(account: SmbAccount): Promise<SmbTrial> {
  const { password } = account;
  const flags = [...ipcOf(account), '-c', 'exit', ...BY_NTLM];
  const result = await runClient('smbclient', flags, { PASSWD: password }, '');
  if (result.code === 0) return { ok: true };
  return {
    ok: false,
    error: /NT_STATUS_[A-Z_]+/.exec(result.output + result.errors)?.[0] ?? lastLine(result),
  };
}

/**
 * Tries many passwords as `trySmb` does, but in sessions of one connection that another account opened: a connection costs a domain
 * controller twenty times as much as a session. Names and passwords must have no spaces or quotes.
 *
 * @returns for each, in order, whether it got a session
 */
export async function trySmbSessions(
  opener: SmbAccount,
  accounts: readonly { readonly user: string; readonly password: string }[],
): Promise<boolean[]> {
  const results: boolean[] = [];
  for (let from = 0; from < accounts.length; from += SESSIONS_AT_ONCE) {
    const some = accounts.slice(from, from + SESSIONS_AT_ONCE);
    const logon = ({ user, password }: (typeof some)[number]) =>
      `logon "${opener.netbiosDomain}\\${user}" "${password}"\n`;
    const flags = [...ipcOf(opener), ...BY_NTLM];
    const env = { PASSWD: opener.password };
    const result = await runClient('smbclient', flags, env, some.map(logon).join(''));
    const verdicts = (result.output + result.errors).match(/^(Current VUID|session setup failed)/gm) ?? [];
    if (verdicts.length !== some.length) throw new Error(`smbclient: ${lastLine(result)}`);
    results.push(...verdicts.map(verdict => verdict === 'Current VUID'));
  }
  return results;
}

function kinitError(result: ClientResult): string {
  const own = result.errors
    .split('\n')
    .filter(line => line.startsWith('kinit:') || line.startsWith('kinit did'));
  if (/Password expired/.test(result.output)) return 'password expired or to be changed at first sign-in';
  return own.at(-1)?.replace(/^kinit: /, '') ?? lastLine(result);
}
