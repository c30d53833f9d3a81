import type { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Run } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { isLoopback } from '@causeway/wire';

export interface Endpoint {
  /** Base address, `https://tenant.example.net`. Plain http only on loopback. */
  readonly url: string;
  /** PEM of the CA that the server's certificate must chain to; the system's when absent. */
  readonly ca?: string;
  /** Milliseconds without a byte before the call is given up. */
  readonly timeoutMs?: number;
  /** Milliseconds that the server is asked to keep a call waiting at most, beside `timeoutMs`. */
  readonly longPollMs?: number;
}

/** @throws RangeError for what is no address, and for plain http off loopback. */
export function checkedUrl(endpoint: Endpoint): URL {
  if (!URL.canParse(endpoint.url))
    throw new RangeError(`an address such as https://tenant.example.net expected, got '${endpoint.url}'`);
  const url = new URL(endpoint.url);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new RangeError(`https expected off loopback, got '${endpoint.url}'`);
  }
  return url;
}

/** A tenant as it is configured. @throws CausewayError 'file-unreadable' */
export function tenantEndpoint(
  { url, caFile }: { readonly url: string; readonly caFile?: string | undefined },
  timeoutMs?: number,
): Endpoint {
  const ca = caFile === undefined ? undefined : readCa(caFile);
  return { url, ...(ca !== undefined && { ca }), ...(timeoutMs !== undefined && { timeoutMs }) };
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CausewayError('file-unreadable', `cannot read the tenant's CA file '${file}'`, { cause });
  }
}

/** What an agent proves itself with, and what it says of itself. */
export interface AgentCredentials {
  readonly clientId: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** ES256 private key. */
  readonly privateKey: webcrypto.CryptoKey;
  /** What the agent says that its version is; this program's when absent. */
  readonly version?: string;
  /** What it announces (`ACCEPTED_RECORDS`); what this program reads when absent, nothing when empty. */
  readonly accepts?: readonly string[];
  /** Which start of the agent this is; it says none when absent, as a release before. */
  readonly run?: Run;
}
