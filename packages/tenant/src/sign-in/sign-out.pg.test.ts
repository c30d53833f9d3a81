import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes, applicationRoutes } from '@causeway/contract';
import * as oidc from 'openid-client';
import { onEveryBackend } from '../testing/backends.ts';
import { Browser, type Page, RelyingParty } from '../testing/browser.ts';

const REDIRECT = 'https://portal.example.net/callback';
const GOODBYE = 'https://portal.example.net/goodbye';
const ADMIN = 'admin@contoso.example.net';

onEveryBackend('sign-out', tenant => {
  let admin: Send;
  let password: string;
  let issuer: string;
  let party: RelyingParty;
  let other: RelyingParty;

  const register = async (more: { secret?: boolean } = {}) =>
    call(admin, administrationRoutes.registerApplication, {
      body: { name: 'portal', redirectUris: [REDIRECT], postLogoutRedirectUris: [GOODBYE], ...more },
    });
  const signIn = async (at = party) => {
    const browser = new Browser();
    const begun = await at.begin(browser);
    const end = await browser.open(begun.page.url, { username: ADMIN, password });
    const tokens = await at.finish(begun, end.url);
    return { browser, ...tokens };
  };
  const info = (accessToken: string, sub: string) =>
    oidc.fetchUserInfo(party.configuration, accessToken, sub);
  const signOutUrl = (parameters: Record<string, string> = {}) =>
    oidc.buildEndSessionUrl(party.configuration, parameters);
  const confirm = (browser: Browser, { url, html }: Page): Promise<Page> => {
    const action = new URL(/action="([^"]*)"/.exec(html)![1]!, url);
    return browser.open(action, { xsrf: /name="xsrf" value="([^"]*)"/.exec(html)![1]!, logout: 'yes' });
  };

  before(async () => {
    const made = await tenant().createTenant('contoso');
    admin = made.send;
    password = made.created.administratorPassword;
    const app = await register();
    issuer = app.issuer;
    party = await RelyingParty.discover(issuer, app.clientId, REDIRECT);
    other = await RelyingParty.discover(issuer, (await register()).clientId, REDIRECT);
  });

  it('asks first, on a page without scripts that nothing can frame, then ends the session and its tokens', async () => {
    const { browser, accessToken, claims } = await signIn();
    const asked = await browser.open(signOutUrl());
    assert.equal(asked.status, 200);
    assert.match(asked.html, /<h1>Sign out of contoso<\/h1>/);
    assert.doesNotMatch(asked.html, /<script/);
    const policy = asked.headers.get('content-security-policy')!;
    assert.match(policy, /default-src 'none'.*form-action 'self'; frame-ancestors 'none'/);
    assert.equal((await party.begin(browser)).page.status, 0, 'asking ends nothing');
    const done = await confirm(browser, await browser.open(signOutUrl()));
    assert.match(done.html, /You are signed out here/);
    assert.match(done.headers.get('content-security-policy')!, /default-src 'none'/);
    assert.equal((await party.begin(browser)).page.status, 200);
    await assert.rejects(info(accessToken, claims.sub));
  });

  it('returns only to an address that the application registered', async () => {
    const { browser } = await signIn();
    const there = { post_logout_redirect_uri: GOODBYE, state: 'x' };
    const asked = await browser.open(signOutUrl(there));
    assert.match(
      asked.headers.get('content-security-policy')!,
      /form-action 'self' https:\/\/portal\.example\.net;/,
    );
    assert.equal((await confirm(browser, asked)).url.href, `${GOODBYE}?state=x`);
    const elsewhere = await browser.open(
      signOutUrl({ post_logout_redirect_uri: 'https://evil.example.net/' }),
    );
    assert.equal(elsewhere.status, 400);
  });

  it('rejects an answer to a question that this browser was not asked', async () => {
    const mine = await signIn();
    const stranger = await signIn();
    const asked = await stranger.browser.open(signOutUrl());
    await mine.browser.open(signOutUrl());
    assert.equal((await confirm(mine.browser, asked)).status, 400);
    assert.equal((await party.begin(mine.browser)).page.status, 0);
  });

  it('lets a page of the provider run its own script and no other', async () => {
    const { html, headers } = await new Browser().open(signOutUrl());
    assert.match(html, /<script>/);
    const policy = headers.get('content-security-policy')!;
    assert.match(policy, /default-src 'none'; ?script-src 'sha256-[^']+'; ?frame-ancestors 'none'/);
  });

  it('revokes an access token only for the application that it was issued to', async () => {
    const { accessToken, claims } = await signIn();
    await oidc.tokenRevocation(other.configuration, accessToken).catch(() => undefined);
    assert.equal((await info(accessToken, claims.sub)).sub, claims.sub);
    await oidc.tokenRevocation(party.configuration, accessToken);
    await assert.rejects(info(accessToken, claims.sub));
  });

  it("accepts an application's secret only in the header, and stores only its digest", async () => {
    const { clientId, clientSecret } = await register({ secret: true });
    assert.ok(clientSecret !== undefined && clientSecret.length === 43);
    const dump = await tenant().dump();
    assert.ok(!dump.includes(clientSecret), 'the secret is not kept');
    const digest = /"secret_digest":"([0-9a-f]{64})"/.exec(dump)![1]!;
    const as = async (authentication: oidc.ClientAuth) => {
      const own = await RelyingParty.discover(issuer, clientId, REDIRECT, authentication);
      return signIn(own);
    };
    assert.ok((await as(oidc.ClientSecretBasic(clientSecret))).claims);
    for (const wrong of [
      oidc.None(),
      oidc.ClientSecretPost(clientSecret),
      oidc.ClientSecretBasic(digest),
      oidc.ClientSecretBasic('x'.repeat(43)),
    ]) {
      await assert.rejects(as(wrong), { status: 401 });
    }
  });

  it("revokes an application's tokens when the application is removed", async () => {
    const { clientId } = await register();
    const own = await RelyingParty.discover(issuer, clientId, REDIRECT);
    const { accessToken, claims } = await signIn(own);
    await info(accessToken, claims.sub);
    await call(admin, applicationRoutes.removeApplication, { params: { id: clientId } });
    await assert.rejects(info(accessToken, claims.sub));
    assert.equal((await own.begin(new Browser())).page.status, 400);
  });
});
