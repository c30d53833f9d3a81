import { rename, writeFile } from 'node:fs/promises';
import { renderSmbConf } from './configuration.ts';
import {
  baseDn,
  checkDescription,
  type DomainDescription,
  type DomainPlace,
  readDomain,
} from './description.ts';
import { startDomain, stopDomain } from './domain-process.ts';
import { type DomainLayout, domainLayout } from './layout.ts';
import { domainPorts, refuseTakenPorts } from './ports.ts';
import { runTool } from './run-tool.ts';

export type DnsSettings = Pick<DomainDescription, 'dns' | 'dnsForwarder'>;

/**
 * Makes a domain answer DNS, use another forwarder, or stop answering; its zones stay. Restarts Samba, which takes some seconds. After a
 * kill, the next call repeats what is unfinished, because the description is written last.
 *
 * @throws if port 53 is taken, naming by whom, before it changes anything
 */
export async function changeDns(place: DomainPlace, wanted: DnsSettings): Promise<void> {
  const layout = domainLayout(place.directory);
  const { dns: before, dnsForwarder: _, ...rest } = readDomain(place);
  const domain: DomainDescription = { ...rest, ...wanted };
  checkDescription(domain);
  const begins = domain.dns === 'internal' && before === 'none';
  if (begins) {
    const others = new Set(domainPorts('none'));
    const added = domainPorts('internal').filter(port => !others.has(port));
    await refuseTakenPorts(domain.address, added);
  }
  await stopDomain(place);
  if (begins) await makeZones(domain, layout);
  await replaceFile(layout.smbConf, renderSmbConf(domain, layout));
  await replaceFile(layout.descriptionFile, `${JSON.stringify(domain, null, 2)}\n`);
  await startDomain(place);
}

async function replaceFile(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o644 });
  await rename(`${file}.new`, file);
}

/** Domain local: Windows' group type of these groups, which Samba's tool looks up by name. */
const DOMAIN_LOCAL = -2147483644;
const GLOBAL = -2147483646;

/** Groups that Samba's tool needs to make zones. A domain provisioned without DNS lacks them. */
const GROUPS = [
  { name: 'DnsAdmins', type: DOMAIN_LOCAL, what: 'may manage the zones' },
  { name: 'DnsUpdateProxy', type: GLOBAL, what: 'may update records for others, such as a DHCP server' },
];

async function makeZones(domain: DomainDescription, layout: DomainLayout): Promise<void> {
  const common = ['-H', layout.samLdb, `--configfile=${layout.smbConf}`];
  const users = `CN=Users,${baseDn(domain)}`;
  for (const { name, type, what } of GROUPS) {
    const known = await runTool('ldbsearch', [
      ...common,
      '-b',
      baseDn(domain),
      `(sAMAccountName=${name})`,
      'dn',
    ]);
    if (/^dn: /m.test(known)) continue;
    const lines = [
      'objectClass: group',
      `sAMAccountName: ${name}`,
      `groupType: ${type}`,
      `description: ${what}`,
    ];
    const input = [`dn: CN=${name},${users}`, 'changetype: add', ...lines, ''].join('\n');
    await runTool('ldbmodify', common, { input });
  }
  const backend = [`--configfile=${layout.smbConf}`, '--dns-backend=SAMBA_INTERNAL', '--verbose'];
  await runTool('samba_upgradedns', backend).catch((cause: Error) => {
    const hint = /No IPv4 addresses/.test(cause.message)
      ? `: the tool of Samba takes no loopback address, such as ${domain.address}`
      : '';
    throw new Error(`cannot make the DNS zones of ${domain.realm}${hint}: ${cause.message}`, { cause });
  });
}
