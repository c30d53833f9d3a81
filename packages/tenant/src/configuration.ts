import { join } from 'node:path';
import { isVersion } from '@causeway/contract';
import { CausewayError, defaultStateDirectory } from '@causeway/service';
import { z } from 'zod';

/** The oldest Connect that speaks with this tenant as agreed. */
const MINIMUM_AGENT_VERSION = '0.1.0';

/** The tenant service's configuration file, `tenant.yaml`; `causeway tenant run` has a flag for the common keys. */
export const TenantConfiguration = z.strictObject({
  /** Folder of the lock, the local API's socket and the embedded database. */
  stateDirectory: z.string().min(1).default(defaultStateDirectory('tenant')),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8443),
    })
    .prefault({}),
  /** The address by which clients reach this installation, the base of every issuer; from `listen` when absent. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Certificate chain and key (PEM files); needed off loopback. */
  tls: z.strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  /** Reverse proxies before this server: from them alone X-Forwarded-For is taken as where a request comes from. */
  trustedProxies: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(100)
    .optional(),
  /** `postgres://…`; the environment's DATABASE_URL when absent, and without that PGlite in the state folder. */
  databaseUrl: z.string().min(1).optional(),
  /** The CA (PEM file) of a PostgreSQL's certificate; `sslrootcert` in its address when absent, and without that the machine's CAs. */
  databaseCaFile: z.string().min(1).optional(),
  /** A Connect that is older is refused. */
  minimumAgentVersion: z.string().refine(isVersion, 'a version such as 1.2.3').default(MINIMUM_AGENT_VERSION),
});
export type TenantConfiguration = z.infer<typeof TenantConfiguration>;

/** Where the data are: a PostgreSQL server's address, or the folder of the embedded one. */
export function databaseLocation(configuration: TenantConfiguration): DatabaseLocation {
  const url = configuration.databaseUrl ?? process.env.DATABASE_URL;
  if (!url) return { kind: 'pglite', directory: join(configuration.stateDirectory, 'pglite') };
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new CausewayError('bad-configuration', "databaseUrl: an address 'postgres://…' expected");
  }
  return { kind: 'postgres', url, caFile: configuration.databaseCaFile };
}

export type DatabaseLocation =
  | { readonly kind: 'postgres'; readonly url: string; readonly caFile?: string | undefined }
  /** Without a directory the database is in memory and gone at the end: for tests. */
  | { readonly kind: 'pglite'; readonly directory?: string };
