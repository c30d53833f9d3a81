import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CausewayError, environment, readPrivateFile } from '@causeway/service';
import type { ReplicationAccount } from './replication.ts';

/** `DOMAIN\user`, or `user@domain`, which NTLM accepts as it is; undefined for anything else. */
export function parseAccount(text: string): { domain: string; username: string } | undefined {
  const [, domain, username] = /^([^\\@]+)\\([^\\]+)$/.exec(text) ?? [];
  if (domain && username) return { domain, username };
  return /^[^\\@]+@[^\\@]+$/.test(text) ? { domain: '', username: text } : undefined;
}

/** Reads the password from a file that only its owner can read, else from the environment, else at the terminal. */
export async function readAccount(
  account: { domain: string; username: string },
  passwordFile: string | undefined,
): Promise<ReplicationAccount> {
  const password = passwordFile
    ? readPrivateFile(passwordFile).replace(/\r?\n$/, '')
    : (environment('CAUSEWAY_PASSWORD') ?? (await promptPassword(`password of ${account.username}: `)));
  return { ...account, password };
}

async function promptPassword(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CausewayError(
      'password-missing',
      'no password of the account: neither --password-file nor CAUSEWAY_PASSWORD is set, and there is no terminal to ask at',
    );
  }
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
