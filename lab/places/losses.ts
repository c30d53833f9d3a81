import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stopDomain } from '@causeway/samba';
import { domainDirectory, layoutOf } from '../domains/table.ts';
import type { RelyingParty } from './sign-in.ts';
import type { Stage } from './stage.ts';

export const PLACES = ['tenant', 'connect', 'domain'] as const;
export type PlaceName = (typeof PLACES)[number];

/** What can be lost by itself. A managed domain has a ledger and a directory. */
export type Part = 'tenant' | 'connect' | 'ledger' | 'directory';

export const partsOf = (place: PlaceName): Part[] => (place === 'domain' ? ['ledger', 'directory'] : [place]);

export interface Loss {
  readonly toBackup?: readonly Part[];
  /** To nothing but the keys and what was confirmed. A directory that is made anew is another domain. */
  readonly toNothing?: readonly Exclude<Part, 'directory'>[];
}

/** Database files of a place, without what is beside them. */
const DATABASES = { connect: 'connect.db', ledger: 'ledger.db' } as const;

/** Backups of a stage's places, and what they lose: as docs/operate.md has it. */
export class Losses {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The place is stopped meanwhile. */
  async backUp(places: readonly PlaceName[] = PLACES): Promise<void> {
    await this.#stop(places);
    mkdirSync(this.#backup, { recursive: true });
    for (const part of places.flatMap(partsOf)) copy(this.#folderOf(part), join(this.#backup, part));
    for (const place of places) await this.#stage[place].start();
  }

  /**
   * All places stop, some lose something, and all start.
   * @returns the web application that people sign in to from then on, where the tenant was made anew
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
    // In the order in which nothing has to wait for anything.
    for (const place of ['connect', 'domain', 'tenant'] as const)
      if (places.includes(place)) await this.#stage[place].stop();
    if (places.includes('domain')) await stopDomain(layoutOf(this.#stage.managed));
  }
}

/** With what the copy of a file system keeps, extended attributes too. */
function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  execFileSync('cp', ['-a', from, to]);
}
