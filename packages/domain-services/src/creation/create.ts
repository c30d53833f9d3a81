import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { DomainDns, Replaces } from '@causeway/contract';
import { holdsDomain, provisionDomain, type SambaRelease, sambaRelease } from '@causeway/samba';
import { CausewayError, lockState, readPrivateFile, writePrivateFile } from '@causeway/service';
import { type DomainConfiguration, savedConfigurationFile } from '../configuration.ts';
import { ensureStructure } from '../directory/structure.ts';
import { readDns } from '../dns.ts';
import {
  ensureDomainKeys,
  holdsDomainKeys,
  openDomainKeys,
  publicDomainKeys,
} from '../pairing/domain-keys.ts';
import { type Places, placesOf } from '../places.ts';
import { registerAtTenant } from '../registration/register.ts';
import {
  decideReplacement,
  type Look,
  lookAtTenant,
  replacementConsequences,
  TENANT_IS_OLDER,
} from '../registration/registration.ts';
import {
  beginCreation,
  CREATION_SETTING,
  type Creation,
  completeCreation,
  planCreation,
} from './creation.ts';
import { HARDENED_SETTINGS } from './hardening.ts';

export interface CreateOptions {
  /** One-time code of the tenant; not needed once the agent is enrolled. */
  code?: string | undefined;
  /** Realm of the tenant's managed domain that this one replaces. */
  replace?: string | undefined;
  /** Receives what a replacement means, before anything is created; throws unless the administrator confirms. */
  confirm: (consequences: string[]) => Promise<void>;
  /** File with the password of the domain's Administrator. Without it a password is generated. */
  administratorPasswordFile?: string | undefined;
  progress: (line: string) => void;
}

export interface Created {
  realm: string;
  directory: string;
  tenantName: string;
  /** Fingerprint of its keys, for `causeway connect trust-domain` and `causeway tenant trust-domain`. */
  fingerprint: string;
  /** Realm of the domain that it replaced. */
  replaced: string | null;
  administratorPasswordFile: string;
  /** How machines find the domain. */
  dns: DomainDns;
  samba: SambaRelease;
}

/**
 * Creates the managed domain: Samba domain, structure, keys, enrolment, registration of the public key. Every step is done once; an
 * interrupted creation resumes where it stopped. INVARIANT: if the tenant has another managed domain that is not to be replaced, nothing is
 * created here and nothing is changed there.
 * @throws CausewayError see `planCreation`, `lookAtTenant` and `decideReplacement`
 */
export async function createDomain(
  configuration: DomainConfiguration,
  options: CreateOptions,
): Promise<Created> {
  const places = placesOf(configuration);
  const lock = lockState(places.stateDirectory, places.domain.directory);
  try {
    const { progress, code } = options;
    checkGivenPassword(options.administratorPasswordFile);
    const creation = planCreation(places, configuration);
    const look = await lookAtTenant(places, configuration.tenant, code);
    const replaces = await askToReplace(places, configuration, look, options);
    if (look.domain === undefined) progress(TENANT_IS_OLDER);
    beginCreation(places, creation);
    const passwordFile = options.administratorPasswordFile ?? places.administratorPassword;
    if (!holdsDomain(places.domain)) {
      progress(`making the domain ${configuration.realm} at ${configuration.address}`);
      await provision(places, configuration, creation, passwordFile);
    }
    progress('containers, group and password policy');
    await ensureStructure(places.domain);
    progress('keys');
    const keys = publicDomainKeys(await ensureDomainKeys(places));
    if (!look.enrolment) progress(`enrolling with the tenant at ${configuration.tenant.url}`);
    progress(`registering the public keys with tenant '${look.tenantName}'`);
    const { enrolment } = await registerAtTenant({ places, configuration, keys }, look, { code, replaces });
    writePrivateFile(
      savedConfigurationFile(places.stateDirectory),
      `${JSON.stringify(configuration, null, 2)}\n`,
    );
    completeCreation(places, creation);
    return {
      realm: configuration.realm,
      directory: places.domain.directory,
      tenantName: enrolment.tenantName,
      fingerprint: keys.fingerprint,
      replaced: replaces?.realm ?? null,
      administratorPasswordFile: passwordFile,
      dns: readDns(places.domain),
      samba: await sambaRelease(),
    };
  } finally {
    lock.release();
  }
}

async function askToReplace(
  places: Places,
  { realm }: DomainConfiguration,
  look: Look,
  { replace, confirm }: CreateOptions,
): Promise<Replaces | undefined> {
  const keys = holdsDomainKeys(places) ? publicDomainKeys(await openDomainKeys(places)) : undefined;
  const replaces = decideReplacement({ realm, keys }, look.domain, replace);
  if (replaces) await confirm(replacementConsequences(realm, look.tenantName, replaces));
  return replaces;
}

async function provision(
  places: Places,
  configuration: DomainConfiguration,
  creation: Creation,
  passwordFile: string,
): Promise<void> {
  const { realm, netbiosDomain, hostName, address, dns, dnsForwarder, samba } = configuration;
  if (!existsSync(passwordFile)) writePrivateFile(passwordFile, `${randomPassword()}\n`);
  await provisionDomain({
    ...{ realm, netbiosDomain, hostName, address, dns },
    ...(dnsForwarder !== undefined && { dnsForwarder }),
    directory: places.domain.directory,
    adminPassword: readPrivateFile(passwordFile).trim(),
    extraSettings: { ...HARDENED_SETTINGS, ...samba, [CREATION_SETTING]: creation.id },
  });
}

/** The first administrator is never locked out, so nobody may be able to guess the password. A generated one has 144 bits. */
const MIN_GIVEN_LENGTH = 20;

/** @throws CausewayError 'weak-password' */
function checkGivenPassword(file: string | undefined): void {
  if (file === undefined) return;
  const { length } = readPrivateFile(file).trim();
  if (length >= MIN_GIVEN_LENGTH) return;
  throw new CausewayError(
    'weak-password',
    `the Administrator's password in '${file}' has ${length} characters, at least ${MIN_GIVEN_LENGTH} expected: wrong passwords never lock this account`,
  );
}

/** 144 bits, always with four character classes, as password policies require. */
const randomPassword = (): string => `Aa1.${randomBytes(18).toString('base64url')}`;
