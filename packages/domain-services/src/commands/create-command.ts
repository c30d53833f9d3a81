import { CausewayError, type CodeFlags, confirm, printResult, readCode, withCode } from '@causeway/service';
import { loadDomainConfiguration } from '../configuration.ts';
import { createDomain } from '../creation/create.ts';
import { describeDns } from '../dns.ts';
import type { CommandFlags } from './command-options.ts';
import type { ReplaceFlags } from './register-command.ts';

interface CreateFlags extends CommandFlags, ReplaceFlags, CodeFlags {
  realm?: string;
  netbios?: string;
  hostName?: string;
  address?: string;
  dns?: 'internal' | 'none';
  dnsForwarder?: string;
  directory?: string;
  tenant?: string;
  ca?: string;
  deletionThreshold?: string;
  adminPasswordFile?: string;
}

/** `causeway domain create`. */
export async function create(flags: CreateFlags): Promise<void> {
  const given = {
    realm: flags.realm,
    netbiosDomain: flags.netbios,
    hostName: flags.hostName,
    address: flags.address,
    dns: flags.dns,
    dnsForwarder: flags.dnsForwarder,
    directory: flags.directory,
    tenant:
      flags.tenant === undefined ? undefined : { url: flags.tenant, ...(flags.ca && { caFile: flags.ca }) },
    deletionThreshold: flags.deletionThreshold === undefined ? undefined : count(flags.deletionThreshold),
  };
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const configuration = loadDomainConfiguration(flags, set);
  const created = await withCode(await readCode(flags), code =>
    createDomain(configuration, {
      ...{ code, replace: flags.replace, administratorPasswordFile: flags.adminPasswordFile },
      confirm: consequences => confirm(consequences, `Replace ${flags.replace}?`, flags.yes),
      progress: line => process.stderr.write(`${line}\n`),
    }),
  );
  printResult(flags.json, created, () => [
    `managed domain ${created.realm} is made in ${created.directory}`,
    `fingerprint of its keys: ${created.fingerprint}`,
    `the Administrator's password is in ${created.administratorPasswordFile}`,
    `nobody needs it once 'causeway domain administrators accept' has accepted somebody: keep it for an emergency`,
    ...describeDns(created.dns, created.realm),
    `Samba ${created.samba.version ?? 'of an unknown version'}`,
    ...(created.samba.warning === null ? [] : [`WARNING: ${created.samba.warning}`]),
    ...(created.replaced === null ? [] : [`it has the place of ${created.replaced}, which goes on running`]),
    '',
    `next, where Connect runs:  causeway connect trust-domain ${created.fingerprint}`,
    `next, for the tenant:      causeway tenant trust-domain ${created.fingerprint}  (until then it seals no cloud-only password)`,
    `next, here:                causeway domain trust-agent FINGERPRINT --forest NAME  (as Connect shows it)`,
    `then:                      causeway domain run`,
  ]);
}

function count(text: string): number {
  if (/^\d{1,8}$/.test(text)) return Number(text);
  throw new CausewayError('bad-number', `a whole number expected, got '${text}'`);
}
