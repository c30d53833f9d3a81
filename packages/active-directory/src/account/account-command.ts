import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { openLdap, readRootDse } from '@causeway/ldap';
import { CausewayError, example, printResult, readPrivateFile, writePrivateFile } from '@causeway/service';
import { Command } from 'commander';
import { createConnectorAccount, DEFAULT_CONNECTOR_ACCOUNT } from './connector-account.ts';
import { rightName } from './grant-commands.ts';

interface Options {
  server: string;
  ca: string;
  admin: string;
  adminPasswordFile?: string;
  passwordOut: string;
  name: string;
  ou?: string;
  serverName?: string;
  resetPassword?: boolean;
  json?: boolean;
}

/** `causeway connect account create`: makes the account of least rights that Connect reads a directory with. */
export function createAccountCommand(): Command {
  return new Command('create')
    .description(
      'create the account that Connect reads a directory with: two replication rights and no others',
    )
    .requiredOption('--server <host>', 'domain controller, host or host:port (LDAPS)')
    .requiredOption('--ca <file>', "the CA that issued the controller's certificate, PEM")
    .requiredOption('--admin <upn>', 'a domain administrator, user@domain')
    .option(
      '--admin-password-file <file>',
      "file with the administrator's password (default: asked for at the terminal)",
    )
    .requiredOption('--password-out <file>', "file for the new account's password, readable only by you")
    .option('--name <name>', 'name of the account', DEFAULT_CONNECTOR_ACCOUNT)
    .option('--ou <dn>', 'the container to create it in (default: Users)')
    .option('--server-name <name>', 'the name in the certificate, when it is not the host')
    .option('--reset-password', 'set a new password if the account exists already')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      example(
        'causeway connect account create --server dc1.corp.example.com --ca corp-ca.pem --admin administrator@corp.example.com --password-out connector-password',
      ),
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const password = options.adminPasswordFile
    ? readPrivateFile(options.adminPasswordFile).replace(/\r?\n$/, '')
    : await askPassword(`password of ${options.admin}: `);
  const connection = await openLdap({
    url: `ldaps://${options.server}`,
    caFile: options.ca,
    bind: { dn: options.admin, password },
    timeoutMs: 30_000,
    ...(options.serverName === undefined ? {} : { serverName: options.serverName }),
  });
  try {
    const { defaultNamingContext: namingContext } = await readRootDse(connection);
    const { password: made, ...account } = await createConnectorAccount(connection, {
      namingContext,
      name: options.name,
      ...(options.ou === undefined ? {} : { ou: options.ou }),
      ...(options.resetPassword === undefined ? {} : { resetPassword: options.resetPassword }),
    });
    if (made !== undefined) writePrivateFile(options.passwordOut, `${made}\n`);
    else if (!existsSync(options.passwordOut)) {
      throw new CausewayError(
        'password-unknown',
        `'${account.accountName}' exists already, and '${options.passwordOut}' does not hold its password`,
      );
    }
    const result = {
      ...account,
      namingContext,
      passwordFile: options.passwordOut,
      passwordSet: made !== undefined,
    };
    printResult(options.json, result, () => describe(result));
  } finally {
    await connection.close();
  }
}

function describe(result: {
  created: boolean;
  userPrincipalName: string;
  distinguishedName: string;
  granted: Parameters<typeof rightName>[0][];
  grantedDeletedObjects: boolean;
  namingContext: string;
  passwordFile: string;
  passwordSet: boolean;
}): string[] {
  const rights = result.granted.map(rightName);
  return [
    `${result.created ? 'made' : 'found'} ${result.userPrincipalName} (${result.distinguishedName})`,
    rights.length === 0
      ? `it has both replication rights on ${result.namingContext} already`
      : `granted on ${result.namingContext}, this object only: ${rights.join(', ')}`,
    ...(result.grantedDeletedObjects ? ['granted: to see deleted objects, which Samba hides otherwise'] : []),
    result.passwordSet
      ? `its password is in ${result.passwordFile}, readable by you alone`
      : `its password was left as it is; ${result.passwordFile} is expected to hold it`,
    `next: name the account and 'file:${result.passwordFile}' in Connect's configuration, then: causeway connect run`,
  ];
}

/** Asks at the terminal without showing what is typed. */
async function askPassword(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CausewayError(
      'password-missing',
      'no password of the administrator: --admin-password-file is missing, and there is no terminal to ask at',
    );
  }
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new CausewayError('cancelled', 'cancelled')));
      terminal.question('', resolve);
    });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
