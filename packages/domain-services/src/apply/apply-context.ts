import type { SealingKey } from '@causeway/records';
import type { Log } from '@causeway/service';
import type { DomainConfiguration, Growth } from '../configuration.ts';
import type { LdbModify } from '../directory/ldb/ldb-modify.ts';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { Trust } from '../pairing/trust.ts';

/** All that a page is written with. */
export interface ApplyContext {
  ledger: Ledger;
  directory: ManagedDirectory;
  ldbModify: LdbModify;
  domain: ManagedDomain;
  sealingKey: SealingKey;
  tenant: string;
  trust: Trust;
  /** What too many new accounts lead to; an alarm when absent. */
  growth?: Growth;
  /** Whose on-premises SIDs are here; everybody's when absent. */
  onPremisesSids?: DomainConfiguration['onPremisesSids'];
  log: Log;
}
