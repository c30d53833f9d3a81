import { randomUUID } from 'node:crypto';
import { createServer, listen } from '@causeway/api';
import {
  ACCEPTS_HEADER,
  type Agent,
  type DomainReport,
  EMPTY_PROFILE,
  enrolmentRoutes,
  type FeedItem,
  FOREST_REPORT,
  type GroupFeedItem,
  managedDomainRoutes,
  type ProposedAdministrator,
  type PublicKey,
  synchronizedGroupRoutes,
} from '@causeway/contract';
import { createLog } from '@causeway/service';

type Item = Omit<FeedItem, 'userId' | 'profile'> & { profile?: Partial<FeedItem['profile']> };

interface Entry {
  readonly item: FeedItem;
  readonly seq: number;
  /** The item has nothing new. */
  readonly again: boolean;
}

/** A tenant that shows a managed domain whatever a test wants, also hostile things. */
export class TenantPeer {
  readonly tenantId = randomUUID();
  readonly reports: DomainReport[] = [];
  agents: Agent[] = [];
  /** The key it shows as its own, which signs cloud-only users; undefined, as at a tenant without one. */
  ownKey: PublicKey | undefined;
  /** The proposed administrators of the managed domain; undefined, as at a tenant of the previous release. */
  administrators: ProposedAdministrator[] | undefined;
  /** The head that it shows of each forest, and the receipts that arrived. */
  readonly heads = new Map<string, string>();
  readonly receipts = new Map<string | null, string[]>();
  url = '';
  /** The status of each answer of the feed, if the feed is to fail. */
  failWith: number | undefined;
  /** It answers no report before that. */
  takesReports: Promise<unknown> = Promise.resolve();
  /** The most users of a page, if a test wants many small pages. */
  pageLimit = Number.POSITIVE_INFINITY;
  /** Lies that whatever was new once is still new, however often the feed is read. */
  repeatsNews = false;
  /** Called when a page with users is put together. What it publishes comes after that page. */
  onPage: (() => void) | undefined;
  /** What it announces that it accepts; undefined, as at a previous release. */
  accepts: string | undefined = FOREST_REPORT;
  readonly #server = createServer({ log: createLog('tenant-peer', { write: () => {} }) });
  readonly #entries: Entry[] = [];
  /** Records of groups and slices, in the order in which they are shown; undefined, as at a tenant without a feed of groups. */
  groupItems: GroupFeedItem[] | undefined = [];
  #waiting: (() => void)[] = [];
  #lastSeq = 0;

  static async start(): Promise<TenantPeer> {
    const peer = new TenantPeer();
    peer.#serve();
    peer.url = await listen(peer.#server, { host: '127.0.0.1', port: 0 }, false);
    return peer;
  }

  close(): Promise<void> {
    this.#wake();
    return this.#server.close();
  }

  /** Puts users at the end of the feed. A user's place in it moves, as in the real one. */
  publish(...items: Item[]): void {
    for (const item of items) this.#publish(item, false);
  }

  /** The same for existing users. The real tenant shows them after everything that is new. */
  publishAgain(...items: Item[]): void {
    for (const item of items) this.#publish(item, true);
  }

  #publish(item: Item, again: boolean): void {
    const before = this.#entries.findIndex(
      known => known.item.sourceAnchor === item.sourceAnchor && known.item.forest === item.forest,
    );
    const userId = before === -1 ? randomUUID() : this.#entries.splice(before, 1)[0]!.item.userId;
    this.say({ ...item, userId }, again);
  }

  /** Puts records of groups and slices of their members at the end of their feed, and keeps what it holds of the same groups. */
  publishGroups(...items: GroupFeedItem[]): void {
    this.groupItems?.push(...items);
    this.#wake();
  }

  /** Drops a person from the feed, as a tenant that lost them. */
  forget(sourceAnchor: string): void {
    const before = this.#entries.findIndex(({ item }) => item.sourceAnchor === sourceAnchor);
    if (before !== -1) this.#entries.splice(before, 1);
  }

  /** Puts an item into the feed unchanged, and keeps what it holds of the same user. */
  say(item: Item & { userId?: string }, again = false): void {
    const profile = { ...EMPTY_PROFILE, ...item.profile };
    this.#entries.push({
      item: { userId: randomUUID(), ...item, profile },
      seq: ++this.#lastSeq,
      again,
    });
    this.#wake();
  }

  /** Offers a Connect with its public key. */
  offer(name: string, signingKey: Agent['signingKey']): void {
    const enrolledAt = new Date().toISOString();
    this.agents.push({
      ...{
        id: randomUUID(),
        kind: 'connect',
        name,
        version: '0',
        signingKey,
        forests: [],
        enrolledAt,
        lastSeenAt: null,
      },
    });
  }

  /** The last report of a user's record. */
  reported(sourceAnchor: string, kind: DomainReport['kind']): DomainReport | undefined {
    return this.reports.findLast(report => report.sourceAnchor === sourceAnchor && report.kind === kind);
  }

  #serve(): void {
    const server = this.#server;
    server.addHook('onSend', async (_request, reply) => {
      if (this.accepts !== undefined) reply.header(ACCEPTS_HEADER, this.accepts);
    });
    server.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, _body, done) => done(null, {}),
    );
    server.post(enrolmentRoutes.enrol.path, () => ({
      tenantId: this.tenantId,
      tenantName: 'contoso',
      agentId: this.tenantId,
      clientId: 'domain',
      issuer: this.url,
      tokenEndpoint: `${this.url}/token`,
    }));
    server.post('/token', () => ({ access_token: 'scripted', token_type: 'Bearer', expires_in: 3600 }));
    server.put(managedDomainRoutes.registerDomainKey.path, () => ({}));
    server.get(enrolmentRoutes.listAgents.path, () => ({ agents: this.agents }));
    server.get(managedDomainRoutes.readTenantKey.path, (_request, reply) =>
      this.ownKey ? { key: this.ownKey } : reply.callNotFound(),
    );
    server.get(managedDomainRoutes.readAdministrators.path, (_request, reply) =>
      this.administrators ? { members: this.administrators, more: 0 } : reply.callNotFound(),
    );
    server.post(managedDomainRoutes.reportApplied.path, async request => {
      await this.takesReports;
      this.reports.push(...managedDomainRoutes.reportApplied.body!.parse(request.body).reports);
      return {};
    });
    server.get(managedDomainRoutes.readHeads.path, () => ({
      heads: [...this.heads].map(([forest, head]) => ({ forest, head })),
    }));
    server.put(managedDomainRoutes.putReceipt.path, request => {
      const { forest, receipt } = managedDomainRoutes.putReceipt.body!.parse(request.body);
      this.receipts.set(forest, [...(this.receipts.get(forest) ?? []), receipt]);
      return {};
    });
    server.get(synchronizedGroupRoutes.readGroupChanges.path, async (request, reply) => {
      const { after, limit, wait } = synchronizedGroupRoutes.readGroupChanges.query!.parse(request.query);
      if (this.groupItems === undefined) return reply.callNotFound();
      const from = Number(after);
      if (this.groupItems.length === from && wait > 0) await this.#news(wait);
      const items = this.groupItems.slice(from, from + limit);
      const cursor = from + items.length;
      return { items, cursor: String(cursor), more: cursor < this.groupItems.length };
    });
    server.get(managedDomainRoutes.readChanges.path, async (request, reply) => {
      const { after, limit, wait, only } = managedDomainRoutes.readChanges.query!.parse(request.query);
      if (this.failWith !== undefined) {
        return reply
          .status(this.failWith)
          .send({ error: { code: 'scripted', message: 'as the test wants it' } });
      }
      if (!this.#after(after, only).length && wait > 0) await this.#news(wait);
      const rest = this.#after(only && this.repeatsNews ? '' : after, only);
      const page = rest.splice(0, Math.min(limit, this.pageLimit));
      const answer = {
        items: page.map(({ item }) => item),
        cursor: cursorAfter(after, page),
        more: rest.length > 0,
        moreNew: rest.some(({ again }) => !again),
      };
      if (!only && page.length > 0) this.onPage?.();
      return answer;
    });
  }

  #after(cursor: string, only: 'new' | undefined): Entry[] {
    const place = placeOf(cursor);
    const [news, again] = [false, true].map(kind =>
      this.#entries.filter(entry => entry.again === kind && entry.seq > place[kind ? 'again' : 'news']),
    );
    return only === 'new' ? news! : [...news!, ...again!];
  }

  #news(seconds: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** How far the feed was read: among the news, and among what was sent again. */
function placeOf(cursor: string): { news: number; again: number } {
  const [news = 0, again = 0] = cursor.split('.').map(Number);
  return { news, again };
}

function cursorAfter(cursor: string, page: readonly Entry[]): string {
  const place = placeOf(cursor);
  for (const { seq, again } of page) place[again ? 'again' : 'news'] = seq;
  return `${place.news}.${place.again}`;
}
