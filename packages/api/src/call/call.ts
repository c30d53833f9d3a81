import { type CallInput, ErrorReply, type ReplyOf, type Route, requestPath } from '@causeway/contract';
import { CausewayError, currentCode, errorEntry } from '@causeway/service';
import type { z } from 'zod';

/** An HTTP answer that is not 2xx, or none at all (`status` 0). */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly status: number;
  readonly code: string;
  /** True when the same call may succeed later: no answer, half an answer, 429, 5xx. */
  readonly transient: boolean;
  /** Seconds that the server asks to wait (Retry-After), at most 300. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: ErrorOptions & { retryAfter?: number } = {},
  ) {
    super(message, options);
    this.status = status;
    this.code = currentCode(code);
    this.transient = status === 0 || status === 429 || status >= 500;
    this.retryAfter = options.retryAfter;
  }

  /** What the administrator does, if this program knows the code. */
  get todo(): string | undefined {
    return errorEntry(this.code)?.todo;
  }
}

/** The tenant gives an agent no token: it does not know the agent, or rejects its key (RFC 6749 5.2). */
export const isRemoved = (error: unknown): boolean =>
  error instanceof CallError && error.code === 'invalid_client';

/** How long to wait before the next attempt, in milliseconds, as the error asks. */
export const askedWait = (error: unknown): number =>
  error instanceof CallError ? (error.retryAfter ?? 0) * 1000 : 0;

/** Sends one request; the caller provides the transport (TLS, token). Standard `fetch` semantics. The transport limits `text()`. */
export type Send = (
  path: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal?: AbortSignal },
) => Promise<{
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

/** The longest wait that a server may ask for, in seconds, so that none blocks a client for good. */
const MAX_RETRY_AFTER_S = 300;

/**
 * Calls a route and returns its checked reply.
 * @throws CallError if there is no answer, if it is an error, or if it does not match the contract. A CausewayError of the transport passes
 * unchanged.
 */
export async function call<R extends Route>(
  send: Send,
  route: R,
  input: CallInput<R> & { signal?: AbortSignal } = {},
): Promise<ReplyOf<R>> {
  const path = requestPath(route, input);
  const init = {
    method: route.method,
    headers: {
      accept: 'application/json',
      ...(input.body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    ...(input.signal && { signal: input.signal }),
  };
  let status: number;
  let text: string;
  let retryAfter: number;
  try {
    const response = await send(path, init);
    status = response.status;
    retryAfter = Math.min(Number(response.headers.get('retry-after') ?? Number.NaN), MAX_RETRY_AFTER_S);
    text = await response.text();
  } catch (cause) {
    if (cause instanceof CallError || cause instanceof CausewayError) throw cause;
    input.signal?.throwIfAborted();
    throw new CallError(0, 'no-answer', `no answer to ${route.method} ${route.path}: ${whyNoAnswer(cause)}`);
  }
  const json = parseJson(text);
  if (status < 200 || status > 299) {
    const error = ErrorReply.safeParse(json);
    const [code, message] = error.success
      ? [error.data.error.code, error.data.error.message]
      : ['http-error', `${route.method} ${route.path} failed with HTTP status ${status}`];
    throw new CallError(status, code, message, Number.isFinite(retryAfter) ? { retryAfter } : {});
  }
  const reply = (route.reply as z.ZodType).safeParse(json);
  if (!reply.success) {
    const at = reply.error.issues[0];
    throw new CallError(
      0,
      'bad-answer',
      `the answer to ${route.path} does not follow the API: ${at?.path.join('/')} ${at?.message}`,
    );
  }
  return reply.data as ReplyOf<R>;
}

/** The same for a route that the previous release lacks. Undefined if the server does not know it. */
export async function callIfServed<R extends Route>(
  send: Send,
  route: R,
  input: CallInput<R> & { signal?: AbortSignal } = {},
): Promise<ReplyOf<R> | undefined> {
  try {
    return await call(send, route, input);
  } catch (error) {
    if (error instanceof CallError && error.status === 404) return undefined;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Codes with which OpenSSL and Node reject a server's certificate (`tls`, "X509 certificate error codes"). */
const UNKNOWN_CA = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/;

/** Why there was no answer, in words. fetch hides the real reason in `cause`. */
export function whyNoAnswer(error: unknown): string {
  let e = error;
  while (e instanceof Error && e.cause instanceof Error) e = e.cause;
  if (!(e instanceof Error)) return String(e);
  const code = (e as NodeJS.ErrnoException).code ?? '';
  if (UNKNOWN_CA.test(code)) {
    return `the server's certificate was not issued by a CA that this machine trusts (${code}): give the PEM file of the CA that issued it`;
  }
  if (code === 'CERT_HAS_EXPIRED') return "the server's certificate has expired: renew it at the server";
  return e.message || code || e.name;
}
