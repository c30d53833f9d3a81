import { isStorable } from '@causeway/contract';
import { isLoopback } from '@causeway/wire';
import { sql } from 'kysely';
import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import { isUuid } from '../people/users.ts';
import { digestOf } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { isOpen, type SignInResult } from './sessions.ts';

/**
 * Where oidc-provider keeps sessions, codes and tokens: one table of the tenant's database, under the SHA-256 of
 * their identifiers, which for tokens and codes are the secrets themselves. Clients are not stored a second time:
 * they are the tenant's applications and agents.
 */
export function makeAdapterFactory(scope: TenantScope): AdapterFactory {
  return model => (model === 'Client' ? clientAdapter(scope) : payloadAdapter(scope, model));
}

interface Stored {
  readonly payload: Record<string, unknown>;
  readonly expires_at: Date | null;
}

function payloadAdapter(scope: TenantScope, model: string): Adapter {
  const one = (id: string) => ({ model, id_digest: digestOf(id) });
  const live = async (row: Stored | undefined): Promise<AdapterPayload | undefined> => {
    if (!row || (row.expires_at !== null && row.expires_at <= scope.now())) return undefined;
    if (model === 'Session' && !(await isOpen(scope, row.payload as Partial<SignInResult>))) return undefined;
    return row.payload as AdapterPayload;
  };
  let begun = 0;
  return {
    async upsert(id, payload, expiresIn) {
      const { jti: _secret, ...rest } = payload;
      const values = {
        payload: storable(rest),
        client_id: payload.clientId ?? null,
        grant_id: payload.grantId ?? null,
        uid: payload.uid ?? null,
        expires_at: expiresIn === undefined ? null : new Date(scope.clock.now() + expiresIn * 1000),
      };
      const insert = scope.insert('oidc_payloads', { ...one(id), ...values });
      if (model !== 'ReplayDetection') {
        if (model === 'Interaction' && begun++ % SWEEP_EVERY === 0) await sweepInteractions(scope);
        await insert
          .onConflict(conflict => conflict.columns(['tenant_id', 'model', 'id_digest']).doUpdateSet(values))
          .execute();
        return;
      }
      // If two requests bring one assertion at the same time, the second must fail, not overwrite.
      await prune(scope);
      const inserted = await insert
        .onConflict(conflict => conflict.columns(['tenant_id', 'model', 'id_digest']).doNothing())
        .executeTakeFirst();
      if (!inserted.numInsertedOrUpdatedRows) throw new Error('this assertion has been used already');
    },
    async find(id) {
      const row = await scope
        .select('oidc_payloads')
        .select(['payload', 'expires_at'])
        .where('model', '=', model)
        .where('id_digest', '=', digestOf(id))
        .executeTakeFirst();
      const payload = await live(row);
      return payload && { ...payload, jti: id };
    },
    async findByUid(uid) {
      const row = await scope
        .select('oidc_payloads')
        .select(['payload', 'expires_at'])
        .where('model', '=', model)
        .where('uid', '=', uid)
        .executeTakeFirst();
      return live(row);
    },
    findByUserCode: () => Promise.resolve(undefined), // the device flow is off
    async consume(id) {
      const { model, id_digest } = one(id);
      await scope.run(
        tenantId => sql`
          update oidc_payloads set payload = jsonb_set(payload, '{consumed}', to_jsonb(${Math.floor(scope.clock.now() / 1000)}::bigint))
          where tenant_id = ${tenantId} and model = ${model} and id_digest = ${id_digest}`,
      );
    },
    async destroy(id) {
      const { model, id_digest } = one(id);
      await scope
        .delete('oidc_payloads')
        .where('model', '=', model)
        .where('id_digest', '=', id_digest)
        .execute();
    },
    async revokeByGrantId(grantId) {
      await scope.delete('oidc_payloads').where('grant_id', '=', grantId).execute();
    },
  };
}

/** The payload contains a stranger's request as it came. @throws InvalidRequest for text that the database cannot hold */
const storable = (payload: object): string =>
  JSON.stringify(payload, (_name, value: unknown) => {
    if (typeof value !== 'string' || isStorable(value)) return value;
    throw new errors.InvalidRequest('well-formed text without U+0000 expected');
  });

/** Deletes what has expired. Agents fetch tokens all day, and every fetch passes here. */
async function prune(scope: TenantScope): Promise<void> {
  await scope.delete('oidc_payloads').where('expires_at', '<', scope.now()).execute();
}

/** Sign-ins that are kept while their users are at the page. Strangers can begin any number of them. */
const MAX_INTERACTIONS = 20_000;
const SWEEP_EVERY = 250;

/** Deletes expired sign-ins, and the oldest above the limit: a flood fills no table, and displaces no user who is typing. */
async function sweepInteractions(scope: TenantScope): Promise<void> {
  await prune(scope);
  await scope.run(
    tenantId => sql`
      delete from oidc_payloads where tenant_id = ${tenantId} and model = 'Interaction' and expires_at <= (
        select expires_at from oidc_payloads where tenant_id = ${tenantId} and model = 'Interaction'
        order by expires_at desc offset ${MAX_INTERACTIONS} limit 1)`,
  );
}

function clientAdapter(scope: TenantScope): Adapter {
  const readOnly = (): Promise<never> => Promise.reject(new Error('clients are registered elsewhere'));
  return {
    find: async id => (await findApplication(scope, id)) ?? (await findAgent(scope, id)),
    findByUid: () => Promise.resolve(undefined),
    findByUserCode: () => Promise.resolve(undefined),
    upsert: readOnly,
    consume: readOnly,
    destroy: readOnly,
    revokeByGrantId: readOnly,
  };
}

/** A relying party: PKCE ties the code to it, and a secret if it has one. */
async function findApplication(scope: TenantScope, id: string): Promise<AdapterPayload | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await scope.select('applications').selectAll().where('client_id', '=', id).executeTakeFirst();
  if (!row) return undefined;
  return {
    client_id: row.client_id,
    client_name: row.name,
    redirect_uris: row.redirect_uris,
    application_type: row.redirect_uris.some(uri => isLoopback(new URL(uri).hostname)) ? 'native' : 'web',
    post_logout_redirect_uris: row.post_logout_redirect_uris,
    // oidc-provider compares digests: see compareSecrets.
    ...(row.secret_digest === null
      ? { token_endpoint_auth_method: 'none' as const }
      : { token_endpoint_auth_method: 'client_secret_basic' as const, client_secret: row.secret_digest }),
    grant_types: ['authorization_code'],
    response_types: ['code'],
    scope: 'openid profile email',
  };
}

async function findAgent(scope: TenantScope, id: string): Promise<AdapterPayload | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await scope.select('agents').select(['jwk', 'name']).where('id', '=', id).executeTakeFirst();
  if (!row) return undefined;
  return {
    client_id: id,
    client_name: row.name,
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [{ ...row.jwk }] },
    grant_types: ['client_credentials'],
    response_types: [],
    scope: 'agent',
  };
}
