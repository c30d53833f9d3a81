import type { Send } from './call.ts';
import { type AgentCredentials, checkedUrl, type Endpoint } from './endpoint.ts';

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
 * (RFC 7523). A token that the server refuses is fetched anew, once. Every request says the agent's version, the records
 * that it reads, and which start of the agent it is.
 * @throws RangeError as `httpSend`, for the endpoint of tokens too
 */
export function agentSend(endpoint: Endpoint, identity: AgentCredentials): Send {
  checkedUrl(endpoint);
  checkedUrl({ ...endpoint, url: identity.tokenEndpoint });
  return lazily(transport => transport.agentSend(endpoint, identity));
}
