import { existsSync, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runTool } from '@causeway/samba';
import { seedFile } from '../domains/seed.ts';
import { administratorPasswordFile, domainDirectory, type LabDomain } from '../domains/table.ts';

/** Raise it when a name no longer stands for the same domain. */
const SNAPSHOT_VERSION = 2;

/** Domains that take long to make, kept from one run to the next. A domain returns to where it was made. It must not run meanwhile. */
export class Snapshots {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns false if there is none; the domain is then unchanged */
  async restore(domain: LabDomain, name: string): Promise<boolean> {
    const from = this.#of(domain, name);
    if (!existsSync(from)) return false;
    for (const place of placesOf(domain)) {
      await rm(place, { recursive: true, force: true });
      await copy(join(from, basename(place)), place);
    }
    return true;
  }

  async keep(domain: LabDomain, name: string): Promise<void> {
    const to = this.#of(domain, name);
    const half = `${to}.half`;
    await rm(half, { recursive: true, force: true });
    mkdirSync(half, { recursive: true, mode: 0o700 });
    for (const place of placesOf(domain)) await copy(place, join(half, basename(place)));
    await rename(half, to);
  }

  #of(domain: LabDomain, name: string): string {
    return join(this.#folder, `${domain.name}-${name}-v${SNAPSHOT_VERSION}`);
  }
}

const placesOf = (domain: LabDomain): string[] => [
  domainDirectory(domain),
  administratorPasswordFile(domain),
  seedFile(domain),
];

/** Copies a file with all that Samba keeps beside its content. */
export const copy = (from: string, to: string): Promise<string> =>
  runTool('cp', ['--archive', '--sparse=always', from, to]);
