import { readFileSync } from 'node:fs';
import { CausewayError } from '@causeway/service';
import { isLoopback } from '@causeway/wire';
import pg from 'pg';

/** Parameters of the address that set TLS in the driver: they would override everything that we set. */
const TLS_PARAMETERS = [
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslnegotiation',
  'uselibpqcompat',
];
const IN_THE_CLEAR = ['disable', 'no-verify', 'false', '0'];

/** How to connect to PostgreSQL: the part of `pg.PoolConfig` that the address and the configuration decide. */
export type PostgresConnection = Pick<pg.PoolConfig, 'connectionString' | 'ssl'>;

/**
 * INVARIANT: off loopback the connection uses TLS, and the server's certificate comes from a known CA and names the host. The password is
 * sent only after that. Loopback and Unix sockets connect as the address says, and with TLS if a CA file is configured.
 * @param caFile PEM; `sslrootcert` in the address has the same effect, and without both the machine's CAs count
 * @throws CausewayError 'bad-configuration' for an invalid address, 'database-tls' for an address that turns TLS off where it is required,
 * and for files that cannot be read
 */
export function postgresConnection(url: string, caFile?: string): PostgresConnection {
  const mark = url.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const asked = (name: string): string | undefined => query.getAll(name).at(-1) || undefined;
  const tls = Object.fromEntries(TLS_PARAMETERS.map(name => [name, asked(name)]));
  for (const name of TLS_PARAMETERS) query.delete(name);
  const rest = query.size === 0 ? '' : `?${query}`;
  const connectionString = (mark < 0 ? url : url.slice(0, mark)) + rest;
  // Parsed by the driver: a parameter or the environment may name another host than the address.
  const host = hostOf(connectionString);
  const local = isLoopback(host) || host.startsWith('/');
  if (local && (caFile === undefined || host.startsWith('/'))) return { connectionString: url };

  for (const name of ['sslmode', 'ssl']) {
    if (!IN_THE_CLEAR.includes(tls[name] ?? '')) continue;
    throw new CausewayError(
      'database-tls',
      `databaseUrl: ${name}=${tls[name]} is for a PostgreSQL on this machine: '${host}' is reached by TLS alone, with its certificate verified. Leave ${name} out and name the file of its CA as databaseCaFile`,
    );
  }
  const ca = caFile ?? (tls.sslrootcert === 'system' ? undefined : tls.sslrootcert);
  return {
    connectionString,
    ssl: {
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(ca && { ca: read(ca, caFile ? 'databaseCaFile' : 'sslrootcert') }),
      ...(tls.sslcert && { cert: read(tls.sslcert, 'sslcert') }),
      ...(tls.sslkey && { key: read(tls.sslkey, 'sslkey') }),
    },
  };
}

function hostOf(connectionString: string): string {
  try {
    return new pg.Client({ connectionString }).host;
  } catch {
    // The driver's error may quote the address, which contains the password.
    throw new CausewayError(
      'bad-configuration',
      "databaseUrl: an address 'postgres://user:password@host/name' expected",
    );
  }
}

function read(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CausewayError('file-unreadable', `${name}: the file '${file}' cannot be read`, { cause });
  }
}

/** What to do about a server whose TLS failed; empty for other errors. */
export function tlsAdvice(error: unknown): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  if (message === 'The server does not support SSL connections') {
    return "; off loopback it must: set 'ssl = on' with a certificate in postgresql.conf";
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return '; databaseUrl must name the server as its certificate does';
  }
  if (/^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_|ERR_SSL|ERR_TLS)/.test(code)) {
    return '; name the file of the CA that issued its certificate as databaseCaFile, or with sslrootcert in databaseUrl';
  }
  return '';
}
