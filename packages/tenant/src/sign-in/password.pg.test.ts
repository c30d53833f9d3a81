import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes, synchronizationRoutes, userRoutes } from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { Browser, type Page, RelyingParty } from '../testing/browser.ts';
import { countDerivations } from '../testing/count-derivations.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, batchOf, credentialItem, order, person } from '../testing/people.ts';
import { enrolAgent } from '../testing/test-agent.ts';
import { FAILURE_TEXT } from './pages.ts';

const REDIRECT = 'https://portal.example.net/callback';
const NEXT = 'Another one 4 me';
/** As it appears in a page. */
const FAILURE = FAILURE_TEXT.slice(0, 40);

onEveryBackend('changing a password', tenant => {
  let admin: Send;
  let party: RelyingParty;
  let number = 0;

  const makeUser = async (): Promise<{ id: string; name: string; temporary: string }> => {
    const body = { userPrincipalName: `user${++number}@contoso.example` };
    const made = await call(admin, userRoutes.createUser, { body });
    return { id: made.id, name: made.userPrincipalName, temporary: made.temporaryPassword };
  };
  const form = (name: string, password: string, next = NEXT, repeated = next) => ({
    ...{ username: name, password, 'new-password': next, repeated },
  });
  const ownPage = () => new URL('/t/contoso/password', tenant().url);
  const change = (...fields: Parameters<typeof form>): Promise<Page> =>
    new Browser().open(ownPage(), form(...fields));
  const alertOf = ({ html }: Page): string | undefined => /role="alert"[^>]*>([^<]*)</.exec(html)?.[1];

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    const app = await call(admin, administrationRoutes.registerApplication, {
      body: { name: 'portal', redirectUris: [REDIRECT] },
    });
    party = await RelyingParty.discover(app.issuer, app.clientId, REDIRECT);
  });

  it('is required at a sign-in with a temporary password, and completes the sign-in', async () => {
    const { id, name, temporary } = await makeUser();
    const browser = new Browser();
    const begun = await party.begin(browser);
    const led = await browser.open(begun.page.url, { username: name, password: temporary });
    assert.match(led.html, /Your password is a temporary one/);
    const action = new URL(/action="([^"]*)"/.exec(led.html)![1]!, led.url);
    assert.equal(action.pathname, `${begun.page.url.pathname}/password`);
    const wrong = await browser.open(action, form(name, 'not it'));
    assert.ok(alertOf(wrong)?.startsWith(FAILURE));
    const again = await browser.open(action, form(name, temporary, temporary));
    assert.match(alertOf(again)!, /the one that you have/);
    assert.match((await browser.open(action)).html, /Your password is a temporary one/);
    const end = await browser.open(action, form(name, temporary));
    assert.equal((await party.finish(begun, end.url)).claims.sub, id);
    assert.equal((await party.signIn(new Browser(), name, NEXT))?.sub, id);
    assert.equal(await party.signIn(new Browser(), name, temporary), undefined);
  });

  it('cannot be bypassed: a temporary password gives no token, neither by session nor by code', async () => {
    const { id, name, temporary } = await makeUser();
    await change(name, temporary);
    const browser = new Browser();
    const begun = await party.begin(browser);
    const end = await browser.open(begun.page.url, { username: name, password: NEXT });
    const onItsWay = await party.begin(browser);
    await call(admin, userRoutes.resetPassword, { params: { id } });
    await assert.rejects(party.finish(begun, end.url), { code: 'OAUTH_RESPONSE_BODY_ERROR' });
    await assert.rejects(party.finish(onItsWay, onItsWay.page.url), { code: 'OAUTH_RESPONSE_BODY_ERROR' });
    assert.equal((await party.begin(browser)).page.status, 200, 'the session is asked for a password');
  });

  it('is open to every cloud-only user at an address of its own', async () => {
    const { name, temporary } = await makeUser();
    const done = await change(name, temporary);
    assert.deepEqual([done.status, /role="status"/.test(done.html)], [200, true]);
    const next = await change(name, NEXT, 'And a third one');
    assert.equal(next.status, 200);
    assert.equal((await change(name, NEXT)).status, 400);
    assert.equal((await new Browser().open(new URL('/t/nobody/password', tenant().url))).status, 404);
  });

  it('explains what is wrong with a new password only to a user who knows the current one', async () => {
    const { name, temporary } = await makeUser();
    const cases: [string, string, RegExp][] = [
      ['short 1', 'short 1', /too short: at least 8/],
      ['x'.repeat(257), 'x'.repeat(257), /too long: at most 256/],
      [temporary, temporary, /the one that you have/],
      [
        `my ${name.split('@')[0]!.toUpperCase()} pass`,
        `my ${name.split('@')[0]!.toUpperCase()} pass`,
        /user name/,
      ],
      [NEXT, 'Another one 5 me', /not the same/],
      ['', '', /too short/],
      ['nul\0 in the middle', 'nul\0 in the middle', /not every device can type/],
    ];
    for (const [next, repeated, expected] of cases) {
      const page = await change(name, temporary, next, repeated);
      assert.equal(page.status, 400);
      assert.match(alertOf(page)!, expected);
      assert.ok(alertOf(await change(name, 'not it', next, repeated))?.startsWith(FAILURE), next);
    }
    assert.equal((await change(name, temporary)).status, 200, 'one wrong password repeated counts once');
  });

  it('is denied to synchronized users, but only after the right password', async () => {
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    const who = person(1);
    const objects = { forest: FOREST, changes: [accountItem(connect, who)] };
    await call(connect.send, synchronizationRoutes.exportObjects, { body: objects });
    const credentials = batchOf([await credentialItem(who, 'On-premises 1', order(1))]);
    await call(connect.send, synchronizationRoutes.exportCredentials, { body: credentials });
    assert.ok(alertOf(await change(who.upn, 'not it'))?.startsWith(FAILURE));
    assert.match(alertOf(await change(who.upn, 'On-premises 1'))!, /in the network of your organization/);
    assert.ok(await party.signIn(new Browser(), who.upn, 'On-premises 1'));
  });

  it('accepts a current password longer than the limit for new ones', async () => {
    const { html } = await new Browser().open(new URL('/t/contoso/password', tenant().url));
    assert.match(html, /name="password"[^>]* maxlength="4096"/);
    assert.match(html, /name="new-password"[^>]* maxlength="256"/);
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    const who = person(2);
    const long = '密'.repeat(1365);
    const objects = { forest: FOREST, changes: [accountItem(connect, who)] };
    await call(connect.send, synchronizationRoutes.exportObjects, { body: objects });
    const credentials = batchOf([await credentialItem(who, long, order(1))]);
    await call(connect.send, synchronizationRoutes.exportCredentials, { body: credentials });
    const next = '新'.repeat(256);
    assert.match(alertOf(await change(who.upn, long, next))!, /in the network of your organization/);
  });

  it('gives one answer at the price of one PBKDF2, and counts like a sign-in', async () => {
    const [good, disabled, locked] = [await makeUser(), await makeUser(), await makeUser()];
    const params = { id: disabled.id };
    await call(admin, userRoutes.setUserEnabled, { params, body: { enabled: false } });
    for (let i = 0; i < 5; i++) {
      await change(locked.name, `wrong ${i}`);
      await party.signIn(new Browser(), locked.name, `wrong too ${i}`);
    }
    const cases: [string, string, string][] = [
      ['wrong password', good.name, 'not it'],
      ['unknown', 'nobody@contoso.example', good.temporary],
      ['disabled', disabled.name, disabled.temporary],
      ['locked', locked.name, locked.temporary],
    ];
    const answers = new Set<string>();
    for (const [why, name, password] of cases) {
      const derivations = await countDerivations(async () => {
        const page = await change(name, password);
        answers.add(`${page.status} ${page.html.replace(/value="[^"]*"/, '')}`);
      });
      assert.equal(derivations, 1, why);
    }
    assert.deepEqual(
      [...answers].map(answer => answer.includes(FAILURE)),
      [true],
    );
  });

  it('has a page without scripts, that nothing can frame, with labels and the fields that it needs', async () => {
    const page = await new Browser().open(ownPage(), form('"><script>alert(1)</script>', 'x'));
    assert.doesNotMatch(page.html, /<script/);
    for (const [id, label] of [
      ['username', 'User name'],
      ['password', 'Current password'],
      ['new-password', 'New password'],
      ['repeated', 'New password again'],
    ]) {
      assert.ok(page.html.includes(`<label for="${id}">${label}</label>`), id);
    }
    assert.match(
      page.html,
      /id="new-password"[^>]*autocomplete="new-password"[^>]*aria-describedby="failure rules"/s,
    );
    const policy = page.headers.get('content-security-policy')!;
    assert.match(policy, /default-src 'none'.*form-action 'self'; frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /script-src|unsafe/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
  });

  it('does not continue a sign-in that this browser did not begin', async () => {
    const { name, temporary } = await makeUser();
    const begun = await party.begin(new Browser());
    const url = new URL(`${begun.page.url.pathname}/password`, begun.page.url);
    const page = await new Browser().open(url, form(name, temporary));
    assert.match(page.html, /This sign-in is over/);
    assert.equal((await change(name, temporary)).status, 200, 'the password is still the temporary one');
  });
});
