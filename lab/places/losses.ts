import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopDomain } from '@causeway/samba';
import { domainDirectory, layoutOf } from '../domains/table.ts';
import type { RelyingParty } from './sign-in.ts';
import type { Stage } from './stage.ts';

export const PLACES = ['tenant', 'connect', 'domain'] as const;
export type PlaceName = (typeof PLACES)[number];

/** What can be lost separately. A managed domain has a ledger and a directory. */
export type Part = 'tenant' | 'connect' | 'ledger' | 'directory';

export const partsOf = (place: PlaceName): Part[] => (place === 'domain' ? ['ledger', 'directory'] : [place]);

export interface Loss {
  readonly toBackup?: readonly Part[];
  /** Lose everything except the keys and what was confirmed. A directory made again would be another domain. */
  readonly toNothing?: readonly Exclude<Part, 'directory'>[];
}

/** Database files of a place, without their companion files. */
const DATABASES = { connect: 'connect.db', ledger: 'ledger.db' } as const;

/** Backs up a stage's places and makes them lose data, as docs/operate.md describes. */
export class Losses {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Stops the place meanwhile. */
  async backUp(places: readonly PlaceName[] = PLACES): Promise<void> {
    await this.#stop(places);
    mkdirSync(this.#backup, { recursive: true });
    for (const part of places.flatMap(partsOf)) copy(this.#folderOf(part), join(this.#backup, part));
    for (const place of places) await this.#stage[place].start();
  }

  /**
   * Stops all places, makes some lose data, and starts all.
   * @returns the web application to sign in to from then on, if the tenant was made again
   */
  async lose({ toBackup = [], toNothing = [] }: Loss): Promise<RelyingParty | undefined> {
    const stage = this.#stage;
    await this.#stop(PLACES);
    for (const part of toBackup) copy(join(this.#backup, part), this.#folderOf(part));
    for (const part of toNothing) this.#empty(part);
    const isAnew = toNothing.includes('tenant');
    const application = isAnew ? await stage.openTenantAnew() : undefined;
    for (const place of PLACES) if (!stage[place].running) await stage[place].start();
    return application;
  }

  close(): void {
    rmSync(this.#backup, { recursive: true, force: true });
  }

  get #backup(): string {
    return join(this.#stage.directory, 'backup');
  }

  #folderOf(part: Part): string {
    if (part === 'directory') return domainDirectory(this.#stage.managed);
    return this.#stage.stateOf(part === 'ledger' ? 'domain' : part);
  }

  #empty(part: Exclude<Part, 'directory'>): void {
    const folder = this.#folderOf(part);
    for (const file of readdirSync(folder))
      if (part === 'tenant' || file.startsWith(DATABASES[part]))
        rmSync(join(folder, file), { recursive: true });
  }

  async #stop(places: readonly PlaceName[]): Promise<void> {
    // In an order in which nothing has to wait.
    for (const place of ['connect', 'domain', 'tenant'] as const)
      if (places.includes(place)) await this.#stage[place].stop();
    if (places.includes('domain')) await stopDomain(layoutOf(this.#stage.managed));
  }
}

/** Keeps all that the file system keeps, extended attributes too. */
function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
}
