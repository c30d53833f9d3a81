import { NameFormat } from '@causeway/protocols';
import { CausewayError, example, printResult, table } from '@causeway/service';
import { isGuid } from '@causeway/wire';
import type { Command } from 'commander';
import { parseAccount, readAccount } from './replication/account-options.ts';
import { openReplication } from './replication/connection.ts';
import { wipeUser } from './replication/decode-user.ts';
import { describeUser, userRows } from './replication/describe-user.ts';
import type { ReplicationConnection } from './replication/replication.ts';

interface ReplicateOptions {
  server: string;
  port?: number;
  account: { domain: string; username: string };
  passwordFile?: string;
  namingContext?: string;
  user?: string;
  all?: boolean;
  summary?: boolean;
  json?: boolean;
}

/** `causeway replicate`: shows what a domain controller replicates. Stores and sends nothing. */
export function replicationCommands(program: Command): void {
  const command = program.command('replicate');
  command
    .description(
      "show what a domain controller's replication says of users; secrets only as lengths and key types",
    )
    .requiredOption('--server <host>', 'the domain controller')
    .requiredOption('--account <name>', 'DOMAIN\\user or user@domain', text => {
      return parseAccount(text) ?? command.error(`--account '${text}': DOMAIN\\user or user@domain expected`);
    })
    .option(
      '--password-file <file>',
      "file with the account's password (default: CAUSEWAY_PASSWORD, or asked for at the terminal)",
    )
    .option('--port <number>', 'the replication port, if the endpoint mapper cannot be asked', text => {
      const port = Number(text);
      return Number.isInteger(port) && port > 0 && port < 65_536
        ? port
        : command.error(`--port '${text}': 1 to 65535 expected`);
    })
    .option('--naming-context <dn>', "the domain's naming context (default: that of the account)")
    .option('--user <name>', 'one user, by sAMAccountName, UPN, DN or objectGUID')
    .option('--all', 'everybody in the naming context')
    .option('--summary', 'with --all: only objects, bytes, time and rate')
    .option('--json', 'for programs')
    .addHelpText(
      'after',
      example("causeway replicate --server dc1.corp.example.com --account 'CORP\\reader' --user alice"),
    )
    .action(async (options: ReplicateOptions) => {
      if ((options.user === undefined) === !options.all) {
        command.error('either --user NAME or --all expected');
      }
      const account = await readAccount(options.account, options.passwordFile);
      const { server: host, port } = options;
      await using connection = await openReplication({
        host,
        account,
        ...(port === undefined ? {} : { port }),
      });
      const namingContext = options.namingContext ?? (await connection.accountNamingContext());
      if (options.user !== undefined) await showUser(connection, namingContext, options.user, options.json);
      else await showAll(connection, namingContext, options);
    });
}

async function showUser(
  connection: ReplicationConnection,
  namingContext: string,
  name: string,
  json: boolean | undefined,
): Promise<void> {
  const objectGuid = await findUser(connection, namingContext, name);
  const user = objectGuid && (await connection.replicateObject({ objectGuid }));
  if (!user) throw new CausewayError('no-such-user', `no user '${name}' in ${namingContext}`);
  const described = describeUser(user);
  wipeUser(user);
  printResult(json, described, () => table(userRows(described)));
}

/** The objectGUID of a user, by any of their names. */
async function findUser(
  connection: ReplicationConnection,
  namingContext: string,
  name: string,
): Promise<string | undefined> {
  if (isGuid(name)) return name;
  let offered: NameFormat = NameFormat.nt4Account;
  let full = name;
  if (name.includes('=')) offered = NameFormat.distinguishedName;
  else if (name.includes('@')) offered = NameFormat.userPrincipalName;
  else if (!name.includes('\\')) {
    const domain = await translate(
      connection,
      NameFormat.distinguishedName,
      NameFormat.nt4Account,
      namingContext,
    );
    full = `${domain ?? ''}${name}`;
  }
  const guid = await translate(connection, offered, NameFormat.guid, full);
  return guid?.replace(/[{}]/g, '');
}

async function translate(
  connection: ReplicationConnection,
  offered: NameFormat,
  desired: NameFormat,
  name: string,
): Promise<string | undefined> {
  const [found] = await connection.crackNames({ offered, desired, names: [name] });
  return found?.status === 0 ? found.name : undefined;
}

async function showAll(
  connection: ReplicationConnection,
  namingContext: string,
  options: Pick<ReplicateOptions, 'summary' | 'json'>,
): Promise<void> {
  const total = { namingContext, objects: 0, users: 0, withHash: 0, problems: 0, bytes: 0, pages: 0 };
  const live = process.stderr.isTTY && options.summary;
  const begin = performance.now();
  for await (const page of connection.replicateChanges({ namingContext })) {
    total.objects += page.serverObjects;
    total.users += page.users.length;
    total.withHash += page.users.filter(user => typeof user.ntHash !== 'string').length;
    total.problems += page.users.filter(user => user.problem !== undefined).length;
    total.bytes += page.bytes;
    total.pages++;
    if (!options.summary) {
      for (const user of page.users) {
        const described = describeUser(user);
        printResult(options.json, described, () => [...table(userRows(described)), '']);
      }
    }
    page.wipe();
    if (live) process.stderr.write(`\r${total.objects} objects, ${total.users} users`);
  }
  const seconds = (performance.now() - begin) / 1000;
  if (live) process.stderr.write('\r\x1b[K');
  if (!options.summary) return;
  const objectsPerSecond = Math.round(total.objects / seconds);
  const result = { ...total, seconds: Number(seconds.toFixed(3)), objectsPerSecond };
  printResult(options.json, result, () =>
    table([
      ['naming context', namingContext],
      ['objects', `${total.objects}`],
      ['users', `${total.users}, ${total.withHash} with a password`],
      ['could not be read', `${total.problems}`],
      ['bytes', `${total.bytes} in ${total.pages} pages`],
      ['time', `${seconds.toFixed(2)} s`],
      ['rate', `${objectsPerSecond} objects/s`],
    ]),
  );
}
