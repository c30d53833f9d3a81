import { example, printResult, table, writePrivateFile } from '@causeway/service';
import { type Command, InvalidArgumentError } from 'commander';
import { askOrDo, type CommonOptions, withCommonOptions } from './at-hand.ts';

/** `causeway connect token …`: named tokens for calls to the admin API over HTTPS. */
export function tokenCommands(connect: Command): void {
  const token = connect.command('token').description('named tokens of the admin API over HTTPS');
  withCommonOptions(token.command('create').description('create a token, which is shown once'))
    .argument('<name>', 'what it is for: a person, a workstation')
    .option('--days <n>', 'days until it expires', count, 90)
    .option('--token-out <file>', 'write it to a file that only its owner can read, instead of showing it')
    .addHelpText(
      'after',
      example('causeway connect token create alice-workstation --days 30 --token-out token'),
    )
    .action(async (name: string, options: CommonOptions & { days: number; tokenOut?: string }) => {
      const { days, tokenOut } = options;
      const { result } = await askOrDo(options, 'createAdminToken', { body: { name, days } });
      const { token, ...shown } = result;
      if (tokenOut !== undefined) {
        writePrivateFile(tokenOut, `${token}\n`);
        const line = `${tokenOut} (until ${result.expiresAt})`;
        printResult(options.json, { ...shown, tokenFile: tokenOut }, () => [line]);
        return;
      }
      printResult(options.json, result, () => [token]);
      if (!options.json) process.stderr.write(`valid until ${result.expiresAt}; it is not shown again\n`);
    });
  withCommonOptions(token.command('list').description('list the tokens, with their expiry and last use'))
    .addHelpText('after', example('causeway connect token list'))
    .action(async (options: CommonOptions) => {
      const { result } = await askOrDo(options, 'listAdminTokens', {});
      printResult(options.json, result, () =>
        table([
          ['name', 'made', 'valid until', 'last used'],
          ...result.tokens.map(each => [
            each.name,
            each.createdAt,
            each.expiresAt,
            each.lastUsedAt ?? 'never',
          ]),
        ]),
      );
    });
  withCommonOptions(token.command('revoke').description('revoke a token at once'))
    .argument('<name>', "as 'causeway connect token list' shows it")
    .addHelpText('after', example('causeway connect token revoke alice-workstation'))
    .action(async (name: string, options: CommonOptions) => {
      const { result } = await askOrDo(options, 'revokeAdminToken', { params: { name } });
      printResult(options.json, result, () => [`the token '${name}' is revoked`]);
    });
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 730)
    throw new InvalidArgumentError('1 to 730 days expected');
  return value;
}
