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
import { chromium, type Page } from 'playwright-core';
import { freshStage } from '../places/fresh-stage.ts';
import { runCliJson } from '../places/run-cli.ts';

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

interface Opened {
  readonly page: Page;
  readonly state: string;
  /** The browser's complaints. */
  readonly complaints: string[];
}

/** Opens the sign-in page as the web application sends a browser there. */
async function openSignIn(): Promise<Opened> {
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
  return { page, state, complaints };
}

async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('Password').fill(password);
  await page.getByLabel('User name').fill(name);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Asserts that the browser is back at the application with a code, and that each page kept to its own content security policy. */
async function hasSignedIn({ page, state, complaints }: Opened): Promise<void> {
  await page.getByText('signed in', { exact: true }).waitFor();
  const returned = new URL(page.url());
  assert.equal(`${returned.origin}${returned.pathname}`, party.redirectUri);
  assert.equal(returned.searchParams.get('state'), state);
  assert.ok(returned.searchParams.get('code'));
  assert.deepEqual(
    complaints.filter(text => /content security policy/i.test(text)),
    [],
  );
}

test('a user signs in with a browser after a wrong password', { timeout: 60_000 }, async () => {
  const opened = await openSignIn();
  const { page } = opened;
  await signIn(page, administrator.userPrincipalName, 'a wrong one');
  await page.getByRole('alert').waitFor();
  assert.ok(page.url().startsWith(stage.tenantUrl), 'a wrong password does not leave the page');
  await signIn(page, administrator.userPrincipalName, administrator.password);
  await hasSignedIn(opened);
});

test('a user changes a temporary password on the way, and signs in with the new one', {
  timeout: 60_000,
}, async () => {
  const name = 'carla@contoso.example';
  const { temporaryPassword } = await runCliJson<{ temporaryPassword: string }>([
    ...['tenant', 'user', 'create', name],
    ...stage.remote,
  ]);
  const opened = await openSignIn();
  const { page } = opened;
  await signIn(page, name, temporaryPassword);
  await page.getByRole('heading', { name: /Change your password/ }).waitFor();
  const change = async (next: string): Promise<void> => {
    await page.getByLabel('Current password').fill(temporaryPassword);
    await page.getByLabel('New password', { exact: true }).fill(next);
    await page.getByLabel('New password again').fill(next);
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await change('short');
  await page.getByRole('alert').filter({ hasText: 'too short' }).waitFor();
  assert.equal(await page.getByLabel('User name').inputValue(), name);
  await change('Chosen by Carl4');
  await hasSignedIn(opened);

  const again = await openSignIn();
  await signIn(again.page, name, 'Chosen by Carl4');
  await hasSignedIn(again);
});
