import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  CredentialChange,
  GroupChange,
  MembersChange,
  ObjectChange,
  PublicKey,
  SeenRun,
  TenantLine,
  Verdict,
  WindowsCredentialsSyncConfig,
  Withdrawal,
} from '@causeway/contract';
import { comparePasswordOrder } from '@causeway/credentials';
import { domainFingerprint, generateSigningKey, peekRecord } from '@causeway/records';
import { changesOf, credentialsOf } from './peer-bodies.ts';
import { PeerGroups } from './peer-groups.ts';
import { differingFrom, linesOf, type PeerUser, pageOf } from './peer-lines.ts';

/** What a scripted tenant does to a request instead of answering it. */
export type Misbehaviour =
  | { status: number; retryAfter?: number; json?: unknown }
  /** The connection ends after the beginning of a correct answer. */
  | 'half a body'
  /** The connection ends without a byte. */
  | 'nothing'
  /** A well-formed answer of another shape than agreed. */
  | 'another shape'
  /** The request is carried out, but its answer is lost. */
  | 'done but lost';

/** Heads come by the clock, so they must not use up what a test scripted for another request. */
const SYNC = '/api/v1/sync/';
const HEAD = `${SYNC}head`;
const COMPARE = `${SYNC}compare`;
const LINES = `${SYNC}lines`;
const COMPARE_GROUPS = `${SYNC}compare-groups`;
const GROUP_LINES = `${SYNC}group-lines`;
const STORED = `${SYNC}stored-users`;
const STANDING = `${SYNC}standing`;
const COMPARING: ReadonlySet<string> = new Set([COMPARE, LINES, COMPARE_GROUPS, GROUP_LINES, STORED]);

/** The tenant's provisioning side as a scripted peer. It keeps and records everything it receives, and misbehaves on demand. */
export class ProvisioningPeer {
  readonly tenantId = randomUUID();
  /** The receipt key of the managed domain that it offers. */
  readonly receiptKey = generateSigningKey();
  /** The receipt of each forest, and its last head. */
  readonly receipts = new Map<string, string>();
  readonly heads = new Map<string, string>();
  readonly users = new Map<string, PeerUser>();
  readonly groups = new PeerGroups();
  readonly requests: { path: string; body: string }[] = [];
  /** Taken from the front, one per request to the provisioning API. */
  readonly script: (Misbehaviour | undefined)[] = [];
  /** Decides on a request to the provisioning API when the script is empty. */
  misbehave: (path: string) => Misbehaviour | undefined = () => undefined;
  /** Decides on an item before the tenant's own rules do. */
  judge: (change: ObjectChange | CredentialChange) => Omit<Verdict, 'sourceAnchor'> | undefined = () =>
    undefined;
  /** A request to the provisioning API first waits for this, which makes a slow tenant. */
  hold: (path: string) => Promise<unknown> | undefined = () => undefined;
  windowsCredentialsSyncConfig: WindowsCredentialsSyncConfig = { enabled: false, domain: null };
  /** Records that it announces; undefined for a tenant of the first release, which announces none. */
  accepts: readonly string[] | undefined;
  /** What it claims its managed domain announced. */
  domainAccepts: readonly string[] | undefined;
  /** What it reports of other starts of the same Connect. */
  otherRuns: SeenRun[] | undefined;
  /** Whether it compares (docs/formats.md, *Comparing*). A tenant of the previous release does not. */
  compares = false;
  /** The mark that it sends with its next comparison, and the marks it received. */
  mark: string | null = null;
  readonly marks: (string | null)[] = [];
  /** What it reports of its users. A test that makes it lie replaces this. */
  lines: () => TenantLine[] = () => this.ownLines();
  /** Its agent stages. */
  staging = false;
  /** It does not know the agent, or no longer. */
  removed = false;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<ProvisioningPeer> {
    const server = createServer((request, reply) => void peer.#answer(request, reply));
    const peer = new ProvisioningPeer(server);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  /** Resets it between tests: nothing received, nothing scripted or judged, no managed domain. */
  forget(): void {
    this.users.clear();
    this.groups.forget();
    this.requests.length = 0;
    this.script.length = 0;
    this.judge = () => undefined;
    this.accepts = undefined;
    this.domainAccepts = undefined;
    this.otherRuns = undefined;
    this.compares = false;
    this.mark = null;
    this.marks.length = 0;
    this.lines = () => this.ownLines();
    this.windowsCredentialsSyncConfig = { enabled: false, domain: null };
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Offers a managed domain. Without a key, the tenant reports that it has none. */
  offerKey(key?: PublicKey, receiptKey: PublicKey = this.receiptKey.publicKey): void {
    const registeredAt = new Date().toISOString();
    const place = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', receiptKey, registeredAt };
    this.windowsCredentialsSyncConfig = {
      enabled: key !== undefined,
      domain: key ? { ...place, key } : null,
    };
  }

  /** What an administrator confirms after comparing the fingerprint of a managed domain with this sealing key. */
  confirmable({ keyId, publicKey }: PublicKey) {
    const receiptKey = this.receiptKey.publicKey.publicKey;
    const fingerprint = domainFingerprint(publicKey, receiptKey);
    return { fingerprint, keyId, publicKey, receiptKey, realm: 'AADDS.EXAMPLE.NET' };
  }

  requestsTo(path: string): { path: string; body: string }[] {
    return this.requests.filter(request => request.path === path);
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const path = request.url ?? '';
    this.requests.push({ path, body });
    if (path.startsWith('/api/v1/sync/')) await this.hold(path);
    if (path === '/token' && this.removed) {
      reply.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
      return;
    }
    const next = [HEAD, STANDING].includes(path) || !path.startsWith(SYNC) ? undefined : this.script.shift();
    const misbehaviour = path.startsWith(SYNC) ? (next ?? this.misbehave(path)) : undefined;
    if (misbehaviour === 'nothing') {
      reply.destroy();
      return;
    }
    if (typeof misbehaviour === 'object') {
      const headers =
        misbehaviour.retryAfter === undefined ? {} : { 'retry-after': String(misbehaviour.retryAfter) };
      reply.writeHead(misbehaviour.status, { 'content-type': 'application/json', ...headers });
      reply.end(JSON.stringify(misbehaviour.json ?? { error: { code: 'scripted', message: 'as scripted' } }));
      return;
    }
    if (COMPARING.has(path) && !this.compares) {
      reply.writeHead(404, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ error: { code: 'not-found', message: 'no such route' } }));
      return;
    }
    const right = JSON.stringify(
      misbehaviour === 'another shape' ? { verdict: 1 } : this.#carryOut(path, body),
    );
    if (misbehaviour === 'done but lost') {
      reply.destroy();
      return;
    }
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(right) });
    if (misbehaviour === 'half a body') {
      reply.write(right.slice(0, right.length >> 1), () => reply.destroy());
      return;
    }
    reply.end(right);
  }

  #carryOut(path: string, body: string): unknown {
    switch (path) {
      case '/enrol':
        return {
          tenantId: this.tenantId,
          tenantName: 'peer',
          agentId: randomUUID(),
          clientId: 'peer-client',
          issuer: this.url,
          tokenEndpoint: `${this.url}/token`,
        };
      case '/token':
        return { access_token: 'a-token', token_type: 'bearer', expires_in: 3600 };
      case '/api/v1/sync/configuration': {
        const { tenantId, windowsCredentialsSyncConfig } = this;
        return {
          ...{ tenantId, tenantName: 'peer', minimumAgentVersion: '0.0.1' },
          windowsCredentialsSyncConfig,
          ...(this.accepts && { accepts: this.accepts }),
          ...(this.domainAccepts && { domainAccepts: this.domainAccepts }),
          ...(this.otherRuns && { otherRuns: this.otherRuns }),
        };
      }
      case '/api/v1/sync/objects':
        return { verdicts: changesOf<ObjectChange>(body).map(change => this.#takeObject(change)) };
      case '/api/v1/sync/groups':
        return { verdicts: changesOf<GroupChange>(body).map(change => this.groups.take(change)) };
      case '/api/v1/sync/members':
        return { verdicts: changesOf<MembersChange>(body).map(change => this.groups.takeMembers(change)) };
      case '/api/v1/sync/credentials':
        return { verdicts: credentialsOf(body).map(change => this.#takeCredential(change)) };
      case '/api/v1/sync/withdrawals':
        return { verdicts: changesOf<Withdrawal>(body).map(change => this.#takeWithdrawal(change)) };
      case STANDING:
        return { staging: this.staging };
      case HEAD: {
        const { forest, head } = JSON.parse(body) as { forest: string; head: string };
        this.heads.set(forest, head);
        return { receipt: this.receipts.get(forest) ?? null };
      }
      case COMPARE: {
        const asked = JSON.parse(body) as { buckets: string; mark: string | null };
        this.marks.push(asked.mark);
        return { differing: differingFrom(this.lines(), asked.buckets), mark: this.mark };
      }
      case LINES:
        return pageOf(this.lines(), JSON.parse(body) as { buckets: number[]; after: string });
      case COMPARE_GROUPS:
        return { differing: this.groups.differingFrom((JSON.parse(body) as { buckets: string }).buckets) };
      case GROUP_LINES:
        return this.groups.linesOf((JSON.parse(body) as { buckets: number[] }).buckets);
      default:
        return {};
    }
  }

  /** The members of a group, in the order of references; undefined while it does not have the whole group. */
  membersOf(anchor: string): string[] | undefined {
    return this.groups.membersOf(anchor, member => this.users.has(member) || this.groups.groups.has(member));
  }

  /** What it has. */
  ownLines(): TenantLine[] {
    return linesOf(this.users);
  }

  #takeObject(change: ObjectChange): Verdict {
    const { sourceAnchor } = change;
    const judged = this.judge(change);
    if (judged) return { sourceAnchor, ...judged };
    const known = this.users.get(sourceAnchor);
    if (change.operation === 'upsert') this.users.set(sourceAnchor, { ...known, object: change });
    else if (!this.users.delete(sourceAnchor)) {
      return { sourceAnchor, verdict: 'refused', code: 'unknown-user', reason: 'no such user' };
    } else this.groups.deletions.set(sourceAnchor, change.sequence);
    return { sourceAnchor, verdict: 'applied' };
  }

  #takeCredential(change: CredentialChange): Verdict {
    const { sourceAnchor } = change;
    const judged = this.judge(change);
    if (judged) return { sourceAnchor, ...judged };
    const user = this.users.get(sourceAnchor);
    if (!user) return { sourceAnchor, verdict: 'retry', code: 'unknown-user', reason: 'no such user' };
    if (user.order && comparePasswordOrder(change.passwordOrder, user.order) < 0) {
      return { sourceAnchor, verdict: 'refused', code: 'older-password-order', reason: 'older' };
    }
    user.credential = change;
    user.order = change.passwordOrder;
    delete user.withdrawal;
    return { sourceAnchor, verdict: 'applied' };
  }

  #takeWithdrawal({ sourceAnchor, record }: Withdrawal): Verdict {
    const user = this.users.get(sourceAnchor);
    if (!user) return { sourceAnchor, verdict: 'retry', code: 'unknown-user', reason: 'no such user' };
    const order = peekRecord(record)!.passwordOrder!;
    if (user.order && comparePasswordOrder(order, user.order) < 0) {
      return { sourceAnchor, verdict: 'refused', code: 'older-password-order', reason: 'older' };
    }
    user.withdrawal = record;
    user.order = order;
    delete user.credential;
    return { sourceAnchor, verdict: 'applied' };
  }
}
