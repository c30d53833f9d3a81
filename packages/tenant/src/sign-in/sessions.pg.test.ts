import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes, userRoutes } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { sql } from 'kysely';
import * as oidc from 'openid-client';
import { applyObject, applyPassword, applyWithdrawal } from '../testing/apply.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { Browser, RelyingParty } from '../testing/browser.ts';
import { type Person, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestTenant } from '../testing/test-tenant.ts';

const PASSWORD = 'Corréct horse 1!';
const REDIRECT = 'https://portal.example.net/callback';
const PAST = '2020-01-01T00:00:00.000Z';
/** It starts at the machine's time, which oidc-provider uses. */
const clock = new HandClock(Date.now());

const sessions = (tenant: () => TestTenant): void => {
  let admin: Send;
  let connect: TestAgent;
  let party: RelyingParty;
  let number = 0;

  const exportObject = (who: Person, deleted?: boolean) => applyObject(connect, who, deleted);
  const exportPassword = (who: Person, version: number) => applyPassword(connect, who, PASSWORD, version);
  const withdraw = (who: Person, version: number) => applyWithdrawal(connect, who, version);
  const block = (who: Person, blocked: boolean) =>
    call(admin, userRoutes.setUserBlocked, { params: { id: who.anchor }, body: { blocked } });
  const makeUser = async (change: Partial<Person> = {}): Promise<Person> => {
    const who = person(++number, change);
    await exportObject(who);
    await exportPassword(who, 5);
    return who;
  };
  /** A user who has signed in: a browser with a session, an access token, and a pending code. */
  const signIn = async (name: string, password = PASSWORD) => {
    const browser = new Browser();
    const begun = await party.begin(browser);
    const end = await browser.open(begun.page.url, { username: name, password });
    const { claims, accessToken } = await party.finish(begun, end.url);
    const onItsWay = await party.begin(browser);
    assert.equal(onItsWay.page.status, 0, 'the session is there');
    return { browser, sub: claims.sub, accessToken, onItsWay };
  };
  type Session = Awaited<ReturnType<typeof signIn>>;
  const info = ({ accessToken, sub }: Session) => oidc.fetchUserInfo(party.configuration, accessToken, sub);
  const lives = async (session: Session): Promise<void> => {
    assert.equal((await party.begin(session.browser)).page.status, 0);
    assert.equal((await info(session)).sub, session.sub);
  };
  const isOver = async (session: Session, why: string): Promise<void> => {
    assert.equal((await party.begin(session.browser)).page.status, 200, `${why}: the browser is asked`);
    await assert.rejects(info(session), why);
    await assert.rejects(party.finish(session.onItsWay, session.onItsWay.page.url), why);
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    const app = await call(admin, administrationRoutes.registerApplication, {
      body: { name: 'portal', redirectUris: [REDIRECT] },
    });
    party = await RelyingParty.discover(app.issuer, app.clientId, REDIRECT);
  });

  it('survive what revokes nothing: the same password again, the same user again, an expiry far ahead', async () => {
    const who = await makeUser();
    const session = await signIn(who.upn);
    await exportPassword(who, 5).catch(() => undefined);
    await exportObject(who);
    await exportObject({ ...who, expires: '2090-01-01T00:00:00.000Z' });
    await lives(session);
  });

  const endings: Record<string, (who: Person) => Promise<void>> = {
    'a newer password': who => exportPassword(who, 6),
    "a withdrawal, and the same person's next password": async who => {
      await withdraw(who, 6);
      await exportPassword(who, 7);
    },
    'an older password that an administrator accepted': async who => {
      await call(admin, administrationRoutes.acceptPasswordOrder, { params: { id: who.upn } });
      await exportPassword(who, 2);
    },
    'disabling, even if the user is enabled again': async who => {
      await exportObject({ ...who, enabled: false });
      await exportObject(who);
    },
    'a block, even if it is lifted again': async who => {
      await block(who, true);
      await block(who, false);
    },
    'an expiry, even if it is removed afterwards': async who => {
      await exportObject({ ...who, expires: PAST });
      await exportObject({ ...who, expires: null });
    },
    'an expiry date that changed without a record': async who => {
      const { database } = tenant().running;
      const moved = { account_expires: new Date('2090-01-01T00:00:00Z') };
      await database.updateTable('users').set(moved).where('source_anchor', '=', who.anchor).execute();
    },
    'a deletion, even if the user is restored with the same password': async who => {
      await exportObject(who, true);
      await exportObject(who);
      await exportPassword(who, 5);
    },
  };
  for (const [why, end] of Object.entries(endings)) {
    it(`end for good with ${why}`, async () => {
      const who = await makeUser();
      const session = await signIn(who.upn);
      await end(who);
      await isOver(session, why);
      await lives(await signIn(who.upn));
      await isOver(session, why);
    });
  }

  it('end for good when the account expires meanwhile, found at the next use or by the next change', async () => {
    for (const used of [true, false]) {
      const who = await makeUser({ expires: new Date(clock.now() + 60_000).toISOString() });
      const session = await signIn(who.upn);
      await clock.pass(60_000);
      if (used) assert.equal((await party.begin(session.browser)).page.status, 200);
      await exportObject({ ...who, expires: null });
      await isOver(session, used ? 'used while expired' : 'not used while expired');
    }
  });

  it('are not opened by a password that was changed before the browser came back', async () => {
    const who = await makeUser();
    const browser = new Browser();
    const begun = await party.begin(browser);
    const { url } = await browser.open(begun.page.url, { username: who.upn, password: PASSWORD }, () => true);
    await exportPassword(who, 6);
    const back = await browser.open(url);
    await assert.rejects(party.finish(begun, back.url), 'the code opens nothing');
    assert.equal((await party.begin(browser)).page.status, 200, 'there is no session');
  });

  it('of cloud-only users end with a change and a reset of the password; the change opens a new one', async () => {
    const made = await call(admin, userRoutes.createUser, {
      body: { userPrincipalName: 'c@contoso.example' },
    });
    const change = async (browser: Browser, url: URL, before: string, next: string) =>
      browser.open(url, {
        username: 'c@contoso.example',
        password: before,
        'new-password': next,
        repeated: next,
      });
    const own = new URL('/t/contoso/password', tenant().url);
    const browser = new Browser();
    const begun = await party.begin(browser);
    const inSignIn = new URL(`${begun.page.url.pathname}/password`, begun.page.url);
    const back = await change(browser, inSignIn, made.temporaryPassword, PASSWORD);
    await party.finish(begun, back.url);
    assert.equal((await party.begin(browser)).page.status, 0, 'the change opened a session');

    const before = await signIn('c@contoso.example');
    assert.equal((await change(new Browser(), own, PASSWORD, 'Another one 4 me')).status, 200);
    await isOver(before, 'changed');
    const after = await signIn('c@contoso.example', 'Another one 4 me');
    await call(admin, userRoutes.resetPassword, { params: { id: made.id } });
    await isOver(after, 'reset');
  });

  it('of a release without epochs are over', async () => {
    const who = await makeUser();
    const session = await signIn(who.upn);
    await sql`update oidc_payloads set payload = payload - 'epoch' where model = 'Session'`.execute(
      tenant().running.database,
    );
    await isOver(session, 'of before');
  });

  it('are never renewed: no refresh token is issued or accepted', async () => {
    const who = await makeUser();
    const browser = new Browser();
    const begun = await party.begin(browser, { scope: 'openid offline_access' });
    const end = await browser.open(begun.page.url, { username: who.upn, password: PASSWORD });
    const tokens = await oidc.authorizationCodeGrant(party.configuration, end.url, {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
    });
    assert.equal(tokens.refresh_token, undefined);
    const metadata = party.configuration.serverMetadata();
    assert.deepEqual(
      metadata.grant_types_supported?.filter(type => /refresh/.test(type)),
      [],
    );
    assert.ok(!metadata.scopes_supported?.includes('offline_access'));
    const refused = oidc.refreshTokenGrant(party.configuration, 'x'.repeat(43));
    await assert.rejects(refused, { error: 'unsupported_grant_type' });
  });

  it('end when an administrator blocks the user, and no password, export or return undoes the block', async () => {
    const who = await makeUser();
    const session = await signIn(who.upn);
    const status = () => call(admin, administrationRoutes.getUser, { params: { id: who.anchor } });
    assert.equal((await status()).blockedAt, undefined);
    await block(who, true);
    await isOver(session, 'blocked');
    const tries: (() => Promise<void>)[] = [
      async () => undefined,
      () => exportPassword(who, 6),
      () => exportObject({ ...who, enabled: true }),
      async () => {
        await exportObject(who, true);
        await exportObject(who);
        await exportPassword(who, 7);
      },
    ];
    for (const attempt of tries) {
      await attempt();
      assert.equal(await party.signIn(new Browser(), who.upn, PASSWORD), undefined);
    }
    assert.ok((await status()).blockedAt);
    assert.equal((await call(admin, administrationRoutes.getTenantStatus)).blocked, 1);
    await block(who, false);
    await lives(await signIn(who.upn));
    assert.equal((await call(admin, administrationRoutes.getTenantStatus)).blocked, undefined);
  });
};

onEveryBackend('sessions', sessions, { clock });
