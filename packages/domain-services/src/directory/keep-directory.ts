import type { LdapConnection } from '@causeway/ldap';
import { every, type Log, Trouble } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import type { ManagedDirectory } from './managed-directory.ts';

/** What a keeper works with: a service that keeps something in the directory as it is to be. */
export interface KeeperContext {
  ledger: Ledger;
  directory: ManagedDirectory;
  log: Log;
  /** The domain, once its directory answers and its marks are in the ledger; undefined when the service ends first. */
  domainWhenUp: (signal: AbortSignal) => Promise<ManagedDomain | undefined>;
}

/**
 * Looks at the directory regularly, once it answers. Logs a failure once, and its end.
 *
 * @param told in words: what is not kept while it fails, and that it is kept again
 */
export async function keepDirectory(
  { ledger, directory, log, domainWhenUp }: KeeperContext,
  { intervalMs, told }: { intervalMs: number; told: { failed: string; again: string } },
  look: (ldap: LdapConnection, domain: ManagedDomain) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const trouble = new Trouble(
    err => log.warn({ err }, told.failed),
    () => log.info(told.again),
  );
  const domain = await domainWhenUp(signal);
  if (domain === undefined) return;
  const work = () => directory.use(ldap => look(ldap, domain));
  await every(intervalMs, signal, () => trouble.during(work, signal), { clock: ledger.clock });
}
