import { type AnyGroupRecord, peekGroupRecord } from '@causeway/records';
import type { Agent } from '../tenancy/installation.ts';

type Kind = AnyGroupRecord['kind'];
export type SaidOfGroup<K extends Kind> = Extract<AnyGroupRecord, { kind: K }>;

/** What the item of a batch claims. Its record must say the same. */
interface Claim {
  readonly sourceAnchor: string;
  readonly prefix?: string;
  readonly record: string;
}

/**
 * Compares what a record says of a group with the item around it, as `checkRecord` does for users.
 * @returns the record's content, unverified, or the name of the first field that differs
 */
export function checkGroupRecord<K extends Kind>(
  kind: K,
  { sourceAnchor, prefix, record }: Claim,
  agent: Agent,
  forest: string,
): SaidOfGroup<K> | { differs: string } {
  const said: Record<string, unknown> & Partial<AnyGroupRecord> = { ...peekGroupRecord(record) };
  if (said.kind === undefined) return { differs: 'format' };
  const expected = {
    kind,
    tenant: agent.scope.tenantId,
    forest,
    sourceAnchor,
    signerKeyId: agent.signingKeyId,
    ...(kind === 'members' && { prefix }),
  };
  for (const [field, value] of Object.entries(expected)) if (said[field] !== value) return { differs: field };
  return said as SaidOfGroup<K>;
}
