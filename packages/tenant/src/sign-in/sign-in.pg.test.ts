import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import * as oidc from 'openid-client';
import { applyObject, applyPassword } from '../testing/apply.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { Browser, type Page, RelyingParty } from '../testing/browser.ts';
import { countDerivations } from '../testing/count-derivations.ts';
import { type Person, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import { FAILURE_TEXT } from './pages.ts';

const PASSWORD = 'Corréct horse 1!';
const REDIRECT = 'https://portal.example.net/callback';
/** It starts at the machine's time, which oidc-provider uses. */
const clock = new HandClock(Date.now());
const MINUTE = 60_000;

onEveryBackend(
  'sign-in',
  tenant => {
    let admin: Send;
    let connect: TestAgent;
    let party: RelyingParty;
    let adminPassword: string;
    let number = 0;

    const exportObject = (who: Person, deleted?: boolean) => applyObject(connect, who, deleted);
    const exportPassword = (who: Person, password: string, version = 2) =>
      applyPassword(connect, who, password, version);
    const makeUser = async (change: Partial<Person> = {}): Promise<Person> => {
      const who = person(++number, change);
      await exportObject(who);
      await exportPassword(who, PASSWORD);
      return who;
    };
    const attempt = async (browser: Browser, name: string, password: string): Promise<Page> => {
      const begun = await party.begin(browser);
      return browser.open(begun.page.url, { username: name, password });
    };
    const fails = async (name: string, password: string): Promise<void> => {
      assert.equal(await party.signIn(new Browser(), name, password), undefined);
    };

    before(async () => {
      const made = await tenant().createTenant('contoso');
      admin = made.send;
      adminPassword = made.created.administratorPassword;
      connect = await enrolAgent(tenant().url, admin, 'connect');
      const app = await call(admin, administrationRoutes.registerApplication, {
        body: { name: 'portal', redirectUris: [REDIRECT] },
      });
      party = await RelyingParty.discover(app.issuer, app.clientId, REDIRECT);
    });

    it('signs a synchronized user in with the on-premises password, and tells the application who they are', async () => {
      const who = await makeUser();
      const claims = await party.signIn(new Browser(), who.upn.toUpperCase(), PASSWORD);
      const status = await call(admin, administrationRoutes.getUser, { params: { id: who.upn } });
      assert.equal(claims?.sub, status.id);
      assert.equal(claims?.preferred_username, who.upn);
      assert.equal(claims?.name, 'Zoë Ünal');
      assert.equal(claims?.email, 'zoe@example.com');
    });

    it('answers userinfo, and reuses a session without asking again', async () => {
      const who = await makeUser();
      const browser = new Browser();
      const begun = await party.begin(browser);
      const end = await browser.open(begun.page.url, { username: who.upn, password: PASSWORD });
      const { claims, accessToken } = await party.finish(begun, end.url);
      const info = await oidc.fetchUserInfo(party.configuration, accessToken, claims.sub);
      assert.equal(info.preferred_username, who.upn);
      const again = await party.begin(browser);
      assert.equal(again.page.status, 0);
      assert.equal((await party.finish(again, again.page.url)).claims.sub, claims.sub);
    });

    it('asks for the password every time for an application on loopback', async () => {
      const who = await makeUser();
      const redirect = 'http://127.0.0.1/callback';
      const app = await call(admin, administrationRoutes.registerApplication, {
        body: { name: 'command line', redirectUris: [redirect] },
      });
      const native = await RelyingParty.discover(app.issuer, app.clientId, 'http://127.0.0.1:9/callback');
      const browser = new Browser();
      assert.ok(await native.signIn(browser, who.upn, PASSWORD));
      assert.equal((await native.begin(browser)).page.status, 200);
    });

    it("signs the tenant's administrator in", async () => {
      const claims = await party.signIn(new Browser(), 'admin@contoso.example.net', adminPassword);
      assert.equal(claims?.preferred_username, 'admin@contoso.example.net');
    });

    it('accepts the new password after a change, and rejects the old one', async () => {
      const who = await makeUser();
      await exportPassword(who, 'Something new 2!', 3);
      await fails(who.upn, PASSWORD);
      assert.ok(await party.signIn(new Browser(), who.upn, 'Something new 2!'));
    });

    it('accepts passwords longer than users may choose, because directories have them', async () => {
      const who = person(++number);
      await exportObject(who);
      const { page } = await party.begin(new Browser());
      assert.match(page.html, /name="password"[^>]* maxlength="4096"/, 'a browser cuts off what is longer');
      // The last ones are as large as a form can be: three bytes each, nine when percent-encoded.
      for (const [version, long] of [
        'x'.repeat(257),
        'Überlänge '.repeat(130),
        '密'.repeat(1365),
      ].entries()) {
        await exportPassword(who, long, version + 1);
        assert.ok(await party.signIn(new Browser(), who.upn, long));
        await fails(who.upn, long.slice(0, 256));
      }
    });

    it('rejects an empty password, whatever is stored, at the price of every other attempt', async () => {
      const who = person(++number);
      await exportObject(who);
      await exportPassword(who, '');
      for (const password of ['', 'x'.repeat(10_000)]) {
        assert.equal(await countDerivations(() => fails(who.upn, password)), 1);
      }
    });

    it('has a page without scripts, that nothing can frame, with labels and one field each', async () => {
      const { page } = await party.begin(new Browser(), { login_hint: '"><script>alert(1)</script>' });
      assert.equal(page.status, 200);
      assert.doesNotMatch(page.html, /<script/);
      assert.match(page.html, /<label for="username">User name<\/label>/);
      assert.match(page.html, /<label for="password">Password<\/label>/);
      const policy = page.headers.get('content-security-policy')!;
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.match(policy, /form-action 'self' https:\/\/portal\.example\.net(;|$)/);
      assert.doesNotMatch(policy, /script-src|unsafe/);
    });

    it('gives one answer, at the price of one PBKDF2, whatever the reason', async () => {
      const [good, disabled, expired, longExpired, deleted, locked] = [
        await makeUser(),
        await makeUser({ enabled: false }),
        await makeUser({ expires: '2020-01-01T00:00:00.000Z' }),
        await makeUser({ expires: '1601-01-01T00:00:00.000Z' }),
        await makeUser(),
        await makeUser(),
      ];
      await exportObject(deleted, true);
      const bare = person(++number);
      await exportObject(bare);
      for (let i = 0; i < 10; i++) await fails(locked.upn, `wrong ${i}`);
      const cases: [string, string, string][] = [
        ['wrong password', good.upn, 'not it'],
        ['unknown', 'nobody@corp.example.com', PASSWORD],
        ['no text', 'nobody\0@corp.example.com', PASSWORD],
        ['disabled', disabled.upn, PASSWORD],
        ['expired', expired.upn, PASSWORD],
        ['expired in the year in which time begins', longExpired.upn, PASSWORD],
        ['deleted', deleted.upn, PASSWORD],
        ['without a credential', bare.upn, PASSWORD],
        ['locked', locked.upn, PASSWORD],
        ['too long a password', good.upn, PASSWORD.padEnd(4097, 'x')],
        ['too long a name', `${'x'.repeat(1025)}@corp.example.com`, PASSWORD],
      ];
      const answers = new Set<string>();
      for (const [why, name, password] of cases) {
        const derivations = await countDerivations(async () => {
          const page = await attempt(new Browser(), name, password);
          assert.ok(page.html.includes(FAILURE_TEXT.slice(0, 20)), why);
          const same = page.html.replace(/value="[^"]*"/, '').replaceAll(page.url.href, '');
          answers.add(`${page.status} ${same}`);
        });
        assert.equal(derivations, 1, why);
      }
      assert.equal(answers.size, 1);
      assert.equal(await countDerivations(() => party.signIn(new Browser(), good.upn, PASSWORD)), 1);
    });

    it('locks for 60 s after ten different wrong passwords, then allows sign-ins again', async () => {
      const who = await makeUser();
      for (let i = 0; i < 9; i++) await fails(who.upn, `wrong ${i}`);
      assert.ok(await party.signIn(new Browser(), who.upn, PASSWORD), 'nine do not lock');
      for (let i = 0; i < 10; i++) await fails(who.upn, `wrong ${i}`);
      await fails(who.upn, PASSWORD);
      const status = await call(admin, administrationRoutes.getUser, { params: { id: who.upn } });
      assert.ok(status.lockedUntil !== null);
      await clock.pass(MINUTE - 1);
      await fails(who.upn, PASSWORD);
      await clock.pass(1);
      assert.ok(await party.signIn(new Browser(), who.upn, PASSWORD));
    });

    it('counts one wrong password repeated once', async () => {
      const who = await makeUser();
      for (let i = 0; i < 15; i++) await fails(who.upn, 'old phone');
      assert.ok(await party.signIn(new Browser(), who.upn, PASSWORD));
    });

    it('keeps a familiar browser apart from strangers, both ways', async () => {
      const who = await makeUser();
      const own = new Browser();
      assert.ok(await party.signIn(own, who.upn, PASSWORD));
      for (let i = 0; i < 10; i++) await fails(who.upn, `wrong ${i}`);
      await fails(who.upn, PASSWORD);
      const begun = await party.begin(own, { prompt: 'login' });
      const end = await own.open(begun.page.url, { username: who.upn, password: PASSWORD });
      assert.equal(end.status, 0, 'the owner is not locked out');

      await clock.pass(2 * MINUTE);
      const page = (): Promise<{ page: Page }> => party.begin(own, { prompt: 'login' });
      for (let i = 0; i < 10; i++) {
        await own.open((await page()).page.url, { username: who.upn, password: `typo ${i}` });
      }
      const locked = await own.open((await page()).page.url, { username: who.upn, password: PASSWORD });
      assert.equal(locked.status, 400, 'a familiar browser has ten tries, too');
      assert.ok(await party.signIn(new Browser(), who.upn, PASSWORD));
    });

    it('gives a burst of guesses no more tries than a queue of them', async () => {
      const who = await makeUser();
      const guesses = Array.from({ length: 20 }, (_, i) => (i === 19 ? PASSWORD : `guess ${i}`));
      const browsers = await Promise.all(
        guesses.map(async () => {
          const browser = new Browser();
          return { browser, begun: await party.begin(browser) };
        }),
      );
      await Promise.all(
        browsers
          .slice(0, 19)
          .map(({ browser, begun }, i) =>
            browser.open(begun.page.url, { username: who.upn, password: guesses[i]! }),
          ),
      );
      const { browser, begun } = browsers[19]!;
      const last = await browser.open(begun.page.url, { username: who.upn, password: PASSWORD });
      assert.equal(last.status, 400);
    });

    it('ends at once when the user is disabled: new sign-ins, the session, the pending code', async () => {
      const who = await makeUser();
      const browser = new Browser();
      assert.ok(await party.signIn(browser, who.upn, PASSWORD));
      const onItsWay = await party.begin(browser);
      assert.equal(onItsWay.page.status, 0);
      await exportObject({ ...who, enabled: false });
      await assert.rejects(party.finish(onItsWay, onItsWay.page.url), { error: 'invalid_grant' });
      const again = await party.begin(browser);
      assert.equal(again.page.status, 200, 'the session does not carry on');
      await fails(who.upn, PASSWORD);
      await exportObject(who);
      assert.ok(await party.signIn(new Browser(), who.upn, PASSWORD));
    });

    it('rejects anything but code with PKCE to a registered address', async () => {
      const plain = oidc.buildAuthorizationUrl(party.configuration, {
        redirect_uri: REDIRECT,
        scope: 'openid',
      });
      const withoutPkce = await new Browser().open(plain);
      assert.equal(withoutPkce.url.searchParams.get('error'), 'invalid_request');
      const elsewhere = await new Browser().open(
        oidc.buildAuthorizationUrl(party.configuration, {
          redirect_uri: 'https://evil.example.net/callback',
          scope: 'openid',
        }),
      );
      assert.equal(elsewhere.status, 400);
      assert.match(elsewhere.html, /invalid_redirect_uri/);
    });

    it('rejects a request with text that the database cannot hold, and raises no alarm for it', async () => {
      const alarms = () =>
        tenant()
          .log()
          .filter(({ level }) => Number(level) >= 50).length;
      const before = alarms();
      for (const name of ['state', 'nonce', 'login_hint', 'ui_locales', 'acr_values', 'display']) {
        const { page } = await party.begin(new Browser(), { [name]: 'a\0b' });
        const error = page.url.searchParams.get('error');
        assert.ok(error === 'invalid_request' || page.status === 400, `${name}: ${page.status} ${page.url}`);
      }
      assert.equal(alarms(), before);
    });

    it("sends the provider's pages with our own headers, and every answer with nosniff", async () => {
      for (const parameters of [{ prompt: 'none' }, { scope: 'x', response_type: 'token' }]) {
        const { page } = await party.begin(new Browser(), { response_mode: 'form_post', ...parameters });
        assert.match(page.html, /<form method="post" action="https:\/\/portal/);
        const policy = page.headers.get('content-security-policy')!;
        assert.match(
          policy,
          /default-src 'none'; ?script-src 'sha256-[^ ]+'; ?frame-ancestors 'none'; ?base-uri 'none'/,
        );
        assert.equal(page.headers.get('x-frame-options'), 'DENY');
        assert.equal(page.headers.get('referrer-policy'), 'strict-origin');
        assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
      }
      for (const path of ['/api/v1/status', '/nowhere', '/t/contoso/oidc/jwks', '/t/contoso/password']) {
        const { headers } = await fetch(`${tenant().url}${path}`);
        assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
        assert.equal(headers.get('strict-transport-security'), null, path);
      }
    });

    it('has no page for an impossible tenant name', async () => {
      for (const name of ['contoso%00', '%00', 'contoso%ff', 'CONTOSO', 'x'.repeat(64)]) {
        for (const page of [
          'password',
          'sign-in/x',
          'sign-in/x/password',
          'oidc/auth',
          'oidc/.well-known/openid-configuration',
        ]) {
          const { status } = await fetch(`${tenant().url}/t/${name}/${page}`);
          assert.ok(status === 404 || status === 400, `${name}/${page}: ${status}`);
        }
      }
    });

    it('rejects redirect addresses that are neither https nor http on loopback', async () => {
      for (const uri of [
        'javascript:alert(1)',
        'http://example.com/cb',
        'https://a@example.com/',
        'https://x/#f',
      ]) {
        const body = { name: 'x', redirectUris: [uri] };
        await assert.rejects(call(admin, administrationRoutes.registerApplication, { body }), {
          code: 'bad-redirect-uri',
        });
      }
    });

    it('does not continue a sign-in that this browser did not begin', async () => {
      const { page } = await party.begin(new Browser());
      const stranger = await new Browser().open(page.url);
      assert.equal(stranger.status, 400);
      assert.match(stranger.html, /This sign-in is over/);
    });

    it('forgets the failures of strangers after a day, even without a lockout', async () => {
      const failures = async (): Promise<number> => ((await tenant().dump()).match(/"wrong":/g) ?? []).length;
      for (let i = 0; i < 5; i++) await fails(`stranger${i}@corp.example.com`, 'x');
      assert.ok((await failures()) >= 5);
      await clock.pass(25 * 60 * MINUTE);
      await fails('stranger5@corp.example.com', 'x');
      assert.equal(await failures(), 1);
    });

    it('logs sign-ins, without names that may be passwords', async () => {
      await fails('hunter2-typed-as-a-name', 'x');
      const log = JSON.stringify(tenant().log());
      assert.ok(log.includes('sign-in accepted') && log.includes('sign-in refused'));
      assert.ok(!log.includes('hunter2') && !log.includes(PASSWORD));
    });
  },
  { clock },
);
