import {
  bytesOf,
  decodeGuid,
  ExtendedDnControl,
  encodeGuid,
  filterEscape,
  type LdapConnection,
  type LdapEntry,
  LdapError,
  parseExtendedDn,
  permissiveModify,
  rangeOption,
  readValueRange,
  showDeleted,
  textOf,
  type ValueRange,
} from '@causeway/ldap';
import { faultPoint } from '@causeway/service';
import { MARK_ATTRIBUTE, OUR_GROUPS } from '../account-mark.ts';
import { asAttributes, asChanges, type Values } from '../attributes.ts';
import { NONCE, nonceOf, SCAN_TIMEOUT_MS } from '../found-accounts.ts';
import type { ManagedDirectory } from '../managed-directory.ts';
import { isRefusal } from '../samba-connection.ts';
import type { WriteResult } from '../write.ts';
import { groupDn } from './group-values.ts';

/** How many members one change adds or removes: Samba locks its database for each. */
export const MAX_MEMBERS = 200;
/** How many members are read at once. */
const RANGE = 5000;
/** The most members a group may have in the directory; more are an error. */
const MAX_ALL_MEMBERS = 2_000_000;
const PAGE = 200;

/** A group as the directory has it, without its members. */
export interface FoundGroup {
  guid: string;
  samAccountName: string;
  groupType: string;
  displayName: string | null;
  mail: string | null;
  mark: string;
  nonce: string | undefined;
}

const FOUND = ['objectGUID', 'sAMAccountName', 'groupType', 'displayName', 'mail', NONCE, MARK_ATTRIBUTE];

type Directory = Pick<ManagedDirectory, 'users' | 'base' | 'use' | 'attempt'>;

/** The forests' groups, which are among the accounts, over the directory's one connection. */
export class ManagedGroups {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** @returns the result, with the group's objectGUID */
  async make(name: string, values: Values): Promise<WriteResult & { guid?: string }> {
    const dn = groupDn(name, this.#directory.users);
    let guid: string | undefined;
    const result = await this.#directory.attempt(async ldap => {
      await ldap.add(dn, asAttributes({ objectClass: ['group'], sAMAccountName: [name], ...values }));
      faultPoint('domain.group-made');
      const [made] = await ldap.search(dn, { scope: 'base', attributes: ['objectGUID'] });
      guid = made && decodeGuid(bytesOf(made, 'objectGUID')!);
    });
    return guid === undefined ? result : { ...result, guid };
  }

  /** The objectGUID of a group that was created with this mark. @param name only makes the search quick */
  findMade(name: string, nonce: string): Promise<string | undefined> {
    const filter = `(&(sAMAccountName=${filterEscape(name)})(objectClass=group))`;
    return this.#directory.use(async ldap => {
      const found = await ldap.search(this.#directory.users, { filter, attributes: ['objectGUID', NONCE] });
      const ours = found.find(entry => nonceOf(entry) === nonce);
      return ours && decodeGuid(bytesOf(ours, 'objectGUID')!);
    });
  }

  /** In one change, so that it is never half written. */
  change(guid: string, values: Values): Promise<WriteResult> {
    return this.#directory.attempt(ldap => ldap.modify(`<GUID=${guid}>`, asChanges(values)));
  }

  /** Changes the group's account name and the object's name that follows from it: both, or neither. */
  rename(guid: string, from: string, to: string): Promise<WriteResult> {
    const dn = `<GUID=${guid}>`;
    const { users } = this.#directory;
    return this.#directory.attempt(async ldap => {
      await ldap.modifyDn(dn, groupDn(to, users));
      faultPoint('domain.within-group-rename');
      try {
        await ldap.modify(dn, asChanges({ sAMAccountName: [to] }));
      } catch (error) {
        if (isRefusal(error)) await ldap.modifyDn(dn, groupDn(from, users));
        throw error;
      }
    });
  }

  /** Restores a deleted group, with its SID and without members. What its tombstone lost is written afterwards. */
  restore(guid: string, name: string, nonce: string): Promise<WriteResult> {
    const dn = `<GUID=${guid}>`;
    const place = groupDn(name, this.#directory.users);
    return this.#directory.attempt(async ldap => {
      const controls = [showDeleted()];
      const attributes = ['isDeleted', 'isCriticalSystemObject'];
      const [found] = await ldap.search(dn, { scope: 'base', attributes, controls });
      if (found === undefined || textOf(found, 'isCriticalSystemObject') === 'TRUE')
        throw new LdapError('no-such-object', `'${dn}' has no tombstone`);
      if (textOf(found, 'isDeleted') === 'TRUE') {
        // Another object may have its former name now.
        await ldap.modify(dn, asChanges({ sAMAccountName: [name] }), controls);
        const deleted = { operation: 'delete', attribute: 'isDeleted', values: [] } as const;
        await ldap.modify(dn, [deleted, ...asChanges({ distinguishedName: [place] })], controls);
      }
      await ldap.modify(dn, asChanges({ [NONCE]: [encodeGuid(nonce)] }));
      await ldap.modifyDn(dn, place);
      await ldap.modify(dn, asChanges({ sAMAccountName: [name] }));
    });
  }

  /** Adds or removes members; one that is in or out already is no error. @param members objectGUIDs, up to `MAX_MEMBERS` */
  changeMembers(guid: string, operation: 'add' | 'delete', members: readonly string[]): Promise<WriteResult> {
    const values = members.map(member => `<GUID=${member}>`);
    return this.#directory.attempt(ldap =>
      ldap.modify(`<GUID=${guid}>`, [{ operation, attribute: 'member', values }], [permissiveModify()]),
    );
  }

  isThere(guid: string): Promise<boolean> {
    return this.#directory.use(async ldap => {
      try {
        return (
          (await ldap.search(`<GUID=${guid}>`, { scope: 'base', attributes: ['objectGUID'] })).length > 0
        );
      } catch (error) {
        if (error instanceof LdapError && error.code === 'no-such-object') return false;
        throw error;
      }
    });
  }

  /** Every group that says it is ours, wherever it was moved to, page by page. */
  async *all(): AsyncGenerator<FoundGroup[]> {
    const options = { filter: OUR_GROUPS, attributes: FOUND, pageSize: PAGE, timeoutMs: SCAN_TIMEOUT_MS };
    const { base } = this.#directory;
    const pages = await this.#directory.use(async ldap => ldap.searchPages(base, options));
    for (;;) {
      const page = await this.#directory.use(() => pages.next());
      if (page.done) return;
      yield page.value.map(foundOf);
    }
  }

  /** objectGUIDs of all members of a group, read in parts; undefined if the group does not exist. */
  members(guid: string): Promise<Set<string> | undefined> {
    return this.#directory.use(async ldap => {
      try {
        return await readMembers(ldap, guid);
      } catch (error) {
        if (error instanceof LdapError && error.code === 'no-such-object') return undefined;
        throw error;
      }
    });
  }
}

async function readMembers(ldap: LdapConnection, guid: string): Promise<Set<string>> {
  const members = new Set<string>();
  for (let from: number | undefined = 0; from < MAX_ALL_MEMBERS; ) {
    const attributes = [rangeOption('member', from, RANGE)];
    const controls = [new ExtendedDnControl()];
    const [entry] = await ldap.search(`<GUID=${guid}>`, { scope: 'base', attributes, controls });
    if (entry === undefined) return members;
    const { values, next }: ValueRange = readValueRange(entry, 'member', from);
    for (const value of values) {
      const { guid: member } = parseExtendedDn(String(value));
      if (member !== null) members.add(member);
    }
    if (next === undefined) return members;
    from = next;
  }
  throw new LdapError('limit', `a group has more than ${MAX_ALL_MEMBERS} members`);
}

const foundOf = (entry: LdapEntry): FoundGroup => ({
  guid: decodeGuid(bytesOf(entry, 'objectGUID')!),
  samAccountName: textOf(entry, 'sAMAccountName') ?? '',
  groupType: textOf(entry, 'groupType') ?? '',
  displayName: textOf(entry, 'displayName') ?? null,
  mail: textOf(entry, 'mail') ?? null,
  mark: textOf(entry, MARK_ATTRIBUTE) ?? '',
  nonce: nonceOf(entry),
});
