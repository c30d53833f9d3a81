import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { administrationRoutes, type DomainReport, managedDomainRoutes } from '@causeway/contract';
import { generateSealingKey, generateSigningKey, sealingPublicKey } from '@causeway/records';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import {
  accountItem,
  credentialItem,
  nextSequence,
  order,
  type Person,
  person,
  seal,
  withdrawalItem,
} from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import { objectIdOf } from './object-id.ts';

const HOSTILE = 'hostile.example.org';

onEveryBackend('one anchor in two forests', tenant => {
  let admin: Send;
  let honest: TestAgent;
  let hostile: TestAgent;
  let domain: TestAgent;
  let number = 0;

  /** A forest with the Connect that speaks for it. */
  const forestOf = (agent: () => TestAgent, forest: string) => ({
    forest,
    ...provisioningOf(agent, forest),
    account: (who: Person, deleted = false) => accountItem(agent(), who, { forest, deleted }),
    credential: async (who: Person, version: number, sequence = nextSequence()) =>
      credentialItem(
        who,
        `P${version}`,
        order(version),
        await seal(agent(), who, `P${version}`, order(version), sequence, forest),
      ),
    withdrawal: (who: Person, version: number) => withdrawalItem(agent(), who, order(version), { forest }),
    status: (who: Person) =>
      call(admin, administrationRoutes.getUser, {
        params: { id: objectIdOf(agent().tenantId, forest, who.anchor) },
      }),
  });
  const a = forestOf(() => honest, FOREST);
  const b = forestOf(() => hostile, HOSTILE);
  /** Two people, one per forest, with the same anchor and objectGUID. */
  const twins = (): [Person, Person] => {
    const who = person(++number);
    return [who, { ...who, upn: `user${number}@${HOSTILE}` }];
  };
  const report = (
    ...reports: (Pick<DomainReport, 'sourceAnchor' | 'sequence'> & Partial<DomainReport>)[]
  ) => {
    const at = '2026-11-23T10:00:00.000Z';
    const common = { kind: 'credential' as const, outcome: 'refused' as const, reason: 'a-lie', at };
    const body = { reports: reports.map(one => ({ ...common, ...one })) };
    return call(domain.send, managedDomainRoutes.reportApplied, { body });
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    honest = await enrolAgent(tenant().url, admin, 'connect', 'honest', [FOREST]);
    hostile = await enrolAgent(tenant().url, admin, 'connect', 'hostile', [HOSTILE]);
    domain = await enrolAgent(tenant().url, admin, 'domain');
    const key = sealingPublicKey(await generateSealingKey());
    const { publicKey: receiptKey } = generateSigningKey();
    const body = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', key, receiptKey };
    await call(domain.send, managedDomainRoutes.registerDomainKey, { body });
  });

  it('makes two users, whoever comes first, each with their own password', async () => {
    for (const [first, second] of [
      [a, b],
      [b, a],
    ] as const) {
      const [mine, theirs] = twins();
      const of = (forest: typeof a) => (forest === a ? mine : theirs);
      for (const forest of [first, second]) {
        assert.deepEqual(await forest.objects(forest.account(of(forest))), ['applied']);
        assert.deepEqual(await forest.credentials(await forest.credential(of(forest), 3)), ['applied']);
      }
      for (const forest of [a, b]) {
        const { forest: at, userPrincipalName, credential } = await forest.status(of(forest));
        assert.deepEqual([at, userPrincipalName], [forest.forest, of(forest).upn]);
        assert.equal(credential!.passwordOrder!.version, 3);
      }
    }
  });

  it('lets nothing that one forest says of the anchor touch the other forest’s user', async () => {
    const [mine, theirs] = twins();
    await b.objects(b.account(theirs));
    await b.credentials(await b.credential(theirs, 99));
    assert.deepEqual(await a.objects(a.account(mine)), ['applied']);
    assert.deepEqual(await a.credentials(await a.credential(mine, 1)), ['applied']);
    const before = await a.status(mine);
    assert.equal(before.credential!.passwordOrder!.version, 1);
    for (const say of [
      () => b.objects(b.account({ ...theirs, enabled: false })),
      () => b.objects(b.account({ ...theirs, upn: mine.upn })),
      () => b.objects(b.account({ ...theirs, guid: person(7777).guid })),
      async () => b.credentials(await b.credential({ ...theirs, guid: person(7777).guid }, 100)),
      () => b.withdraw(b.withdrawal({ ...theirs, guid: person(7777).guid }, 101)),
      () => b.objects(b.account(theirs, true)),
    ]) {
      await say();
      assert.deepEqual(await a.status(mine), before);
    }
    assert.deepEqual(await a.objects(a.account({ ...mine, enabled: false })), ['applied']);
    assert.equal((await b.status(theirs)).accountEnabled, false, 'deleted');
    await b.objects(b.account(theirs));
    assert.equal((await b.status(theirs)).accountEnabled, true);
    assert.equal((await a.status(mine)).accountEnabled, false);
  });

  it('sets or withdraws a password only for the user of the sending forest', async () => {
    const [mine, theirs] = twins();
    await a.objects(a.account(mine));
    await a.credentials(await a.credential(mine, 1));
    assert.deepEqual(await b.credentials(await b.credential(theirs, 50)), ['unknown-user']);
    assert.deepEqual(await b.withdraw(b.withdrawal(theirs, 50)), ['unknown-user']);
    assert.deepEqual(await b.objects(b.account(theirs, true)), ['applied'], 'nobody to delete here');
    assert.equal((await a.status(mine)).credential!.passwordOrder!.version, 1);
  });

  it('rejects a record of one forest in a batch of the other', async () => {
    const [mine] = twins();
    await a.objects(a.account(mine));
    assert.deepEqual(await b.objects(a.account(mine, true)), ['record-mismatch']);
    assert.deepEqual(await b.withdraw(a.withdrawal(mine, 9)), ['record-mismatch']);
  });

  it('keeps a cloud-only user and a synchronized one apart, even if the anchor is the id', async () => {
    const params = { id: 'admin@contoso.example.net' };
    const before = await call(admin, administrationRoutes.getUser, { params });
    const posing = { ...twins()[1], anchor: before.id };
    assert.deepEqual(await b.objects(b.account(posing)), ['applied']);
    assert.deepEqual(await b.credentials(await b.credential(posing, 99)), ['applied']);
    assert.deepEqual(await b.objects(b.account(posing, true)), ['applied']);
    assert.deepEqual(await call(admin, administrationRoutes.getUser, { params }), before);
    assert.notEqual((await b.status(posing)).id, before.id);
  });

  it('takes a report for the user of its forest, and without a forest only if one user alone has the anchor', async () => {
    const [mine, theirs] = twins();
    const sequence = nextSequence();
    for (const [forest, who] of [
      [a, mine],
      [b, theirs],
    ] as const) {
      await forest.objects(forest.account(who));
      await forest.credentials(await forest.credential(who, 1, sequence));
    }
    const outcomes = async () =>
      [await a.status(mine), await b.status(theirs)].map(({ legacy }) => legacy.outcome);
    const about = { sourceAnchor: mine.anchor, sequence };
    await report({ ...about, forest: HOSTILE });
    assert.deepEqual(await outcomes(), [null, 'refused']);
    await report(about, { ...about, forest: null });
    assert.deepEqual(await outcomes(), [null, 'refused'], 'nobody knows of whom that is');
    await report(
      { ...about, forest: HOSTILE },
      { ...about, forest: FOREST, outcome: 'applied', reason: null },
    );
    assert.deepEqual(await outcomes(), ['applied', 'refused']);
    const [alone] = twins();
    await a.objects(a.account(alone));
    await a.credentials(await a.credential(alone, 1, sequence));
    await report({ ...about, sourceAnchor: alone.anchor });
    assert.equal((await a.status(alone)).legacy.outcome, 'refused');
  });

  it('asks which user an administrator means who gives an anchor of two', async () => {
    const [mine, theirs] = twins();
    await a.objects(a.account(mine));
    await b.objects(b.account(theirs));
    const find = (id: string) => call(admin, administrationRoutes.getUser, { params: { id } });
    await assert.rejects(find(mine.anchor), {
      code: 'several-users',
      message: /several forests.*of corp\.example\.com, .*of hostile\.example\.org/,
    });
    assert.equal((await find(theirs.upn)).forest, HOSTILE);
  });

  it('announces with every answer that it accepts reports with a forest, and receipts about cloud-only users', async () => {
    const response = await domain.send('/api/v1/domain', { method: 'GET', headers: {} });
    assert.equal(
      response.headers.get('causeway-accepts'),
      'account-3, account-4, credential-3, group-1, group-2, head-2, head-3, members-1, members-2, receipt-2, receipt-3, receipt-5, withdrawal-1, withdrawal-2, report-2, report-3, receipt-4',
    );
    const nobody = await fetch(new URL('/api/v1/domain', tenant().url));
    assert.equal(nobody.status, 401);
    assert.ok(nobody.headers.get('causeway-accepts'));
  });
});
