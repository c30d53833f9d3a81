import { randomUUID } from 'node:crypto';
import {
  type Agent,
  type DomainReport,
  EMPTY_PROFILE,
  enrolmentRoutes,
  type FeedItem,
  managedDomainRoutes,
  type PublicKey,
} from '@causeway/contract';
import { createLog, createServer, listen } from '@causeway/service';

type Item = Omit<FeedItem, 'cursor' | 'userId' | 'profile'> & { profile?: Partial<FeedItem['profile']> };

/** A tenant that says to a managed domain whatever a test wants it to say, hostile things too. */
export class TenantPeer {
  readonly tenantId = randomUUID();
  readonly reports: DomainReport[] = [];
  agents: Agent[] = [];
  /** What it shows as its own key, by which cloud-only users are signed; nothing, as a tenant that has none. */
  ownKey: PublicKey | undefined;
  /** The head that is shown of each forest, and the receipts that came. */
  readonly heads = new Map<string, string>();
  readonly receipts = new Map<string, string[]>();
  url = '';
  /** What every answer of the feed is, when something else than the feed is to come. */
  failWith: number | undefined;
  /** Users of a page at most, where a test wants many small pages. */
  pageLimit = Number.POSITIVE_INFINITY;
  readonly #server = createServer({ log: createLog('tenant-peer', { write: () => {} }) });
  readonly #items: FeedItem[] = [];
  #waiting: (() => void)[] = [];
  #lastCursor = 0;

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

  /** Puts users at the end of the feed; a user's place in it moves, as in the real one. */
  publish(...items: Item[]): void {
    for (const item of items) {
      const before = this.#items.findIndex(known => known.sourceAnchor === item.sourceAnchor);
      const userId = before === -1 ? randomUUID() : this.#items.splice(before, 1)[0]!.userId;
      this.say({ ...item, userId });
    }
  }

  /** Puts something into the feed as it is, beside what it holds of the same user. */
  say(item: Item & { userId?: string }): void {
    const cursor = String(++this.#lastCursor);
    const profile = { ...EMPTY_PROFILE, ...item.profile };
    this.#items.push({ userId: randomUUID(), ...item, cursor, profile });
    this.#wake();
  }

  /** A Connect whose public key this tenant offers. */
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
    server.post(managedDomainRoutes.reportApplied.path, request => {
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
    server.get(managedDomainRoutes.readChanges.path, async (request, reply) => {
      const { after, limit, wait } = managedDomainRoutes.readChanges.query!.parse(request.query);
      if (this.failWith !== undefined) {
        return reply
          .status(this.failWith)
          .send({ error: { code: 'scripted', message: 'as the test wants it' } });
      }
      if (!this.#after(after).length && wait > 0) await this.#news(wait);
      const rest = this.#after(after);
      const items = rest.slice(0, Math.min(limit, this.pageLimit));
      return { items, cursor: items.at(-1)?.cursor ?? after, more: rest.length > items.length };
    });
  }

  #after(cursor: string): FeedItem[] {
    return this.#items.filter(item => Number(item.cursor) > Number(cursor));
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
