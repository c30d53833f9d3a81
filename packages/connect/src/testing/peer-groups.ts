import type { GroupChange, MembersChange, MembersVerdict, Verdict } from '@causeway/contract';
import {
  type AnyGroupRecord,
  coversEverybody,
  decidingSlice,
  differingBuckets,
  type GroupEntry,
  type GroupRecord,
  groupBucketOf,
  groupLineDigests,
  liveSlices,
  memberKey,
  peekGroupRecord,
  verifyGroupRecord,
} from '@causeway/records';

interface PeerSlice {
  prefix: string;
  sequence: number;
  members: readonly string[];
}

/** A group as a scripted tenant keeps it. */
export interface PeerGroup {
  readonly group: GroupRecord;
  readonly slices: Map<string, PeerSlice>;
}

/** The key that signs, and its tenant and forest. */
export interface Believed {
  readonly keyId: string;
  readonly publicKey: string;
  readonly tenant: string;
  readonly forest: string;
}

/** Groups and their members at a scripted tenant, by the rules of every reader (docs/formats.md, *Slices*). */
export class PeerGroups {
  readonly groups = new Map<string, PeerGroup>();
  /** Sequences of the newest deletions, of users and of groups. */
  readonly deletions = new Map<string, number>();
  /** Slices that it accepted, in order. */
  readonly taken: { sourceAnchor: string; prefix: string; members: readonly string[] }[] = [];
  /** Undefined: it checks no signature. */
  believed: Believed | undefined;
  /** Decides on an item before the tenant's own rules do. */
  judge: (change: GroupChange | MembersChange) => Omit<Verdict, 'sourceAnchor'> | undefined = () => undefined;

  forget(): void {
    this.groups.clear();
    this.deletions.clear();
    this.taken.length = 0;
    this.judge = () => undefined;
  }

  take(change: GroupChange): Verdict {
    const { sourceAnchor } = change;
    const judged = this.judge(change);
    if (judged) return { sourceAnchor, ...judged };
    const said = this.#read(change.record);
    if (said?.kind !== 'group') return { sourceAnchor, verdict: 'refused', code: 'record-mismatch' };
    const known = this.groups.get(sourceAnchor);
    const last = Math.max(known?.group.sequence ?? 0, this.deletions.get(sourceAnchor) ?? 0);
    if (said.sequence <= last) return { sourceAnchor, verdict: 'refused', code: 'older-sequence' };
    if (!said.deleted) {
      this.groups.set(sourceAnchor, { group: said, slices: known?.slices ?? new Map() });
      return { sourceAnchor, verdict: 'applied' };
    }
    this.deletions.set(sourceAnchor, said.sequence);
    if (!this.groups.delete(sourceAnchor))
      return { sourceAnchor, verdict: 'refused', code: 'unknown-group', reason: 'no such group' };
    return { sourceAnchor, verdict: 'applied' };
  }

  takeMembers(change: MembersChange): MembersVerdict {
    const { sourceAnchor, prefix } = change;
    const judged = this.judge(change);
    if (judged) return { sourceAnchor, prefix, ...judged };
    const said = this.#read(change.record);
    if (said?.kind !== 'members' || said.prefix !== prefix)
      return { sourceAnchor, prefix, verdict: 'refused', code: 'record-mismatch' };
    const slices = this.groups.get(sourceAnchor)?.slices;
    if (slices === undefined)
      return { sourceAnchor, prefix, verdict: 'retry', code: 'unknown-group', reason: 'no such group' };
    const { sequence, members } = said;
    slices.set(prefix, { prefix, sequence, members });
    for (const kept of [...slices.values()])
      if (!liveSlices(slices.values()).includes(kept)) slices.delete(kept.prefix);
    this.taken.push({ sourceAnchor, prefix, members });
    return { sourceAnchor, prefix, verdict: 'applied' };
  }

  /** The signed members of a group that the tenant has or that are known by SID; undefined while slices are missing. */
  membersOf(sourceAnchor: string, isThere: (anchor: string) => boolean): string[] | undefined {
    const slices = this.groups.get(sourceAnchor)?.slices;
    if (slices === undefined || !coversEverybody(slices.keys())) return undefined;
    const deleted = this.deletions.get(sourceAnchor) ?? 0;
    const counting = new Map([...slices].filter(([, { sequence }]) => sequence > deleted));
    const named = [...counting.values()].flatMap(slice =>
      slice.members.filter(
        reference =>
          decidingSlice(counting, memberKey(reference)) === slice &&
          slice.sequence > (this.deletions.get(reference) ?? 0) &&
          (reference.startsWith('S-1-') || isThere(reference)),
      ),
    );
    return named.sort();
  }

  /** What it has, in the form it compares. */
  lines(): GroupEntry[] {
    return [...this.groups].flatMap(([anchor, { group, slices }]) => [
      { anchor, prefix: null, sequence: group.sequence },
      ...[...slices.values()].map(({ prefix, sequence }) => ({ anchor, prefix, sequence })),
    ]);
  }

  differingFrom(buckets: string): number[] {
    return differingBuckets(groupLineDigests(this.lines()), buckets);
  }

  /** The lines of some buckets, all in one answer. */
  linesOf(buckets: readonly number[]) {
    const lines = this.lines().filter(line => buckets.includes(groupBucketOf(line)));
    return { lines: lines.map(({ anchor, ...line }) => ({ sourceAnchor: anchor, ...line })), more: false };
  }

  #read(record: string): AnyGroupRecord | undefined {
    if (this.believed === undefined) return peekGroupRecord(record);
    const { keyId, publicKey, tenant, forest } = this.believed;
    const signer = { publicKey, forests: new Set([forest]) };
    const verified = verifyGroupRecord(record, id => (id === keyId ? signer : undefined), { tenant });
    return verified.ok ? verified.record : undefined;
  }
}
