import {
  bypassPasswordHash,
  bytesOf,
  decodeGuid,
  decodeSid,
  encodeGuid,
  filterEscape,
  guidFilter,
  type LdapConnection,
  type LdapEntry,
  LdapError,
  showDeleted,
  textOf,
} from '@causeway/ldap';
import { baseDn, type DomainPlace, domainLayout, readDomain } from '@causeway/samba';
import { faultPoint } from '@causeway/service';
import type { Ledger } from '../ledger/ledger.ts';
import type { ManagedDomain } from '../managed-domain.ts';
import { changeAccess } from './access-list.ts';
import { BLOCK_FILTER, MARK_ATTRIBUTE } from './account-mark.ts';
import { asAttributes, asChanges, controlValues, type Values } from './attributes.ts';
import {
  accountOf,
  type DirectoryAccount,
  type FoundAccount,
  foundAccounts,
  NAMES,
  NONCE,
  nonceOf,
  SCAN_TIMEOUT_MS,
  SEEN,
  type SeenAccount,
  seenOf,
} from './found-accounts.ts';
import { Generations } from './generations/generations.ts';
import { denyOwnChange, newAccountDescriptor } from './own-changes.ts';
import { isRefusal, SambaConnection } from './samba-connection.ts';
import { accountDn, usersDn } from './structure.ts';
import type { Write, WriteResult } from './write.ts';

/** Names per filter. Samba looks up each one in an index. */
const MAX_FILTER_NAMES = 200;
/** The managed domain's directory over Samba's privileged socket. Whoever can open it acts as the system itself. */
export class ManagedDirectory {
  readonly base: string;
  readonly users: string;
  readonly realm: string;
  readonly #hostName: string;
  readonly #connection: SambaConnection;
  readonly #generations: Generations;
  #accountDescriptor: Uint8Array | undefined;

  /** @param ledger for the generations, by which a restore of one of the two is recognized */
  constructor(place: DomainPlace, ledger: Ledger) {
    const description = readDomain(place);
    this.realm = description.realm;
    this.#hostName = description.hostName;
    this.base = baseDn(description);
    this.users = usersDn(description);
    this.#connection = new SambaConnection(domainLayout(place.directory).ldapi, place.directory);
    this.#generations = new Generations(ledger, this.base);
  }

  async describe(): Promise<ManagedDomain> {
    const [entry] = await this.#connection.use(ldap =>
      ldap.search(this.base, { scope: 'base', attributes: ['objectSid'] }),
    );
    return { realm: this.realm, hostName: this.#hostName, sid: decodeSid(bytesOf(entry!, 'objectSid')!) };
  }

  /** nTSecurityDescriptor of new accounts; known once `readAccountDescriptor` has read it. */
  get accountDescriptor(): Uint8Array {
    return this.#accountDescriptor!;
  }

  /** @throws Error when the schema's default for users is not understood */
  async readAccountDescriptor({ sid }: ManagedDomain): Promise<void> {
    const dn = `CN=User,CN=Schema,CN=Configuration,${this.base}`;
    const attributes = ['defaultSecurityDescriptor'];
    const [entry] = await this.#connection.use(ldap => ldap.search(dn, { scope: 'base', attributes }));
    const sddl = entry && textOf(entry, 'defaultSecurityDescriptor');
    this.#accountDescriptor = newAccountDescriptor(sddl ?? '', sid);
  }

  /** Runs work over the same socket, in its turn. @throws CausewayError 'directory-unavailable' */
  use<T>(work: (ldap: LdapConnection) => Promise<T>): Promise<T> {
    return this.#connection.use(work);
  }

  /** Makes a change over the same socket. A rejection by the directory is the result. @throws CausewayError 'directory-unavailable' */
  attempt(work: (ldap: LdapConnection) => Promise<void>): Promise<WriteResult> {
    return this.#attempt(work);
  }

  /** Call this before a change that is not made here. @throws CausewayError 'directory-unavailable' */
  beforeChange(): Promise<void> {
    return this.#generations.beforeChange(work => this.use(work));
  }

  #attempt(work: (ldap: LdapConnection) => Promise<void>): Promise<WriteResult> {
    return this.#connection.attempt(async ldap => {
      await this.#generations.beforeChange(draw => draw(ldap));
      await work(ldap);
    });
  }

  /** Stops everybody from changing the password of one of our accounts by knowing it. A second call changes nothing. */
  denyOwnChange(guid: string): Promise<WriteResult> {
    return this.#attempt(ldap => writeDenials(ldap, `<GUID=${guid}>`));
  }

  /** The accounts in the whole domain that have one of these names. */
  async holders(samAccountNames: string[], userPrincipalNames: string[]): Promise<DirectoryAccount[]> {
    const terms = [
      ...samAccountNames.map(name => `(sAMAccountName=${filterEscape(name)})`),
      ...userPrincipalNames.map(name => `(userPrincipalName=${filterEscape(name)})`),
    ];
    return (await this.#searchEach(terms, this.base, NAMES)).map(accountOf);
  }

  /** objectGUIDs of accounts that were created with these nonces, by nonce. The name only makes the search quick. */
  async findMade(made: { nonce: string; samAccountName: string }[]): Promise<Map<string, string>> {
    const terms = made.map(({ samAccountName }) => `(sAMAccountName=${filterEscape(samAccountName)})`);
    const found = new Map<string, string>();
    const wanted = new Set(made.map(({ nonce }) => nonce));
    for (const entry of await this.#searchEach(terms, this.users, ['objectGUID', NONCE])) {
      const nonce = nonceOf(entry);
      if (nonce === undefined || !wanted.has(nonce)) continue;
      found.set(nonce, decodeGuid(bytesOf(entry, 'objectGUID')!));
    }
    return found;
  }

  /** @throws CausewayError 'directory-unavailable' when the domain controller does not answer: retry later */
  write(write: Write): Promise<WriteResult> {
    return this.#attempt(async ldap => {
      const control = [bypassPasswordHash()];
      if (write.kind === 'add') return ldap.add(write.dn, asAttributes(write.values), control);
      const dn = `<GUID=${write.guid}>`;
      await ldap.modify(dn, asChanges(write.values), control);
    });
  }

  /** Accounts by objectGUID, wherever they were moved to. The answer leaves out those that do not exist. */
  async see(guids: readonly string[]): Promise<Map<string, SeenAccount>> {
    const terms = guids.map(guidFilter);
    const entries = await this.#searchEach(terms, this.base, [...NAMES, ...SEEN]);
    return new Map(entries.map(seenOf).map(seen => [seen.guid, seen]));
  }

  /** Every user account in the whole domain, wherever it was moved to. */
  accounts(): AsyncGenerator<FoundAccount[]> {
    return foundAccounts(this);
  }

  /** Every mark of a block, with its account. */
  async blockMarks(): Promise<{ guid: string; text: string }[]> {
    const attributes = ['objectGUID', MARK_ATTRIBUTE];
    // No index helps: Samba looks at every account.
    const options = { scope: 'one', filter: BLOCK_FILTER, attributes, timeoutMs: SCAN_TIMEOUT_MS } as const;
    const entries = await this.#connection.use(ldap => ldap.search(this.users, options));
    return entries.map(entry => ({
      ...{ guid: decodeGuid(bytesOf(entry, 'objectGUID')!), text: textOf(entry, MARK_ATTRIBUTE) ?? '' },
    }));
  }

  /** Gives one of our accounts values of one text each, such as its state and its mark. Writes nothing if it has them. */
  ensure(guid: string, wanted: Values): Promise<WriteResult> {
    const dn = `<GUID=${guid}>`;
    return this.#attempt(async ldap => {
      const [found] = await ldap.search(dn, { scope: 'base', attributes: Object.keys(wanted) });
      if (found === undefined) throw new LdapError('no-such-object', `'${dn}' is not there`);
      const differs = ([name, [value]]: [string, Values[string]]) => textOf(found, name) !== value;
      const values = Object.fromEntries(Object.entries(wanted).filter(differs));
      if (Object.keys(values).length > 0) await ldap.modify(dn, asChanges(values));
    });
  }

  /** Changes the account name of one of our accounts and the object's name that follows from it: both, or neither. */
  rename(guid: string, from: string, to: string): Promise<WriteResult> {
    const dn = `<GUID=${guid}>`;
    return this.#attempt(async ldap => {
      await ldap.modifyDn(dn, accountDn(to, this.users));
      faultPoint('domain.within-rename');
      try {
        await ldap.modify(dn, [{ operation: 'replace', attribute: 'sAMAccountName', values: [to] }]);
      } catch (error) {
        if (isRefusal(error)) await ldap.modifyDn(dn, accountDn(from, this.users));
        throw error;
      }
    });
  }

  /** Changes or removes the userPrincipalName of one of our accounts. */
  setPrincipal(guid: string, principal: string | null): Promise<WriteResult> {
    const dn = `<GUID=${guid}>`;
    const attribute = 'userPrincipalName';
    return this.#attempt(async ldap => {
      if (principal !== null)
        return ldap.modify(dn, [{ operation: 'replace', attribute, values: [principal] }]);
      try {
        await ldap.modify(dn, [{ operation: 'delete', attribute, values: [] }]);
      } catch (error) {
        if (!(error instanceof LdapError) || error.code !== 'no-such-attribute') throw error;
      }
    });
  }

  /**
   * Restores a deleted account with its SID, disabled and without a password. Only its objectGUID identifies the tombstone, because that
   * keeps no mark of ours. If this is killed in between, the next try finds the account there.
   *
   * @param name an account name that is free
   * @param nonce its new mark
   */
  restore(guid: string, name: string, nonce: string): Promise<WriteResult> {
    const dn = `<GUID=${guid}>`;
    const replace = (attribute: string, value: string | Uint8Array) =>
      ({ operation: 'replace', attribute, values: [value] }) as const;
    return this.#attempt(async ldap => {
      const controls = [showDeleted()];
      const attributes = ['isDeleted', 'isCriticalSystemObject'];
      const [found] = await ldap.search(dn, { scope: 'base', attributes, controls });
      if (found === undefined || textOf(found, 'isCriticalSystemObject') === 'TRUE') {
        throw new LdapError('no-such-object', `'${dn}' has no tombstone`);
      }
      if (textOf(found, 'isDeleted') === 'TRUE') {
        // Another account may have its former name now.
        await ldap.modify(dn, [replace('sAMAccountName', name)], controls);
        const changes = [
          { operation: 'delete', attribute: 'isDeleted', values: [] } as const,
          replace('distinguishedName', accountDn(name, this.users)),
        ];
        await ldap.modify(dn, changes, controls);
      }
      await ldap.modify(
        dn,
        asChanges({ ...controlValues(false), 'mS-DS-ConsistencyGuid': [encodeGuid(nonce)] }),
      );
      await ldap.modifyDn(dn, accountDn(name, this.users));
      await ldap.modify(dn, [replace('sAMAccountName', name)]);
      await writeDenials(ldap, dn);
    });
  }

  /**
   * Deletes one of our accounts. It first looks at the account's own marks: a critical object, or one that we did not create, stays even if
   * the map were wrong.
   */
  async delete(guid: string, nonce: string): Promise<WriteResult> {
    const dn = `<GUID=${guid}>`;
    return this.#attempt(async ldap => {
      const attributes = ['mS-DS-ConsistencyGuid', 'isCriticalSystemObject'];
      const [entry] = await ldap.search(dn, { scope: 'base', attributes });
      const mark = entry && bytesOf(entry, 'mS-DS-ConsistencyGuid');
      const ours = mark !== undefined && Buffer.from(encodeGuid(nonce)).equals(mark);
      if (!ours || textOf(entry!, 'isCriticalSystemObject') === 'TRUE') {
        throw new LdapError('unwilling', `'${entry?.dn ?? dn}' does not carry our mark: it is left as it is`);
      }
      await ldap.delete(dn);
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #searchEach(terms: string[], base: string, attributes: string[]): Promise<LdapEntry[]> {
    const found: LdapEntry[] = [];
    for (let i = 0; i < terms.length; i += MAX_FILTER_NAMES) {
      const filter = `(|${terms.slice(i, i + MAX_FILTER_NAMES).join('')})`;
      found.push(...(await this.#connection.use(ldap => ldap.search(base, { filter, attributes }))));
    }
    return found;
  }
}

const writeDenials = async (ldap: LdapConnection, dn: string): Promise<void> => {
  await changeAccess(ldap, dn, descriptor => {
    const dacl = denyOwnChange(descriptor.dacl);
    return dacl && { ...descriptor, dacl };
  });
};
