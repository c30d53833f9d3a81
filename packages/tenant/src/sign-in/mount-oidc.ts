import type { HttpServer } from '@causeway/api';
import { CausewayError, type Log } from '@causeway/service';
import type { Provider } from 'oidc-provider';
import type { TenantKeys } from '../database/schema.ts';
import type { Installation } from '../tenancy/installation.ts';
import { issuerOf } from '../tenancy/issuer.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { REFUSAL } from './groups/assignment.ts';
import { makeProvider } from './oidc-provider.ts';
import { type PeopleGate, stepOfProvider } from './people-gate.ts';

/** A tenant's name as it appears in an address. */
const TENANT_NAME = /^[a-z0-9-]{1,63}$/;

/** A tenant and its OpenID provider. */
export interface TenantSignIn {
  readonly scope: TenantScope;
  readonly keys: TenantKeys;
  readonly provider: Provider;
}

/** One provider per tenant, made at its first request. */
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
    // Skips the query for impossible names: PostgreSQL has no text with U+0000.
    const tenant = TENANT_NAME.test(tenantName) ? await this.#installation.findTenant(tenantName) : undefined;
    if (!tenant) throw new CausewayError('no-such-tenant', 'there is no such tenant');
    const issuer = issuerOf(this.#publicUrl(), tenantName);
    const provider = makeProvider(
      tenant.scope,
      tenant.keys,
      issuer,
      (uid, step) =>
        `${new URL(issuer).pathname.replace(/oidc$/, 'sign-in')}/${uid}${step === REFUSAL ? '/refused' : ''}`,
      this.#log,
    );
    const signIn = { ...tenant, provider };
    this.#made.set(tenantName, signIn);
    return signIn;
  }
}

/**
 * Headers of each answer from the provider, whose pages consist of that answer alone. The provider adds to `script-src` the hash of
 * its only script, on the page that posts to an application. Some applications check that page's Origin.
 */
const PROVIDER_HEADERS = {
  'content-security-policy': "default-src 'none'; script-src; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'strict-origin',
  'x-frame-options': 'DENY',
};

/** Passes everything under /t/:tenant/oidc to the tenant's provider, with the body unread. */
export function mountOidc(
  server: HttpServer,
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
        for (const [name, value] of Object.entries(PROVIDER_HEADERS)) reply.raw.setHeader(name, value);
        reply.hijack();
        await provider.callback()(raw, reply.raw);
      },
    });
  });
}
