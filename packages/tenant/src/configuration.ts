import { join } from 'node:path';
import { isVersion } from '@causeway/contract';
import { CausewayError, defaultStateDirectory, environment } from '@causeway/service';
import { z } from 'zod';

/** The oldest Connect that works with this tenant. */
const MINIMUM_AGENT_VERSION = '0.1.0';

/** The tenant service's configuration file, `tenant.yaml`; `causeway tenant run` has a flag for the common keys. */
export const TenantConfiguration = z.strictObject({
  stateDirectory: z
    .string()
    .min(1)
    .default(defaultStateDirectory('tenant'))
    .describe('The folder of the lock, the socket and the embedded database.'),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('The address.'),
      port: z.int().min(0).max(65_535).default(8443).describe('The port.'),
    })
    .prefault({})
    .describe('Where the tenant listens. It needs `tls` unless this is a loopback address.'),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'The address by which clients reach the tenant. It is the base of every issuer. By default it follows from `listen`.',
    ),
  tls: z
    .strictObject({
      certificateFile: z.string().min(1).describe('The certificate chain, PEM.'),
      keyFile: z.string().min(1).describe('The private key, PEM.'),
    })
    .optional()
    .describe('The certificate. Required unless `listen` is a loopback address.'),
  trustedProxies: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(100)
    .optional()
    .describe(
      'The reverse proxies before the tenant. Only from them does `X-Forwarded-For` say where a request comes from. Behind a proxy that is not named here, everybody shares the budget of one address.',
    ),
  databaseUrl: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The PostgreSQL database, as `postgres://…`, version 14 or later (tested with 15, as in Debian 12). By default the environment variable `DATABASE_URL`, and without that PGlite in the state folder. Unless the database is on loopback, the connection uses TLS and verifies the certificate, whatever `sslmode` says. `disable` and `no-verify` are refused there.',
    ),
  databaseCaFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The PEM file of the CA that issued PostgreSQL's certificate. By default `sslrootcert` of `databaseUrl`, and without that the system's CAs.",
    ),
  minimumAgentVersion: z
    .string()
    .refine(isVersion, 'a version such as 1.2.3')
    .default(MINIMUM_AGENT_VERSION)
    .describe(
      'The oldest version of Connect that the tenant accepts. It rejects older ones, at enrolment and at each call.',
    ),
});
export type TenantConfiguration = z.infer<typeof TenantConfiguration>;

/** Where the data is: a PostgreSQL server's address, or the folder of the embedded one. */
export function databaseLocation(configuration: TenantConfiguration): DatabaseLocation {
  const url = configuration.databaseUrl ?? environment('DATABASE_URL');
  if (!url) return { kind: 'pglite', directory: join(configuration.stateDirectory, 'pglite') };
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new CausewayError('bad-configuration', "databaseUrl: an address 'postgres://…' expected");
  }
  return { kind: 'postgres', url, caFile: configuration.databaseCaFile };
}

export type DatabaseLocation =
  | { readonly kind: 'postgres'; readonly url: string; readonly caFile?: string | undefined }
  /** Without a directory the database is in memory and lost at the end: for tests. */
  | { readonly kind: 'pglite'; readonly directory?: string };
