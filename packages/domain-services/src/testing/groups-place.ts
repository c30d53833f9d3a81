import { randomUUID } from 'node:crypto';
import type { GroupFeedItem } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import { createLog, timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import { newEntry } from '../apply/plan.ts';
import { believePage } from '../groups/believe-page.ts';
import { Later } from '../groups/later.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { Problem } from '../ledger/problem-book.ts';
import { GroupKeeper } from '../upkeep/group-keeper.ts';
import { ForestPeer, type Group, type Person } from './forest-peer.ts';
import { GroupsPeer } from './groups-peer.ts';

const TENANT = randomUUID();
const never = new AbortController().signal;

/**
 * Two forests and a tenant, each with its trusted key, and a scripted directory that a keeper writes. A test shows items as the tenant, and
 * sees what is believed or refused and what becomes of it.
 */
export class GroupsPlace {
  readonly tenant = TENANT;
  readonly domain = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' };
  readonly clock = new HandClock();
  readonly said: string[] = [];
  readonly log = createLog('test', { write: line => void this.said.push(line) });
  readonly peer = new GroupsPeer();
  readonly corp = new ForestPeer(TENANT);
  readonly fabrikam = new ForestPeer(TENANT, 'fabrikam.example.org');
  readonly cloud = new ForestPeer(TENANT, CLOUD_FOREST);
  readonly ledger = new Ledger(':memory:', this.clock);
  readonly #keeper: GroupKeeper;
  readonly #later = new Later(this.clock);

  constructor() {
    const { ledger, log, peer, clock, domain } = this;
    for (const { publicKey, forest } of [this.corp, this.fabrikam, this.cloud])
      ledger.agents.trust({ ...publicKey, forest, trustedAt: timestamp(clock) });
    for (const { domainSid, forest } of [this.corp, this.fabrikam]) ledger.confirmSid(domainSid, forest);
    const directory = peer.directory as never;
    this.#keeper = new GroupKeeper({
      ...{ ledger, log, directory, domainWhenUp: async () => domain, deletionThreshold: 500 },
    });
  }

  /** An item that the tenant shows for a group. */
  item({ anchor }: Pick<Group, 'anchor'>, record: string, forest: string | null = this.corp.forest) {
    return { forest, sourceAnchor: anchor, record };
  }

  /** Shows a page at the end of the feed, and lets the keeper act on it. @returns why the rest was not believed */
  async show(...items: GroupFeedItem[]): Promise<Problem[]> {
    const { ledger, log, domain } = this;
    for (const one of ledger.problems.list(1000)) ledger.problems.clear(one, one.kind);
    ledger.transaction(() => {
      believePage({ ledger, tenant: TENANT, domain, log }, items);
      ledger.state.set('groupsReadAt', ledger.timestamp());
    });
    await this.turn();
    return ledger.problems.list(1000);
  }

  async turn(): Promise<void> {
    const { ledger, domain, log, peer } = this;
    const { directory, groups } = peer;
    await this.#keeper.turn({ ledger, directory, groups, domain, log, later: this.#later }, never);
  }

  /** Adds the account of a user, as the feed's pages do. */
  come({ anchor, objectGuid, name }: Person, { forest }: ForestPeer = this.corp): void {
    const managedGuid = this.peer.addOther(name);
    this.ledger.accounts.save({
      ...newEntry({ sourceAnchor: anchor, forest, objectGuid }),
      ...{ managedGuid, samAccountName: name, nonce: randomUUID(), accountSequence: 1 },
    });
  }

  /** All groups of the directory with the names of their members, and the on-premises SIDs that objects should have. */
  directory() {
    const { others, stored } = this.peer;
    const nameOf = (guid: string) => others.get(guid) ?? stored.get(guid)!.name;
    const groups = [...stored.values()].map(({ name, values, members }) => ({
      ...{ name, type: values.groupType?.[0], called: values.displayName?.[0] },
      members: [...members].map(nameOf).sort(),
    }));
    const sids = this.ledger.sids.due('all', 1000).map(({ anchor, wanted }) => ({ anchor, wanted }));
    return { groups: groups.sort((a, b) => (a.name < b.name ? -1 : 1)), sids };
  }

  members(name: string): string[] | undefined {
    return this.directory().groups.find(one => one.name === name)?.members;
  }
}
