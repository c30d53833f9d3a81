import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import {
  administrationRoutes,
  managedDomainRoutes,
  nameRoutes,
  synchronizationRoutes,
  userRoutes,
} from '@causeway/contract';
import { generateSealingKey, generateSigningKey, peekRecord } from '@causeway/records';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const OTHER_FOREST = 'fabrikam.example.org';
const ADMINISTRATOR = 'admin@contoso.example.net';

onEveryBackend('names between forests', tenant => {
  let admin: Send;
  let connect: TestAgent;
  const export_ = async (forest: string, who: ReturnType<typeof person>, deleted = false) => {
    const body = { forest, changes: [accountItem(connect, who, { forest, deleted })] };
    const { verdicts } = await call(connect.send, synchronizationRoutes.exportObjects, { body });
    return verdicts[0]!;
  };
  const claims = (name: string) => call(admin, nameRoutes.readNameClaims, { query: { name } });
  const give = (name: string, user: string) => call(admin, nameRoutes.giveName, { body: { name, user } });
  const free = (name: string) => call(admin, nameRoutes.freeName, { body: { name } });

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect', 'connect', [FOREST, OTHER_FOREST]);
  });

  it('a released name is kept for its forest, and one command frees it', async () => {
    const [first, second] = [person(1), { ...person(2), upn: person(1).upn }];
    await export_(FOREST, first);
    assert.match(
      (await export_(OTHER_FOREST, second)).reason!,
      /belongs to another user \(corp\.example\.com\)/,
    );
    await export_(FOREST, first, true);
    const { holder, reserved, waiting } = await claims(first.upn);
    assert.deepEqual([holder, reserved?.forest, waiting.length], [null, FOREST, 1]);
    assert.match((await export_(OTHER_FOREST, second)).reason!, /kept for that forest until .*name free/);
    await assert.rejects(call(admin, userRoutes.createUser, { body: { userPrincipalName: first.upn } }), {
      code: 'user-exists',
    });
    assert.equal((await free(first.upn)).holder?.forest, OTHER_FOREST);
    await assert.rejects(free(first.upn), { code: 'name-not-reserved' });
    assert.equal((await export_(OTHER_FOREST, second)).code, undefined);
  });

  it('one command hands over a held name, and the forest that lost it cannot take it back', async () => {
    const [first, second] = [person(3), { ...person(4), upn: person(3).upn }];
    await export_(FOREST, first);
    await export_(OTHER_FOREST, second);
    await assert.rejects(give(person(1).upn, second.anchor), { code: 'not-the-name' });
    await assert.rejects(give(first.upn, 'nobody'), { code: 'no-such-user' });
    assert.equal((await give(first.upn, second.anchor)).holder?.forest, OTHER_FOREST);
    assert.equal((await export_(FOREST, first)).code, 'attribute-value-must-be-unique');
    assert.equal((await claims(first.upn)).holder?.forest, OTHER_FOREST);
  });

  it('a user with a stand-in name still sees the reason after that name goes to another user', async () => {
    const [first, second, third] = [person(20), person(21), person(22)];
    const status = () => call(admin, administrationRoutes.getUser, { params: { id: second.anchor } });
    await export_(FOREST, first);
    await export_(OTHER_FOREST, second);
    await export_(OTHER_FOREST, { ...second, upn: first.upn });
    const { nameProblem } = await status();
    assert.match(nameProblem!, /belongs to another user/);
    assert.equal((await status()).signInName, second.upn);
    await export_(OTHER_FOREST, { ...third, upn: second.upn });
    const { signInName, nameProblem: now } = await status();
    assert.deepEqual([signInName, now], [null, nameProblem]);
  });

  it('no forest gets the name of an administrator, not even by command', async () => {
    const taker = { ...person(5), upn: ADMINISTRATOR };
    assert.equal((await export_(FOREST, taker)).code, 'attribute-value-must-be-unique');
    await assert.rejects(give(ADMINISTRATOR, taker.anchor), { code: 'administrator-name' });
    assert.equal((await claims(ADMINISTRATOR)).holder?.administrator, true);
  });

  it('the name of a deleted cloud-only user goes to no forest until it is freed', async () => {
    const upn = 'cloud@contoso.example.net';
    const { id } = await call(admin, userRoutes.createUser, { body: { userPrincipalName: upn } });
    await call(admin, userRoutes.deleteUser, { params: { id } });
    const heir = { ...person(6), upn };
    assert.equal((await export_(FOREST, heir)).code, 'attribute-value-must-be-unique');
    assert.equal((await free(upn)).holder?.forest, FOREST);
    await export_(FOREST, heir, true);
    await assert.rejects(call(admin, userRoutes.createUser, { body: { userPrincipalName: upn } }), {
      code: 'name-reserved',
    });
  });

  it('a name that another user has in the managed domain raises an alarm that names both, until it is seen', async () => {
    const [first, second] = [person(7), { ...person(8), upn: person(7).upn }];
    await export_(FOREST, first);
    await export_(OTHER_FOREST, second);
    const domain = await enrolAgent(tenant().url, admin, 'domain');
    const { publicKey: key } = await generateSealingKey();
    const { publicKey: receiptKey } = generateSigningKey();
    const registration = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', key, receiptKey };
    await call(domain.send, managedDomainRoutes.registerDomainKey, { body: registration });
    const { items } = await call(domain.send, managedDomainRoutes.readChanges, { query: { limit: 1000 } });
    const report = async (who: typeof first, reason: string | null) => {
      const { accountRecord } = items.find(item => item.sourceAnchor === who.anchor)!;
      const { sequence } = peekRecord(accountRecord!)!;
      const at = new Date().toISOString();
      const one = {
        sourceAnchor: who.anchor,
        kind: 'account',
        sequence,
        outcome: 'applied',
        reason,
        at,
      } as const;
      await call(domain.send, managedDomainRoutes.reportApplied, { body: { reports: [one] } });
    };
    const differences = async () => (await call(admin, administrationRoutes.getTenantStatus)).nameDifferences;
    const taken = `name-taken: another account has the name (${first.upn}, of ${OTHER_FOREST})`;
    await report(second, taken);
    await report(first, null);
    assert.equal(await differences(), undefined, 'both places say the same');
    await report(first, taken);
    await report(second, null);
    const [difference] = (await differences())!;
    assert.deepEqual(
      [difference!.name, difference!.here.forest, difference!.managedDomain.forest],
      [first.upn, FOREST, OTHER_FOREST],
    );
    await call(admin, nameRoutes.seeNameDifference, { body: { name: first.upn } });
    assert.equal(await differences(), undefined);
    await assert.rejects(call(admin, nameRoutes.seeNameDifference, { body: { name: first.upn } }), {
      code: 'no-difference',
    });
  });
});
