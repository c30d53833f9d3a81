import { CausewayError, type Log } from '@causeway/service';
import type { FastifyInstance } from 'fastify';
import type { Provider } from 'oidc-provider';
import type { TenantKeys } from '../database/schema.ts';
import type { Installation } from '../installation.ts';
import { issuerOf } from '../issuer.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { makeProvider } from './oidc-provider.ts';
import { type PeopleGate, stepOfProvider } from './people-gate.ts';

/** A tenant and its OpenID provider. */
export interface TenantSignIn {
  readonly scope: TenantScope;
  readonly keys: TenantKeys;
  readonly provider: Provider;
}

/** One provider a tenant, made when it is first asked for. */
export class Providers {
  readonly #installation: Installation;
  readonly #publicUrl: () => string;
  readonly #log: Log;
  readonly #made = new Map<string, TenantSignIn>();

  constructor(installation: Installation, publicUrl: () => string, log: Log) {
    this.#log = log;
    this.#installation = installation;
    this.#publicUrl = publicUrl;
  }

  /** @throws CausewayError 'no-such-tenant' */
  async get(tenantName: string): Promise<TenantSignIn> {
    const made = this.#made.get(tenantName);
    if (made) return made;
    const tenant = await this.#installation.findTenant(tenantName);
    if (!tenant) throw new CausewayError('no-such-tenant', 'there is no such tenant', { status: 404 });
    const issuer = issuerOf(this.#publicUrl(), tenantName);
    const provider = makeProvider(
      tenant.scope,
      tenant.keys,
      issuer,
      uid => `${new URL(issuer).pathname.replace(/oidc$/, 'sign-in')}/${uid}`,
      this.#log,
    );
    const signIn = { ...tenant, provider };
    this.#made.set(tenantName, signIn);
    return signIn;
  }
}

/** Hands everything under /t/:tenant/oidc to the tenant's provider, with the body unread. */
export function mountOidc(
  server: FastifyInstance,
  providers: Providers,
  gate: PeopleGate,
  publicUrl: () => string,
): void {
  server.register(async instance => {
    gate.guard(instance, stepOfProvider);
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', (_request, _payload, done) => done(null));
    instance.route<{ Params: { tenant: string; '*': string } }>({
      method: ['GET', 'POST', 'OPTIONS'],
      url: '/t/:tenant/oidc/*',
      config: { access: ['public'] },
      handler: async (request, reply) => {
        const { provider } = await providers.get(request.params.tenant);
        const { raw } = request;
        const mount = `/t/${request.params.tenant}/oidc`;
        if (!raw.url!.startsWith(`${mount}/`)) return reply.callNotFound(); // a tenant's name spelt with escapes
        // Addresses in answers are the published ones, whatever Host or proxy headers a client makes up.
        const base = new URL(publicUrl());
        raw.headers['x-forwarded-proto'] = base.protocol.slice(0, -1);
        raw.headers['x-forwarded-host'] = base.host;
        delete raw.headers['x-forwarded-for'];
        Object.assign(raw, { originalUrl: new URL(base).pathname.replace(/\/$/, '') + raw.url });
        raw.url = raw.url!.slice(mount.length);
        reply.hijack();
        await provider.callback()(raw, reply.raw);
      },
    });
  });
}
