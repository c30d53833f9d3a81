import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { call } from '@causeway/api';
import {
  administrationRoutes,
  groupRoutes,
  lossRoutes,
  managedDomainRoutes,
  userRoutes,
} from '@causeway/contract';
import { ntHash } from '@causeway/credentials';
import { CLOUD_FOREST } from '@causeway/records';
import { Browser, RelyingParty } from '@causeway/tenant/testing';
import { World } from './world.ts';

const TENANT = 'contoso';
const world = await World.make();
after(() => world.close());
const { tenant, domain } = world;

/** A cloud-only user and the current password. */
interface Cloud {
  readonly id: string;
  readonly upn: string;
  password: string;
}

async function change(who: Cloud, next: string): Promise<void> {
  const form = { username: who.upn, password: who.password, 'new-password': next, repeated: next };
  const url = `${tenant.url}/t/${TENANT}/password`;
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  assert.equal(response.status, 200, await response.text());
  who.password = next;
}

async function make(name: string): Promise<Cloud> {
  const upn = `${name}@contoso.example`;
  const made = await call(tenant.administrator, userRoutes.createUser, { body: { userPrincipalName: upn } });
  const who = { id: made.id, upn, password: made.temporaryPassword };
  await change(who, 'Made.Up.Horse1');
  return who;
}

/** The names of the enabled cloud-only users whose current password the managed domain has. */
const inDomain = (...people: Cloud[]): string[] => {
  const accounts = new Map(
    domain.accounts().flatMap(one => (one.forest === CLOUD_FOREST ? [[one.anchor, one] as const] : [])),
  );
  const has = ({ id, password }: Cloud) => {
    const account = accounts.get(id);
    return account?.enabled && account.ntHash && Buffer.from(ntHash(password)).equals(account.ntHash);
  };
  return people.filter(has).map(({ upn }) => upn);
};

test('the managed domain tells a restored tenant which cloud-only users changed since, and their sessions end', async () => {
  const body = { fingerprint: await domain.fingerprint() };
  await call(tenant.administrator, managedDomainRoutes.trustDomain, { body });
  const redirect = 'https://portal.example.net/callback';
  const app = { name: 'portal', redirectUris: [redirect] };
  const { issuer, clientId } = await call(tenant.administrator, administrationRoutes.registerApplication, {
    body: app,
  });
  const party = await RelyingParty.discover(issuer, clientId, redirect);
  const signIn = async ({ upn, password }: Cloud) => {
    const browser = new Browser();
    assert.ok(await party.signIn(browser, upn, password), upn);
    return async () => (await party.begin(browser)).page.status === 0;
  };
  const newer = async () =>
    (await call(tenant.administrator, administrationRoutes.getTenantStatus)).newerInDomain?.people.map(
      ({ userPrincipalName, what }) => [userPrincipalName, what],
    );

  const [ann, bob, cid] = [await make('ann'), await make('bob'), await make('cid')];
  await world.quiet();
  assert.deepEqual(inDomain(ann, bob, cid), [ann.upn, bob.upn, cid.upn]);
  assert.equal(await newer(), undefined, 'nothing is newer on an ordinary day');
  const monday = await world.moment();
  const before = { ...ann };
  await change(ann, 'Made.Up.Horse2');
  await call(tenant.administrator, userRoutes.deleteUser, { params: { id: bob.upn } });
  await world.quiet();
  assert.deepEqual(inDomain(ann, bob, cid), [ann.upn, cid.upn]);

  await world.lose(['tenant'], monday);
  await world.turn();
  await tenant.makeToken(TENANT);
  assert.equal((await call(tenant.administrator, lossRoutes.listLosses)).losses.length, 1);
  const [annIsIn, bobIsIn, cidIsIn] = [await signIn(before), await signIn(bob), await signIn(cid)];
  await world.quiet();
  assert.deepEqual(await newer(), [
    [ann.upn, 'password'],
    [bob.upn, 'deleted'],
  ]);
  assert.deepEqual([await annIsIn(), await bobIsIn(), await cidIsIn()], [false, false, true]);
  assert.deepEqual(inDomain(ann, bob, cid), [ann.upn, cid.upn], 'nothing is undone there');
  assert.deepEqual(
    domain.arrivals().map(({ alarm }) => alarm),
    [null],
  );

  const again = await signIn(before);
  await world.quiet();
  assert.equal(await again(), true, 'once');
  await change(before, 'Made.Up.Horse3');
  await call(tenant.administrator, userRoutes.deleteUser, { params: { id: bob.upn } });
  await world.quiet();
  assert.equal(await newer(), undefined);
  assert.deepEqual(inDomain(before, bob, cid), [before.upn, cid.upn]);
});

test('the managed domain gets a cloud-only group with members of both kinds, also after it lost its ledger or directory', async () => {
  await world.begin();
  await tenant.makeToken(TENANT);
  const { forest } = world;
  const alice = forest.hire('alice', 'Made.Up.1');
  const inForest = `${forest.forest}/${alice.anchor}`;
  await world.quiet();
  const dee = await make('dee');
  const create = (displayName: string) =>
    call(tenant.administrator, groupRoutes.createGroup, { body: { displayName } });
  const [team, inner] = [await create('Team'), await create('Inner')];
  const own = ({ id }: { id: string }) => `${CLOUD_FOREST}/${id}`;
  const params = { group: team.id };
  const add = (user: string) =>
    call(tenant.administrator, groupRoutes.addGroupMember, { params, body: { user } });
  const remove = (user: string) =>
    call(tenant.administrator, groupRoutes.removeGroupMember, { params: { ...params, user } });
  await add(alice.anchor);
  await add(dee.id);
  await call(tenant.administrator, groupRoutes.nestGroup, { params, body: { group: inner.id } });
  const called = () =>
    domain
      .groups()
      .map(({ name }) => name)
      .sort();
  const members = () => domain.groups().find(({ anchor }) => anchor === team.id)?.members;
  const are = async (...expected: string[]) => {
    await world.quiet();
    assert.deepEqual(members(), new Set(expected));
  };
  await are(inForest, own(dee), own(inner));
  assert.deepEqual(called(), ['Inner', 'Team']);
  const before = await world.moment();

  await remove(dee.id);
  await are(inForest, own(inner));
  forest.delete(alice);
  await are(own(inner));
  forest.restore(alice);
  await are(inForest, own(inner));
  await world.lose(['ledger'], undefined);
  await are(inForest, own(inner));
  await world.lose(['ledger', 'directory'], undefined);
  await are(inForest, own(inner));

  // The tenant has forgotten that Dee left the group. Its word alone does not put her back.
  await world.lose(['tenant'], before);
  await are(inForest, own(inner));
  await tenant.makeToken(TENANT);
  await remove(alice.anchor);
  await are(own(dee), own(inner));

  await call(tenant.administrator, groupRoutes.deleteGroup, { params: { group: inner.id } });
  await call(tenant.administrator, groupRoutes.renameGroup, { params, body: { displayName: 'Crew' } });
  await are(own(dee));
  assert.deepEqual(called(), ['Crew']);
});
