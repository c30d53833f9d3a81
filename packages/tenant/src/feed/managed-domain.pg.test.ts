import assert from 'node:assert/strict';
import { before, beforeEach, it } from 'node:test';
import { type CallError, call, httpSend, type Send } from '@causeway/api';
import {
  administrationRoutes,
  enrolmentRoutes,
  managedDomainRoutes,
  type PublicKey,
  type Replaces,
  synchronizationRoutes,
} from '@causeway/contract';
import {
  domainFingerprint,
  generateSealingKey,
  generateSigningKey,
  sealingPublicKey,
  signReceipt,
} from '@causeway/records';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import {
  accountItem,
  batchOf,
  credentialItem,
  headOf,
  nextSequence,
  order,
  person,
  seal,
} from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

interface Domain {
  realm: string;
  netbiosDomain: string;
  key: PublicKey;
  receiptKey: PublicKey;
}

const makeDomain = async (realm: string): Promise<Domain> => ({
  ...{ realm, netbiosDomain: realm.split('.')[0]! },
  key: sealingPublicKey(await generateSealingKey()),
  receiptKey: generateSigningKey().publicKey,
});

/** How a registration names the domain that it replaces. */
const named = ({ realm, key, receiptKey }: Domain): Replaces => ({
  realm,
  fingerprint: domainFingerprint(key.publicKey, receiptKey.publicKey),
});

const refused = { status: 409, code: 'other-managed-domain' };
let count = 0;

onEveryBackend('the managed domain of a tenant', tenant => {
  let admin: Send;
  let first: Domain;
  let second: Domain;
  let ofFirst: TestAgent;
  let ofSecond: TestAgent;

  const register = (agent: TestAgent, domain: Domain, replaces?: Replaces) =>
    call(agent.send, managedDomainRoutes.registerDomainKey, {
      body: { ...domain, ...(replaces && { replaces }) },
    });
  const registered = async (send: Send = admin) => (await call(send, managedDomainRoutes.readDomain)).domain;

  /** As an earlier release let them enrol: neither takes the other's place. */
  const enrolBeside = async (there: TestAgent, name: string): Promise<TestAgent> => {
    const becomes = (kind: string) =>
      sql`update agents set kind = ${kind} where id = ${there.id}`.execute(tenant().running.database);
    await becomes('connect');
    const agent = await enrolAgent(tenant().url, admin, 'domain', name);
    await becomes('domain');
    return agent;
  };

  before(async () => {
    first = await makeDomain('AADDS.EXAMPLE.NET');
    second = await makeDomain('AADDS2.EXAMPLE.NET');
  });

  beforeEach(async () => {
    admin = (await tenant().createTenant(`contoso${++count}`)).send;
    ofFirst = await enrolAgent(tenant().url, admin, 'domain', 'first');
    ofSecond = await enrolBeside(ofFirst, 'second');
    assert.equal(await registered(), null);
    await register(ofFirst, first);
  });

  it('is not replaced by an earlier release, which names no domain, whether the realm or a key differs', async () => {
    const others: Domain[] = [
      second,
      { ...first, realm: second.realm },
      { ...first, key: second.key },
      { ...first, receiptKey: second.receiptKey },
    ];
    for (const other of others) {
      const message = new RegExp(
        `has the managed domain ${first.realm} .*register --replace ${first.realm}$`,
        's',
      );
      await assert.rejects(register(ofSecond, other), { ...refused, message });
    }
    const { registeredAt, ...now } = (await registered(ofSecond.send))!;
    assert.deepEqual(now, first);
    await register(ofFirst, { ...first, realm: first.realm.toLowerCase() });
    assert.equal((await registered())!.registeredAt, registeredAt, 'the same again is no other');
  });

  it('is not replaced by a domain that names another one than the registered one', async () => {
    for (const replaces of [
      named(second),
      { ...named(first), fingerprint: named(second).fingerprint },
      { ...named(first), realm: second.realm },
    ])
      await assert.rejects(register(ofSecond, second, replaces), refused);
    assert.equal((await registered())!.realm, first.realm);
    await register(ofSecond, second, named(first));
    assert.equal((await registered(ofFirst.send))!.realm, second.realm);
    await assert.rejects(register(ofFirst, first), refused);
    await register(ofFirst, first, named(second));
    assert.equal((await registered())!.realm, first.realm);
    const replaced = tenant()
      .log()
      .filter(({ msg }) => msg === 'managed domain replaced')
      .map(line => [line.replaced, line.realm]);
    assert.deepEqual(replaced.slice(-2), [
      [first.realm, second.realm],
      [second.realm, first.realm],
    ]);
  });

  it('is replaced by only one of two that try at the same time, even if all three have one realm', async () => {
    for (const realm of [second.realm, first.realm]) {
      const before = await registered();
      const rivals = await Promise.all([makeDomain(realm), makeDomain(realm)]);
      const tried = await Promise.allSettled(
        rivals.map((rival, i) => register([ofFirst, ofSecond][i]!, rival, named(before!))),
      );
      const failed = tried.filter(result => result.status === 'rejected');
      assert.deepEqual(
        failed.map(({ reason }) => (reason as CallError).code),
        ['other-managed-domain'],
      );
      const winner = rivals[tried.findIndex(({ status }) => status === 'fulfilled')]!;
      assert.equal((await registered())!.key.publicKey, winner.key.publicKey);
    }
  });

  it('may register again after a withdrawal, and then another one need not name it', async () => {
    await call(admin, managedDomainRoutes.withdrawDomain);
    await register(ofFirst, first, named(second));
    assert.equal((await registered())!.realm, first.realm);
    await call(admin, managedDomainRoutes.withdrawDomain);
    await register(ofSecond, second);
    assert.equal((await registered())!.realm, second.realm);
  });

  it("alone can report outcomes: a replaced domain's reports and receipts are dropped, old and new", async () => {
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    const who = person(1);
    const sequence = nextSequence();
    const record = await seal(connect, who, 'Pa$$w0rd', order(1), sequence);
    await call(connect.send, synchronizationRoutes.exportObjects, {
      body: { forest: FOREST, changes: [accountItem(connect, who)] },
    });
    await call(connect.send, synchronizationRoutes.exportCredentials, {
      body: batchOf([await credentialItem(who, 'Pa$$w0rd', order(1), record)]),
    });
    const at = new Date().toISOString();
    const report = (agent: TestAgent, outcome: 'applied' | 'refused') => {
      const one = { sourceAnchor: who.anchor, kind: 'credential' as const, reason: null };
      return call(agent.send, managedDomainRoutes.reportApplied, {
        body: { reports: [{ ...one, sequence, outcome, at }] },
      });
    };
    const outcome = async () =>
      (await call(admin, administrationRoutes.getUser, { params: { id: who.upn } })).legacy.outcome;
    const sendReceipt = (agent: TestAgent) => {
      const numbers = { headSequence: 1, headTime: at, completeAsOf: at, alarmSince: null, accounts: 1 };
      const receipt = signReceipt(generateSigningKey(), {
        ...{ tenant: agent.tenantId, forest: FOREST, sequence: nextSequence(), time: at },
        ...{ ...numbers, credentials: 1, differing: [], listed: 0, entries: [], notWritten: [] },
      });
      return call(agent.send, managedDomainRoutes.putReceipt, { body: { forest: FOREST, receipt } });
    };
    const receipt = async () => {
      const body = { forest: FOREST, head: headOf(connect) };
      return (await call(connect.send, synchronizationRoutes.putHead, { body })).receipt;
    };

    await report(ofFirst, 'applied');
    await sendReceipt(ofFirst);
    assert.equal(await outcome(), 'applied');
    assert.notEqual(await receipt(), null);
    await register(ofSecond, second, named(first));
    assert.equal(await outcome(), null);
    assert.equal(await receipt(), null);
    await report(ofFirst, 'applied');
    await sendReceipt(ofFirst);
    assert.equal(await outcome(), null);
    assert.equal(await receipt(), null);
    await report(ofSecond, 'refused');
    assert.equal(await outcome(), 'refused');
    await call(admin, managedDomainRoutes.withdrawDomain);
    await report(ofSecond, 'applied');
    await sendReceipt(ofSecond);
    assert.equal(await outcome(), null);
    assert.equal(await receipt(), null);
  });

  it('can be withdrawn while it reports, without a deadlock', async () => {
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    const people = Array.from({ length: 120 }, (_, n) => ({ who: person(n), sequence: nextSequence() }));
    const changes = people.map(({ who, sequence }) => accountItem(connect, who, { sequence }));
    await call(connect.send, synchronizationRoutes.exportObjects, { body: { forest: FOREST, changes } });
    const at = new Date().toISOString();
    const report = (order: typeof people) =>
      call(ofFirst.send, managedDomainRoutes.reportApplied, {
        body: {
          reports: order.map(({ who: { anchor: sourceAnchor }, sequence }) => ({
            ...{ sourceAnchor, forest: FOREST, kind: 'account' as const, sequence },
            ...{ outcome: 'applied' as const, reason: null, at },
          })),
        },
      });
    for (let n = 0; n < 15; n++) {
      await report(people);
      const orders = [people.toReversed(), people, people.toReversed()];
      await Promise.all([...orders.map(report), call(admin, managedDomainRoutes.withdrawDomain)]);
      const { users } = await call(admin, administrationRoutes.listUsers, { query: { limit: 1000 } });
      assert.ok(users.every(({ legacy }) => legacy === null || legacy.outcome === null));
      await register(ofFirst, first);
    }
  });

  it('cannot be registered by another agent with its public keys while its own is enrolled', async () => {
    await assert.rejects(register(ofSecond, first), { status: 409, code: 'other-agent' });
    await call(admin, enrolmentRoutes.removeAgent, { params: { id: ofFirst.id } });
    await register(ofSecond, first);
  });

  it('is shown to anyone with an enrolment code for a managed domain, and the code stays unused', async () => {
    const open = httpSend({ url: tenant().url });
    const code = async (body: { kind: 'connect' | 'domain'; forests?: string[] }) =>
      (await call(admin, enrolmentRoutes.createEnrolment, { body: { name: 'x', ...body } })).code;
    const preview = (text: string) => call(open, enrolmentRoutes.previewEnrolment, { body: { code: text } });
    for (const { id } of [ofFirst, ofSecond])
      await call(admin, enrolmentRoutes.removeAgent, { params: { id } });
    const good = await code({ kind: 'domain' });
    for (let i = 0; i < 2; i++) {
      const seen = await preview(good);
      assert.deepEqual([seen.tenantId, seen.domain?.realm], [ofFirst.tenantId, first.realm]);
    }
    const agents = async () => (await call(admin, enrolmentRoutes.listAgents)).agents.length;
    assert.equal(await agents(), 0);
    await assert.rejects(preview('nonsense'), { status: 403, code: 'enrolment-refused' });
    await assert.rejects(preview(await code({ kind: 'connect', forests: [FOREST] })), { code: 'wrong-kind' });
    await sql`update enrolments set expires_at = now() - interval '1 second'`.execute(
      tenant().running.database,
    );
    await assert.rejects(preview(good), { status: 403, code: 'enrolment-refused' });
  });
});
