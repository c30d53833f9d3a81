import type { Ledger } from '../ledger/ledger.ts';

/** What a command works on. */
export interface At {
  ledger: Ledger;
  realm: string;
  /** Writes pending blocks to their accounts. Returns why one could not be written. */
  applyBlocks: () => Promise<string | undefined>;
}
