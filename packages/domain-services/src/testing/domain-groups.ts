import type { Send } from '@causeway/api';
import { describeError, type Log } from '@causeway/service';
import type { HandClock } from '@causeway/service/testing';
import { MARK_ATTRIBUTE, readAccountMark } from '../directory/account-mark.ts';
import { UNIVERSAL_SECURITY } from '../directory/groups/group-values.ts';
import { LdbModify } from '../directory/ldb/ldb-modify.ts';
import { GroupFollower } from '../feed/group-follower.ts';
import type { GroupContext } from '../groups/group-context.ts';
import { Later } from '../groups/later.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import { keyOf, type Person } from '../person.ts';
import type { Places } from '../places.ts';
import { GroupKeeper } from '../upkeep/group-keeper.ts';
import { SidKeeper } from '../upkeep/sid-keeper.ts';
import type { SambaPeer } from './samba-peer.ts';

/** A group of ours in the scripted Samba. */
export interface DomainGroup {
  readonly anchor: string;
  readonly forest: string;
  readonly name: string;
  readonly security: boolean;
  /** Forests and anchors of our own members; objectGUIDs of all others. */
  readonly members: ReadonlySet<string>;
}

interface DomainGroupsOptions {
  ledger: Ledger;
  send: Send;
  log: Log;
  domain: ManagedDomain;
  tenant: string;
  places: Places;
  samba: SambaPeer;
  deletionThreshold: number;
  onCaughtUp: (askedAt: number) => void;
}

/** The follower of the feed of groups, the keeper of groups, and the keeper of on-premises SIDs, as in a run of Domain Services. */
export class DomainGroups {
  readonly follower: GroupFollower;
  readonly #keeper: GroupKeeper;
  readonly #sids: SidKeeper;
  readonly #context: GroupContext;

  constructor({ samba, deletionThreshold, places, ...options }: DomainGroupsOptions) {
    const { ledger, log, domain } = options;
    const { directory, groups } = samba.groups;
    this.follower = new GroupFollower(options);
    const domainWhenUp = async () => domain;
    this.#keeper = new GroupKeeper({
      ...{ ledger, log, domainWhenUp, deletionThreshold },
      directory: directory as never,
    });
    this.#sids = new SidKeeper({
      ...{ ledger, log, domainWhenUp, directory: samba.shadows.directory, sharing: 'all' },
      ldbModify: new LdbModify(places.domain),
    });
    this.#context = { ledger, directory, groups, domain, log, later: new Later(ledger.clock) };
  }

  /** Writes what differs, as far as the directory accepts it. */
  async keep(): Promise<void> {
    try {
      await this.#keeper.turn(this.#context, new AbortController().signal);
    } catch (error) {
      this.#context.log.warn({ err: describeError(error) }, 'cannot write groups; retrying');
    }
  }

  /** One beat of the keeper of on-premises SIDs. @param others how many services sleep beside it */
  async keepSids(clock: HandClock, others: number): Promise<void> {
    const end = new AbortController();
    const running = this.#sids.run(end.signal);
    await clock.sleeping(others + 1);
    end.abort();
    await running;
  }
}

/** The groups that have a mark of ours. */
export function groupsOf(samba: SambaPeer): DomainGroup[] {
  const ours = oursOf(samba);
  return [...samba.groups.stored].flatMap(([guid, { name, values, members }]) => {
    const mark = ours.get(guid);
    if (mark === undefined) return [];
    const whose = [...members].map(member => {
      const found = ours.get(member);
      return found ? keyOf(found) : member;
    });
    const { anchor, forest } = mark;
    const security = values.groupType?.[0] === UNIVERSAL_SECURITY;
    return [{ anchor, forest, name, security, members: new Set(whose) }];
  });
}

/** Which of our objects has which on-premises SID, by a shadow group or in `sIDHistory`: one line each, with forest, anchor and SID. */
export function sidsOf(samba: SambaPeer): string[] {
  const ours = oursOf(samba);
  const whose = (guid: string): string => {
    const found = ours.get(guid);
    return found ? keyOf(found) : guid;
  };
  const { shadows } = samba;
  const holders = [...shadows.holders()].flatMap(([sid, members]) =>
    members.map(guid => [guid, sid] as const),
  );
  return [
    ...holders.map(([guid, sid]) => `${whose(guid)} in the group of ${sid}`),
    ...Array.from(shadows.histories(), ([guid, sid]) => `${whose(guid)} with ${sid} in sIDHistory`),
  ];
}

/** The forest and anchor of each of our accounts and groups, by objectGUID. */
function oursOf(samba: SambaPeer): Map<string, Person> {
  const groups = [...samba.groups.stored].map(([guid, { values }]) => [guid, values] as const);
  return new Map(
    [...samba.stored, ...groups].flatMap(([guid, values]) => {
      const mark = readAccountMark(values[MARK_ATTRIBUTE]?.[0]?.toString() ?? '');
      return mark ? [[guid, mark] as const] : [];
    }),
  );
}
