import { DEFAULT_CONNECTOR_ACCOUNT } from '@causeway/active-directory';
import { dnsDomain } from '@causeway/samba';
import { eventually, NotYet } from '@causeway/service/testing';
import type { LabDomain } from '../domains/table.ts';
import { Stage } from '../places/stage.ts';
import { connectorStatus } from './connect.ts';
import { BENCH_DOMAINS } from './domains.ts';

const TENANT_PORT = 8453;
/** Certainly enough per person: ten times the usual time. */
const IMPORT_MS = 10;
const LEAST_PATIENCE_MS = 180_000;

/** The account that reads a forest. */
export interface Reader {
  readonly username: string;
  readonly passwordFile: string;
}

/** What a scene needs of the `Ground` that it runs on. */
export interface SceneGround {
  readonly postgres: { readonly url: string };
  readonly report: (step: string) => void;
  readonly rounds: number;
  readonly trial: boolean;
  peopleOf(forest: LabDomain): number;
}

/** A tenant, a Connect over some of the ground's forests, and a managed domain. */
export class Scene {
  readonly ground: SceneGround;
  readonly forests: readonly LabDomain[];
  readonly managed = BENCH_DOMAINS.managed;
  readonly stage: Stage;
  #opened: Promise<void> | undefined;

  constructor(ground: SceneGround, forests: readonly LabDomain[]) {
    this.ground = ground;
    this.forests = forests;
    const { managed } = this;
    const databaseUrl = ground.postgres.url;
    // A client retries until its password works. With one address for all of them the limits of sign-ins would be measured.
    const trustedProxies = ['127.0.0.1'];
    this.stage = new Stage({ databaseUrl, forests, managed, tenantPort: TENANT_PORT, trustedProxies });
  }

  /** The account with which Connect reads a forest. */
  reader(forest: LabDomain): Reader {
    return { username: DEFAULT_CONNECTOR_ACCOUNT, passwordFile: this.stage.connectorPasswordFile(forest) };
  }

  /** How long something may take that takes time per person. */
  get patienceMs(): number {
    return Math.max(LEAST_PATIENCE_MS, this.#people * IMPORT_MS);
  }

  get #people(): number {
    return this.forests.reduce((sum, forest) => sum + this.ground.peopleOf(forest), 0);
  }

  /** Tenant and Connect run. The managed domain is made and paired, and does not run yet. */
  opened(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<void> {
    const { report } = this.ground;
    report('opening the tenant, enrolling Connect');
    await this.stage.openTenant();
    await this.stage.enrolConnect();
    report(`making the managed domain ${this.managed.realm}`);
    await this.stage.createDomain();
    await this.stage.pair();
    await this.stage.connect.start();
  }

  /** Waits until all users are in the tenant and no password is pending. */
  async imported(): Promise<void> {
    await this.opened();
    const people = new Map(this.forests.map(forest => [dnsDomain(forest), this.ground.peopleOf(forest)]));
    this.ground.report(`importing ${this.#people} people into the tenant`);
    const look = async (): Promise<boolean | NotYet> => {
      const connectors = await connectorStatus(this.stage);
      const done = connectors.every(({ name, users, exported, passwords, queued, owed }) => {
        const waiting = queued + owed > 0 || passwords === 0;
        return users >= people.get(name)! && exported === users && !waiting;
      });
      const instead = connectors.map(
        ({ name, users, exported, queued, owed }) =>
          `${name}: ${exported} of ${users} users, ${queued} queued, ${owed} owed`,
      );
      return done || new NotYet(instead.join('; '));
    };
    await eventually('everybody is in the tenant', look, { patienceMs: this.patienceMs, lookMs: 250 });
  }

  close(): Promise<void> {
    return this.stage.close();
  }
}
