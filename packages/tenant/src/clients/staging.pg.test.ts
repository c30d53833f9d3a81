import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallError, call, httpSend, type Send } from '@causeway/api';
import {
  administrationRoutes,
  apis,
  enrolmentRoutes,
  type Route,
  stagingRoutes,
  storedRoutes,
  synchronizationRoutes,
  synchronizedGroupRoutes,
} from '@causeway/contract';
import { BUCKETS, generateSigningKey, linesDigest, packBuckets } from '@causeway/records';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { group, groupItem, membersItem } from '../testing/groups.ts';
import {
  accountItem,
  batchOf,
  credentialItem,
  headOf,
  order,
  person,
  withdrawalItem,
} from '../testing/people.ts';
import { enrolAgent, makeAgentKeys, type TestAgent } from '../testing/test-agent.ts';

const CORP = 'corp.example.com';
const WEST = 'west.example.com';
const STAGES = { status: 403, code: 'staging' };
const NO_BUCKETS = packBuckets(Array.from({ length: BUCKETS }, () => linesDigest([])));
let count = 0;

onEveryBackend('a staging Connect', tenant => {
  let admin: Send;
  let active: TestAgent;
  let second: TestAgent;

  const enrolled = (forests: string[], staging: boolean): Promise<TestAgent> =>
    enrolAgent(tenant().url, admin, 'connect', `connect${++count}`, forests, [], staging);
  const codeFor = async (id: string, demotes: string[]): Promise<string> =>
    (await call(admin, stagingRoutes.createPromotion, { params: { id }, body: { demotes } })).code;
  const promote = ({ send }: TestAgent, code: string) =>
    call(send, stagingRoutes.promote, { body: { code } });
  const staging = async ({ send }: TestAgent): Promise<boolean> =>
    (await call(send, stagingRoutes.readStanding)).staging;
  const stagingAgents = async (): Promise<string[]> => {
    const { agents } = await call(admin, enrolmentRoutes.listAgents);
    return agents.flatMap(agent => (agent.staging ? [agent.id] : []));
  };
  const say = async (agent: TestAgent, n: number, sequence?: number) => {
    const change = accountItem(agent, person(n), sequence === undefined ? {} : { sequence });
    const body = { forest: CORP, changes: [change] };
    const { verdicts } = await call(agent.send, synchronizationRoutes.exportObjects, { body });
    return verdicts[0]!.code ?? verdicts[0]!.verdict;
  };

  beforeEach(async () => {
    admin = (await tenant().createTenant(`contoso${++count}`)).send;
    active = await enrolled([CORP], false);
    second = await enrolled([CORP], true);
  });

  it('replaces no agent, and is listed as staging', async () => {
    const { agents } = await call(admin, enrolmentRoutes.listAgents);
    assert.deepEqual(
      agents.map(({ id, staging: stages, forests }) => [id, stages, forests]),
      [
        [active.id, undefined, [CORP]],
        [second.id, true, [CORP]],
      ],
    );
    assert.deepEqual([await staging(active), await staging(second)], [false, true]);
    assert.equal(await say(active, 1), 'applied');
    const another = enrolAgent(tenant().url, admin, 'connect', 'third', [CORP], []);
    await assert.rejects(another, { code: 'other-agent', message: new RegExp(`${active.id}$`) });
  });

  it('is not shown as staging to a managed domain, because earlier releases do not know the word', async () => {
    const domain = await enrolAgent(tenant().url, admin, 'domain', 'domain', [], []);
    const { agents } = await call(domain.send, enrolmentRoutes.listAgents);
    assert.deepEqual(
      agents.filter(({ kind }) => kind === 'connect').map(({ staging: stages }) => stages),
      [undefined, undefined],
    );
  });

  it('can read what it compares, and is rejected at every route that changes anything', async () => {
    const who = person(3);
    const lies: Record<string, object> = {
      [synchronizationRoutes.exportObjects.path]: { changes: [accountItem(second, who)] },
      [synchronizationRoutes.exportCredentials.path]: batchOf([await credentialItem(who, 'x', order(1))]),
      [synchronizationRoutes.exportWithdrawals.path]: { changes: [withdrawalItem(second, who, order(1))] },
      [synchronizationRoutes.reportConnectStatus.path]: {
        ...{ lastObjectCycleAt: null, lastPasswordCycleAt: null, queued: 0, owed: 0, quarantined: 0 },
      },
      [synchronizationRoutes.putHead.path]: { head: headOf(second) },
      [synchronizationRoutes.compareForest.path]: { buckets: NO_BUCKETS, mark: null },
      [synchronizationRoutes.readLines.path]: { buckets: [0], after: '' },
      [synchronizedGroupRoutes.exportGroups.path]: { changes: [groupItem(second, group(3))] },
      [synchronizedGroupRoutes.exportMembers.path]: { changes: [membersItem(second, group(3), [])] },
      [synchronizedGroupRoutes.compareGroups.path]: { buckets: NO_BUCKETS },
      [synchronizedGroupRoutes.readGroupLines.path]: { buckets: [0], after: null },
    };
    const reads: Record<string, object | undefined> = {
      [synchronizationRoutes.getSyncConfiguration.path]: undefined,
      [stagingRoutes.readStanding.path]: undefined,
      [storedRoutes.readStoredUsers.path]: { forest: CORP, after: '' },
      [storedRoutes.readStoredGroups.path]: { forest: CORP, after: '' },
      [storedRoutes.readStoredMemberships.path]: { forest: CORP, after: null },
    };
    // The code needs a test of its own.
    const ofConnect = apis.tenant.routes
      .flatMap((table): Route[] => Object.values(table))
      .filter(({ access, path }) => access.includes('connect') && path !== stagingRoutes.promote.path);
    assert.deepEqual(
      ofConnect.map(({ path }) => path).sort(),
      [...Object.keys(lies), ...Object.keys(reads)].sort(),
    );
    assert.equal(await say(active, 1), 'applied');
    const picture = async () => [
      await call(admin, administrationRoutes.getTenantStatus),
      (await sql`select value from change_counters order by value`.execute(tenant().running.database)).rows,
    ];
    const before = await picture();
    for (const route of ofConnect) {
      const lie = lies[route.path];
      if (lie === undefined) {
        const body = reads[route.path];
        await call(second.send, route, (body ? { body } : {}) as object);
        continue;
      }
      const asked = call(second.send, route, { body: { forest: CORP, ...lie } } as object);
      await assert.rejects(asked, STAGES, route.path);
      // An invalid request is rejected for the same reason, before anything else is checked.
      const nonsense = call(second.send, { ...route, reply: route.reply }, {
        body: { no: 'sense' },
      } as object);
      await assert.rejects(nonsense, STAGES, route.path);
    }
    assert.deepEqual(await picture(), before);
    const others = { forest: WEST, after: '' };
    const foreign = call(second.send, storedRoutes.readStoredUsers, { body: others });
    await assert.rejects(foreign, { code: 'other-forest' });
  });

  it('enrols only with a code for staging, and only if it knows that it stages', async () => {
    const enrol = async (body: object, said: object) => {
      const asked = { kind: 'connect' as const, name: 'c', forests: [WEST], ...body };
      const { code } = await call(admin, enrolmentRoutes.createEnrolment, { body: asked });
      const { jwk } = await makeAgentKeys();
      const signingKey = generateSigningKey().publicKey;
      const enrolment = { code, version: '1.0.0', jwk, signingKey, ...said };
      return call(httpSend({ url: tenant().url }), enrolmentRoutes.enrol, { body: enrolment });
    };
    const one = { staging: true as const };
    await assert.rejects(enrol(one, {}), { code: 'wrong-kind', message: /connect enrol --staging/ });
    await assert.rejects(enrol({}, one), { code: 'wrong-kind', message: /leave out '--staging'/ });
    const wrong = [
      { ...one, replaces: [active.id] },
      { ...one, kind: 'domain' as const, forests: [] },
    ];
    for (const body of wrong)
      await assert.rejects(enrol(body, one), { code: 'bad-request', message: /body\.staging/ });
    await enrol(one, one);
  });

  it('changes places with the named agent, both at once, and can change back', async () => {
    assert.equal(await say(active, 1), 'applied');
    await assert.rejects(say(second, 1), STAGES);
    const code = await codeFor(second.id, [active.id]);
    await assert.rejects(promote(active, code), { code: 'promotion-refused' });
    const { demoted } = await promote(second, code);
    assert.deepEqual(
      demoted.map(({ id }) => id),
      [active.id],
    );
    assert.deepEqual(await stagingAgents(), [active.id]);
    assert.deepEqual([await staging(active), await staging(second)], [true, false]);
    await assert.rejects(say(active, 1), STAGES);
    assert.equal(await say(second, 1), 'applied');
    await assert.rejects(promote(second, code), { code: 'promotion-refused' });
    await promote(active, await codeFor(active.id, [second.id]));
    await assert.rejects(say(second, 1), STAGES);
    assert.equal(await say(active, 1), 'applied');
    const [line] = tenant()
      .log()
      .filter(({ msg, agentId }) => msg === 'agent promoted' && agentId === second.id);
    assert.deepEqual(
      (line!.demoted as { id: string }[]).map(({ id }) => id),
      [active.id],
    );
  });

  it('takes the place of a removed agent', async () => {
    await call(admin, enrolmentRoutes.removeAgent, { params: { id: active.id } });
    await promote(second, await codeFor(second.id, []));
    assert.equal(await say(second, 1), 'applied');
  });

  it('demotes no agent that is not named, neither when the code is made nor when it is used', async () => {
    const named = { code: 'other-agent', message: new RegExp(`promote ${second.id} --demote ${active.id}$`) };
    await assert.rejects(codeFor(second.id, []), named);
    await assert.rejects(codeFor(active.id, [second.id]), { code: 'not-staging' });
    const stranger = '00000000-0000-4000-8000-000000000000';
    await assert.rejects(codeFor(second.id, [active.id, stranger]), { code: 'no-such-agent' });
    await assert.rejects(codeFor(stranger, []), { code: 'no-such-agent' });
    const code = await codeFor(second.id, [active.id]);
    const third = await enrolAgent(tenant().url, admin, 'connect', 'third', [CORP], [active.id]);
    await assert.rejects(promote(second, code), {
      code: 'other-agent',
      message: new RegExp(`--demote ${active.id} ${third.id}$`),
    });
    assert.equal(await say(third, 1), 'applied');
    assert.deepEqual(await stagingAgents(), [second.id]);
  });

  it('leaves no forest without an agent that speaks for it', async () => {
    await call(admin, enrolmentRoutes.setForests, {
      params: { id: active.id },
      body: { forests: [CORP, WEST] },
    });
    const left = { code: 'forests-left', message: new RegExp(`set-forests ${second.id} ${CORP} ${WEST}`) };
    await assert.rejects(codeFor(second.id, [active.id]), left);
    await call(admin, enrolmentRoutes.setForests, {
      params: { id: second.id },
      body: { forests: [CORP, WEST] },
    });
    await promote(second, await codeFor(second.id, [active.id]));
    assert.deepEqual(await stagingAgents(), [active.id]);
  });

  it('has no place that an enrolment could take, and its promotion code enrols no agent', async () => {
    const code = await codeFor(second.id, [active.id]);
    const { jwk } = await makeAgentKeys();
    const body = { code, version: '1.0.0', jwk, signingKey: generateSigningKey().publicKey };
    const open = httpSend({ url: tenant().url });
    await assert.rejects(call(open, enrolmentRoutes.enrol, { body }), { code: 'enrolment-refused' });
    const preview = call(open, enrolmentRoutes.previewEnrolment, { body: { code } });
    await assert.rejects(preview, { code: 'enrolment-refused' });
    const other = await call(admin, enrolmentRoutes.createEnrolment, {
      body: { kind: 'connect', name: 'c', forests: [WEST], staging: true },
    });
    await assert.rejects(promote(second, other.code), { code: 'promotion-refused' });
    await promote(second, code);
  });

  it('is promoted before a later batch or head of the other one, even if that was already authenticated', async () => {
    const code = await codeFor(second.id, [active.id]);
    const body = { forest: CORP, head: headOf(active) };
    const tried: Promise<unknown>[] = [];
    await tenant()
      .running.database.transaction()
      .execute(async transaction => {
        await sql`select 1 from change_counters for update`.execute(transaction);
        // Each call is authenticated now, and then waits for this transaction in its order of arrival.
        for (const send of [
          () => promote(second, code),
          () => say(active, 1),
          () => call(active.send, synchronizationRoutes.putHead, { body }),
        ]) {
          tried.push(send().catch((error: CallError) => error.code));
          await delay(300);
        }
      });
    const [promoted, ...others] = await Promise.all(tried);
    assert.deepEqual(
      (promoted as { demoted: { id: string }[] }).demoted.map(({ id }) => id),
      [active.id],
    );
    assert.deepEqual(others, ['staging', 'staging']);
  });

  it('never writes at the same time as the active one: each batch is applied whole, or rejected', async () => {
    for (let round = 0; round < 4; round++) {
      const [from, to] = round % 2 === 0 ? [active, second] : [second, active];
      const code = await codeFor(to.id, [from.id]);
      const base = (round + 1) * 100;
      const batches = Array.from({ length: 12 }, (_, n) =>
        say(from, base + n).catch((e: CallError) => e.code),
      );
      const others = Array.from({ length: 12 }, (_, n) =>
        say(to, base + 50 + n).catch((e: CallError) => e.code),
      );
      await promote(to, code);
      for (const became of await Promise.all([...batches, ...others]))
        assert.ok(['applied', 'staging'].includes(became), became);
      // In the order of the feed, all of the demoted agent's changes come before the promoted one's.
      const { rows } = await sql<{ anchor: string }>`
        select source_anchor as anchor from users where source_anchor = any(${[
          ...Array.from({ length: 12 }, (_, n) => person(base + n).anchor),
          ...Array.from({ length: 12 }, (_, n) => person(base + 50 + n).anchor),
        ]}) and tenant_id = ${active.tenantId} order by changed_seq`.execute(tenant().running.database);
      const late = new Set(Array.from({ length: 12 }, (_, n) => person(base + 50 + n).anchor));
      const kinds = rows.map(({ anchor }) => (late.has(anchor) ? 'to' : 'from')).join(' ');
      assert.match(kinds, /^(from ?)*(to ?)*$/);
    }
  });
});
