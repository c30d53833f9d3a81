import { call } from '@causeway/api';
import { type GroupChange, type MembersChange, synchronizedGroupRoutes as routes } from '@causeway/contract';
import { type GroupFields, signGroupRecord, signMembers } from '@causeway/records';
import { FOREST } from './forest.ts';
import { nextSequence } from './people.ts';
import { says } from './provisioning.ts';
import type { TestAgent } from './test-agent.ts';

/** A group of the on-premises directory. */
export interface Group {
  readonly anchor: string;
  readonly guid: string;
  readonly name: string;
}

export function group(number: number, change: Partial<Group> = {}): Group {
  const hex = number.toString(16).padStart(12, '0');
  return {
    anchor: Buffer.from(`f${hex.padStart(31, '0')}`, 'hex').toString('base64'),
    guid: `f0000000-0000-4000-8000-${hex}`,
    name: `Group ${number}`,
    ...change,
  };
}

type Signer = Pick<TestAgent, 'tenantId' | 'signingKey'>;

export function groupItem(
  agent: Signer,
  who: Group,
  { sequence = nextSequence(), forest = FOREST, ...changes }: Partial<GroupFields> = {},
): GroupChange {
  const record = signGroupRecord(agent.signingKey, {
    ...{ tenant: agent.tenantId, forest, sourceAnchor: who.anchor, objectGuid: who.guid, sequence },
    ...{ sAMAccountName: who.name, displayName: who.name, mail: null, objectSid: 'S-1-5-21-1-2-3-2104' },
    ...{ securityEnabled: true, scope: 'global', deleted: false },
    ...changes,
  });
  return { sourceAnchor: who.anchor, record };
}

export function membersItem(
  agent: Signer,
  who: Group,
  members: readonly string[],
  { prefix = '', sequence = nextSequence(), forest = FOREST } = {},
): MembersChange {
  const record = signMembers(agent.signingKey, {
    ...{ tenant: agent.tenantId, forest, sourceAnchor: who.anchor, objectGuid: who.guid, sequence },
    ...{ prefix, members: members.toSorted() },
  });
  return { sourceAnchor: who.anchor, prefix, record };
}

/** What a Connect sends about the groups of a forest, with a one-word result per item. @param agent known once the test has begun */
export const groupProvisioningOf = (agent: () => TestAgent, forest = FOREST) => ({
  groups: async (...changes: GroupChange[]) =>
    says(await call(agent().send, routes.exportGroups, { body: { forest, changes } })),
  members: async (...changes: MembersChange[]) =>
    says(await call(agent().send, routes.exportMembers, { body: { forest, changes } })),
});
