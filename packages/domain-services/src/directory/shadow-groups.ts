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

/** A security group of the domain alone: SAMR lists none of these for a user, so that its RID passes for nobody's here. */
const DOMAIN_LOCAL_SECURITY = '-2147483644';
const SCAN_TIMEOUT_MS = 600_000;
const CONTAINER = 'On-premises SIDs';

export const shadowContainer = (base: string): string => `OU=${CONTAINER},${base}`;
export const shadowDn = (sid: string, base: string): string => `CN=${sid},${shadowContainer(base)}`;

/** One as the directory has it. */
export interface Shadow {
  sid: string;
  /** By objectGUID. */
  members: string[];
}

/**
 * Groups whose own SID is the on-premises SID of a person, or of a group of ours, with that object as the one member: Samba puts the SIDs
 * of groups, nested ones too, into tickets and sessions, and never those of `sIDHistory`. Only over Samba's privileged socket, or into its
 * database, can an objectSid be written.
 */
export class ShadowGroups {
  readonly #directory: ManagedDirectory;
  readonly #descriptor: Uint8Array;

  constructor(directory: ManagedDirectory, domain: ManagedDomain) {
    this.#directory = directory;
    this.#descriptor = protectedDescriptor(domain.sid);
  }

  /** Makes the container, where it is not there. Nobody but the system and *Domain Admins* finds anything in it. */
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

  /** The group of a SID with its one member, by objectGUID. */
  make(sid: string, member: string): Add {
    return newShadow(sid, `<GUID=${member}>`, this.#directory.base, this.#descriptor);
  }

  /** Makes the group, or makes the object the only member of one that is there. Another object with that SID is left as it is. */
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

  /** Takes the member out: the group opens nothing any more. Where there is no group of ours this changes nothing. */
  empty(sid: string): Promise<WriteResult> {
    return this.#ofOurs(sid, (ldap, dn) =>
      ldap.modify(dn, [{ operation: 'replace', attribute: 'member', values: [] }]),
    );
  }

  /** Takes an empty group away. Samba refuses that while the primary group of any user has its RID. */
  delete(sid: string): Promise<WriteResult> {
    return this.#ofOurs(sid, (ldap, dn) => ldap.delete(dn));
  }

  #ofOurs(sid: string, work: (ldap: LdapConnection, dn: string) => Promise<void>): Promise<WriteResult> {
    return this.#directory.attempt(async ldap => {
      const { ours } = await this.#find(ldap, sid);
      if (ours) await work(ldap, shadowDn(sid, this.#directory.base));
    });
  }

  /** All of them. */
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

  /** Whether the group is there, and the DN of what else has the SID. A foreign security principal names a SID and has none. */
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

/** SIDs of the managed domain itself and of those that it trusts: no forest brings any of them. */
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

/** The objectGUID in a name as it comes with `ExtendedDnControl`; another text is no member of ours. */
const guidOf = (name: string): string => parseExtendedDn(name).guid ?? name;

/** The first SID in `sIDHistory` of whatever has one. */
export async function sidHistories(directory: ManagedDirectory): Promise<{ guid: string; sid: string }[]> {
  const attributes = ['objectGUID', 'sIDHistory'];
  const filter = '(&(|(objectClass=user)(objectClass=group))(sIDHistory=*))';
  const options = { scope: 'one', filter, attributes, timeoutMs: SCAN_TIMEOUT_MS } as const;
  const entries = await directory.use(ldap => ldap.search(directory.users, options));
  return entries.map(entry => ({
    ...{ guid: decodeGuid(bytesOf(entry, 'objectGUID')!), sid: decodeSid(bytesOf(entry, 'sIDHistory')!) },
  }));
}

/** The container that is made. @param descriptor `protectedDescriptor` of the managed domain */
export function newContainer(base: string, descriptor: Uint8Array): Add {
  const values = {
    objectClass: ['organizationalUnit'],
    description: ['made by Causeway: on-premises SIDs of people and groups'],
    nTSecurityDescriptor: [descriptor],
  };
  return { kind: 'add', dn: shadowContainer(base), values };
}

/** The group that is made. @param member a distinguished name @param descriptor as of the container */
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
