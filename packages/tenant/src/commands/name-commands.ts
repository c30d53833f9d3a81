import { call } from '@causeway/api';
import { type NameClaims, nameRoutes } from '@causeway/contract';
import { CausewayError, example, printResult, table } from '@causeway/service';
import type { Command } from 'commander';
import { remoteOptions, remoteSend } from './remote.ts';

const NAME = 'the name, as users type it at the sign-in';

/** `causeway tenant name …`. */
export function nameCommands(tenant: Command): void {
  const name = tenant.command('name').description('sign-in names that more than one forest has a claim to');
  remoteOptions(name.command('show'))
    .description('show who has a sign-in name, for whom it is kept, and who waits for it')
    .argument('<name>', NAME)
    .addHelpText('after', example('causeway tenant name show alice@contoso.example'))
    .action(async (text, options) => {
      show(
        options.json,
        await call(remoteSend(options), nameRoutes.readNameClaims, { query: { name: text } }),
      );
    });
  remoteOptions(name.command('free'))
    .description(
      'free a name that is kept for the forest that gave it up: the user who waits for it gets it at once',
    )
    .argument('<name>', NAME)
    .addHelpText('after', example('causeway tenant name free alice@contoso.example'))
    .action(async (text, options) => {
      show(options.json, await call(remoteSend(options), nameRoutes.freeName, { body: { name: text } }));
    });
  remoteOptions(name.command('seen'))
    .description('end the alarm of a name that is one user at web sign-in and another in the managed domain')
    .argument('<name>', NAME)
    .addHelpText('after', example('causeway tenant name seen alice@contoso.example'))
    .action(async (text, options) => {
      await call(remoteSend(options), nameRoutes.seeNameDifference, { body: { name: text } });
      printResult(options.json, { seen: text }, () => [
        `${text} is no alarm any more while it is these two users'`,
      ]);
    });
  remoteOptions(name.command('give'))
    .description('give a name to the user whose true name it is: the present holder loses it')
    .argument('<name>', NAME)
    .argument('<user>', 'id or source anchor of the user who gets it')
    .option('--yes', 'do it: without this, only what would change is shown')
    .addHelpText(
      'after',
      example('causeway tenant name give alice@contoso.example alice@fabrikam.example.org'),
    )
    .action(async (text, user, options) => {
      const send = remoteSend(options);
      if (!options.yes) {
        const claims = await call(send, nameRoutes.readNameClaims, { query: { name: text } });
        show(options.json, claims);
        throw new CausewayError(
          'confirmation-needed',
          claims.holder
            ? `${text} would be taken from ${claims.holder.id}, who could not sign in by it any more; nothing was changed yet`
            : `nobody has ${text}, and ${user} would get it; nothing was changed yet`,
        );
      }
      show(options.json, await call(send, nameRoutes.giveName, { body: { name: text, user } }));
    });
}

function show(json: boolean | undefined, claims: NameClaims): void {
  const line = ({ id, forest }: NonNullable<NameClaims['holder']>) => `${id} (${forest ?? 'cloud-only'})`;
  printResult(json, claims, () =>
    table([
      ['name', claims.name],
      ['signs in with it', claims.holder ? line(claims.holder) : 'nobody'],
      ['kept for', claims.reserved ? `${claims.reserved.forest} until ${claims.reserved.until}` : 'nobody'],
      ['wait for it', claims.waiting.map(line).join(', ') || 'nobody'],
    ]),
  );
}
