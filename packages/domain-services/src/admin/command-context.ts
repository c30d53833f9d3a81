import type { Ledger } from '../ledger/ledger.ts';

/** What a command is carried out on. */
export interface At {
  ledger: Ledger;
  realm: string;
  /** Makes the accounts of the blocked as they are to be; says what keeps one from being so. */
  applyBlocks: () => Promise<string | undefined>;
}
