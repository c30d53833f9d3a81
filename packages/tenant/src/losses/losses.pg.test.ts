import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, callLocally, httpSend, type Send, serviceIn } from '@causeway/api';
import {
  administrationRoutes,
  enrolmentRoutes,
  type FeedPage,
  lossRoutes,
  managedDomainRoutes,
  synchronizationRoutes,
  tenantLocalRoutes,
  userRoutes,
} from '@causeway/contract';
import { BUCKETS, linesDigest, packBuckets } from '@causeway/records';
import { createLog } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { sql } from 'kysely';
import { lockCounter } from '../changes/change-counter.ts';
import { beginEpoch } from '../changes/epochs.ts';
import { readChanges } from '../feed/change-feed.ts';
import { type Agent, Installation } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { applyObject, applyPassword } from '../testing/apply.ts';
import { backUp } from '../testing/back-up.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { Browser, RelyingParty } from '../testing/browser.ts';
import { FOREST } from '../testing/forest.ts';
import { person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestTenant } from '../testing/test-tenant.ts';
import { MarkKeeper } from './losses.ts';

const PASSWORD = 'Made-up horse 1!';
const REDIRECT = 'https://portal.example.net/callback';
const HOUR_MS = 3_600_000;
/** It starts at the machine's time, which oidc-provider uses. */
const clock = new HandClock(Date.now());
const BUCKETS_OF_NOBODY = packBuckets(Array.from({ length: BUCKETS }, () => linesDigest([])));

const suite = (tenant: () => TestTenant): void => {
  let name: string;
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let party: RelyingParty;
  let restore: () => Promise<void>;
  let count = 0;
  let people = 0;

  const hire = async () => {
    const who = person(++people);
    await applyObject(connect, who);
    await applyPassword(connect, who, PASSWORD, 5);
    return who;
  };
  /** Connect shows a mark. @returns the one that the tenant gives in exchange */
  const show = async (mark: string | null, agent = connect): Promise<string> => {
    const body = { forest: FOREST, buckets: BUCKETS_OF_NOBODY, mark };
    return (await call(agent.send, synchronizationRoutes.compareForest, { body })).mark!;
  };
  const read = (after = '', limit = 1000): Promise<FeedPage> =>
    call(domain.send, managedDomainRoutes.readChanges, { query: { after, limit } });
  const upnsOf = async ({ items }: FeedPage): Promise<string[]> => {
    const users = await Promise.all(items.map(({ userId }) => status(userId)));
    return users.map(({ userPrincipalName }) => userPrincipalName);
  };
  const status = (id: string) => call(admin, administrationRoutes.getUser, { params: { id } });
  const losses = async () => (await call(admin, lossRoutes.listLosses)).losses;
  /** Lets the administrator back in: all tokens have ended. */
  const getToken = async (): Promise<void> => {
    const body = { tenant: name, administrator: `admin@${name}.example.net` };
    const service = serviceIn(tenant().stateDirectory, 'tenant');
    const { token } = await callLocally(service, tenantLocalRoutes.createToken, { body });
    admin = httpSend({ url: tenant().url }, async () => token);
  };
  const signIn = async (who: { upn: string }): Promise<Browser> => {
    const browser = new Browser();
    assert.ok(await party.signIn(browser, who.upn, PASSWORD));
    return browser;
  };
  const isSignedIn = async (browser: Browser): Promise<boolean> =>
    (await party.begin(browser)).page.status === 0;
  /** Another process of the installation makes its first change. */
  const beginProcess = async (): Promise<void> => {
    const { scope } = (await new Installation(tenant().running.database, clock).findTenant(name))!;
    await scope.transaction(async inside => beginEpoch(inside, await lockCounter(inside)));
  };

  before(async () => {
    name = `contoso${++count}`;
    admin = (await tenant().createTenant(name)).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
    const app = { name: 'portal', redirectUris: [REDIRECT] };
    const { issuer, clientId } = await call(admin, administrationRoutes.registerApplication, { body: app });
    party = await RelyingParty.discover(issuer, clientId, REDIRECT);
  });

  it("finds the loss by a mark from Connect, ends all sessions and tokens, and keeps each user's subject", async () => {
    const stays = await hire();
    const backedUpAt = new Date(clock.now()).toISOString();
    const session = await signIn(stays);
    const { code } = await call(admin, enrolmentRoutes.createEnrolment, {
      body: { kind: 'domain', name: 'd', replaces: [domain.id] },
    });
    restore = await backUp(tenant().running.database);
    await clock.pass(HOUR_MS);
    const hired = await hire();
    const { id } = await status(hired.upn);
    const mark = await show(null);
    const lostAt = new Date(clock.now()).toISOString();
    const { cursor } = await read();
    await restore();
    await clock.pass(HOUR_MS);
    assert.equal(await isSignedIn(session), true);

    const next = await show(mark);
    await assert.rejects(losses(), { status: 401 });
    assert.equal(await isSignedIn(session), false);
    await assert.rejects(
      call(httpSend({ url: tenant().url }), enrolmentRoutes.previewEnrolment, { body: { code } }),
    );
    await getToken();
    const [loss, ...others] = await losses();
    const { id: lossId, ...said } = loss!;
    assert.deepEqual(others, []);
    const foundAt = new Date(clock.now()).toISOString();
    assert.deepEqual(said, { since: backedUpAt, until: lostAt, foundAt, foundBy: 'test connect' });
    const logged = tenant()
      .log()
      .filter(({ loss: _, ...line }) => line.id === lossId);
    assert.deepEqual(
      logged.map(({ level }) => level),
      [50],
    );

    const again = await signIn(stays);
    await show(mark);
    await show(next);
    assert.ok((await upnsOf(await read(cursor))).includes(stays.upn), 'the feed begins anew');
    assert.equal(await isSignedIn(again), true, 'once a loss');
    await applyObject(connect, hired);
    assert.equal((await status(hired.upn)).id, id);

    await assert.rejects(call(admin, lossRoutes.seeLoss, { body: { id: '0'.repeat(12) } }), {
      code: 'no-such-loss',
    });
    await call(admin, lossRoutes.seeLoss, { body: { id: lossId } });
    assert.deepEqual(await losses(), []);
    await show(mark);
    assert.deepEqual(await losses(), []);
  });

  it('finds the loss by a cursor even after later changes have passed it', async () => {
    await hire();
    restore = await backUp(tenant().running.database);
    const left = await hire();
    const { cursor } = await read();
    await restore();
    const others = [await hire(), await hire(), await hire()];
    await clock.pass(1000);
    const page = await read(cursor);
    await getToken();
    assert.equal((await losses()).length, 1);
    const upns = await upnsOf(page);
    assert.ok(others.every(({ upn }) => upns.includes(upn)));
    assert.ok(!upns.includes(left.upn));
    assert.deepEqual((await read(page.cursor)).items, []);
  });

  it('counts all marks of processes that were lost together as one loss, and another restore as another', async () => {
    restore = await backUp(tenant().running.database);
    const marks: string[] = [];
    const shown = async () => {
      for (let process = 0; process < 3; process++) {
        await clock.pass(1000);
        await beginProcess();
        await hire();
        marks.push(await show(null));
      }
    };
    await shown();
    for (const round of [1, 2]) {
      await restore();
      await clock.pass(1000);
      const who = await hire();
      await show(marks.at(-1)!);
      const session = await signIn(who);
      for (const mark of marks) await show(mark);
      assert.equal(await isSignedIn(session), true, `round ${round}`);
      await getToken();
      assert.equal((await losses()).length, 2, 'with the one of the test before');
      await shown();
    }
  });

  it("finds the loss of an administrator's decision that changed no user", async () => {
    const who = await hire();
    restore = await backUp(tenant().running.database);
    await call(admin, userRoutes.setUserBlocked, { params: { id: who.upn }, body: { blocked: true } });
    const mark = await show(null);
    const before = (await losses()).length;
    await restore();
    await show(mark);
    await getToken();
    assert.equal((await losses()).length, before + 1);
  });

  it("gives a cloud-only user's next password a larger order than the lost one", async () => {
    const body = { userPrincipalName: 'cloud@contoso.example' };
    const { id } = await call(admin, userRoutes.createUser, { body });
    const reset = () => call(admin, userRoutes.resetPassword, { params: { id } });
    const versionOf = async () => (await status(id)).credential!.passwordOrder!.version;
    restore = await backUp(tenant().running.database);
    for (let n = 0; n < 3; n++) await reset();
    const lost = await versionOf();
    await restore();
    await clock.pass(HOUR_MS);
    await reset();
    assert.ok((await versionOf()) > lost);
  });

  it('believes only its own marks, and finds no loss in an old one', async () => {
    const other = (await tenant().createTenant(`fabrikam${count}`)).send;
    const elsewhere = await enrolAgent(tenant().url, other, 'connect');
    const foreign = await show(null, elsewhere);
    const who = await hire();
    const oldMark = await show(null);
    const first = await read('', 1);
    const { cursor: oldCursor } = await read();
    const late = await hire();
    await beginProcess();
    await hire();
    const [mark, { cursor }] = [await show(null), await read()];
    const session = await signIn(who);
    const before = await losses();
    const flipped = (text: string, at: number): string =>
      text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    for (const text of [mark, cursor]) {
      assert.ok(text.length <= 64);
      for (let at = 0; at < 61; at += 4) {
        await show(flipped(text, at));
        await assert.rejects(read(flipped(text, at)), { code: 'bad-request' });
      }
    }
    for (const text of [foreign, cursor, 'x', '999999999.1']) await show(text);
    for (const text of [foreign, mark]) await assert.rejects(read(text), { code: 'bad-request' });
    for (const text of [mark, oldMark]) await show(text);
    assert.ok((await upnsOf(await read(oldCursor))).includes(late.upn));
    assert.ok(!(await upnsOf(await read(oldCursor))).includes(who.upn), 'it goes on where it was');
    assert.ok((await read(first.cursor)).items.length > 0);
    assert.deepEqual(await losses(), before);
    assert.equal(await isSignedIn(session), true);
  });

  it('resumes at a cursor from an earlier release', async () => {
    const { counter } = await readCounters();
    const who = await hire();
    const page = await read(`${counter}.${counter}`);
    assert.deepEqual(await upnsOf(page), [who.upn]);
    assert.notEqual(page.cursor.length, 0);
    assert.deepEqual((await read(page.cursor)).items, []);
  });

  it('reports no loss while two processes write and readers read', async () => {
    const before = await losses();
    let writing = true;
    const often = async (times: number, work: () => Promise<unknown>): Promise<void> => {
      for (let n = 0; n < times; n++) await work();
    };
    const writers = Promise.all([
      ...Array.from({ length: 4 }, () => often(15, hire)),
      ...Array.from({ length: 4 }, () => often(30, beginProcess)),
    ]).finally(() => {
      writing = false;
    });
    const readers = Array.from({ length: 3 }, async () => {
      let { cursor } = await read();
      let mark = await show(null);
      while (writing) {
        cursor = (await read(cursor)).cursor;
        mark = await show(mark);
      }
    });
    await Promise.all([writers, ...readers]);
    assert.deepEqual(await losses(), before);
  });

  it('reports no loss to a reader while another process begins and writes', async () => {
    const { cursor: after } = await read();
    await hire();
    const installation = new Installation(tenant().running.database, clock);
    const { scope } = (await installation.findTenant(name))!;
    const statements: (() => Promise<unknown>)[] = [async () => {}, () => beginProcess().then(hire)];
    const slow = new Proxy(scope, {
      get(target, property: keyof TenantScope) {
        const value = target[property];
        if (typeof value !== 'function') return value;
        if (property !== 'run') return value.bind(target);
        // The other process writes between the reading of the position and of the page.
        return async (statement: Parameters<TenantScope['run']>[0]) => {
          await statements.shift()?.();
          return target.run(statement);
        };
      },
    });
    const agent = { scope: slow, agentName: 'slow' } as Agent;
    const marks = await MarkKeeper.of(agent, installation, createLog('tenant'));
    const signal = new AbortController().signal;
    const page = await readChanges(marks, { after, limit: 10, wait: 0 }, signal, undefined);
    assert.deepEqual([page.items.length, statements.length], [2, 0]);
    const before = await losses();
    assert.deepEqual((await read(page.cursor)).items, []);
    assert.deepEqual(await losses(), before);
  });

  it('keeps the newest epochs, and finds no loss in a mark of an earlier one', async () => {
    const mark = await show(null);
    const { scope } = (await new Installation(tenant().running.database, clock).findTenant(name))!;
    await beginProcess();
    // A thousand more processes, each with its first change.
    await scope.run(
      tenantId => sql`
        insert into epochs select tenant_id, number + n, to_hex(n), generation, began, begun_at, changed_at
        from epochs, generate_series(1, 1000) as n
        where tenant_id = ${tenantId} and number = (select max(number) from epochs where tenant_id = ${tenantId})`,
    );
    await beginProcess();
    const epochs = await scope.select('epochs').select(['number']).orderBy('number').execute();
    assert.equal(epochs.length, 1000);
    const before = await losses();
    await show(mark);
    assert.deepEqual(await losses(), before);
  });

  it('can be created again under its own id, which no other tenant gets, and gives its users their old ids', async () => {
    const who = await hire();
    const { id } = await status(who.upn);
    const mark = await show(null);
    const { tenantId } = connect;
    const make = (tenantName: string, given: string) => {
      const body = { name: tenantName, administrator: 'admin@example.net', id: given };
      return callLocally(serviceIn(tenant().stateDirectory, 'tenant'), tenantLocalRoutes.createTenant, {
        body,
      });
    };
    await assert.rejects(make('another', tenantId), { code: 'tenant-exists', message: new RegExp(tenantId) });
    const { database } = tenant().running;
    const tables = (await database.introspection.getTables()).map(table => table.name);
    await database.transaction().execute(async transaction => {
      await sql`set local session_replication_role = replica`.execute(transaction);
      for (const table of tables.filter(one => !['tenants', 'causeway_migrations'].includes(one)))
        await sql`delete from ${sql.id(table)} where tenant_id = ${tenantId}`.execute(transaction);
      await sql`delete from tenants where id = ${tenantId}`.execute(transaction);
    });
    const { token } = await make('anew', tenantId.toUpperCase());
    admin = httpSend({ url: tenant().url }, async () => token);
    connect = await enrolAgent(tenant().url, admin, 'connect');
    assert.equal(connect.tenantId, tenantId);
    await applyObject(connect, who);
    assert.equal((await status(who.upn)).id, id);
    await show(mark);
    assert.deepEqual(await losses(), []);
  });

  const readCounters = async () => {
    const { scope } = (await new Installation(tenant().running.database, clock).findTenant(name))!;
    const { value: counter } = await scope
      .select('change_counters')
      .select('value')
      .executeTakeFirstOrThrow();
    return { counter };
  };
};

onEveryBackend('a tenant that lost changes', suite, { clock });
