import type { Send } from './call.ts';
import { type AgentCredentials, checkedUrl, type Endpoint } from './endpoint.ts';

type Transport = typeof import('./transport.ts');

/** Loads the transport with the first request. Most commands never send one: they ask a local service by its socket. */
function lazily(make: (transport: Transport) => Send): Send {
  let send: Promise<Send> | undefined;
  return async (path, init) => {
    send ??= import('./transport.ts').then(make);
    return (await send)(path, init);
  };
}

/**
 * A transport over HTTP(S). Calls `token`, if there is one, before every request.
 * @throws RangeError if the endpoint is no address, or uses plain http off loopback
 */
export function httpSend(endpoint: Endpoint, token?: () => Promise<string>): Send {
  checkedUrl(endpoint);
  return lazily(transport => transport.httpSend(endpoint, token));
}

/**
 * A transport that carries an agent's access token: OAuth 2 client credentials with private_key_jwt (RFC 7523). If the server refuses a
 * token, it fetches another one, once. Every request announces the agent's version, the records that it reads, and which start of the agent
 * it is.
 * @throws RangeError as `httpSend`, for the token endpoint too
 */
export function agentSend(endpoint: Endpoint, identity: AgentCredentials): Send {
  checkedUrl(endpoint);
  checkedUrl({ ...endpoint, url: identity.tokenEndpoint });
  return lazily(transport => transport.agentSend(endpoint, identity));
}
