import { call, callIfServed, type Send } from '@causeway/api';
import { administrationRoutes, managedDomainRoutes, type UserStatus, userRoutes } from '@causeway/contract';
import { example, printResult, table } from '@causeway/service';
import { type Command, Option } from 'commander';
import { type RemoteOptions, remoteOptions, remoteSend } from './remote.ts';

const USER = 'id or userPrincipalName';

/** `causeway tenant user …` and `causeway tenant users`. */
export function userCommands(tenant: Command): void {
  const user = tenant
    .command('user')
    .description('users: make, reset, disable and delete cloud-only ones, block any');
  remoteOptions(user.command('create'))
    .description('create a cloud-only user with a temporary password, which is shown once')
    .argument('<upn>', 'userPrincipalName')
    .option('--display-name <name>', 'name for people')
    .option('--mail-nickname <name>', 'account name in the managed domain (default: the part before the @)')
    .addHelpText(
      'after',
      example("causeway tenant user create bob@contoso.example --display-name 'Bob Miller'"),
    )
    .action(async (upn, options) => {
      const made = await call(remoteSend(options), userRoutes.createUser, {
        body: {
          userPrincipalName: upn,
          displayName: options.displayName,
          mailNickname: options.mailNickname,
        },
      });
      showPassword(options, made);
    });
  remoteOptions(user.command('reset-password'))
    .description('give a cloud-only user another temporary password, which is shown once')
    .argument('<user>', USER)
    .addHelpText('after', example('causeway tenant user reset-password bob@contoso.example'))
    .action(async (id, options) => {
      showPassword(options, await call(remoteSend(options), userRoutes.resetPassword, { params: { id } }));
    });
  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const) {
    remoteOptions(user.command(name))
      .description(`${name} a cloud-only user, here and in the managed domain`)
      .argument('<user>', USER)
      .addHelpText('after', example(`causeway tenant user ${name} bob@contoso.example`))
      .action(async (id, options) => {
        await call(remoteSend(options), userRoutes.setUserEnabled, { params: { id }, body: { enabled } });
        printResult(options.json, { user: id, enabled }, () => [`${id} is ${name}d`]);
      });
  }
  for (const [name, blocked, done] of [
    [
      'block',
      true,
      'blocked: web sign-in and sessions have ended. The managed domain has a block of its own',
    ],
    ['unblock', false, 'not blocked any more'],
  ] as const) {
    remoteOptions(user.command(name))
      .description(
        blocked
          ? 'block any user from web sign-in at once, whatever the forest says'
          : 'let a blocked user sign in again',
      )
      .argument('<user>', 'id, userPrincipalName or source anchor')
      .addHelpText('after', example(`causeway tenant user ${name} alice@corp.example.com`))
      .action(async (id, options) => {
        await call(remoteSend(options), userRoutes.setUserBlocked, { params: { id }, body: { blocked } });
        printResult(options.json, { user: id, blocked }, () => [`${id} is ${done}`]);
      });
  }
  remoteOptions(user.command('delete'))
    .description('delete a cloud-only user, here and in the managed domain')
    .argument('<user>', USER)
    .addHelpText('after', example('causeway tenant user delete bob@contoso.example'))
    .action(async (id, options) => {
      await call(remoteSend(options), userRoutes.deleteUser, { params: { id } });
      printResult(options.json, { deleted: id }, () => [`${id} is deleted`]);
    });

  remoteOptions(tenant.command('users'))
    .description('list the users, or those who cannot sign in to the managed domain yet')
    .addOption(
      new Option('--missing <what>', 'only those without legacy credentials in the managed domain').choices([
        'legacy',
      ]),
    )
    .addHelpText('after', example('causeway tenant users --missing legacy'))
    .action(async options => {
      const send = remoteSend(options);
      const [users, served] = await Promise.all([
        listUsers(send, options.missing),
        callIfServed(send, managedDomainRoutes.readConfirmation),
      ]);
      const unconfirmed = served?.confirmation?.confirmed === null;
      printResult(options.json, users, () =>
        table([
          ['USER', 'ORIGIN', 'ACCOUNT', 'LEGACY CREDENTIALS'],
          ...users.map(one => [
            nameText(one),
            one.forest ?? 'cloud-only',
            one.blockedAt ? 'blocked' : one.accountEnabled ? 'enabled' : 'disabled',
            legacyText(one, unconfirmed),
          ]),
        ]),
      );
    });
}

function showPassword(
  options: RemoteOptions,
  made: { id: string; userPrincipalName: string; temporaryPassword: string },
): void {
  printResult(options.json, made, () =>
    table([
      ['user', `${made.userPrincipalName} (${made.id})`],
      ['password', `${made.temporaryPassword}  (shown once, to be changed at the first sign-in)`],
    ]),
  );
}

/** All users of a tenant, page after page. */
export async function listUsers(send: Send, missing?: 'legacy' | undefined): Promise<UserStatus[]> {
  const users: UserStatus[] = [];
  for (let after = ''; ; ) {
    const query = { after, limit: 1000, ...(missing && { missing }) };
    const page = await call(send, administrationRoutes.listUsers, { query });
    users.push(...page.users);
    if (!page.more) return users;
    after = cursorOf(page.users.at(-1)!);
  }
}

/** The true name, and the name that stands in for it. */
function nameText({ userPrincipalName, signInName }: UserStatus): string {
  if (signInName === undefined) return userPrincipalName;
  return signInName === null
    ? `${userPrincipalName} (cannot sign in by it)`
    : `${userPrincipalName} (signs in as ${signInName})`;
}

/** Users come in the order of their sign-in names; a user without one sorts by the id. */
const cursorOf = ({ id, userPrincipalName, signInName }: UserStatus): string =>
  signInName === undefined ? userPrincipalName : (signInName ?? id);

/**
 * The state of a user's legacy credentials, and who has to do what about it.
 * @param unconfirmed whether the managed domain's keys still have to be confirmed
 */
function legacyText({ origin, mustChange, legacy }: UserStatus, unconfirmed: boolean): string {
  if (legacy.outcome === 'applied' || legacy.outcome === 'unchanged') return `applied ${legacy.appliedAt}`;
  if (legacy.outcome !== null) return [legacy.outcome, legacy.reason].filter(Boolean).join(': ');
  if (legacy.recordReceivedAt !== null) return 'on their way to the managed domain';
  if (origin !== 'cloud') return 'none: owed by Connect';
  const change = `none: has to change the ${mustChange ? 'temporary ' : ''}password`;
  return unconfirmed ? `${change}, after 'causeway tenant trust-domain'` : change;
}
