import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensureCertificates } from './certificates.ts';
import { adminPasswordLdif, provisionOptions, renderKrb5Conf, renderSmbConf } from './configuration.ts';
import {
  checkDescription,
  type DomainDescription,
  type DomainPlace,
  type DomainSettings,
  holdsDomain,
} from './description.ts';
import { type DomainLayout, domainLayout } from './layout.ts';
import { runTool } from './run-tool.ts';

/** Creates a new domain with this host as its first domain controller; takes about 7 s. */
export async function provisionDomain(settings: DomainSettings): Promise<void> {
  const { directory, adminPassword, ...domain } = settings;
  await makeController(domain, directory, 'provision the domain', async making => {
    await runTool('samba-tool', ['domain', 'provision', ...provisionArguments(domain, making.directory)]);
    await runTool('ldbmodify', ['-H', making.samLdb, `--configfile=${making.smbConf}`], {
      input: adminPasswordLdif(domain, adminPassword),
    });
  });
}

/**
 * Adds a domain controller to a running domain; takes about 5 s. It has the directory's content of that moment. Its certificates come from
 * its own authority.
 *
 * @param first its address, a file with the password of the domain's Administrator, and a `krb5.conf` that knows the realm
 * @param role `RODC`: a read-only domain controller
 */
export async function joinDomain(
  { directory, ...domain }: DomainDescription & DomainPlace,
  first: { address: string; passwordFile: string; krb5Conf: string },
  role: 'DC' | 'RODC' = 'DC',
): Promise<void> {
  await makeController(domain, directory, 'join the domain', async ({ directory: target }) => {
    await runTool(
      'samba-tool',
      ['domain', 'join', domain.realm, role, ...joinArguments(domain, target, first.address)],
      // The password is in no argument. Without DNS, only this file tells where the key distribution center is. An existing ticket of
      // somebody on this machine must not count.
      {
        env: {
          ...{ KRB5_CONFIG: first.krb5Conf, KRB5CCNAME: `FILE:${join(target, 'tickets')}` },
          ...{ USER: 'Administrator', PASSWD_FILE: first.passwordFile },
        },
      },
    );
  });
}

/**
 * Creates a domain controller beside its place and moves it there when it is complete. A failure, or a kill at any instant, leaves nothing
 * half-made.
 *
 * @throws if the directory holds anything at all, above all a domain.
 */
async function makeController(
  domain: DomainDescription,
  directory: string,
  what: string,
  make: (making: DomainLayout) => Promise<void>,
): Promise<void> {
  checkDescription(domain);
  await refuseOccupied(directory);
  const making = join(dirname(directory), `.${basename(directory)}.making`);
  await rm(making, { recursive: true, force: true });
  await mkdir(dirname(making), { recursive: true, mode: 0o755 });
  await mkdir(making, { mode: 0o755 }); // a new one: whoever put one there meanwhile would own the domain
  try {
    await make(domainLayout(making));
    await finish(domain, making, directory);
    await rename(making, directory);
  } catch (cause) {
    await rm(making, { recursive: true, force: true });
    throw new Error(`cannot ${what} ${domain.realm} in ${directory}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function refuseOccupied(directory: string): Promise<void> {
  if (holdsDomain({ directory }))
    throw new Error(`${directory} holds a domain already; it is left as it is, name another directory`);
  if (existsSync(directory) && (await readdir(directory)).length > 0)
    throw new Error(`${directory} is not empty; name a directory that does not exist or is empty`);
}

// The administrator's password is not among the arguments, which every user of the machine can read. Samba generates one, which is replaced
// before the domain runs for the first time.
function provisionArguments(domain: DomainDescription, target: string): string[] {
  return [
    `--targetdir=${target}`,
    `--realm=${domain.realm}`,
    `--domain=${domain.netbiosDomain.toUpperCase()}`,
    `--host-name=${domain.hostName.toLowerCase()}`,
    `--host-ip=${domain.address}`,
    '--server-role=dc',
    ...sharedArguments(domain),
  ];
}

const joinArguments = (domain: DomainDescription, target: string, server: string): string[] => [
  `--targetdir=${target}`,
  `--server=${server}`,
  `--option=netbios name=${domain.hostName.toUpperCase()}`,
  ...sharedArguments(domain),
];

const sharedArguments = (domain: DomainDescription): string[] => [
  `--dns-backend=${domain.dns === 'internal' ? 'SAMBA_INTERNAL' : 'NONE'}`,
  ...Object.entries(provisionOptions(domain)).map(([name, value]) => `--option=${name}=${value}`),
];

async function finish(domain: DomainDescription, making: string, directory: string): Promise<void> {
  const temporary = domainLayout(making);
  await writeFile(temporary.smbConf, renderSmbConf(domain, domainLayout(directory)), { mode: 0o644 });
  await writeFile(temporary.krb5Conf, renderKrb5Conf([domain]), { mode: 0o644 });
  await ensureCertificates(domain, temporary);
  await rm(join(making, 'private', 'krb5.conf'), { force: true });
  for (const [name, mode] of [
    ['run', 0o755],
    ['lock', 0o755],
    ['cache', 0o755],
    ['log', 0o700],
  ] as const) {
    await mkdir(join(making, name), { recursive: true });
    await chmod(join(making, name), mode);
  }
  await writeFile(temporary.descriptionFile, `${JSON.stringify(domain, null, 2)}\n`, { mode: 0o644 });
}
