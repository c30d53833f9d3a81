import {
  ACCEPTED_RECORDS,
  ACCEPTS_HEADER,
  PROGRAM_VERSION,
  RUN_HEADER,
  VERSION_HEADER,
  writeAccepts,
  writeRun,
} from '@causeway/contract';
import { isLoopback } from '@causeway/wire';
import {
  allowInsecureRequests,
  type ClientAuth,
  Configuration,
  clientCredentialsGrant,
  customFetch,
  PrivateKeyJwt,
} from 'openid-client';
import { Agent, type Dispatcher, fetch, Headers, Response, request } from 'undici';
import { CallError, type Send, whyNoAnswer } from './call.ts';
import { type AgentCredentials, checkedUrl, type Endpoint } from './endpoint.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

function dispatcherOf(endpoint: Endpoint): Agent {
  const timeout = endpoint.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return new Agent({
    headersTimeout: timeout + (endpoint.longPollMs ?? 0),
    bodyTimeout: timeout,
    connect: { timeout: Math.min(timeout, 10_000), ...(endpoint.ca && { ca: endpoint.ca }) },
  });
}

/** Largest answer, in bytes. The parsed form takes many times as much memory. */
const MAX_ANSWER = 8 * 1024 * 1024;
const MAX_TOKEN_ANSWER = 64 * 1024;

/** Reads a body up to the limit: a server's answer must not fill the memory. */
async function readText(body: AsyncIterable<Uint8Array> | null, limit: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > limit) {
      throw new CallError(0, 'answer-too-large', `the answer is too large: at most ${limit} bytes expected`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `httpSend` of `send.ts`. Does not use `fetch`, whose streams take a twentieth of a full pass's time. Follows no redirects. */
export function httpSend(endpoint: Endpoint, token?: () => Promise<string>): Send {
  const base = checkedUrl(endpoint);
  const dispatcher = dispatcherOf(endpoint);
  return async (path, { method, headers, body, signal }) => {
    const authorization = token && { authorization: `Bearer ${await token()}` };
    const answer = await request(new URL(path, base), {
      method: method as Dispatcher.HttpMethod,
      headers: { ...headers, ...authorization },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
      dispatcher,
    });
    return {
      status: answer.statusCode,
      headers: { get: name => answer.headers[name.toLowerCase()]?.toString() ?? null },
      text: () => readText(answer.body, MAX_ANSWER),
    };
  };
}

/** A token is no longer used this many seconds before it expires. */
const TOKEN_MARGIN_S = 60;

/** `agentSend` of `send.ts`. */
export function agentSend(endpoint: Endpoint, identity: AgentCredentials): Send {
  const tokenUrl = checkedUrl({ ...endpoint, url: identity.tokenEndpoint });
  const dispatcher = dispatcherOf(endpoint);
  const auth: ClientAuth = PrivateKeyJwt(identity.privateKey);
  const configuration = new Configuration(
    { issuer: identity.issuer, token_endpoint: tokenUrl.href },
    identity.clientId,
    undefined,
    auth,
  );
  // biome-ignore lint/suspicious/noExplicitAny: undici's fetch and the global one differ in type only
  configuration[customFetch] = async (url: string, options: any) => {
    const response = await fetch(url, { ...options, dispatcher });
    const { status } = response;
    const text = await readText(response.body, MAX_TOKEN_ANSWER);
    const headers = new Headers(response.headers);
    for (const name of ['content-encoding', 'content-length']) headers.delete(name);
    // biome-ignore lint/suspicious/noExplicitAny: as above
    return new Response(text === '' ? null : text, { status, headers }) as any;
  };
  if (isLoopback(tokenUrl.hostname)) allowInsecureRequests(configuration);

  let current: { token: string; until: number } | undefined;
  let pending: Promise<string> | undefined;
  const fetchToken = async (): Promise<string> => {
    try {
      const grant = await clientCredentialsGrant(configuration, { scope: 'agent' });
      current = {
        token: grant.access_token,
        until: Date.now() + ((grant.expires_in ?? 300) - TOKEN_MARGIN_S) * 1000,
      };
      return grant.access_token;
    } catch (cause) {
      const status = (cause as { status?: number }).status ?? 0;
      // The server's answer (RFC 6749 5.2), if it answered.
      const { error: code = 'no-token', error_description: said } = cause as {
        error?: string;
        error_description?: string;
      };
      const text = `no token from ${tokenUrl.origin}: ${said ?? whyNoAnswer(cause)}`;
      throw new CallError(status, code, text, status === 0 || said ? {} : { cause });
    }
  };
  const token = (): Promise<string> => {
    if (current && Date.now() < current.until) return Promise.resolve(current.token);
    pending ??= fetchToken().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const send = httpSend(endpoint, token);
  const accepts = writeAccepts(identity.accepts ?? ACCEPTED_RECORDS);
  const said = {
    [VERSION_HEADER]: identity.version ?? PROGRAM_VERSION,
    ...(accepts !== '' && { [ACCEPTS_HEADER]: accepts }),
    ...(identity.run && { [RUN_HEADER]: writeRun(identity.run) }),
  };
  return async (path, { headers, ...init }) => {
    const request = { ...init, headers: { ...headers, ...said } };
    const response = await send(path, request);
    if (response.status !== 401 || current === undefined) return response;
    await response.text();
    current = undefined;
    return send(path, request);
  };
}
