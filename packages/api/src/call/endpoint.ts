import type { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Run } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { isLoopback } from '@causeway/wire';

export interface Endpoint {
  /** Base address, `https://tenant.example.net`. Plain http on loopback only. */
  readonly url: string;
  /** PEM of the CA that the server's certificate must chain to. The system's CAs by default. */
  readonly ca?: string;
  /** Milliseconds without a byte before the call gives up. */
  readonly timeoutMs?: number;
  /** Longest time that the server may hold a call, in milliseconds, in addition to `timeoutMs`. */
  readonly longPollMs?: number;
}

/** @throws RangeError if it is no address, and for plain http off loopback. */
export function checkedUrl(endpoint: Endpoint): URL {
  if (!URL.canParse(endpoint.url))
    throw new RangeError(`an address such as https://tenant.example.net expected, got '${endpoint.url}'`);
  const url = new URL(endpoint.url);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new RangeError(`https expected off loopback, got '${endpoint.url}'`);
  }
  return url;
}

/** The configured tenant. @throws CausewayError 'file-unreadable' */
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

/** What an agent proves itself with, and what it announces. */
export interface AgentCredentials {
  readonly clientId: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** ES256 private key. */
  readonly privateKey: webcrypto.CryptoKey;
  /** The agent's version as it announces it; this program's by default. */
  readonly version?: string;
  /** What it announces (`ACCEPTED_RECORDS`). By default what this program reads; nothing if empty. */
  readonly accepts?: readonly string[];
  /** Which start of the agent this is. Absent, it announces none, as the previous release does. */
  readonly run?: Run;
}
