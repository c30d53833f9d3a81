import { call } from '@causeway/api';
import { administratorRoutes } from '@causeway/contract';
import { example, printResult, table } from '@causeway/service';
import type { Command } from 'commander';
import { remoteOptions, remoteSend } from './remote.ts';

const USER = 'id or userPrincipalName';

/** `causeway tenant administrator …` and `causeway tenant tokens …`. */
export function administratorCommands(tenant: Command): void {
  const administrator = tenant
    .command('administrator')
    .description('who administers the tenant: cloud-only users');
  remoteOptions(administrator.command('list', { isDefault: true }))
    .description('list the administrators')
    .addHelpText('after', example('causeway tenant administrator list'))
    .action(async options => {
      const { administrators } = await call(remoteSend(options), administratorRoutes.listAdministrators);
      printResult(options.json, administrators, () =>
        table([
          ['ID', 'ADMINISTRATOR', 'STATE', 'TOKENS'],
          ...administrators.map(one => [
            one.id,
            one.userPrincipalName,
            one.able ? 'able' : 'disabled or blocked',
            `${one.tokens}`,
          ]),
        ]),
      );
    });
  remoteOptions(administrator.command('add'))
    .description(
      "make a cloud-only user an administrator; create a token with 'tenant token' on the tenant's machine",
    )
    .argument('<user>', USER)
    .addHelpText('after', example('causeway tenant administrator add bob@contoso.example'))
    .action(async (user, options) => {
      await call(remoteSend(options), administratorRoutes.addAdministrator, { body: { user } });
      printResult(options.json, { added: user }, () => [`${user} is an administrator`]);
    });
  remoteOptions(administrator.command('remove'))
    .description('make an administrator a user like others: their tokens end at once')
    .argument('<user>', USER)
    .addHelpText('after', '\nThe last administrator who can sign in cannot be removed.')
    .addHelpText('after', example('causeway tenant administrator remove bob@contoso.example'))
    .action(async (user, options) => {
      await call(remoteSend(options), administratorRoutes.removeAdministrator, { params: { user } });
      printResult(options.json, { removed: user }, () => [`${user} is no administrator any more`]);
    });

  const tokens = tenant.command('tokens').description("the administrators' bearer tokens");
  remoteOptions(tokens.command('list', { isDefault: true }))
    .description('list the tokens that are valid')
    .addHelpText('after', example('causeway tenant tokens list'))
    .action(async options => {
      const reply = await call(remoteSend(options), administratorRoutes.listTokens);
      printResult(options.json, reply.tokens, () =>
        table([
          ['ID', 'ADMINISTRATOR', 'MADE', 'UNTIL', ''],
          ...reply.tokens.map(one => [
            one.id,
            one.administrator,
            one.createdAt,
            one.expiresAt,
            one.own ? 'this one' : '',
          ]),
        ]),
      );
    });
  remoteOptions(tokens.command('revoke'))
    .description('end a token at once')
    .argument('<id>', "the token's id")
    .addHelpText('after', example('causeway tenant tokens revoke 1b4e28ba-2fa1-4d1e-8a8b-7c3f0f9d2a11'))
    .action(async (id, options) => {
      await call(remoteSend(options), administratorRoutes.revokeToken, { params: { id } });
      printResult(options.json, { revoked: id }, () => [`token ${id} is revoked`]);
    });
}
