import { call } from '@causeway/api';
import { type Application, administrationRoutes, applicationRoutes } from '@causeway/contract';
import { CausewayError, example, printResult, table } from '@causeway/service';
import { type Command, Option } from 'commander';
import { remoteOptions, remoteSend } from './remote.ts';

const GROUPS = 'what it is told of the groups of people: their ids, or names';
const FOR_GROUP = 'allow only members of this security group, nested ones too: id or display name';

/** Who may use an application. */
function audience({ forGroup }: Application): string {
  if (forGroup === undefined) return 'everybody';
  const name = forGroup.displayName ?? forGroup.id;
  return forGroup.usable ? name : `NOBODY: ${name} is gone or no security group`;
}

/** `causeway tenant app …`. */
export function appCommands(tenant: Command): void {
  const app = tenant.command('app').description('applications that people sign in to');
  remoteOptions(app.command('register'))
    .description('register an application (OIDC, authorization code with PKCE)')
    .requiredOption('--name <name>', 'name of the application')
    .requiredOption('--redirect-uri <uri...>', 'where sign-in returns to: https, or http on loopback')
    .option('--post-logout-redirect-uri <uri...>', 'where sign-out may return to')
    .option(
      '--secret',
      'create a secret, which is shown once: for an application on a server that can keep one',
    )
    .addOption(new Option('--groups <form>', `${GROUPS}; without it, nothing`).choices(['ids', 'names']))
    .option('--for-group <group>', FOR_GROUP)
    .addHelpText(
      'after',
      example(
        'causeway tenant app register --name Wiki --redirect-uri https://wiki.example.net/callback --secret',
        'causeway tenant app register --name Payroll --redirect-uri https://pay.example.net/callback --groups ids --for-group Finance',
      ),
    )
    .action(async options => {
      const reply = await call(remoteSend(options), administrationRoutes.registerApplication, {
        body: {
          name: options.name,
          redirectUris: options.redirectUri,
          ...(options.postLogoutRedirectUri && { postLogoutRedirectUris: options.postLogoutRedirectUri }),
          ...(options.secret && { secret: true }),
          ...(options.groups && { groups: options.groups }),
          ...(options.forGroup && { forGroup: options.forGroup }),
        },
      });
      printResult(options.json, reply, () =>
        table([
          ['client id', reply.clientId],
          ...(reply.clientSecret === undefined
            ? []
            : [['client secret', `${reply.clientSecret}  (shown once, for client_secret_basic)`]]),
          ['issuer', reply.issuer],
        ]),
      );
    });
  remoteOptions(app.command('list'))
    .description('list the applications')
    .addHelpText('after', example('causeway tenant app list'))
    .action(async options => {
      const { applications } = await call(remoteSend(options), applicationRoutes.listApplications);
      printResult(options.json, applications, () =>
        table([
          ['CLIENT ID', 'NAME', 'SECRET', 'FOR', 'GROUPS', 'REGISTERED', 'REDIRECTS'],
          ...applications.map(one => [
            one.clientId,
            one.name,
            one.secret ? 'yes' : 'no',
            audience(one),
            one.groups ?? 'none',
            one.createdAt,
            one.redirectUris.join(' '),
          ]),
        ]),
      );
    });
  remoteOptions(app.command('set'))
    .description('set who may use an application, and what it learns of groups; takes effect at once')
    .argument('<id>', 'the client id')
    .addOption(new Option('--groups <form>', `${GROUPS}; none: nothing`).choices(['ids', 'names', 'none']))
    .addOption(new Option('--for-group <group>', FOR_GROUP).conflicts('forEverybody'))
    .option('--for-everybody', 'allow everybody')
    .addHelpText(
      'after',
      example(
        'causeway tenant app set 1b4e28ba-2fa1-4d1e-8a8b-7c3f0f9d2a11 --for-group Finance --groups names',
      ),
    )
    .action(async (id, options) => {
      const { groups, forGroup, forEverybody } = options;
      if (groups === undefined && forGroup === undefined && !forEverybody) {
        throw new CausewayError('nothing-to-set', 'no option says what to change');
      }
      const body = {
        ...(groups !== undefined && { groups: groups === 'none' ? null : groups }),
        ...(forGroup !== undefined && { forGroup }),
        ...(forEverybody && { forGroup: null }),
      };
      const set = await call(remoteSend(options), applicationRoutes.changeApplication, {
        params: { id },
        body,
      });
      printResult(options.json, set, () =>
        table([
          ['application', `${set.name} (${set.clientId})`],
          ['for', audience(set)],
          ['groups', set.groups ?? 'none'],
        ]),
      );
    });
  remoteOptions(app.command('remove'))
    .description('remove an application: its codes and access tokens end at once')
    .argument('<id>', 'the client id')
    .addHelpText('after', example('causeway tenant app remove 1b4e28ba-2fa1-4d1e-8a8b-7c3f0f9d2a11'))
    .action(async (id, options) => {
      await call(remoteSend(options), applicationRoutes.removeApplication, { params: { id } });
      printResult(options.json, { removed: id }, () => [`application ${id} is removed`]);
    });
}
