import { type ReplicationRight, replicationGrantCommands } from '../account/grant-commands.ts';
import { ReplicationError, Werror } from './replication-error.ts';

/** Which right is missing, where, for which account, and the commands that grant it. */
export function accessDenied(options: {
  host: string;
  namingContext: string;
  account: { domain: string; username: string };
  missing: readonly ReplicationRight[];
}): ReplicationError {
  const { host, namingContext, missing } = options;
  const { domain, account } = splitAccount(options.account);
  const grant = replicationGrantCommands({ namingContext, account, domain, missing });
  const rights = grant.rights.map(name => `'${name}'`).join(' and ');
  const message = [
    `${host} denies replication: ${domain}\\${account} lacks ${rights} on ${namingContext}`,
    `grant it on Windows with`,
    ...grant.windows.map(command => `  ${command}`),
    `or on a Samba domain controller with`,
    ...grant.samba.map(command => `  ${command}`),
    `or let 'causeway connect account create' make an account that has it`,
  ].join('\n');
  return new ReplicationError('access-denied', message, { werror: Werror.accessDenied });
}

/** A UPN as domain and name, as the commands expect an account. */
function splitAccount({ domain, username }: { domain: string; username: string }): {
  domain: string;
  account: string;
} {
  const at = username.lastIndexOf('@');
  return domain === '' && at > 0
    ? { domain: username.slice(at + 1), account: username.slice(0, at) }
    : { domain, account: username };
}
