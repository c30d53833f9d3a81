import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallError, call, httpSend, type Send } from '@causeway/api';
import { type Agent, enrolmentRoutes, managedDomainRoutes, synchronizationRoutes } from '@causeway/contract';
import { generateSigningKey } from '@causeway/records';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { enrolAgent, makeAgentKeys, type TestAgent } from '../testing/test-agent.ts';

const CORP = 'corp.example.com';
const WEST = 'west.example.com';
const ENDED = { code: 'invalid_client' };
let count = 0;

onEveryBackend('a replaced agent', tenant => {
  let admin: Send;

  beforeEach(async () => {
    admin = (await tenant().createTenant(`contoso${++count}`)).send;
  });

  const enrolled = (kind: Agent['kind'], forests?: string[], replaces: string[] = []): Promise<TestAgent> =>
    enrolAgent(tenant().url, admin, kind, `${kind}${++count}`, forests, replaces);
  const codeFor = async (kind: Agent['kind'], forests: string[], replaces?: string[]): Promise<string> => {
    const body = { kind, name: 'new', forests, ...(replaces && { replaces }) };
    return (await call(admin, enrolmentRoutes.createEnrolment, { body })).code;
  };
  const use = async (code: string, kind: Agent['kind']): Promise<string> => {
    const { jwk } = await makeAgentKeys();
    const signingKey = kind === 'connect' ? generateSigningKey().publicKey : null;
    const body = { code, version: '1.0.0', jwk, signingKey };
    return (await call(httpSend({ url: tenant().url }), enrolmentRoutes.enrol, { body })).agentId;
  };
  /** All read the current holders before one of them may write, unless one waits for the other. */
  const atOnce = async (works: (() => Promise<string>)[]): Promise<PromiseSettledResult<string>[]> => {
    let tried: Promise<PromiseSettledResult<string>[]> | undefined;
    await tenant()
      .running.database.transaction()
      .execute(async transaction => {
        await sql`lock table agents in exclusive mode`.execute(transaction);
        tried = Promise.allSettled(works.map(work => work()));
        await delay(500);
      });
    return tried!;
  };
  const forestsOf = async (): Promise<Record<string, string[]>> => {
    const { agents } = await call(admin, enrolmentRoutes.listAgents);
    return Object.fromEntries(agents.map(({ id, forests }) => [id, forests]));
  };
  const setForests = (id: string, forests: string[], replaces?: string[]) =>
    call(admin, enrolmentRoutes.setForests, {
      params: { id },
      body: { forests, ...(replaces && { replaces }) },
    });
  const speaks = ({ send }: TestAgent, forest = CORP) => {
    const nothing = {
      lastObjectCycleAt: null,
      lastPasswordCycleAt: null,
      queued: 0,
      owed: 0,
      quarantined: 0,
    };
    return call(send, synchronizationRoutes.reportConnectStatus, { body: { forest, ...nothing } });
  };
  const refused = (id: string) => ({
    ...{ status: 409, code: 'other-agent' },
    message: new RegExp(`\\(${id}, enrolled 2\\S+, last seen .*\\).*--replace .*${id}$`, 's'),
  });

  it('is named when a code for its forest is made, and loses access with its tokens once the code is used', async () => {
    const first = await enrolled('connect', [CORP]);
    await speaks(first);
    for (const replaces of [undefined, [], ['00000000-0000-4000-8000-000000000000']])
      await assert.rejects(codeFor('connect', [WEST, CORP], replaces), refused(first.id));
    const code = await codeFor('connect', [WEST, CORP], [first.id]);
    await speaks(first);
    const id = await use(code, 'connect');
    assert.deepEqual(await forestsOf(), { [id]: [WEST, CORP] });
    await assert.rejects(speaks(first), ENDED);
    const [line] = tenant()
      .log()
      .filter(({ msg, by }) => msg === 'agent replaced' && by === id);
    assert.deepEqual([line?.agentId, line?.forests], [first.id, []]);
  });

  it('keeps the forests that no other agent takes from it', async () => {
    const first = await enrolled('connect', [CORP, WEST]);
    await enrolled('connect', [CORP], [first.id]);
    assert.deepEqual((await forestsOf())[first.id], [WEST]);
    await speaks(first, WEST);
    await assert.rejects(speaks(first, CORP), { code: 'other-forest' });
  });

  it('is named together with all others whose place is taken', async () => {
    const [corp, west] = [await enrolled('connect', [CORP]), await enrolled('connect', [WEST])];
    const all = { code: 'other-agent', message: new RegExp(`--replace ${corp.id} ${west.id}$`) };
    await assert.rejects(codeFor('connect', [CORP, WEST]), all);
    await assert.rejects(codeFor('connect', [CORP, WEST], [corp.id]), all);
    const id = await use(await codeFor('connect', [CORP, WEST], [corp.id, west.id]), 'connect');
    assert.deepEqual(await forestsOf(), { [id]: [CORP, WEST] });
  });

  for (const kind of ['connect', 'domain'] as const) {
    it(`is not replaced by the second of two codes of a ${kind} agent that were made while there was none`, async () => {
      const forests = kind === 'connect' ? [CORP] : [];
      const { id } = await enrolled(kind); // this also makes the administrator one of the managed domain
      await call(admin, enrolmentRoutes.removeAgent, { params: { id } });
      const codes = [await codeFor(kind, forests), await codeFor(kind, forests)];
      const tried = await atOnce(codes.map(code => () => use(code, kind)));
      const failed = tried.filter(one => one.status === 'rejected');
      assert.deepEqual(
        failed.map(({ reason }) => (reason as CallError).code),
        ['other-agent'],
      );
      const won = tried.find(one => one.status === 'fulfilled')!.value;
      const late = codes[tried.findIndex(one => one.status === 'rejected')]!;
      await assert.rejects(use(late, kind), refused(won));
      assert.deepEqual(await forestsOf(), { [won]: forests });
    });
  }

  it('is not replaced by a code that names its predecessor', async () => {
    const first = await enrolled('connect', [CORP]);
    const code = await codeFor('connect', [CORP], [first.id]);
    const second = await enrolled('connect', [CORP], [first.id]);
    await assert.rejects(use(code, 'connect'), refused(second.id));
    assert.deepEqual(await forestsOf(), { [second.id]: [CORP] });
    await speaks(second);
  });

  it('is not replaced by a code from an earlier release, which names no agent', async () => {
    const code = await codeFor('connect', [CORP]);
    await sql`update enrolments set replaces = default`.execute(tenant().running.database);
    const there = await enrolled('connect', [CORP]);
    await assert.rejects(use(code, 'connect'), refused(there.id));
    await call(admin, enrolmentRoutes.removeAgent, { params: { id: there.id } });
    await use(code, 'connect');
  });

  it('of a managed domain is named, too, and a code that does not name it is rejected at the preview', async () => {
    const first = await enrolled('domain');
    await assert.rejects(codeFor('domain', []), refused(first.id));
    const code = await codeFor('domain', [], [first.id]);
    const second = await enrolled('domain', [], [first.id]);
    await assert.rejects(call(first.send, managedDomainRoutes.readChanges, { query: {} }), ENDED);
    const open = httpSend({ url: tenant().url });
    const preview = call(open, enrolmentRoutes.previewEnrolment, { body: { code } });
    await assert.rejects(preview, refused(second.id));
    await call(second.send, managedDomainRoutes.readChanges, { query: {} });
  });

  it('is named when another agent gets its forest without a code', async () => {
    const [corp, west] = [await enrolled('connect', [CORP]), await enrolled('connect', [WEST])];
    await assert.rejects(setForests(west.id, [WEST, CORP]), refused(corp.id));
    await speaks(corp);
    await setForests(west.id, [WEST, CORP], [corp.id]);
    assert.deepEqual(await forestsOf(), { [west.id]: [WEST, CORP] });
    await assert.rejects(speaks(corp), ENDED);
  });

  it('never belongs to another tenant', async () => {
    await enrolled('connect', [CORP]);
    admin = (await tenant().createTenant(`fabrikam${++count}`)).send;
    const own = await enrolled('connect', [CORP]);
    assert.deepEqual(await forestsOf(), { [own.id]: [CORP] });
  });
});
