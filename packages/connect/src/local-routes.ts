import { CausewayError } from '@causeway/service';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Connect } from './connect.ts';
import { connectStatus, userStatus } from './status.ts';

export const SyncRequest = z.strictObject({ allowDeletes: z.int().min(0).default(0) });
export const PassRequestBody = z.strictObject({ connector: z.string().max(100).optional() });
export const TrustRequest = z.strictObject({ fingerprint: z.string().max(200) });

/** The local API: what the commands ask of the running service. */
export function localRoutes(server: FastifyInstance, connect: Connect, nudge: () => void): void {
  server.get('/status', () => connectStatus(connect));
  server.get<{ Params: { name: string } }>('/users/:name', request =>
    userStatus(connect, request.params.name),
  );
  server.post('/sync', async request => {
    const { allowDeletes } = parse(SyncRequest, request.body ?? {});
    return { cycles: await connect.sync(allowDeletes) };
  });
  server.post('/force-password-sync', async request => {
    const passes = connect.requestFullPass(parse(PassRequestBody, request.body ?? {}).connector);
    nudge();
    return { passes };
  });
  server.post('/trust-domain', async request => {
    const confirmed = await connect.trustDomain(parse(TrustRequest, request.body).fingerprint);
    nudge();
    return { confirmed };
  });
  server.post('/untrust-domain', async () => ({ withdrawn: connect.untrustDomain() }));
}

function parse<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CausewayError('bad-request', `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
}
