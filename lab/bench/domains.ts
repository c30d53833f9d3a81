import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderKrb5Conf } from '@causeway/samba';
import { labDirectory } from '../domains/state.ts';
import { krb5ConfFile, type LabDomain } from '../domains/table.ts';

/** Domains of the benchmarks alone. They have their own addresses, because the lab's may run beside them. */
export const BENCH_DOMAINS = {
  onprem: {
    name: 'onprem',
    madeBy: 'lab',
    realm: 'BENCH.EXAMPLE.COM',
    netbiosDomain: 'BENCH',
    hostName: 'bench1',
    address: '127.0.0.12',
  },
  /** A second forest, with people of its own. */
  second: {
    name: 'second',
    madeBy: 'lab',
    realm: 'BENCH2.EXAMPLE.ORG',
    netbiosDomain: 'BENCH2',
    hostName: 'bench2dc1',
    address: '127.0.0.13',
    seed: 2,
  },
  managed: {
    name: 'managed',
    madeBy: 'domain-services',
    realm: 'BENCHDS.EXAMPLE.NET',
    netbiosDomain: 'BENCHDS',
    hostName: 'benchds1',
    address: '127.0.0.32',
  },
  /** What `ldbmodify` alone writes into: like the managed domain, and never started. */
  yardstick: {
    name: 'yardstick',
    madeBy: 'lab',
    realm: 'BENCHDS.EXAMPLE.NET',
    netbiosDomain: 'BENCHDS',
    hostName: 'benchds2',
    address: '127.0.0.33',
  },
} as const satisfies Record<string, LabDomain>;

export const ONE_FOREST: readonly LabDomain[] = [BENCH_DOMAINS.onprem];
export const TWO_FORESTS: readonly LabDomain[] = [BENCH_DOMAINS.onprem, BENCH_DOMAINS.second];

/** From here on the lab's folder is a subfolder of it, so that the benchmark touches nothing of the lab itself. */
export function useBenchFolder(): string {
  const folder = join(labDirectory(), 'bench');
  process.env.CAUSEWAY_LAB_DIR = folder;
  return folder;
}

export function writeBenchKrb5Conf(): void {
  writeFileSync(krb5ConfFile(), renderKrb5Conf([...TWO_FORESTS, BENCH_DOMAINS.managed]), { mode: 0o644 });
}
