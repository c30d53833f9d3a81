import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { callLocally, serviceIn } from '@causeway/api';
import { tenantLocalRoutes } from '@causeway/contract';
import {
  createLog,
  defaultConfigurationFile,
  defaultStateDirectory,
  example,
  loadConfiguration,
  printResult,
  runServices,
  setHeapGrowth,
  writePrivateFile,
} from '@causeway/service';
import type { Command } from 'commander';
import { TenantConfiguration } from '../configuration.ts';

/** The commands that work on the tenant service's own machine. */
export function localCommands(tenant: Command): void {
  tenant
    .command('run')
    .description('run the tenant service in the foreground until SIGTERM or SIGINT')
    .option('--config <file>', 'YAML configuration file')
    .option('--state <dir>', 'state folder')
    .option('--listen <host:port>', 'address to listen on')
    .option('--public-url <url>', 'address by which clients reach it')
    .option('--cert <file>', 'certificate chain (PEM)')
    .option('--key <file>', 'private key (PEM)')
    .addHelpText('after', example('causeway tenant run --config /etc/causeway/tenant.yaml'))
    .action(async options => {
      const configuration = loadConfiguration(TenantConfiguration, configurationFile(options.config), {
        stateDirectory: options.state,
        listen: options.listen && parseListen(options.listen),
        publicUrl: options.publicUrl,
        tls: options.cert && { certificateFile: options.cert, keyFile: options.key ?? '' },
      });
      const log = createLog('tenant');
      // Loaded only here: the other commands need neither database nor OpenID provider, and start faster.
      const { tenantService } = await import('../start-tenant.ts');
      setHeapGrowth();
      await runServices([tenantService(configuration, log)], log);
    });

  tenant
    .command('create')
    .description('create a tenant and its first administrator; the tenant service must be running')
    .argument('<name>', 'lower-case letters, digits and hyphens')
    .requiredOption('--admin <upn>', "the administrator's userPrincipalName")
    .option(
      '--id <uuid>',
      'the id of a tenant that was lost: its synchronized users get the ids that they had',
    )
    .option('--state <dir>', 'state folder of the running service', defaultStateDirectory('tenant'))
    .option('--token-out <file>', "file for the administrator's token (default: in the state folder)")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      example('causeway tenant create contoso --admin admin@contoso.example --token-out admin-token'),
    )
    .action(async (name, options) => {
      const { id } = options;
      const body = { name, administrator: options.admin, ...(id !== undefined && { id }) };
      const service = serviceIn(options.state, 'tenant');
      const reply = await callLocally(service, tenantLocalRoutes.createTenant, { body });
      const tokenFile = options.tokenOut ?? join(options.state, `${name}.admin-token`);
      writePrivateFile(tokenFile, `${reply.token}\n`);
      const { token: _token, ...shown } = reply;
      printResult(options.json, { ...shown, tokenFile }, () => [
        `tenant         ${name} (${reply.tenantId})`,
        `issuer         ${reply.issuer}`,
        `administrator  ${options.admin}`,
        `password       ${reply.administratorPassword}  (shown once)`,
        `token file     ${tokenFile} (until ${reply.tokenExpiresAt})`,
      ]);
    });

  tenant
    .command('token')
    .description('create another token for an administrator, in a file that only its owner can read')
    .argument('<name>', "the tenant's name")
    .requiredOption('--admin <upn>', "the administrator's userPrincipalName")
    .requiredOption('--token-out <file>', 'file for the token')
    .option('--state <dir>', 'state folder of the running service', defaultStateDirectory('tenant'))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      example('causeway tenant token contoso --admin admin@contoso.example --token-out admin-token'),
    )
    .action(async (name, options) => {
      const body = { tenant: name, administrator: options.admin };
      const service = serviceIn(options.state, 'tenant');
      const reply = await callLocally(service, tenantLocalRoutes.createToken, { body });
      writePrivateFile(options.tokenOut, `${reply.token}\n`);
      const shown = { tokenFile: options.tokenOut, tokenExpiresAt: reply.tokenExpiresAt };
      printResult(options.json, shown, () => [`${shown.tokenFile} (until ${shown.tokenExpiresAt})`]);
    });
}

function configurationFile(given: string | undefined): string | undefined {
  const usual = defaultConfigurationFile('tenant');
  return given ?? (existsSync(usual) ? usual : undefined);
}

/** `127.0.0.1:8443`, `[::1]:8443`; the configuration's schema reports errors in it. */
function parseListen(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}
