import { CausewayError, describeError } from '@causeway/service';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Connect } from './connect.ts';
import { connectStatus, userStatus } from './status.ts';

export const SyncRequest = z.strictObject({ allowDeletes: z.int().min(0).default(0) });
export const PassRequestBody = z.strictObject({ connector: z.string().max(100).optional() });
export const TrustRequest = z.strictObject({ fingerprint: z.string().max(200) });

/** The local API: what the commands ask of the running service. */
export function localRoutes(server: FastifyInstance, connect: Connect, nudge: () => void): void {
  server.get('/status', () => telling(() => connectStatus(connect)));
  server.get<{ Params: { name: string } }>('/users/:name', request =>
    userStatus(connect, request.params.name),
  );
  server.post('/sync', async request => {
    const { allowDeletes } = parse(SyncRequest, request.body ?? {});
    return { cycles: await telling(() => connect.sync(allowDeletes)) };
  });
  server.post('/force-password-sync', async request => {
    const passes = connect.requestFullPass(parse(PassRequestBody, request.body ?? {}).connector);
    nudge();
    return { passes };
  });
  server.post('/trust-domain', async request => {
    const { fingerprint } = parse(TrustRequest, request.body);
    const confirmed = await telling(() => connect.trustDomain(fingerprint));
    nudge();
    return { confirmed };
  });
  server.post('/untrust-domain', async () => ({ withdrawn: connect.untrustDomain() }));
}

/** Whoever may open this socket may know why something failed: a tenant or a domain controller that does not answer. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? 'failed';
    const status = cause instanceof CausewayError ? cause.status : 502;
    throw new CausewayError(code, describeError(cause), { cause, status });
  }
}

function parse<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CausewayError('bad-request', `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
}
