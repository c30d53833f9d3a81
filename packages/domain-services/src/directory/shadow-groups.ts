import {
  bytesOf,
  decodeGuid,
  decodeSid,
  ExtendedDnControl,
  encodeSid,
  filterEscape,
  type LdapConnection,
  LdapError,
  parseExtendedDn,
} from '@causeway/ldap';
import { encodeSecurityDescriptor, SE_DACL_PROTECTED, type Sid } from '@causeway/wire';
import type { ManagedDomain } from '../managed-domain.ts';
import { protectedDacl } from './access-list.ts';
import { asAttributes } from './attributes.ts';
import type { ManagedDirectory } from './managed-directory.ts';
import type { Add, WriteResult } from './write.ts';

/** A domain-local security group: SAMR lists none of these for a user, so its RID is never taken for somebody's here. */
const DOMAIN_LOCAL_SECURITY = '-2147483644';
const SCAN_TIMEOUT_MS = 600_000;
const CONTAINER = 'On-premises SIDs';

export const shadowContainer = (base: string): string => `OU=${CONTAINER},${base}`;
export const shadowDn = (sid: string, base: string): string => `CN=${sid},${shadowContainer(base)}`;

/** A shadow group as the directory has it. */
export interface Shadow {
  sid: string;
  /** objectGUIDs. */
  members: string[];
}

/**
 * Groups whose own SID is the on-premises SID of a user, or of one of our groups, with that object as the only member. Samba puts the SIDs
 * of groups, nested ones too, into tickets and sessions, and never those of `sIDHistory`. An objectSid can only be written over Samba's
 * privileged socket or into its database.
 */
export class ShadowGroups {
  readonly #directory: ManagedDirectory;
  readonly #descriptor: Uint8Array;

  constructor(directory: ManagedDirectory, domain: ManagedDomain) {
    this.#directory = directory;
    this.#descriptor = protectedDescriptor(domain.sid);
  }

  /** Creates the container if it does not exist. Only the system and *Domain Admins* find anything in it. */
  async ensureContainer(): Promise<void> {
    const { dn, values } = newContainer(this.#directory.base, this.#descriptor);
    await this.#directory.use(async ldap => {
      try {
        await ldap.add(dn, asAttributes(values));
      } catch (error) {
        if (!(error instanceof LdapError) || error.code !== 'already-exists') throw error;
      }
    });
  }

  /** The group of a SID with its only member, by objectGUID. */
  make(sid: string, member: string): Add {
    return newShadow(sid, `<GUID=${member}>`, this.#directory.base, this.#descriptor);
  }

  /** Creates the group, or makes the object the only member of an existing one. Another object with that SID is left alone. */
  open(sid: string, member: string): Promise<WriteResult> {
    return this.#directory.attempt(async ldap => {
      const { ours, other } = await this.#find(ldap, sid);
      if (other !== undefined)
        throw new LdapError('unwilling', `another object of this domain has the SID ${sid}: ${other}`);
      if (ours) {
        const dn = shadowDn(sid, this.#directory.base);
        const values = [`<GUID=${member}>`];
        await ldap.modify(dn, [{ operation: 'replace', attribute: 'member', values }]);
        return;
      }
      const { dn, values } = this.make(sid, member);
      await ldap.add(dn, asAttributes(values));
    });
  }

  /** Removes the member, so that the group opens nothing any more. Changes nothing if there is no group of ours. */
  empty(sid: string): Promise<WriteResult> {
    return this.#ofOurs(sid, (ldap, dn) =>
      ldap.modify(dn, [{ operation: 'replace', attribute: 'member', values: [] }]),
    );
  }

  /** Deletes an empty group. Samba refuses that while its RID is the primary group of any user. */
  delete(sid: string): Promise<WriteResult> {
    return this.#ofOurs(sid, (ldap, dn) => ldap.delete(dn));
  }

  #ofOurs(sid: string, work: (ldap: LdapConnection, dn: string) => Promise<void>): Promise<WriteResult> {
    return this.#directory.attempt(async ldap => {
      const { ours } = await this.#find(ldap, sid);
      if (ours) await work(ldap, shadowDn(sid, this.#directory.base));
    });
  }

  /** All shadow groups. */
  list(): Promise<Shadow[]> {
    const attributes = ['objectSid', 'member'];
    const filter = '(objectClass=group)';
    const controls = [new ExtendedDnControl()];
    const options = { scope: 'one', filter, attributes, controls, timeoutMs: SCAN_TIMEOUT_MS } as const;
    return this.#directory.use(async ldap => {
      const entries = await ldap.search(shadowContainer(this.#directory.base), options);
      return entries.map(entry => ({
        sid: decodeSid(bytesOf(entry, 'objectSid')!),
        members: (entry.attributes.member ?? []).map(value => guidOf(String(value))),
      }));
    });
  }

  /**
   * Whether our group exists, and the DN of another object with the SID. A foreign security principal only names a SID and does not count.
   */
  async #find(ldap: LdapConnection, sid: string): Promise<{ ours: boolean; other: string | undefined }> {
    const { base } = this.#directory;
    const filter = `(objectSid=${filterEscape(encodeSid(sid))})`;
    const found = await ldap.search(base, { filter, attributes: ['objectClass'] });
    const holders = found
      .filter(entry => !entry.attributes.objectClass?.map(String).includes('foreignSecurityPrincipal'))
      .map(({ dn }) => dn);
    const isOurs = (dn: string): boolean => dn.toLowerCase() === shadowDn(sid, base).toLowerCase();
    return { ours: holders.some(isOurs), other: holders.find(dn => !isOurs(dn)) };
  }
}

/** SIDs of the managed domain itself and of those that it trusts: no forest may bring any of them. */
export function domainSids(directory: ManagedDirectory): Promise<string[]> {
  const { base } = directory;
  return directory.use(async ldap => {
    const [own] = await ldap.search(base, { scope: 'base', attributes: ['objectSid'] });
    const options = { filter: '(objectClass=trustedDomain)', attributes: ['securityIdentifier'] };
    const trusted = await ldap.search(`CN=System,${base}`, options);
    const sids = trusted.flatMap(entry => bytesOf(entry, 'securityIdentifier') ?? []);
    return [bytesOf(own!, 'objectSid')!, ...sids].map(decodeSid);
  });
}

/** The objectGUID in a name that came with `ExtendedDnControl`. Any other text is not one of our members. */
const guidOf = (name: string): string => parseExtendedDn(name).guid ?? name;

/** The first SID in the `sIDHistory` of every object that has one. */
export async function sidHistories(directory: ManagedDirectory): Promise<{ guid: string; sid: string }[]> {
  const attributes = ['objectGUID', 'sIDHistory'];
  const filter = '(&(|(objectClass=user)(objectClass=group))(sIDHistory=*))';
  const options = { scope: 'one', filter, attributes, timeoutMs: SCAN_TIMEOUT_MS } as const;
  const entries = await directory.use(ldap => ldap.search(directory.users, options));
  return entries.map(entry => ({
    ...{ guid: decodeGuid(bytesOf(entry, 'objectGUID')!), sid: decodeSid(bytesOf(entry, 'sIDHistory')!) },
  }));
}

/** The container to create. @param descriptor `protectedDescriptor` of the managed domain */
export function newContainer(base: string, descriptor: Uint8Array): Add {
  const values = {
    objectClass: ['organizationalUnit'],
    description: ['made by Causeway: on-premises SIDs of people and groups'],
    nTSecurityDescriptor: [descriptor],
  };
  return { kind: 'add', dn: shadowContainer(base), values };
}

/** The group to create. @param member a distinguished name @param descriptor like the container's */
export function newShadow(sid: string, member: string, base: string, descriptor: Uint8Array): Add {
  const values = {
    objectClass: ['group'],
    objectSid: [encodeSid(sid)],
    sAMAccountName: [sid],
    groupType: [DOMAIN_LOCAL_SECURITY],
    nTSecurityDescriptor: [descriptor],
    member: [member],
  };
  return { kind: 'add', dn: shadowDn(sid, base), values };
}

/** Nothing is inherited, and only the system and *Domain Admins* may do or see anything. */
export const protectedDescriptor = (domainSid: Sid): Uint8Array =>
  encodeSecurityDescriptor({ sbz1: 0, control: SE_DACL_PROTECTED, dacl: protectedDacl(domainSid) });
