import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { before, it } from 'node:test';
import { call, type HttpRequest } from '@causeway/api';
import { administrationRoutes } from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { stepOfProvider } from './people-gate.ts';

const REDIRECT = 'https://portal.example.net/callback';
const PROXY = '127.0.0.1';
/** A request to the provider, as far as the gate looks at it. */
const asked = (path: string) => ({ params: { '*': path } }) as HttpRequest;

onEveryBackend(
  'the gate of people',
  tenant => {
    let authorization: URL;
    let tenantId: string;
    let address = 0;
    const addressOfNextTest = (): string => `192.0.2.${++address}`;
    const from = (client: string) => ({ 'x-forwarded-for': client });

    before(async () => {
      const { created, send } = await tenant().createTenant('contoso');
      tenantId = created.tenantId;
      const body = { name: 'portal', redirectUris: [REDIRECT] };
      const app = await call(send, administrationRoutes.registerApplication, { body });
      authorization = new URL(`${app.issuer}/auth`);
      authorization.search = String(
        new URLSearchParams({
          client_id: app.clientId,
          redirect_uri: REDIRECT,
          response_type: 'code',
          scope: 'openid',
          code_challenge: 'a'.repeat(43),
          code_challenge_method: 'S256',
        }),
      );
    });

    const begin = (client: string, method = 'GET'): Promise<Response> => {
      const headers = from(client);
      if (method === 'GET') return fetch(authorization, { redirect: 'manual', headers });
      const url = new URL(authorization);
      url.search = '';
      return fetch(url, { method, redirect: 'manual', headers, body: authorization.searchParams });
    };
    const guess = (client: string, i: number): Promise<Response> =>
      fetch(`${tenant().url}/t/contoso/password`, {
        method: 'POST',
        headers: from(client),
        body: new URLSearchParams({
          username: `nobody${i}@example.net`,
          password: 'x',
          'new-password': 'y',
          repeated: 'y',
        }),
      });
    const all = (count: number, work: (i: number) => Promise<Response>): Promise<Response[]> =>
      Promise.all(Array.from({ length: count }, (_, i) => work(i)));
    const counts = (answers: Response[]): Record<number, number> => {
      const byStatus: Record<number, number> = {};
      for (const { status } of answers) byStatus[status] = (byStatus[status] ?? 0) + 1;
      return byStatus;
    };
    const rows = async (): Promise<number> => {
      const { database } = tenant().running;
      const query = database.selectFrom('oidc_payloads').where('model', '=', 'Interaction');
      return Number((await query.select(eb => eb.fn.countAll().as('count')).executeTakeFirstOrThrow()).count);
    };

    it('sweeps what strangers began: expired at once, and the oldest above a limit', async () => {
      const { database } = tenant().running;
      const row = (i: number, expires: number) => ({
        tenant_id: tenantId,
        model: 'Interaction',
        id_digest: `made-up-${i}`,
        payload: '{}',
        expires_at: new Date(Date.now() + expires * 1000),
      });
      for (let i = 0; i < 21_000; i += 1000) {
        const values = Array.from({ length: 1000 }, (_, j) => row(i + j, i < 500 ? -1 : 100 + (i + j) / 100));
        await database.insertInto('oidc_payloads').values(values).execute();
      }
      const client = addressOfNextTest();
      // The first request after the start sweeps.
      assert.equal((await begin(client)).status, 303);
      assert.ok((await rows()) <= 20_001);
      const left = database
        .selectFrom('oidc_payloads')
        .select('id_digest')
        .where('id_digest', 'like', 'made-up-%');
      const digests = (await left.execute()).map(made => made.id_digest);
      assert.equal(digests.includes('made-up-20999'), true);
      assert.equal(digests.includes('made-up-0'), false);
      await database.deleteFrom('oidc_payloads').where('id_digest', 'like', 'made-up-%').execute();
    });

    it('limits the sign-ins that one address may begin, and leaves others alone', async () => {
      const before = await rows();
      const client = addressOfNextTest();
      const gets = await all(130, () => begin(client));
      assert.deepEqual(counts(gets), { 303: 130 });
      // A POST begins nothing here and costs as much. There are more than the budget regains in the seconds that they take.
      const posts = await all(400, () => begin(client, 'POST'));
      const refused = posts.find(({ status }) => status === 429);
      assert.ok(refused, JSON.stringify(counts(posts)));
      assert.match(refused.headers.get('retry-after')!, /^\d+$/);
      assert.match(refused.headers.get('content-security-policy')!, /frame-ancestors 'none'/);
      assert.equal((await rows()) - before, 130);
      assert.equal((await begin(addressOfNextTest())).status, 303);
      // The provider's router ignores case, so the gate must, too.
      const spelt = new URL(authorization.href.replace(/auth\?/, 'AuTh?'));
      const headers = from(addressOfNextTest());
      assert.equal((await fetch(spelt, { redirect: 'manual', headers })).status, 303);
      assert.equal(stepOfProvider(asked('AuTh')), 'begins');
      assert.equal(stepOfProvider(asked('AuTh/x')), 'goes-on');
      // Keys and metadata are for programs, and bypass the gate.
      const keys = new URL(authorization.href.replace(/auth\?.*$/, 'jwks'));
      assert.equal((await fetch(keys, { headers: from(client) })).status, 200);
    });

    it('limits the wrong passwords that one address may try, even if each is for another name', async () => {
      const client = addressOfNextTest();
      const byStatus = counts(await all(230, i => guess(client, i)));
      assert.ok(byStatus[400]! >= 200 && byStatus[400]! <= 215, JSON.stringify(byStatus));
      assert.equal(byStatus[400]! + byStatus[429]!, 230);
      assert.equal((await guess(addressOfNextTest(), 0)).status, 400);
    });

    it('asks a user to come back if the queue is full, whatever their address', async () => {
      const form = 'username=nobody&password=x&new-password=y&repeated=y';
      const request = (i: number): string =>
        `POST /t/contoso/password HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 198.51.100.${i % 200}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${form.length}\r\n\r\n${form}`;
      const { hostname, port } = new URL(tenant().url);
      const COUNT = 400;
      // Sent in one piece, so that all arrive before the first is answered.
      const socket = connect(Number(port), hostname);
      socket.write(Array.from({ length: COUNT }, (_, i) => request(i)).join(''));
      let text = '';
      for await (const chunk of socket) {
        text += chunk;
        if (text.split('</html>').length > COUNT) break;
      }
      const full = text.match(/HTTP\/1.1 429 [^<]*retry-after: 5\r\n/gi)?.length ?? 0;
      assert.ok(full > 0 && full <= COUNT - 200, `${full}`);
      assert.equal(text.match(/HTTP\/1.1 400 /g)?.length, COUNT - full);
      assert.equal((await guess(addressOfNextTest(), 0)).status, 400);
    });
  },
  {},
  { trustedProxies: [PROXY] },
);

onEveryBackend('the gate for people, without a proxy', tenant => {
  it('trusts no header about where a request comes from', async () => {
    await tenant().createTenant('contoso');
    const answers = await Promise.all(
      Array.from({ length: 230 }, (_, i) =>
        fetch(`${tenant().url}/t/contoso/password`, {
          method: 'POST',
          headers: { 'x-forwarded-for': `198.51.100.${i}` },
          body: new URLSearchParams({
            username: 'nobody',
            password: 'x',
            'new-password': 'y',
            repeated: 'y',
          }),
        }),
      ),
    );
    assert.ok(answers.some(answer => answer.status === 429));
  });
});
