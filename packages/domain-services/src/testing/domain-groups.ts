import type { Send } from '@causeway/api';
import { describeError, type Log } from '@causeway/service';
import { MARK_ATTRIBUTE, readAccountMark } from '../directory/account-mark.ts';
import { UNIVERSAL_SECURITY } from '../directory/groups/group-values.ts';
import { GroupFollower } from '../feed/group-follower.ts';
import type { GroupContext } from '../groups/group-context.ts';
import { Later } from '../groups/later.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import { keyOf } from '../person.ts';
import { GroupKeeper } from '../upkeep/group-keeper.ts';
import type { SambaPeer } from './samba-peer.ts';

/** A group of ours, as the scripted Samba has it. */
export interface DomainGroup {
  readonly anchor: string;
  readonly forest: string;
  readonly name: string;
  readonly security: boolean;
  /** Forests and anchors of those who are ours; objectGUIDs of everybody else. */
  readonly members: ReadonlySet<string>;
}

interface DomainGroupsOptions {
  ledger: Ledger;
  send: Send;
  log: Log;
  domain: ManagedDomain;
  tenant: string;
  samba: SambaPeer;
  deletionThreshold: number;
  onCaughtUp: (askedAt: number) => void;
}

/** Who follows the feed of groups and who writes them, as a run of Domain Services has them. */
export class DomainGroups {
  readonly follower: GroupFollower;
  readonly #keeper: GroupKeeper;
  readonly #context: GroupContext;

  constructor({ samba, deletionThreshold, ...options }: DomainGroupsOptions) {
    const { ledger, log, domain } = options;
    const { directory, groups } = samba.groups;
    this.follower = new GroupFollower(options);
    const domainWhenUp = async () => domain;
    this.#keeper = new GroupKeeper({
      ...{ ledger, log, domainWhenUp, deletionThreshold },
      directory: directory as never,
    });
    this.#context = { ledger, directory, groups, domain, log, later: new Later(ledger.clock) };
  }

  /** What differs is written, as far as the directory takes it. */
  async keep(): Promise<void> {
    try {
      await this.#keeper.turn(this.#context, new AbortController().signal);
    } catch (error) {
      this.#context.log.warn({ err: describeError(error) }, 'groups are not written; trying again');
    }
  }
}

/** The groups that say whose they are. */
export function groupsOf(samba: SambaPeer): DomainGroup[] {
  const marks = [...samba.groups.stored].map(([guid, { values }]) => [guid, values] as const);
  const ours = new Map(
    [...samba.stored, ...marks].flatMap(([guid, values]) => {
      const mark = readAccountMark(values[MARK_ATTRIBUTE]?.[0]?.toString() ?? '');
      return mark ? [[guid, mark] as const] : [];
    }),
  );
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
