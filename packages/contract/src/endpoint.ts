import type { webcrypto } from 'node:crypto';
import { isLoopback } from '@causeway/wire';
import type { Send } from './client.ts';

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

export interface AgentIdentity {
  readonly clientId: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  /** ES256 private key. */
  readonly privateKey: webcrypto.CryptoKey;
  /** What the agent says that its version is; this program's when absent. */
  readonly version?: string;
  /** What it announces (`accepts.ts`); what this program reads when absent, nothing when empty. */
  readonly accepts?: readonly string[];
}

type Transport = typeof import('./transport.ts');

/** Loaded with the first request, for most commands never send one: they ask the service of their own machine by its socket. */
function lazily(make: (transport: Transport) => Send): Send {
  let send: Promise<Send> | undefined;
  return async (path, init) => {
    send ??= import('./transport.ts').then(make);
    return (await send)(path, init);
  };
}

/**
 * A transport over HTTP(S); `token` is asked before every request and may be absent.
 * @throws RangeError for an endpoint that is no address, or plain http off loopback
 */
export function httpSend(endpoint: Endpoint, token?: () => Promise<string>): Send {
  checkedUrl(endpoint);
  return lazily(transport => transport.httpSend(endpoint, token));
}

/**
 * A transport that carries an agent's access token: OAuth 2 client credentials with private_key_jwt
 * (RFC 7523). A token that the server refuses is fetched anew, once. Every request says the agent's version and the records
 * that it reads.
 * @throws RangeError as `httpSend`, for the endpoint of tokens too
 */
export function agentSend(endpoint: Endpoint, identity: AgentIdentity): Send {
  checkedUrl(endpoint);
  checkedUrl({ ...endpoint, url: identity.tokenEndpoint });
  return lazily(transport => transport.agentSend(endpoint, identity));
}
