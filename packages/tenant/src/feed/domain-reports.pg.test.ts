import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import {
  administrationRoutes,
  type DomainReport,
  type GroupStatus,
  groupRoutes,
  managedDomainRoutes,
  type Replaces,
} from '@causeway/contract';
import {
  domainFingerprint,
  generateSealingKey,
  generateSigningKey,
  sealingPublicKey,
} from '@causeway/records';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { type Group, group, groupItem, groupProvisioningOf, membersItem } from '../testing/groups.ts';
import { nextSequence } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const OTHER = 'fabrikam.example.org';
const AT = '2026-11-29T10:00:00.000Z';

onEveryBackend('reports about groups from the managed domain', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let registered: Replaces;
  let number = 0;
  const { groups, members } = groupProvisioningOf(() => connect);

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
    domain = await enrolAgent(tenant().url, admin, 'domain');
    registered = await register(domain);
  });

  /** @returns how a later domain names this one to replace it */
  async function register(agent: TestAgent, replaces?: Replaces): Promise<Replaces> {
    const key = sealingPublicKey(await generateSealingKey());
    const { publicKey: receiptKey } = generateSigningKey();
    const realm = 'AADDS.EXAMPLE.NET';
    const body = { realm, netbiosDomain: 'AADDS', key, receiptKey, ...(replaces && { replaces }) };
    await call(agent.send, managedDomainRoutes.registerDomainKey, { body });
    return { realm, fingerprint: domainFingerprint(key.publicKey, receiptKey.publicKey) };
  }

  const report = (
    who: Group,
    kind: DomainReport['kind'],
    sequence: number,
    outcome: DomainReport['outcome'],
    { reason = null, agent = domain, forest = FOREST }: Partial<Said> = {},
  ) => {
    const one = { sourceAnchor: who.anchor, forest, kind, sequence, outcome, reason, at: AT };
    return call(agent.send, managedDomainRoutes.reportApplied, { body: { reports: [one] } });
  };
  interface Said {
    reason: string | null;
    agent: TestAgent;
    forest: string;
  }

  const shown = ({ name }: Group): Promise<GroupStatus> =>
    call(admin, groupRoutes.getGroup, { params: { group: name } });
  /** Outcomes of a group and of its members. */
  const outcomes = async (who: Group) => {
    const { managedDomain } = await shown(who);
    return [managedDomain?.group?.outcome, managedDomain?.members?.outcome];
  };
  async function newGroup(): Promise<{ who: Group; sequence: number; slice: number }> {
    const who = group(++number);
    const [sequence, slice] = [nextSequence(), nextSequence()];
    await groups(groupItem(connect, who, { sequence }));
    await members(membersItem(connect, who, ['a'], { sequence: slice }));
    return { who, sequence, slice };
  }

  it('are shown for the group and its members, in the list, too', async () => {
    const { who, sequence, slice } = await newGroup();
    assert.equal((await shown(who)).managedDomain, undefined);
    await report(who, 'group', sequence, 'applied', { reason: 'name-taken: somebody has it' });
    await report(who, 'members', slice, 'waiting', { reason: 'members-wait: 1 of 1' });
    const expected = {
      group: { outcome: 'applied', reason: 'name-taken: somebody has it', reportedAt: AT },
      members: { outcome: 'waiting', reason: 'members-wait: 1 of 1', reportedAt: AT },
    };
    assert.deepEqual((await shown(who)).managedDomain, expected);
    const { groups: listed } = await call(admin, groupRoutes.listGroups, { query: { search: who.name } });
    assert.deepEqual(listed[0]!.managedDomain, expected);
  });

  it('count only for the newest record and the newest slice: a late one is dropped', async () => {
    const { who, sequence, slice } = await newGroup();
    const later = nextSequence();
    await report(who, 'group', sequence, 'applied');
    await report(who, 'members', slice, 'applied');
    await members(membersItem(connect, who, ['a', 'b'], { prefix: '1', sequence: later }));
    assert.deepEqual(await outcomes(who), ['applied', undefined]);
    await report(who, 'members', slice, 'applied');
    assert.deepEqual(await outcomes(who), ['applied', undefined]);
    await report(who, 'members', later, 'applied');
    assert.deepEqual(await outcomes(who), ['applied', 'applied']);
    await groups(groupItem(connect, who, { displayName: 'Renamed', sequence: nextSequence() }));
    const renamed = { ...who, name: 'Renamed' };
    assert.deepEqual(await outcomes(renamed), [undefined, 'applied']);
    await report(who, 'group', sequence, 'refused');
    assert.deepEqual(await outcomes(renamed), [undefined, 'applied']);
  });

  it('count only for the forest that they name, and have a limit', async () => {
    const { who, sequence, slice } = await newGroup();
    await report(who, 'group', sequence, 'refused', { forest: OTHER });
    await report(who, 'members', slice, 'refused', { forest: OTHER });
    assert.deepEqual(await outcomes(who), [undefined, undefined]);
    await assert.rejects(report(who, 'group', sequence, 'refused', { reason: 'x'.repeat(501) }), {
      status: 400,
    });
  });

  it('are counted if the group was refused, and dropped if the managed domain was replaced', async () => {
    const refused = async () => (await call(admin, administrationRoutes.getTenantStatus)).groupsRefused;
    assert.equal(await refused(), undefined);
    const [one, other] = [await newGroup(), await newGroup()];
    await report(one.who, 'group', one.sequence, 'refused', { reason: 'retyped: it is a user' });
    await report(one.who, 'members', one.slice, 'failed');
    await report(other.who, 'members', other.slice, 'refused');
    assert.equal(await refused(), 2);
    const second = await enrolAgent(tenant().url, admin, 'domain');
    await report(other.who, 'members', other.slice, 'applied', { agent: second });
    assert.equal(await refused(), 2, 'it is not the managed domain of this tenant');
    await register(second, registered);
    assert.equal(await refused(), undefined);
    assert.equal((await shown(one.who)).managedDomain, undefined);
  });
});
