import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectPlace, type ConnectSnapshot, ScriptedForest } from '@causeway/connect/testing';
import { DomainPlace, type LedgerSnapshot, type SambaSnapshot } from '@causeway/domain-services/testing';
import { HandClock } from '@causeway/service/testing';
import { TenantPlace, type TenantSnapshot } from '@causeway/tenant/testing';
import { type Lie, type RecordingProxy, recordingProxy } from '../peers/recording-proxy.ts';
import { DOMAINS, FOREST, type Forest } from './forests.ts';
import { type Found, lookAtDomain, lookAtTenant } from './look.ts';
import { FILTERED, type Said, shouldBe, words } from './should-be.ts';

const HEAD_MS = 10_000;

const SCOPE = { passwords: { condition: `(!(adminDescription=${FILTERED}))` } };

/** The parts that can be lost, each by itself. A directory is a Samba domain's database. */
export const PARTS = ['connect', 'tenant', 'ledger', 'directory'] as const;
export type Part = (typeof PARTS)[number];

/** All parts at one moment. */
export interface Moment {
  readonly connects: readonly ConnectSnapshot[];
  readonly tenant: TenantSnapshot;
  readonly ledger: LedgerSnapshot;
  readonly directory: SambaSnapshot | undefined;
}

/** A forest with the Connect that reads it. */
interface Side {
  /** Its root, usually its only domain. */
  readonly forest: ScriptedForest;
  readonly domains: readonly ScriptedForest[];
  readonly connect: ConnectPlace;
}

/**
 * One or two forests and the three real places in one process: Connect with a scripted domain controller, the tenant on PostgreSQL if the
 * environment names one and otherwise on PGlite, Domain Services with a scripted Samba. Time passes only when a test says so. A proxy
 * between agents and tenant can make the tenant a liar.
 */
export class World {
  readonly sides: readonly Side[];
  readonly tenant: TenantPlace;
  readonly domain: DomainPlace;
  /** How a compromised tenant changes its answers. */
  lie: Lie | undefined;
  /** Right after the places got to know each other, before anybody is hired. */
  #beginning!: Moment;
  readonly #clocks: HandClock[];
  readonly #folder: string;
  /** Connects that stage, or once did. */
  readonly #further: ConnectPlace[] = [];
  readonly #proxy: RecordingProxy;
  readonly #close: () => Promise<void>;

  /** @param further more domains of the first forest */
  static async make(
    names: readonly Forest[] = [FOREST],
    further: readonly { name: string; sid: string }[] = [],
  ): Promise<World> {
    // A commit has to reach the disk, which costs nothing in memory.
    const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'causeway-model-'));
    const now = Date.now();
    const clocks = Array.from({ length: 2 + 2 * names.length }, () => new HandClock(now));
    const tenant = await TenantPlace.open(join(folder, 'tenant'), clocks[0]!);
    await tenant.start();
    await tenant.make('contoso');
    let world: World | undefined;
    const proxy = await recordingProxy(tenant.url, (...about) => world?.lie?.(...about));
    const sides: Side[] = [];
    for (const [n, name] of names.entries()) {
      const clock = clocks[2 + 2 * n]!;
      const forest = await ScriptedForest.listen(name, clock, DOMAINS[name]);
      const domains = [forest];
      for (const { sid, name: domain } of n === 0 ? further : [])
        domains.push(await ScriptedForest.listen(name, clock, sid, domain));
      const own = clocks[3 + 2 * n]!;
      const connect = new ConnectPlace(join(folder, name), proxy.url, domains, own, SCOPE);
      sides.push({ forest, domains, connect });
    }
    world = new World({
      ...{ sides, tenant },
      domain: new DomainPlace(join(folder, 'domain'), proxy.url, clocks[1]!),
      ...{ clocks, proxy, folder },
      close: async () => {
        await Promise.all([proxy, ...sides.flatMap(({ domains }) => domains)].map(each => each.close()));
        rmSync(folder, { recursive: true });
      },
    });
    await world.#introduce();
    return world;
  }

  private constructor(
    parts: Pick<World, 'sides' | 'tenant' | 'domain'> & {
      clocks: HandClock[];
      folder: string;
      proxy: RecordingProxy;
      close: () => Promise<void>;
    },
  ) {
    this.sides = parts.sides;
    this.tenant = parts.tenant;
    this.domain = parts.domain;
    this.#clocks = parts.clocks;
    this.#folder = parts.folder;
    this.#proxy = parts.proxy;
    this.#close = parts.close;
  }

  /** Enrols all agents and confirms their keys to each other. */
  async #introduce(): Promise<void> {
    const { sides, tenant, domain } = this;
    await domain.register(await tenant.makeCode('domain'));
    await domain.start();
    // The story before may have changed the forest's database. A Connect that has read nothing accepts it as it is.
    const connects: ConnectSnapshot[] = [];
    for (const { connect, forest, domains } of sides) {
      await connect.enrol(await tenant.makeCode('connect', [forest.forest]));
      await connect.start();
      connects.push(connect.snapshot());
      await connect.trustDomain(await domain.fingerprint());
      await domain.trustAgent(connect.fingerprint, forest.forest);
      for (const { domainSid } of domains) domain.ledger.confirmSid(domainSid, forest.forest);
    }
    await this.quiet();
    this.#beginning = { ...(await this.moment()), connects };
  }

  /**
   * Another Connect of the first forest, on a machine of its own, which stages. It runs only when a test gives it a turn.
   * @param aheadMs how far its clock is ahead
   */
  async stageAnother(aheadMs = 0): Promise<ConnectPlace> {
    const { forest, domains } = this.sides[0]!;
    const clock = new HandClock(this.date.getTime() + aheadMs);
    await clock.pass(this.now - clock.monotonic());
    this.#clocks.push(clock);
    const folder = join(this.#folder, `further${this.#further.length}`);
    const connect = new ConnectPlace(folder, this.#proxy.url, domains, clock, SCOPE);
    this.#further.push(connect);
    await connect.enrol(await this.tenant.makeCode('connect', [forest.forest], true), true);
    await connect.start();
    await connect.trustDomain(await this.domain.fingerprint());
    return connect;
  }

  /** The first forest, usually the only one. */
  get forest(): ScriptedForest {
    return this.sides[0]!.forest;
  }

  get connect(): ConnectPlace {
    return this.sides[0]!.connect;
  }

  get forests(): ScriptedForest[] {
    return this.sides.map(({ forest }) => forest);
  }

  /** Monotonic milliseconds of the clock furthest behind. */
  get now(): number {
    return this.#clocks[0]!.monotonic();
  }

  get date(): Date {
    return new Date(this.#clocks[0]!.now());
  }

  /** Moves all clocks to the same moment, so one that was ahead moves less. */
  async pass(milliseconds: number): Promise<void> {
    const until = Math.max(...this.#clocks.map(clock => clock.monotonic())) + milliseconds;
    for (const clock of this.#clocks) await clock.pass(until - clock.monotonic());
    this.#proxy.requests.length = 0;
  }

  /** What happens within the time of one head. @param running the agents that run */
  async turn(
    milliseconds = HEAD_MS,
    running: readonly ('connect' | 'domain')[] = ['connect', 'domain'],
  ): Promise<void> {
    await this.pass(milliseconds);
    for (const place of running)
      if (place === 'domain') await this.domain.turn();
      else for (const { connect } of this.sides) await connect.turn();
  }

  async turns(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.turn();
  }

  /** Two heads, after which every message has arrived everywhere. */
  quiet(): Promise<void> {
    return this.turns(2);
  }

  async moment(): Promise<Moment> {
    return {
      connects: this.sides.map(({ connect }) => connect.snapshot()),
      tenant: await this.tenant.snapshot(),
      ledger: this.domain.snapshot(),
      directory: this.domain.samba.snapshot(),
    };
  }

  /**
   * Some parts lose what came after a moment, and their services restart.
   * @param to undefined: they lose everything
   */
  lose(parts: readonly Part[], to: Moment | undefined): Promise<void> {
    return this.loseEach(new Map(parts.map(part => [part, to])));
  }

  /** The same, where each part loses something else. */
  async loseEach(lost: ReadonlyMap<Part, Moment | undefined>): Promise<void> {
    const { sides, tenant, domain } = this;
    if (lost.has('tenant')) {
      await tenant.takeBack((lost.get('tenant') ?? this.#beginning).tenant);
      await tenant.start();
    }
    for (const [n, { connect }] of lost.has('connect') ? sides.entries() : []) {
      await connect.takeBack(lost.get('connect')?.connects[n]);
      await connect.start();
    }
    if (lost.has('ledger') || lost.has('directory')) {
      await domain.takeBack({
        ...(lost.has('ledger') && { ledger: { of: lost.get('ledger')?.ledger } }),
        ...(lost.has('directory') && { samba: { of: lost.get('directory')?.directory } }),
      });
      await domain.start();
    }
  }

  /** Starts a new story, before anybody is hired. */
  async begin(): Promise<void> {
    this.lie = undefined;
    for (const { people, groups } of this.forests) {
      people.length = 0;
      groups.all.length = 0;
    }
    await this.lose(PARTS, this.#beginning);
  }

  /** How each place differs from what the forest says now, in words. Empty: it does not. */
  async differences(): Promise<string[]> {
    const all = [
      ...this.#compare('tenant', await this.atTenant()),
      ...this.#compare('domain', this.inDomain()),
    ];
    return all.map(({ text }) => text);
  }

  /** Who differs in the managed domain from the forest, apart from names. */
  differencesOfDomain(): Difference[] {
    return this.#compare('domain', this.inDomain(), ({ name: _, principal: _principal, ...one }) => one);
  }

  atTenant(): Promise<Found[]> {
    return lookAtTenant(this.tenant, this.forest);
  }

  inDomain(): Found[] {
    return lookAtDomain(this.domain, this.forest);
  }

  #compare(
    place: string,
    found: readonly Found[],
    part: (one: Said) => Partial<Said> = one => one,
  ): Difference[] {
    const there = new Map(found.map(one => [one.anchor, one]));
    const differences = this.forest.people.flatMap(person => {
      const { anchor } = person;
      const one = there.get(anchor);
      there.delete(anchor);
      const should = shouldBe(person);
      const [is, ought] = [one, should].map(said => (said === undefined ? 'nobody' : words(part(said))));
      if (is === ought) return [];
      return [{ anchor, text: `${place}: ${person.name} (${anchor}) is ${is}, should be ${ought}` }];
    });
    const strangers = [...there.values()].map(one => ({
      ...{ anchor: one.anchor, text: `${place}: ${words(one)} is nobody's` },
    }));
    return [...differences, ...strangers];
  }

  async close(): Promise<void> {
    for (const connect of [...this.sides.map(side => side.connect), ...this.#further]) await connect.stop();
    await this.domain.stop();
    await this.tenant.close();
    await this.#close();
  }
}

/** A person who differs in a place from the forest. */
export interface Difference {
  readonly anchor: string;
  readonly text: string;
}
