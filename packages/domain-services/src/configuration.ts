import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CausewayError,
  defaultConfigurationFile,
  defaultStateDirectory,
  loadConfiguration,
  thresholdSettings,
} from '@causeway/service';
import { z } from 'zod';

const Tenant = z.strictObject({
  url: z.url().describe("The tenant's address."),
  caFile: z
    .string()
    .optional()
    .describe("The PEM file of the CA that issued the tenant's certificate. By default the system's CAs."),
});

/** The configuration of Domain Services; `causeway domain create` writes it into the state folder. */
export const DomainConfiguration = z.strictObject({
  stateDirectory: z
    .string()
    .default(defaultStateDirectory('domain'))
    .describe('The folder of the keys, what you confirmed, the ledger and the socket.'),
  directory: z
    .string()
    .optional()
    .describe('The folder of the Samba domain. By default `samba` in the state folder.'),
  tenant: Tenant.describe('The tenant to follow.'),
  realm: z
    .string()
    .transform(text => text.toUpperCase())
    .describe('The realm of the managed domain: its DNS name in upper case.'),
  netbiosDomain: z
    .string()
    .transform(text => text.toUpperCase())
    .describe('The NetBIOS name of the managed domain.'),
  hostName: z.string().describe('The name of its domain controller, without the domain.'),
  address: z.ipv4().describe('The address of its domain controller.'),
  dns: z
    .enum(['internal', 'none'])
    .default('internal')
    .describe(
      'Whether Samba answers DNS itself at `address` (`internal`) or not (`none`), when the domain is made. `causeway domain dns` shows and changes it later. See [DNS](../managed-domain.md#dns).',
    ),
  dnsForwarder: z
    .ipv4()
    .optional()
    .describe('The resolver that Samba asks for all other names. By default it asks nobody.'),
  ...thresholdSettings,
  onPremisesSids: z
    .enum(['all', 'groups', 'none'])
    .default('all')
    .describe(
      "Whose [on-premises SIDs](../managed-domain.md#on-premises-sids) the managed domain has, as groups and in `sIDHistory`: those of people and security groups (`all`), of security groups alone (`groups`), or nobody's (`none`). You may change it at any time. It takes effect at the next start, which also takes away what is not shared any more.",
    ),
  headIntervalMs: z
    .int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .describe("How often Domain Services asks the tenant for the forests' heads, in milliseconds."),
  differenceMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(60_000)
    .describe(
      'If a head and the ledger differ for longer than this, Domain Services raises an alarm. In milliseconds.',
    ),
  silenceMs: z
    .int()
    .min(1000)
    .max(3_600_000)
    .default(300_000)
    .describe(
      'If no new head of a forest comes for longer than this, Domain Services raises an alarm. In milliseconds.',
    ),
  samba: z
    .record(z.string(), z.string())
    .default({})
    .describe('Further settings of `smb.conf`. They override the hardened ones.'),
});
export type DomainConfiguration = z.output<typeof DomainConfiguration>;

/** Seconds that the tenant holds a request while there is nothing new. */
export const POLL_SECONDS = 50;

/** What happens when a forest gets more new accounts than usual. */
export type Growth = DomainConfiguration['growth'];

export interface DifferenceLimits {
  /** How long one difference may last. Records on their way arrive within that time. */
  differenceMs: number;
  /** How long a bucket may differ at all, whatever changes in it meanwhile. */
  silenceMs: number;
}

/** How long a head may differ or be missing. */
export function limitsOf({ differenceMs, silenceMs }: DomainConfiguration): DifferenceLimits {
  return { differenceMs, silenceMs };
}

/** Flags that choose the configuration of a command. Each field is one flag. */
export interface ConfigurationFlags {
  config?: string | undefined;
  state?: string | undefined;
}

/** The file (JSON is YAML) that `create` writes into the state folder, so that the other commands need only the folder. */
export const savedConfigurationFile = (stateDirectory: string): string =>
  join(stateDirectory, 'configuration.json');

/**
 * Reads the configuration: `--config`, else the file that `create` left in the state folder, else the default file.
 * @throws CausewayError 'no-domain' when there is none of them and the flags name no realm
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
    );
  }
  return loadConfiguration(DomainConfiguration, file, { ...flags, ...(state && { stateDirectory: state }) });
}
