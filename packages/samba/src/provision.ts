import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensureCertificates } from './certificates.ts';
import { adminPasswordLdif, provisionOptions, renderKrb5Conf, renderSmbConf } from './configuration.ts';
import { checkDescription, type DomainDescription, type DomainSettings, holdsDomain } from './description.ts';
import { domainLayout } from './layout.ts';
import { runTool } from './run-tool.ts';

/**
 * Makes a new domain with this host as its first domain controller; about 7 s. It is made beside its place and
 * moved there when it is complete, so a failure, or a kill at any instant, leaves nothing half-made.
 *
 * @throws when the directory holds anything at all, a domain above all.
 */
export async function provisionDomain(settings: DomainSettings): Promise<void> {
  const { directory, adminPassword, ...domain } = settings;
  checkDescription(domain);
  await refuseOccupied(directory);
  const making = join(dirname(directory), `.${basename(directory)}.making`);
  await rm(making, { recursive: true, force: true });
  await mkdir(dirname(making), { recursive: true, mode: 0o755 });
  await mkdir(making, { mode: 0o755 }); // made anew: in one that somebody else put there meanwhile the domain would be theirs
  try {
    await runTool('samba-tool', ['domain', 'provision', ...provisionArguments(domain, making)]);
    await finish(domain, making, directory, adminPassword);
    await rename(making, directory);
  } catch (cause) {
    await rm(making, { recursive: true, force: true });
    throw new Error(
      `cannot provision the domain ${domain.realm} in ${directory}: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

async function refuseOccupied(directory: string): Promise<void> {
  if (holdsDomain({ directory }))
    throw new Error(`${directory} holds a domain already; it is left as it is, name another directory`);
  if (existsSync(directory) && (await readdir(directory)).length > 0)
    throw new Error(`${directory} is not empty; name a directory that does not exist or is empty`);
}

// The administrator's password is not among the arguments: they are readable by every user of the machine.
// Samba makes up one of its own, which is replaced before the domain runs for the first time.
function provisionArguments(domain: DomainDescription, target: string): string[] {
  return [
    `--targetdir=${target}`,
    `--realm=${domain.realm}`,
    `--domain=${domain.netbiosDomain.toUpperCase()}`,
    `--host-name=${domain.hostName.toLowerCase()}`,
    `--host-ip=${domain.address}`,
    '--server-role=dc',
    `--dns-backend=${domain.dns === 'internal' ? 'SAMBA_INTERNAL' : 'NONE'}`,
    ...Object.entries(provisionOptions(domain)).map(([name, value]) => `--option=${name}=${value}`),
  ];
}

async function finish(
  domain: DomainDescription,
  making: string,
  directory: string,
  adminPassword: string,
): Promise<void> {
  const temporary = domainLayout(making);
  await runTool('ldbmodify', ['-H', temporary.samLdb, `--configfile=${temporary.smbConf}`], {
    input: adminPasswordLdif(domain, adminPassword),
  });
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
