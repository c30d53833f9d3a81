import type { LdapConnection } from '@causeway/ldap';
import { type DomainPlace, keepPolicyFolder } from '@causeway/samba';
import type { Service } from '@causeway/service';
import { standingAdministrators } from '../administrators/administrators.ts';
import { delegate, setAdministrators } from '../directory/delegation.ts';
import { type KeeperContext, keepDirectory } from '../directory/keep-directory.ts';
import { accountDn } from '../directory/structure.ts';
import type { ManagedDomain } from '../managed-domain.ts';

/** Within so long an acceptance and its end take effect; a new organizational unit after this many times as long. */
const INTERVAL_MS = 2_000;
const RIGHTS_EVERY = 5;

/**
 * Keeps *AAD DC Administrators*: its members are the accepted administrators and nobody else, and it may do what `delegate` says. Whoever
 * else puts somebody into it sees them go again.
 */
export class DelegationKeeper implements Service {
  readonly name = 'administrators of the domain';
  readonly #options: KeeperContext & { place: DomainPlace };

  constructor(options: KeeperContext & { place: DomainPlace }) {
    this.#options = options;
  }

  run(signal: AbortSignal): Promise<void> {
    const told = {
      failed: 'cannot maintain the rights of AAD DC Administrators',
      again: 'maintaining the rights of AAD DC Administrators again',
    };
    return keepDirectory(
      this.#options,
      { intervalMs: INTERVAL_MS, told },
      (ldap, domain) => this.#look(ldap, domain),
      signal,
    );
  }

  /** The rights are looked at less often than the members: of them nothing waits for us but a new organizational unit. */
  #looks = 0;

  async #look(ldap: LdapConnection, domain: ManagedDomain): Promise<void> {
    const { ledger, directory, log } = this.#options;
    const accounts = standingAdministrators(ledger).flatMap(
      ({ entry: { managedGuid: guid, samAccountName } }) =>
        guid === null || samAccountName === null
          ? []
          : [{ guid, dn: accountDn(samAccountName, directory.users) }],
    );
    if (await setAdministrators(ldap, directory.base, accounts))
      log.info({ administrators: accounts.length }, 'updated the members of AAD DC Administrators');
    if (this.#looks++ % RIGHTS_EVERY !== 0) return;
    const { base } = directory;
    const written = await delegate(ldap, { base, domainSid: domain.sid }, () => this.#keepFolder());
    if (written.length > 0) log.info({ written }, 'granted rights to AAD DC Administrators');
  }

  /** Its access list is lost by a restore alone, while the service is stopped: once is enough of a tool that takes a third of a second. */
  #folderIsKept = false;

  async #keepFolder(): Promise<boolean> {
    const written = !this.#folderIsKept && (await keepPolicyFolder(this.#options.place));
    this.#folderIsKept = true;
    return written;
  }
}
