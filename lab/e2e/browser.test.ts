import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import {
  allowInsecureRequests,
  buildAuthorizationUrl,
  Configuration,
  calculatePKCECodeChallenge,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { chromium } from 'playwright-core';
import { freshStage } from '../places/fresh-stage.ts';

const stage = await freshStage({ databaseUrl: process.env.DATABASE_URL });
const administrator = await stage.openTenant();
const party = await stage.registerApplication();
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
/** The web application that the sign-in returns to. */
const application = createServer((_request, reply) => reply.end('<h1>signed in</h1>'));
await new Promise<void>(resolve =>
  application.listen(Number(new URL(party.redirectUri).port), '127.0.0.1', resolve),
);

after(async () => {
  await browser.close();
  application.close();
  await stage.close();
});

test('a person signs in with a browser, after a wrong password', { timeout: 60_000 }, async () => {
  const authorization = new Configuration(
    { issuer: party.issuer, authorization_endpoint: `${party.issuer}/auth` },
    party.clientId,
  );
  allowInsecureRequests(authorization);
  const state = randomState();
  const url = buildAuthorizationUrl(authorization, {
    redirect_uri: party.redirectUri,
    scope: 'openid',
    code_challenge: await calculatePKCECodeChallenge(randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
    state,
  });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(url.href);
  const signIn = async (password: string): Promise<void> => {
    await page.locator('input[type=password]').fill(password);
    await page.locator('input[type=text], input[type=email]').fill(administrator.userPrincipalName);
    await page.locator('button, input[type=submit]').first().click();
  };
  await signIn('a wrong one');
  await page.locator('[role=alert]').waitFor();
  assert.ok(page.url().startsWith(stage.tenantUrl), 'a wrong password does not leave the page');
  await signIn(administrator.password);
  await page.getByText('signed in', { exact: true }).waitFor();
  const returned = new URL(page.url());
  assert.equal(`${returned.origin}${returned.pathname}`, party.redirectUri);
  assert.equal(returned.searchParams.get('state'), state);
  assert.ok(returned.searchParams.get('code'));
  const policy = complaints.filter(text => /content security policy/i.test(text));
  assert.deepEqual(policy, [], 'the page keeps within its own content security policy');
});
