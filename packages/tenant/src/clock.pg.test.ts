import assert from 'node:assert/strict';
import { it } from 'node:test';
import { call } from '@causeway/api';
import { administrationRoutes, administratorRoutes, userRoutes } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { applyObject, applyPassword, applyWithdrawal } from './testing/apply.ts';
import { onEveryBackend } from './testing/backends.ts';
import { Browser, RelyingParty } from './testing/browser.ts';
import { person } from './testing/people.ts';
import { enrolAgent } from './testing/test-agent.ts';
import type { TestTenant } from './testing/test-tenant.ts';

const PASSWORD = 'Corréct horse 1!';
const REDIRECT = 'https://portal.example.net/callback';
const DAY_MS = 86_400_000;
/** Years before the machine's time. */
const clock = new HandClock('2001-02-03T04:05:06Z');

const suite = (tenant: () => TestTenant): void => {
  it('uses only the clock that it was given, in SQL too, and stores no other time', async () => {
    const { send: admin } = await tenant().createTenant('contoso');
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    const [who, gone, withdrawn] = [person(1), person(2), person(3)];
    for (const one of [who, gone, withdrawn]) {
      await applyObject(connect, one);
      await applyPassword(connect, one, PASSWORD, 5);
    }
    await applyObject(connect, gone, true);
    await applyWithdrawal(connect, withdrawn, 6);
    const body = { userPrincipalName: 'cloud@contoso.example' };
    const { id } = await call(admin, userRoutes.createUser, { body });
    await call(admin, userRoutes.setUserBlocked, { params: { id }, body: { blocked: true } });
    const app = { name: 'portal', redirectUris: [REDIRECT] };
    const { issuer, clientId } = await call(admin, administrationRoutes.registerApplication, { body: app });
    const party = await RelyingParty.discover(issuer, clientId, REDIRECT);
    assert.ok(await party.signIn(new Browser(), who.upn, PASSWORD));
    assert.equal(await party.signIn(new Browser(), who.upn, 'another one'), undefined);

    const times = (await storedTimes(tenant())).filter(({ column }) => !NOT_ITS_OWN.has(column));
    assert.deepEqual(
      times.filter(({ at }) => at.getUTCFullYear() !== 2001),
      [],
    );
    assert.ok(new Set(times.map(({ column }) => column)).size > 10);
  });

  it('ends the tokens of administrators and agents by that clock; an agent gets another one', async () => {
    const { send: admin } = await tenant().createTenant('fabrikam');
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    await clock.pass(89 * DAY_MS);
    assert.equal((await call(admin, administratorRoutes.listTokens)).tokens.length, 1);
    await applyObject(connect, person(1));
    await clock.pass(DAY_MS);
    await assert.rejects(call(admin, administratorRoutes.listTokens), { status: 401 });
    await applyObject(connect, person(2));
  });
};

/** Times that a forest or a program gave. */
const NOT_ITS_OWN = new Set(['credential_change_date', 'applied_at']);

async function storedTimes({ running: { database } }: TestTenant): Promise<{ column: string; at: Date }[]> {
  const tables = await database.introspection.getTables();
  const contents = tables.map(({ name }) =>
    database
      .selectFrom(name as 'users')
      .selectAll()
      .execute(),
  );
  return (await Promise.all(contents))
    .flat()
    .flatMap(row => Object.entries(row))
    .flatMap(([column, at]: [string, unknown]) => (at instanceof Date ? [{ column, at }] : []));
}

onEveryBackend('the tenant', suite, { clock });
