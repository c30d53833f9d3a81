import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Send } from '@causeway/api';
import type { DomainArrival } from '@causeway/contract';
import { createLog, type Log, type Service, takeStateFolder } from '@causeway/service';
import type { HandClock } from '@causeway/service/testing';
import { block } from '../admin/block-commands.ts';
import { adoptBlocks, applyBlocks } from '../apply/blocks.ts';
import { adoptAccounts } from '../apply/reunion/adopt-accounts.ts';
import { reunite } from '../apply/reunion/reunite.ts';
import { DomainConfiguration, limitsOf } from '../configuration.ts';
import { MARK_ATTRIBUTE, readAccountMark } from '../directory/account-mark.ts';
import type { DatabaseAtRest } from '../directory/database-at-rest.ts';
import { LdbModify } from '../directory/ldb/ldb-modify.ts';
import { Follower } from '../feed/follower.ts';
import { arrivals } from '../heads/arrival.ts';
import { HeadWatch, type Subject } from '../heads/head-watch.ts';
import { approveHeld, listHeld } from '../ledger/held.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import { ensureDomainKeys, openDomainKeys, publicDomainKeys } from '../pairing/domain-keys.ts';
import { trustAgent } from '../pairing/trust.ts';
import { type Places, placesOf } from '../places.ts';
import { openTenant, requireIdentity } from '../registration/identity.ts';
import { registerAtTenant } from '../registration/register.ts';
import { type DomainGroup, DomainGroups, groupsOf } from './domain-groups.ts';
import { SambaPeer, type SambaSnapshot } from './samba-peer.ts';

/** An account of ours in the scripted Samba. */
export interface DomainAccount {
  readonly guid: string;
  readonly anchor: string;
  readonly forest: string;
  readonly name: string;
  readonly principal: string | null;
  readonly enabled: boolean;
  /** FILETIME in decimal. */
  readonly expires: string;
  readonly ntHash: Uint8Array | undefined;
}

/** The ledger's files at one moment, by the endings of their names; undefined if the ledger is lost. */
export type LedgerSnapshot = ReadonlyMap<string, Uint8Array> | undefined;

const ENDS = ['', '-wal'];
/** The beats of heads and of receipts sleep all the while. */
const BEATS = 2;
/** After this time a tenant that does not answer ends a turn. */
const PATIENCE_MS = 120_000;

interface Running {
  readonly ledger: Ledger;
  readonly follower: Follower;
  readonly groups: DomainGroups;
  readonly heads: HeadWatch;
  readonly beats: Promise<void>;
}

/**
 * Domain Services with a scripted Samba, run as its service runs it, one turn per call. It can be stopped, and its ledger, its Samba or
 * both can be set back to an earlier day. Its keys and what administrators confirmed are beside the ledger, and stay.
 */
export class DomainPlace {
  readonly samba: SambaPeer;
  readonly clock: HandClock;
  readonly said: string[] = [];
  readonly #configuration: DomainConfiguration;
  readonly #places: Places;
  readonly #domain: ManagedDomain;
  readonly #log: Log;
  #running: Running | undefined;
  #stop = new AbortController();
  #caughtUp: (of: Subject) => void = () => {};
  readonly #toReadAgain = new Set<Subject>();

  /** @param folder of its state */
  constructor(folder: string, url: string, clock: HandClock) {
    this.clock = clock;
    this.#configuration = DomainConfiguration.parse({
      ...{ stateDirectory: folder, tenant: { url }, address: '127.0.0.1' },
      ...{ realm: 'aadds.example.net', netbiosDomain: 'AADDS', hostName: 'dc1' },
    });
    this.#places = placesOf(this.#configuration);
    const { realm } = this.#configuration;
    this.samba = new SambaPeer(realm);
    this.#domain = { realm, sid: 'S-1-5-21-7-8-9', hostName: 'dc1' };
    this.#log = createLog('domain', { write: line => void this.said.push(line) });
  }

  async register(code: string): Promise<void> {
    takeStateFolder(this.#configuration.stateDirectory);
    const keys = publicDomainKeys(await ensureDomainKeys(this.#places));
    const sources = { places: this.#places, configuration: this.#configuration, keys };
    await registerAtTenant(sources, { tenantName: '', enrolment: undefined, domain: null }, { code });
  }

  async fingerprint(): Promise<string> {
    return publicDomainKeys(await openDomainKeys(this.#places)).fingerprint;
  }

  async trustAgent(fingerprint: string, forest: string, replaces: readonly string[] = []): Promise<void> {
    await trustAgent(this.ledger, await this.#openTenant(), { fingerprint, forest, replaces });
  }

  get ledger(): Ledger {
    return this.#open.ledger;
  }

  get #open() {
    if (this.#running === undefined) throw new Error('this Domain Services is not started');
    return this.#running;
  }

  async start(): Promise<void> {
    const { samba, clock } = this;
    const configuration = this.#configuration;
    const places = this.#places;
    const log = this.#log;
    const domain = this.#domain;
    const ledger = new Ledger(places.ledger, clock, places.confirmed);
    const database: DatabaseAtRest = {
      realm: samba.realm,
      generation: () => samba.generation(),
      putGeneration: text => samba.putGeneration(text),
      people: () => samba.people(),
      administrators: () => samba.administrators(),
      ...samba.groups.atRest,
      write: writes => samba.atRest(writes),
      raiseRids: () => samba.raiseRids(),
    };
    await reunite({ ledger, database, log });
    samba.serve(ledger);
    await adoptAccounts({ ledger, directory: samba as never, domain, log });
    await adoptBlocks({ ledger, directory: samba });
    const { sealing: sealingKey, receipts: receiptKey } = await openDomainKeys(places);
    const { tenantId: tenant } = requireIdentity(places);
    const send = await this.#openTenant();
    const common = { ledger, send, log, tenant };
    const heads = new HeadWatch({
      ...{ ...common, receiptKey, headIntervalMs: configuration.headIntervalMs },
      limits: limitsOf(configuration),
      onHead: () => {
        follower.wake();
        groups.follower.wake();
      },
      onLasting: of => {
        (of === 'users' ? follower : groups.follower).readAgain();
        this.#toReadAgain.add(of);
      },
    });
    const onCaughtUp = (of: Subject) => (askedAt: number) => {
      heads.compare(of, askedAt);
      this.#caughtUp(of);
    };
    const { deletionThreshold } = configuration;
    const follower: Follower = new Follower({
      ...{ ...common, sealingKey, domain, directory: samba as never },
      ldbModify: new LdbModify(places.domain),
      deletionThreshold,
      onCaughtUp: onCaughtUp('users'),
    });
    const groups: DomainGroups = new DomainGroups({
      ...{ ...common, domain, samba, deletionThreshold, places },
      onCaughtUp: onCaughtUp('groups'),
    });
    this.#stop = new AbortController();
    const beats = heads.run(this.#stop.signal);
    this.#running = { ledger, follower, groups, heads, beats };
    await clock.sleeping(BEATS);
  }

  /** Reads the tenant's feed without waiting for news: the caller of the turns knows when there may be some. */
  async #openTenant(): Promise<Send> {
    const { tenant } = this.#configuration;
    const send = await openTenant(this.#places, tenant, requireIdentity(this.#places));
    return (path, init) => send(path.replace(/(?<=[?&]wait=)[\d.]+/, '0'), init);
  }

  /** What the service does once time has passed: due heads and receipts, both feeds to their ends, groups, blocks. */
  async turn(): Promise<void> {
    const { ledger, follower, groups } = this.#open;
    const { clock } = this;
    await clock.sleeping(BEATS);
    await clock.pass(1); // a head counts for requests that come after it
    await this.#readToItsEnd('users', follower);
    await this.#readToItsEnd('groups', groups.follower);
    await groups.keep();
    await groups.keepSids(clock, BEATS);
    await clock.sleeping(BEATS);
    await applyBlocks({ ledger, directory: this.samba });
  }

  async #readToItsEnd(of: Subject, feed: Service): Promise<void> {
    const { clock } = this;
    const end = new AbortController();
    const until = clock.monotonic() + PATIENCE_MS;
    this.#caughtUp = one => {
      if (one === of && (!this.#toReadAgain.delete(of) || clock.monotonic() > until)) end.abort();
    };
    const reading = feed.run(end.signal);
    const done = reading.then(() => undefined);
    for (;;) {
      const pauses = await Promise.race([done, clock.sleeping(BEATS + 1)]);
      if (pauses === undefined) break;
      await clock.pass(pauses[0]!);
      if (clock.monotonic() > until) end.abort();
    }
    await reading;
  }

  /** Makes the tenant show all of its feeds again. */
  readAgain(): void {
    const { follower, groups } = this.#open;
    follower.readAgain();
    groups.follower.readAgain();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#stop.abort();
    await running?.beats;
    running?.ledger.close();
  }

  /** For each start that found ledger or directory older: which of the two. */
  reunions(): string[] {
    return this.ledger.audit
      .list(1000)
      .flatMap(({ action, detail }) => (action === 'reunite' ? [detail] : []));
  }

  /** How far each forest has arrived, as in `domain status`. */
  arrivals(): DomainArrival[] {
    return arrivals(this.ledger, limitsOf(this.#configuration), this.#open.heads.startedAt);
  }

  /** The accounts that have a mark of ours. */
  accounts(): DomainAccount[] {
    return [...this.samba.stored].flatMap(([guid, values]) => {
      const text = (name: string) => values[name]?.[0]?.toString();
      const mark = readAccountMark(text(MARK_ATTRIBUTE) ?? '');
      if (mark === undefined) return [];
      const { anchor, forest } = mark;
      const names = { name: text('sAMAccountName') ?? '', principal: text('userPrincipalName') ?? null };
      const enabled = this.samba.isEnabled(guid);
      const ntHash = values.unicodePwd?.[0] as Uint8Array | undefined;
      return [{ guid, anchor, forest, ...names, enabled, expires: text('accountExpires') ?? '0', ntHash }];
    });
  }

  /** The groups that have a mark of ours. */
  groups(): DomainGroup[] {
    return groupsOf(this.samba);
  }

  async block(user: string): Promise<void> {
    const { ledger, samba } = this;
    const { realm } = this.#domain;
    const apply = () => applyBlocks({ ledger, directory: samba });
    await block({ ledger, realm, applyBlocks: apply }, { user });
  }

  /** An administrator looks at each list that is held, and approves it. @param may whether to approve a list of these users */
  approve(may: (anchors: readonly string[]) => boolean = () => true): number {
    let approved = 0;
    for (const operation of ['delete', 'create'] as const)
      for (const { digest, people } of listHeld(this.ledger, operation)) {
        if (!may(people.map(({ sourceAnchor }) => sourceAnchor))) continue;
        approved += approveHeld(this.ledger, digest, operation).count;
        if (operation === 'create') this.#open.follower.readAgain();
        else this.#open.follower.wake();
      }
    return approved;
  }

  snapshot(): LedgerSnapshot {
    const files = new Map<string, Uint8Array>();
    for (const end of ENDS) {
      try {
        files.set(end, readFileSync(this.#places.ledger + end));
      } catch {
        // the database has no such file at the moment
      }
    }
    return files;
  }

  /** Stops it, and replaces the present state by a snapshot. What is not named stays. */
  async takeBack(snapshots: {
    ledger?: { of: LedgerSnapshot };
    samba?: { of: SambaSnapshot | undefined };
  }): Promise<void> {
    await this.stop();
    if (snapshots.samba) this.samba.takeBack(snapshots.samba.of);
    if (!snapshots.ledger) return;
    for (const end of [...ENDS, '-shm']) rmSync(this.#places.ledger + end, { force: true });
    for (const [end, bytes] of snapshots.ledger.of ?? [])
      writeFileSync(this.#places.ledger + end, bytes, { mode: 0o600 });
  }
}
