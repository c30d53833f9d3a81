import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { call, managedDomainRoutes } from '@causeway/contract';
import { holdsDomain, provisionDomain } from '@causeway/samba';
import { lockState, readPrivateFile, writePrivateFile } from '@causeway/service';
import { type DomainConfiguration, savedConfigurationFile } from './configuration.ts';
import { beginCreation, type Creation, completeCreation } from './creation.ts';
import { ensureDomainKeys, publicDomainKeys } from './domain-keys.ts';
import { CREATION_SETTING, HARDENED_SETTINGS } from './hardening.ts';
import { ensureEnrolled, openTenant } from './identity.ts';
import { type Places, placesOf } from './places.ts';
import { ensureStructure } from './structure.ts';

export interface CreateOptions {
  /** One-time code of the tenant; not needed once the agent is enrolled. */
  code?: string | undefined;
  /** Takes the password of the domain's Administrator from this file; made up when there is none. */
  administratorPasswordFile?: string | undefined;
  progress: (line: string) => void;
}

export interface Created {
  realm: string;
  directory: string;
  tenantName: string;
  /** Of its keys: what `causeway connect trust-domain` wants. */
  fingerprint: string;
  administratorPasswordFile: string;
}

/**
 * Makes the managed domain: Samba domain, structure, keys, enrolment, registration of the public key. Every step
 * is done once; a creation that was cut off goes on where it was.
 * @throws CausewayError see `beginCreation` and `ensureEnrolled`
 */
export async function createDomain(
  configuration: DomainConfiguration,
  options: CreateOptions,
): Promise<Created> {
  const places = placesOf(configuration);
  const lock = lockState(places.stateDirectory);
  try {
    const { progress } = options;
    const creation = beginCreation(places, configuration);
    const passwordFile = options.administratorPasswordFile ?? places.administratorPassword;
    if (!holdsDomain(places.domain)) {
      progress(`making the domain ${configuration.realm} at ${configuration.address}`);
      await provision(places, configuration, creation, passwordFile);
    }
    progress('containers, group and password policy');
    await ensureStructure(places.domain);
    progress('keys');
    const { key, receiptKey, fingerprint } = publicDomainKeys(await ensureDomainKeys(places));
    progress(`enrolling with the tenant at ${configuration.tenant.url}`);
    const enrolment = await ensureEnrolled(places, configuration.tenant, options.code);
    progress(`registering the public keys with tenant '${enrolment.tenantName}'`);
    const { realm, netbiosDomain } = configuration;
    const tenant = await openTenant(places, configuration.tenant, enrolment);
    const body = { realm, netbiosDomain, key, receiptKey };
    await call(tenant, managedDomainRoutes.registerDomainKey, { body });
    writePrivateFile(
      savedConfigurationFile(places.stateDirectory),
      `${JSON.stringify(configuration, null, 2)}\n`,
    );
    completeCreation(places, creation);
    return {
      realm,
      directory: places.domain.directory,
      tenantName: enrolment.tenantName,
      fingerprint,
      administratorPasswordFile: passwordFile,
    };
  } finally {
    lock.release();
  }
}

async function provision(
  places: Places,
  configuration: DomainConfiguration,
  creation: Creation,
  passwordFile: string,
): Promise<void> {
  const { realm, netbiosDomain, hostName, address, dns, samba } = configuration;
  if (!existsSync(passwordFile)) writePrivateFile(passwordFile, `${randomPassword()}\n`);
  await provisionDomain({
    ...{ realm, netbiosDomain, hostName, address, dns },
    directory: places.domain.directory,
    adminPassword: readPrivateFile(passwordFile).trim(),
    extraSettings: { ...HARDENED_SETTINGS, ...samba, [CREATION_SETTING]: creation.id },
  });
}

/** 144 bits, and always of four character classes, as password policies want it. */
const randomPassword = (): string => `Aa1.${randomBytes(18).toString('base64url')}`;
