import assert from 'node:assert/strict';
import { randomUUID, webcrypto } from 'node:crypto';
import { before, it } from 'node:test';
import type { Send } from '@causeway/api';
import { onEveryBackend } from '../testing/backends.ts';
import { enrolAgent, makeAgentKeys, type TestAgent } from '../testing/test-agent.ts';

onEveryBackend('tokens of agents', tenant => {
  let admin: Send;
  let agent: TestAgent;

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    agent = await enrolAgent(tenant().url, admin, 'connect');
  });

  interface Change {
    key?: webcrypto.CryptoKey;
    claims?: Record<string, unknown>;
    expires?: number;
  }
  const assertion = async (change: Change = {}): Promise<string> => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: agent.id, sub: agent.id, aud: agent.issuer, jti: randomUUID(), ...change.claims };
    const payload = { iat: now, nbf: now, exp: change.expires ?? now + 60, ...claims };
    return signJwt(change.key ?? agent.privateKey, payload);
  };
  const ask = async (clientAssertion: string, more: Record<string, string> = {}) => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      scope: 'agent',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: clientAssertion,
      ...more,
    });
    const response = await fetch(agent.tokenEndpoint, { method: 'POST', body });
    const answer = (await response.json()) as { access_token?: string; error?: string; expires_in?: number };
    return { status: response.status, ...answer };
  };

  it('are given for a signed assertion, once each', async () => {
    const signed = await assertion();
    const first = await ask(signed);
    assert.equal(first.status, 200);
    assert.ok(first.expires_in! <= 600);
    const replayed = await ask(signed);
    assert.deepEqual(
      [replayed.status, replayed.error, replayed.access_token],
      [401, 'invalid_client', undefined],
    );
  });

  it('are given only once when the same assertion comes twice at the same time', async () => {
    const signed = await assertion();
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(signed)));
    assert.equal(answers.filter(answer => answer.access_token !== undefined).length, 1);
  });

  it('are denied for a wrong key, an expired assertion, another audience, issuer or agent', async () => {
    const other = await enrolAgent(tenant().url, admin, 'domain');
    const now = Math.floor(Date.now() / 1000);
    const wrong: [string, Change][] = [
      ['key', { key: (await makeAgentKeys()).privateKey }],
      ["another agent's key", { key: other.privateKey }],
      ['expired', { expires: Math.floor(Date.now() / 1000) - 120 }],
      ['audience', { claims: { aud: 'https://elsewhere.example.net' } }],
      ['issuer', { claims: { iss: other.id } }],
      ['subject', { claims: { sub: randomUUID() } }],
      ['no jti', { claims: { jti: undefined } }],
      ['made in the future', { claims: { iat: now + 3600 }, expires: now + 3660 }],
      ['of ten years', { expires: now + 315_360_000 }],
      ['of ten minutes', { expires: now + 600 }],
      [
        'of ten minutes, half of them over',
        { claims: { iat: now - 300, nbf: now - 300 }, expires: now + 290 },
      ],
      ['without the time at which it was made', { claims: { iat: undefined } }],
    ];
    for (const [why, change] of wrong) {
      const { status, error, access_token: token } = await ask(await assertion(change));
      assert.deepEqual([status, error, token], [401, 'invalid_client', undefined], why);
    }
    const { status } = await ask('not.a.jwt');
    assert.equal(status, 400);
  });

  it('carry no scope but the agent’s, and open no page for people', async () => {
    const { status, error } = await ask(await assertion(), { scope: 'openid agent' });
    assert.deepEqual([status, error], [400, 'invalid_scope']);
    const { access_token: token } = await ask(await assertion());
    const me = await fetch(`${agent.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(me.status, 401);
  });

  it('are not stored in the database in clear', async () => {
    const { access_token: token } = await ask(await assertion());
    const rows = await tenant().dump();
    assert.ok(rows.includes('ClientCredentials'));
    assert.ok(!rows.includes(token!));
  });
});

/** A JWT in compact serialization with ES256 (RFC 7515, RFC 7518 3.4). */
async function signJwt(key: webcrypto.CryptoKey, payload: Record<string, unknown>): Promise<string> {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'ES256' })}.${encode(payload)}`;
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await webcrypto.subtle.sign(algorithm, key, Buffer.from(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}
