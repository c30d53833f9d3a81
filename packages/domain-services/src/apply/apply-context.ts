import type { SealingKey } from '@causeway/records';
import type { Log } from '@causeway/service';
import type { DomainConfiguration, Growth } from '../configuration.ts';
import type { LdbModify } from '../directory/ldb/ldb-modify.ts';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { Trust } from '../pairing/trust.ts';

/** Everything that writing a page needs. */
export interface ApplyContext {
  ledger: Ledger;
  directory: ManagedDirectory;
  ldbModify: LdbModify;
  domain: ManagedDomain;
  sealingKey: SealingKey;
  tenant: string;
  trust: Trust;
  /** What happens when there are too many new accounts; an alarm when absent. */
  growth?: Growth;
  /** Whose on-premises SIDs the domain has; everybody's when absent. */
  onPremisesSids?: DomainConfiguration['onPremisesSids'];
  log: Log;
}
