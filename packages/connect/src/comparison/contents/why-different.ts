import type { Difference } from '@causeway/contract';
import type { BulkList } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { groupDeletionsOf, strangerGroupsOf } from '../../objects/groups/waiting-groups.ts';
import { creationsOf, deletionsOf, strangersOf } from '../../objects/waiting.ts';
import type { UsersInFlight } from '../../passwords/users-in-flight.ts';
import type { ObjectKind, SpaceObject } from '../../store/space-object.ts';
import type { MembershipKey } from './own-entries.ts';

/** One domain of the forest. */
export interface ComparedDomain {
  readonly context: ConnectorContext;
  readonly inFlight: UsersInFlight;
}

export type Why = Pick<Difference, 'waits' | 'at' | 'note'>;

/** An object with the connector that has it. */
export interface Placed {
  readonly context: ConnectorContext;
  readonly object: SpaceObject;
}

const UNKNOWN: Why = { waits: null, at: null, note: null };
const CYCLE: Why = { ...UNKNOWN, waits: 'cycle' };
/** All that a Connect that stages can say: it does not know what the other Connect does. */
const STAGED: Why = { ...UNKNOWN, waits: 'staging' };
const ON_ITS_WAY: Why = {
  ...UNKNOWN,
  waits: 'on-its-way',
  note: 'went while it was compared: compare again',
};

/** How long sending a slice may take, in microseconds. Its sequence is from before, and nothing notes when it arrived. */
const SENDING_US = 5_000_000;

const retry = (nextAt: number, note: string | null): Why => ({
  waits: 'retry',
  at: nextAt > 0 ? new Date(nextAt).toISOString() : null, // 0: now
  note,
});

const approval = (what: 'deletions' | 'creations', { context }: Pick<Placed, 'context'>): Why => ({
  ...UNKNOWN,
  waits: 'approval',
  note: `see causeway connect ${what} --connector '${context.connector.name}'`,
});

/** What happens to an object that only the tenant has, once this Connect writes. */
function stagedUnwanted(placed: Placed | undefined): Why {
  const reason = placed?.object.scopeReason;
  if (placed === undefined)
    return {
      ...STAGED,
      note: 'not known here: it is looked for in the directory, and deleted if it is not there',
    };
  if (placed.object.deleted) return { ...STAGED, note: 'deleted in the directory' };
  return { ...STAGED, note: `not synchronized: ${reason ?? 'out of scope'}` };
}

/** Finds what Connect knows that will end a difference. */
export class Whys {
  readonly #domains: readonly ComparedDomain[];
  /** When the tenant was asked, in milliseconds since 1970. Its answer may lack what it acknowledged later. */
  readonly #askedAt: number;
  /** The anchors that each list holds. */
  readonly #held = new Map<string, ReadonlySet<string>>();

  constructor(domains: readonly ComparedDomain[], askedAt: number) {
    this.#domains = domains;
    this.#askedAt = askedAt;
  }

  /** For an object that the tenant lacks, or has in another state. */
  ofWanted({ context, object }: Placed, kind: ObjectKind): Why {
    if (context.staging) return STAGED;
    if (kind === 'user' && this.#holds(context, creationsOf(context), object.anchor))
      return approval('creations', { context });
    return this.#ofExport({ context, object });
  }

  /** For an object that the tenant should not have. */
  ofUnwanted(anchor: string, kind: ObjectKind): Why {
    const rows = this.find(anchor, kind);
    if (this.#stages) return stagedUnwanted(rows[0]);
    const placed = rows.find(({ object }) => object.exportedDigest !== undefined) ?? rows[0];
    if (placed === undefined) return this.#ofGone(anchor);
    const { context, object } = placed;
    const lists = kind === 'user' ? [deletionsOf, strangersOf] : [groupDeletionsOf, strangerGroupsOf];
    if (lists.some(listOf => this.#holds(context, listOf(context), anchor)))
      return approval('deletions', { context });
    const why = this.#ofExport(placed);
    const { scopeReason } = object;
    return why.note === null && scopeReason !== undefined
      ? { ...why, note: `not synchronized: ${scopeReason}` }
      : why;
  }

  #ofGone(anchor: string): Why {
    const went = this.#domains.some(({ context }) =>
      context.store.deletions.wentAfter(anchor, this.#askedAt),
    );
    return went ? ON_ITS_WAY : { ...UNKNOWN, note: 'not known here' };
  }

  #ofExport({ context, object }: Placed): Why {
    const entry = context.store.queue.get('object', object.guid);
    if (entry) return retry(entry.nextAt, entry.reason);
    if (object.exportedDigest !== object.desiredDigest) return CYCLE;
    return this.#isLater(object.exportedAt) ? ON_ITS_WAY : UNKNOWN;
  }

  ofPassword({ context, object: { guid } }: Placed): Why {
    if (context.staging) return STAGED;
    const { queue, passwords, passes, settings } = context.store;
    const entry = queue.get('password', guid);
    if (entry) return retry(entry.nextAt, entry.reason);
    const state = passwords.get(guid);
    const domain = this.#domains.find(each => each.context === context);
    if (domain?.inFlight.has(guid) || this.#isLater(state?.acknowledgedAt)) return ON_ITS_WAY;
    const pass = passes.open();
    if (settings.passwordSync && (state?.anew || (pass !== undefined && pass.readAt === null))) return CYCLE;
    return { ...UNKNOWN, note: state?.detail ?? null };
  }

  /** @param placed the group as this Connect would send it; undefined if it would not send it */
  ofMembership(
    { anchor, key, reference }: MembershipKey,
    placed: Placed | undefined,
    isMember: boolean,
  ): Why {
    if (placed === undefined) return this.ofUnwanted(anchor, 'group');
    if (this.#stages) return STAGED;
    const { lists, slices } = placed.context.store;
    const list = lists.get(placed.object.guid);
    const slice = list && slices.covering(list.id, key);
    if (slice?.pending) return slice.attempts > 0 ? retry(slice.nextAt, slice.problem) : CYCLE;
    if ((slice?.sequence ?? 0) > this.#askedAt * 1000 - SENDING_US) return ON_ITS_WAY;
    const toRead = lists.reading(placed.object.guid)?.toRead ?? null;
    if (toRead !== null) return { ...CYCLE, note: `its list is to be read: ${toRead}` };
    // A deletion removes its object from all groups, so Connect signs no slice for that.
    const why = isMember ? UNKNOWN : this.#ofMember(reference);
    return why.waits === null ? UNKNOWN : why;
  }

  #ofMember(reference: string): Why {
    for (const kind of ['user', 'group'] as const)
      if (this.find(reference, kind).length > 0) return this.ofUnwanted(reference, kind);
    return UNKNOWN;
  }

  /** Finds the object in all domains of the forest. */
  find(anchor: string, kind: ObjectKind): Placed[] {
    return this.#domains.flatMap(({ context }) => {
      const { space, groups } = context.store;
      const object = (kind === 'user' ? space : groups).findByAnchor(anchor);
      return object ? [{ context, object }] : [];
    });
  }

  get #stages(): boolean {
    return this.#domains.some(({ context }) => context.staging);
  }

  #isLater(at: string | undefined): boolean {
    return at !== undefined && Date.parse(at) > this.#askedAt;
  }

  #holds({ store }: ConnectorContext, list: BulkList, anchor: string): boolean {
    const name = `${list.scope} ${list.operation} ${list.kind}`;
    const held = this.#held.get(name) ?? new Set(store.bulk.held(list).map(line => line.anchor));
    this.#held.set(name, held);
    return held.has(anchor);
  }
}
