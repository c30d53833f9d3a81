import { call } from '@causeway/api';
import { administrationRoutes, applicationRoutes } from '@causeway/contract';
import { printResult, table } from '@causeway/service';
import type { Command } from 'commander';
import { remoteOptions, remoteSend } from './remote.ts';

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
      'give it a secret, which is shown once: for an application on a server that can keep one',
    )
    .action(async options => {
      const reply = await call(remoteSend(options), administrationRoutes.registerApplication, {
        body: {
          name: options.name,
          redirectUris: options.redirectUri,
          ...(options.postLogoutRedirectUri && { postLogoutRedirectUris: options.postLogoutRedirectUri }),
          ...(options.secret && { secret: true }),
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
    .action(async options => {
      const { applications } = await call(remoteSend(options), applicationRoutes.listApplications);
      printResult(options.json, applications, () =>
        table([
          ['CLIENT ID', 'NAME', 'SECRET', 'REGISTERED', 'REDIRECTS'],
          ...applications.map(one => [
            one.clientId,
            one.name,
            one.secret ? 'yes' : 'no',
            one.createdAt,
            one.redirectUris.join(' '),
          ]),
        ]),
      );
    });
  remoteOptions(app.command('remove'))
    .description('remove an application: its codes and access tokens end at once')
    .argument('<id>', 'the client id')
    .action(async (id, options) => {
      await call(remoteSend(options), applicationRoutes.removeApplication, { params: { id } });
      printResult(options.json, { removed: id }, () => [`application ${id} is removed`]);
    });
}
