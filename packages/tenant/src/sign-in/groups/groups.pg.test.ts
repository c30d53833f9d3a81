import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes, applicationRoutes, groupRoutes } from '@causeway/contract';
import * as oidc from 'openid-client';
import { applyObject, applyPassword } from '../../testing/apply.ts';
import { onEveryBackend } from '../../testing/backends.ts';
import { Browser, RelyingParty } from '../../testing/browser.ts';
import { insertGroup, insertGroups, insertMembership, insertMemberships } from '../../testing/group-rows.ts';
import { type Person, person } from '../../testing/people.ts';
import { enrolAgent, type TestAgent } from '../../testing/test-agent.ts';
import { MAX_GROUPS_IN_PAGE, MAX_GROUPS_IN_TOKEN } from './groups-claim.ts';

const PASSWORD = 'Corréct horse 1!';
const REDIRECT = 'https://portal.example.net/callback';

onEveryBackend('groups at sign-in', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let number = 0;

  const database = () => tenant().running.database;
  const group = (name: string, columns: Parameters<typeof insertGroup>[3] = {}) =>
    insertGroup(database(), connect.tenantId, name, columns);
  const put = (id: string, ...references: string[]) =>
    insertMemberships(database(), connect.tenantId, id, references);
  const takeOut = (id: string) => database().deleteFrom('memberships').where('group_id', '=', id).execute();
  const makeUser = async (): Promise<Person> => {
    const who = person(++number);
    await applyObject(connect, who);
    await applyPassword(connect, who, PASSWORD, 2);
    return who;
  };
  const register = async (more: { groups?: 'ids' | 'names'; forGroup?: string } = {}) => {
    const body = { name: 'portal', redirectUris: [REDIRECT], ...more };
    const app = await call(admin, administrationRoutes.registerApplication, { body });
    return { ...app, party: await RelyingParty.discover(app.issuer, app.clientId, REDIRECT) };
  };
  const signIn = async (party: RelyingParty, who: Person) => {
    const browser = new Browser();
    const begun = await party.begin(browser);
    const end = await browser.open(begun.page.url, { username: who.upn, password: PASSWORD });
    return { browser, ...(await party.finish(begun, end.url)) };
  };
  const info = (
    party: RelyingParty,
    { accessToken, claims }: { accessToken: string; claims: oidc.IDToken },
  ) => oidc.fetchUserInfo(party.configuration, accessToken, claims.sub);
  const refusedWith = (url: URL): [string | null, string | null] => [
    url.searchParams.get('error'),
    url.searchParams.get('code'),
  ];

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
  });

  it('reach an application that asks for them, nested ones too, in the ID token and at userinfo', async () => {
    const who = await makeUser();
    const [inner, outer] = [await group('Inner'), await group('Outer')];
    const list = await group('List', { security_enabled: false });
    const behind = await group('Behind the list');
    await put(inner, who.anchor);
    await put(outer, `anchor-of-${inner}`);
    await put(list, who.anchor);
    await put(behind, `anchor-of-${list}`);
    const own = await call(admin, groupRoutes.createGroup, { body: { displayName: 'Own & good' } });
    await call(admin, groupRoutes.addGroupMember, { params: { group: own.id }, body: { user: who.upn } });

    const byId = await register({ groups: 'ids' });
    const signedIn = await signIn(byId.party, who);
    assert.deepEqual(signedIn.claims.groups, [inner, outer, own.id]);
    assert.deepEqual((await info(byId.party, signedIn)).groups, [inner, outer, own.id]);
    const byName = await register({ groups: 'names' });
    assert.deepEqual((await signIn(byName.party, who)).claims.groups, [
      'CORP\\Inner',
      'CORP\\Outer',
      'Own & good',
    ]);
    const silent = await register();
    assert.equal((await signIn(silent.party, who)).claims.groups, undefined);
    const nobody = await makeUser();
    assert.deepEqual((await signIn(byId.party, nobody)).claims.groups, []);

    const change = { params: { id: byId.clientId }, body: { groups: null } };
    await call(admin, applicationRoutes.changeApplication, change);
    assert.equal((await info(byId.party, signedIn)).groups, undefined);
  });

  it('have a name that no other forest or domain can give to its own groups', async () => {
    const { party } = await register({ groups: 'names' });
    const who = await makeUser();
    const [finance, twin] = [await group('Finance'), await group('Twin')];
    await put(finance, who.anchor);
    await put(twin, who.anchor);
    await group('Twin of another domain', { sam_account_name: 'TWIN' });
    assert.deepEqual((await signIn(party, who)).claims.groups, ['CORP\\Finance', twin]);
    const other = await group('Payroll', { forest: 'corp.fabrikam.example', deleted_at: new Date() });
    assert.deepEqual((await signIn(party, who)).claims.groups, ['corp.example.com\\Finance', twin]);
    const short = await group('Finance', { forest: 'corp' });
    await put(short, 'S-1-5-21-7-7-7-1100');
    const users = database().updateTable('users').where('source_anchor', '=', who.anchor);
    await users.set({ security_identifier: 'S-1-5-21-7-7-7-1100' }).execute();
    const { groups } = (await signIn(party, who)).claims;
    assert.deepEqual((groups as string[]).sort(), ['corp.example.com\\Finance', short, twin].sort());
    await database().deleteFrom('memberships').where('group_id', '=', short).execute();
    await database().deleteFrom('groups').where('id', 'in', [other, short]).execute();
  });

  it('are available at a separate address if they do not fit into a token', async () => {
    const { party, issuer } = await register({ groups: 'ids' });
    const who = await makeUser();
    const ids: string[] = [];
    const joinMore = async (count: number): Promise<void> => {
      const names = Array.from(
        { length: count },
        (_, i) => `Many ${String(ids.length + i).padStart(5, '0')}`,
      );
      const made = await insertGroups(database(), connect.tenantId, names);
      await insertMembership(database(), connect.tenantId, made, who.anchor);
      ids.push(...made);
    };
    await joinMore(MAX_GROUPS_IN_TOKEN);
    assert.deepEqual((await signIn(party, who)).claims.groups, ids);
    await joinMore(1);
    const signedIn = await signIn(party, who);
    const pointer = {
      _claim_names: { groups: 'groups' },
      _claim_sources: { groups: { endpoint: `${issuer}/groups` } },
    };
    for (const claims of [signedIn.claims, await info(party, signedIn)]) {
      const { groups, _claim_names, _claim_sources } = claims;
      assert.deepEqual({ groups, _claim_names, _claim_sources }, { groups: undefined, ...pointer });
    }
    const ask = (url: string, token = signedIn.accessToken) =>
      fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const answer = await ask(`${issuer}/groups`);
    assert.equal(answer.headers.get('content-type'), 'application/jwt');
    const jwt = await answer.text();
    const claims = await verified(party, jwt);
    assert.deepEqual([claims.groups, claims.sub, claims.iss], [ids, signedIn.claims.sub, issuer]);
    assert.equal(claims.aud, undefined, 'nobody takes it for an ID token');
    assert.equal(answer.headers.get('link'), null);

    await joinMore(MAX_GROUPS_IN_PAGE - ids.length + 1);
    const first = await ask(`${issuer}/groups`);
    const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link')!)![1]!;
    const second = await ask(next);
    const pages = [await verified(party, await first.text()), await verified(party, await second.text())];
    assert.deepEqual(
      pages.map(({ groups }) => (groups as string[]).length),
      [MAX_GROUPS_IN_PAGE, 1],
    );
    assert.deepEqual(
      pages.flatMap(({ groups }) => groups),
      ids,
    );

    assert.equal((await ask(`${issuer}/groups?after=nonsense`)).status, 400);
    assert.equal((await ask(`${issuer}/groups`, 'x'.repeat(43))).status, 401);
    assert.equal((await fetch(`${issuer}/groups`)).status, 401);
    const silent = await register();
    const { accessToken } = await signIn(silent.party, who);
    assert.equal((await ask(`${issuer}/groups`, accessToken)).status, 403);
    await applyPassword(connect, who, 'Another one 4 me', 3);
    assert.equal((await ask(`${issuer}/groups`)).status, 401, 'the session is over');
  });

  async function verified(party: RelyingParty, jwt: string): Promise<Record<string, unknown>> {
    const { keys } = (await (await fetch(party.configuration.serverMetadata().jwks_uri!)).json()) as {
      keys: Record<string, string>[];
    };
    const [header, payload, signature] = jwt.split('.') as [string, string, string];
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    const key = keys.find(({ kid }) => kid === read(header).kid)!;
    const signed = Buffer.from(`${header}.${payload}`);
    const publicKey = createPublicKey({ key, format: 'jwk' });
    assert.ok(verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url')));
    return read(payload);
  }

  it('admit only their members, nested ones too; others see a page, and the application gets access_denied', async () => {
    const [inner, outer] = [await group('Staff'), await group('All staff')];
    const { party } = await register({ forGroup: 'all STAFF' });
    const [member, other] = [await makeUser(), await makeUser()];
    await put(inner, member.anchor);
    await put(outer, `anchor-of-${inner}`);
    await signIn(party, member);

    const browser = new Browser();
    const begun = await party.begin(browser);
    const refused = await browser.open(begun.page.url, { username: other.upn, password: PASSWORD });
    assert.equal(refused.status, 403);
    assert.match(refused.html, /portal is for members of a group that you are not in\. You are signed in as/);
    assert.match(refused.html, /href="\/t\/contoso\/oidc\/session\/end"/);
    assert.doesNotMatch(refused.html, /<script|All staff/);
    assert.match(refused.headers.get('content-security-policy')!, /form-action 'self' https:\/\/portal/);
    const back = await browser.open(refused.url, {});
    assert.deepEqual(refusedWith(back.url), ['access_denied', null]);
    assert.equal(back.url.origin, 'https://portal.example.net');
    assert.equal(back.url.searchParams.get('state'), begun.state);
    assert.ok(
      tenant()
        .log()
        .some(({ msg, level }) => /not in a group/.test(String(msg)) && level),
    );

    const again = await party.begin(browser);
    assert.match(again.page.html, /No access/, 'with an open session, too');
    const silent = await party.begin(browser, { prompt: 'none' });
    assert.deepEqual(refusedWith(silent.page.url), ['access_denied', null]);
    const { party: open } = await register();
    assert.equal((await open.begin(browser)).page.status, 0, 'the session is good for other applications');
  });

  it('end the codes, access tokens and authorizations of a member who leaves, until they return', async () => {
    const staff = await group('Leavers');
    const { party, issuer } = await register({ forGroup: staff, groups: 'ids' });
    const who = await makeUser();
    await put(staff, who.anchor);
    const session = await signIn(party, who);
    assert.deepEqual((await info(party, session)).groups, [staff]);
    const onItsWay = await party.begin(session.browser);
    assert.equal(onItsWay.page.status, 0);
    const headers = { authorization: `Bearer ${session.accessToken}` };
    assert.equal((await fetch(`${issuer}/groups`, { headers })).status, 200);

    await takeOut(staff);
    await assert.rejects(info(party, session));
    await assert.rejects(party.finish(onItsWay, onItsWay.page.url), { error: 'invalid_grant' });
    assert.match((await party.begin(session.browser)).page.html, /No access/);
    assert.equal((await fetch(`${issuer}/groups`, { headers })).status, 401);

    await put(staff, who.anchor);
    assert.equal((await party.begin(session.browser)).page.status, 0);
  });

  it('admit nobody once they are deleted or give no rights any more', async () => {
    const own = await call(admin, groupRoutes.createGroup, { body: { displayName: 'Project' } });
    const who = await makeUser();
    await call(admin, groupRoutes.addGroupMember, { params: { group: own.id }, body: { user: who.upn } });
    const app = await register({ forGroup: 'Project' });
    const { browser } = await signIn(app.party, who);
    const isIn = async () => (await app.party.begin(browser)).page.status === 0;
    await call(admin, groupRoutes.deleteGroup, { params: { group: own.id } });
    assert.equal(await isIn(), false);
    const listed = async () => {
      const { applications } = await call(admin, applicationRoutes.listApplications);
      return applications.find(({ clientId }) => clientId === app.clientId)?.forGroup;
    };
    assert.deepEqual(await listed(), { id: own.id, displayName: 'Project', usable: false });

    const synchronized = await group('Was security');
    await put(synchronized, who.anchor);
    const set = (forGroup: string | null) =>
      call(admin, applicationRoutes.changeApplication, { params: { id: app.clientId }, body: { forGroup } });
    await set(synchronized);
    assert.deepEqual([await isIn(), (await listed())?.usable], [true, true]);
    const groups = database().updateTable('groups').where('id', '=', synchronized);
    await groups.set({ security_enabled: false }).execute();
    assert.deepEqual([await isIn(), (await listed())?.usable], [false, false]);
    await assert.rejects(set('Was security'), { code: 'distribution-group' });
    await assert.rejects(set('No such'), { code: 'no-such-group' });
    await assert.rejects(register({ forGroup: 'AAD DC Administrators' }), { code: 'special-group' });
    await set(null);
    assert.deepEqual([await isIn(), await listed()], [true, undefined]);
  });
});
