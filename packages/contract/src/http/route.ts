import type { z } from 'zod';

/**
 * Who may call a route. `public` needs no token: sign-in and enrolment only. The others name the role that the token must carry. `local` is
 * the service's Unix socket (root, the service's own user, and for Connect the group `causeway-admins`). `operator` is that socket or a
 * named token of Connect's admin API.
 */
export type Access = 'public' | 'admin' | 'connect' | 'domain' | 'local' | 'operator';

/** One HTTP operation. The server registers it, the client calls it, OpenAPI and the access test read it. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
  Allowed extends Access = Access,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Fastify's path syntax, `/api/v1/users/:id`. */
  readonly path: string;
  readonly access: readonly Allowed[];
  /** A Connect in staging mode may call it too: it reads, and changes nothing that others see. */
  readonly staging?: true;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly reply: Reply;
}

/** Keeps the precise types of a route table's entry. */
export function route<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Reply extends z.ZodType = z.ZodType,
  const Allowed extends Access = Access,
>(definition: Route<Params, Query, Body, Reply, Allowed>): Route<Params, Query, Body, Reply, Allowed> {
  return definition;
}

/** A client's input for a call. */
export interface CallInput<R extends Route> {
  readonly params?: R extends Route<infer P> ? z.input<P> : never;
  readonly query?: R extends Route<z.ZodType, infer Q> ? z.input<Q> : never;
  readonly body?: R extends Route<z.ZodType, z.ZodType, infer B> ? z.input<B> : never;
}

/** The request body as a handler gets it. */
export type BodyOf<R extends Route> = R extends Route<z.ZodType, z.ZodType, infer B> ? z.output<B> : never;

/** Who may call a route, according to its table. */
export type AccessOf<R extends Route> = R['access'][number];

/** A route's reply. */
export type ReplyOf<R extends Route> = z.output<R['reply']>;

/** The path with its `:parameters` filled in. */
export function fillPath(path: string, params: Record<string, unknown> = {}): string {
  return path.replace(/:([a-zA-Z]+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new RangeError(`parameter '${name}' is missing for ${path}`);
    return encodeURIComponent(String(value));
  });
}

/** The path of one call, with its parameters and its query. */
export function requestPath(route: Route, { params, query }: CallInput<Route>): string {
  const search = query === undefined ? '' : `?${new URLSearchParams(stringify(query as object))}`;
  return fillPath(route.path, params as Record<string, unknown>) + search;
}

function stringify(query: object): [string, string][] {
  return Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)]);
}
