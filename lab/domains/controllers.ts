import { rm } from 'node:fs/promises';
import { baseDn, joinDomain, runTool, startDomain, stopDomain } from '@causeway/samba';
import {
  administratorPasswordFile,
  domainDirectory,
  domainSettings,
  krb5ConfFile,
  type LabDomain,
  layoutOf,
} from './table.ts';

// Several domain controllers of one domain. They replicate when a test says so and at no other time: without DNS Samba's own
// replication does not find the other one. So it is the test that decides who lags.

type Place = Pick<LabDomain, 'name' | 'hostName' | 'address'>;

/** Joins one more domain controller to a domain that runs, and starts it. Both know all that the first one knows then. */
export async function joinController(first: LabDomain, place: Place): Promise<LabDomain> {
  const second: LabDomain = { ...first, ...place, joins: first.name };
  await removeController(second);
  const { adminPassword: _, ...settings } = domainSettings(second);
  await joinDomain(settings, {
    address: first.address,
    passwordFile: administratorPasswordFile(first),
    krb5Conf: krb5ConfFile(),
  });
  await startDomain(layoutOf(second));
  await replicate(second, first);
  return second;
}

/** The domain controller ends and leaves nothing on this machine. The domain still lists it, as one that was lost. */
export async function removeController(controller: LabDomain): Promise<void> {
  await stopDomain(layoutOf(controller));
  await rm(domainDirectory(controller), { recursive: true, force: true });
}

/** Brings what one domain controller knows to another one of its domain. Only the first one has to run. */
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
