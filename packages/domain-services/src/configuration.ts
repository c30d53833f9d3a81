import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CausewayError,
  DELETION_THRESHOLD,
  defaultConfigurationFile,
  defaultStateDirectory,
  loadConfiguration,
} from '@causeway/service';
import { z } from 'zod';

const Tenant = z.strictObject({
  url: z.url(),
  /** PEM file of the CA that the tenant's certificate chains to; the system's when absent. */
  caFile: z.string().optional(),
});

/** The configuration of Domain Services; `causeway domain create` writes it into the state folder. */
export const DomainConfiguration = z.strictObject({
  stateDirectory: z.string().default(defaultStateDirectory('domain')),
  /** The Samba domain's own folder; `samba` in the state folder when absent. */
  directory: z.string().optional(),
  tenant: Tenant,
  realm: z.string().transform(text => text.toUpperCase()),
  netbiosDomain: z.string().transform(text => text.toUpperCase()),
  hostName: z.string(),
  address: z.ipv4(),
  dns: z.enum(['internal', 'none']).default('internal'),
  /** The resolver that Samba asks for names that are not the domain's. */
  dnsForwarder: z.ipv4().optional(),
  /** More deletions than this, or than 10 % of a forest, within 24 hours wait for `causeway domain allow-deletes`. */
  deletionThreshold: z.int().nonnegative().default(DELETION_THRESHOLD),
  /** What more new accounts than half of a forest (never below 1,000) within 24 hours lead to: an alarm, or that they wait as well. */
  growth: z.enum(['alarm', 'hold']).default('alarm'),
  /** Whose on-premises SIDs are here, too, so that what was lifted from the old domain opens: people's and security groups', or these alone. */
  onPremisesSids: z.enum(['all', 'groups', 'none']).default('all'),
  /** How often the tenant is asked for the forests' heads. */
  headIntervalMs: z.int().min(100).max(60_000).default(10_000),
  /** A difference between a head and the ledger that lasts longer raises the alarm. */
  differenceMs: z.int().min(0).max(3_600_000).default(60_000),
  /** So does a forest of which no new head has come for longer than this. */
  silenceMs: z.int().min(1000).max(3_600_000).default(300_000),
  /** Further settings of `smb.conf`; they win over the hardened ones. */
  samba: z.record(z.string(), z.string()).default({}),
});
export type DomainConfiguration = z.output<typeof DomainConfiguration>;

/** Seconds that the tenant holds a request while there is nothing new. */
export const POLL_SECONDS = 50;

/** What more new accounts than a forest usually gets lead to. */
export type Growth = DomainConfiguration['growth'];

export interface DifferenceLimits {
  /** How long one difference may last: what is on its way arrives within that. */
  differenceMs: number;
  /** How long a bucket may differ at all, whatever changes in it meanwhile. */
  silenceMs: number;
}

/** How long a head may differ or not come. */
export function limitsOf({ differenceMs, silenceMs }: DomainConfiguration): DifferenceLimits {
  return { differenceMs, silenceMs };
}

/** Which configuration a command works with: every field is a flag of its own. */
export interface ConfigurationFlags {
  config?: string | undefined;
  state?: string | undefined;
}

/** The file (JSON is YAML) that `create` leaves in the state folder, so that the other commands need nothing but the folder. */
export const savedConfigurationFile = (stateDirectory: string): string =>
  join(stateDirectory, 'configuration.json');

/**
 * Reads the configuration: `--config`, else what `create` left in the state folder, else the default file.
 * @throws CausewayError 'no-domain' when there is none of them and the flags do not stand for one
 */
export function loadDomainConfiguration(
  { config, state }: ConfigurationFlags,
  flags: Partial<z.input<typeof DomainConfiguration>> = {},
): DomainConfiguration {
  const saved = savedConfigurationFile(state ?? defaultStateDirectory('domain'));
  const file = config ?? [saved, defaultConfigurationFile('domain')].find(path => existsSync(path));
  if (file === undefined && flags.realm === undefined) {
    throw new CausewayError(
      'no-domain',
      `no managed domain here: neither '${saved}' nor '${defaultConfigurationFile('domain')}' exists`,
      { status: 404 },
    );
  }
  return loadConfiguration(DomainConfiguration, file, { ...flags, ...(state && { stateDirectory: state }) });
}
