import type { LdapConnection } from '@causeway/ldap';
import { type DomainPlace, keepPolicyFolder } from '@causeway/samba';
import type { Service } from '@causeway/service';
import { standingAdministrators } from '../administrators/administrators.ts';
import { delegate, setAdministrators } from '../directory/delegation.ts';
import { type KeeperContext, keepDirectory } from '../directory/keep-directory.ts';
import { accountDn } from '../directory/structure.ts';
import type { ManagedDomain } from '../managed-domain.ts';

/** An acceptance and its end take effect within this time; for a new organizational unit it is `RIGHTS_EVERY` times as long. */
const INTERVAL_MS = 2_000;
const RIGHTS_EVERY = 5;

/**
 * Keeps *AAD DC Administrators*: its members are exactly the accepted administrators, and it has the rights that `delegate` gives. Removes
 * members that others added.
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

  /** Rights are checked less often than members: only a new organizational unit has to wait for them. */
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

  /** Only a restore, with the service stopped, loses the folder's access list. One check is enough: the tool takes a third of a second. */
  #folderIsKept = false;

  async #keepFolder(): Promise<boolean> {
    const written = !this.#folderIsKept && (await keepPolicyFolder(this.#options.place));
    this.#folderIsKept = true;
    return written;
  }
}
