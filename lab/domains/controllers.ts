import { rm } from 'node:fs/promises';
import {
  baseDn,
  domainStatus,
  joinDomain,
  ldapServiceNames,
  runTool,
  startDomain,
  stopDomain,
} from '@causeway/samba';
import { modifyDirectory } from './ldif.ts';
import {
  administratorPasswordFile,
  domainDirectory,
  domainSettings,
  krb5ConfFile,
  type LabDomain,
  layoutOf,
} from './table.ts';

// Several domain controllers of one domain. They replicate only when a test says so, because without DNS Samba's own replication does not
// find the other one. So the test decides who lags.

type Place = Pick<LabDomain, 'name' | 'hostName' | 'address'>;

/** Joins another domain controller to a running domain, and starts it. Both know all that the first one knows then. */
export async function joinController(
  first: LabDomain,
  place: Place,
  role: 'DC' | 'RODC' = 'DC',
): Promise<LabDomain> {
  const joined: LabDomain = { ...first, ...place, joins: first.name };
  await leaveNothing(joined);
  const { adminPassword: _, ...settings } = domainSettings(joined);
  const by = {
    address: first.address,
    passwordFile: administratorPasswordFile(first),
    krb5Conf: krb5ConfFile(),
  };
  await joinDomain(settings, by, role);
  if (role === 'RODC') await nameAsLdapServer(first, joined);
  await startDomain(layoutOf(joined));
  if (role === 'DC') await replicate(joined, first);
  return joined;
}

/** Others register themselves when they start. A read-only one may not. */
async function nameAsLdapServer(first: LabDomain, readOnly: LabDomain): Promise<void> {
  const dn = `CN=${readOnly.hostName.toUpperCase()},OU=Domain Controllers,${baseDn(first)}`;
  const add = { servicePrincipalName: ldapServiceNames(domainSettings(readOnly)) };
  await modifyDirectory(layoutOf(first), [{ dn, change: 'modify', add }]);
  await replicate(first, readOnly);
}

/** Stops the domain controller and leaves nothing of it, neither on this machine nor in its domain. */
export async function removeController(first: LabDomain, joined: LabDomain): Promise<void> {
  await leaveNothing(joined);
  const smbConf = ['-s', layoutOf(first).smbConf, '-H', layoutOf(first).samLdb];
  const dead = `--remove-other-dead-server=${joined.hostName.toUpperCase()}`;
  await runTool('samba-tool', ['domain', 'demote', dead, ...smbConf]);
}

async function leaveNothing(joined: LabDomain): Promise<void> {
  await stopDomain(layoutOf(joined));
  await rm(domainDirectory(joined), { recursive: true, force: true });
}

/** Ends it as a power cut does. */
export async function killController(controller: LabDomain): Promise<void> {
  const { pid } = domainStatus(layoutOf(controller));
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await stopDomain(layoutOf(controller)); // ends its remaining processes
}

/** It no longer answers and closes no connection, like one whose machine hangs. */
export const freezeController = (controller: LabDomain): void => signalAll(controller, 'SIGSTOP');
export const thawController = (controller: LabDomain): void => signalAll(controller, 'SIGCONT');

/** All processes of a domain controller are one group. */
function signalAll(controller: LabDomain, signal: NodeJS.Signals): void {
  const { pid } = domainStatus(layoutOf(controller));
  if (pid === undefined) throw new Error(`${controller.hostName} does not run`);
  process.kill(-pid, signal);
}

/** Replicates what one domain controller knows to another one of its domain. */
export async function replicate(from: LabDomain, to: LabDomain): Promise<void> {
  await runTool(
    'samba-tool',
    ['drs', 'replicate', to.hostName, from.address, baseDn(from), '--local', '-s', layoutOf(to).smbConf],
    {
      env: {
        KRB5_CONFIG: krb5ConfFile(),
        USER: 'Administrator',
        PASSWD_FILE: administratorPasswordFile(from),
      },
    },
  );
}
