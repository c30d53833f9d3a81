import type { GroupRecord } from '@causeway/records';
import { checkSid, domainSidOf } from '../apply/on-premises-sid.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { Person } from '../person.ts';

/**
 * Stores the on-premises SID that a group is to have here, or why it has none. A distribution group has no rights, so it has no SID. While
 * the deletion of a group waits for an administrator, it keeps its SID as it keeps its members. The SID is deleted with the group.
 */
export function wantSid(ledger: Ledger, group: Person, record: GroupRecord, domain: ManagedDomain): void {
  const { objectSid, sequence, deleted, securityEnabled } = record;
  const hasRights = securityEnabled && !deleted;
  const refused = hasRights ? checkSid(record, domain, sid => ledger.sids.forestOf(sid)) : undefined;
  const isPossible = hasRights && objectSid !== null && refused?.code !== 'protected-sid';
  const domainSid = isPossible ? domainSidOf(objectSid) : undefined;
  const isLeaving = deleted && ledger.groups.of(group)?.managedGuid != null;
  if (!isLeaving) ledger.sids.want(group, domainSid === undefined ? null : objectSid, domainSid ?? null);
  for (const code of ['protected-sid', 'other-forest-sid'] as const)
    if (refused?.code !== code) ledger.problems.clear(group, 'sid', code);
  if (refused === undefined) return;
  const { code, reason, acceptable, kind: outcome } = refused;
  const problem = { outcome, code, reason, acceptable, sequence, at: ledger.timestamp() };
  ledger.problems.save({ ...group, verified: true, kind: 'sid', ...problem });
}
