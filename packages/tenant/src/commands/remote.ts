import { httpSend, type Send, tenantEndpoint } from '@causeway/api';
import { readPrivateFile } from '@causeway/service';
import { type Command, Option } from 'commander';

export interface RemoteOptions {
  readonly tenant: string;
  readonly tokenFile: string;
  readonly ca?: string;
  readonly json?: boolean;
}

/** Adds the options of every command that an administrator can run from anywhere. */
export function remoteOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--tenant <url>', "the tenant service's address")
        .env('CAUSEWAY_TENANT_URL')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--token-file <file>', "file with an administrator's token")
        .env('CAUSEWAY_TOKEN_FILE')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--ca <file>', 'PEM file of the CA that its certificate chains to').env('CAUSEWAY_CA_FILE'),
    )
    .option('--json', 'print JSON');
}

export function remoteSend(options: RemoteOptions): Send {
  const token = readPrivateFile(options.tokenFile).trim();
  const endpoint = tenantEndpoint({ url: options.tenant, caFile: options.ca });
  return httpSend(endpoint, () => Promise.resolve(token));
}
