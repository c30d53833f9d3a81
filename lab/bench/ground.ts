import { rm } from 'node:fs/promises';
import { DEFAULT_CONNECTOR_ACCOUNT } from '@causeway/active-directory';
import type { ConnectStatus } from '@causeway/contract';
import { provisionDomain, startDomain, stopDomain } from '@causeway/samba';
import { callLocally } from '@causeway/service';
import { seedDomain } from '../domains/seed.ts';
import { openLab } from '../domains/state.ts';
import { domainSettings, layoutOf } from '../domains/table.ts';
import { Stage } from '../places/stage.ts';
import { startPostgres, type ThrowAwayPostgres } from '../postgres.ts';
import { BENCH_DOMAINS, useBenchFolder, writeBenchKrb5Conf } from './domains.ts';
import type { Reader } from './pull.ts';
import { eventually } from './wait.ts';

export type Report = (step: string) => void;
const TENANT_PORT = 8453;
const IMPORT_PATIENCE_MS = 180_000;

/** What the benchmarks are played on: made from nothing in every run, and gone afterwards. */
export class Ground {
  readonly onprem = BENCH_DOMAINS.onprem;
  readonly managed = BENCH_DOMAINS.managed;
  readonly stage: Stage;
  readonly postgres: ThrowAwayPostgres;
  readonly report: Report;
  #seeded = 0;
  #opened: Promise<void> | undefined;

  /** The on-premises domain runs, empty but for the account that Connect reads by. */
  static async open(report: Report): Promise<Ground> {
    const folder = useBenchFolder();
    await clear(folder);
    openLab();
    writeBenchKrb5Conf();
    const { onprem } = BENCH_DOMAINS;
    report('starting PostgreSQL');
    const ground = new Ground(folder, await startPostgres({ durable: true }), report);
    try {
      report(`making the domain ${onprem.realm}`);
      await provisionDomain(domainSettings(onprem));
      await startDomain(layoutOf(onprem));
      await ground.stage.createConnectorAccounts();
    } catch (error) {
      await ground.close();
      throw error;
    }
    return ground;
  }

  readonly #folder: string;
  private constructor(folder: string, postgres: ThrowAwayPostgres, report: Report) {
    this.#folder = folder;
    this.postgres = postgres;
    this.report = report;
    const { onprem, managed } = this;
    this.stage = new Stage({
      databaseUrl: postgres.url,
      forests: [onprem],
      managed,
      tenantPort: TENANT_PORT,
    });
  }

  /** The account that Connect reads by. */
  get reader(): Reader {
    return {
      username: DEFAULT_CONNECTOR_ACCOUNT,
      passwordFile: this.stage.connectorPasswordFile(this.onprem),
    };
  }

  /** The on-premises domain has this many people. */
  async people(count: number): Promise<void> {
    if (this.#seeded >= count) return;
    this.report(`making people of ${this.onprem.realm}, up to ${count}`);
    await seedDomain(this.onprem, { users: count });
    this.#seeded = count;
  }

  /** Tenant and Connect run; the managed domain is made and paired, and does not run yet. */
  opened(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async #open(): Promise<void> {
    this.report('opening the tenant, enrolling Connect');
    await this.stage.openTenant();
    await this.stage.openConnect();
    this.report(`making the managed domain ${this.managed.realm}`);
    await this.stage.createDomain();
    await this.stage.pair();
  }

  /** Everybody is in the tenant, and nobody's password waits to be sent. */
  async imported(): Promise<void> {
    await this.opened();
    this.report(`importing ${this.#seeded} people into the tenant`);
    const look = async (): Promise<boolean> => {
      const { users, exported, passwords, queued, owed } = await connectorStatus(this.stage);
      const waiting = queued + owed > 0 || passwords === 0;
      return users >= this.#seeded && exported === users && !waiting;
    };
    await eventually('everybody is in the tenant', look, { patienceMs: IMPORT_PATIENCE_MS, lookMs: 250 });
  }

  async close(): Promise<void> {
    this.report('ending everything');
    await this.stage.close();
    await this.postgres.stop();
    await clear(this.#folder);
  }
}

async function clear(folder: string): Promise<void> {
  for (const domain of Object.values(BENCH_DOMAINS)) await stopDomain(layoutOf(domain));
  await rm(folder, { recursive: true, force: true });
}

type ConnectorStatus = ConnectStatus['connectors'][number];

/** The only connector of the stage, asked over Connect's own socket. */
export async function connectorStatus(stage: Stage): Promise<ConnectorStatus> {
  const status = (await callLocally(
    stage.stateOf('connect'),
    'connect',
    'GET',
    '/api/v1/status',
  )) as ConnectStatus;
  const [connector] = status.connectors;
  if (connector === undefined) throw new Error('Connect has no connector');
  return connector;
}
