import { randomUUID } from 'node:crypto';
import { decodeGuid } from '@causeway/ldap';
import { nameKey } from '@causeway/wire';
import { MARK_ATTRIBUTE } from '../directory/account-mark.ts';
import type { Values } from '../directory/attributes.ts';
import type { DirectoryAccount } from '../directory/found-accounts.ts';
import { type FoundGroup, MAX_MEMBERS } from '../directory/groups/managed-groups.ts';
import type { WriteResult } from '../directory/write.ts';
import type { GroupContext } from '../groups/group-context.ts';

interface StoredGroup {
  name: string;
  values: Values;
  members: Set<string>;
}

const GONE: WriteResult = { ok: false, gone: true, reason: 'no such object' };
const IN_USE: WriteResult = { ok: false, gone: false, refused: true, reason: 'in use' };

/** A directory that keeps groups, their members and their tombstones as Samba does, and of people no more than that they are there. */
export class GroupsPeer {
  readonly stored = new Map<string, StoredGroup>();
  readonly tombstones = new Map<string, StoredGroup>();
  /** Accounts and computers, by objectGUID, with their names. */
  readonly others = new Map<string, string>();
  /** Values of `member` that were written. */
  written = 0;
  /** Called before each change: a test ends the story there by throwing. */
  onChange: () => void = () => {};

  addOther(name: string): string {
    const guid = randomUUID();
    this.others.set(guid, name);
    return guid;
  }

  /** The links of whatever is gone are gone with it. */
  removeOther(guid: string): void {
    this.others.delete(guid);
    for (const { members } of this.stored.values()) members.delete(guid);
  }

  named(name: string): (StoredGroup & { guid: string }) | undefined {
    const found = [...this.stored].find(([, group]) => group.name === name);
    return found && { guid: found[0], ...found[1] };
  }

  readonly directory: GroupContext['directory'] = {
    holders: async names => this.#holders(names),
    delete: async guid => {
      this.onChange();
      const group = this.stored.get(guid);
      if (group === undefined) return GONE;
      this.stored.delete(guid);
      this.tombstones.set(guid, group);
      for (const { members } of this.stored.values()) members.delete(guid);
      return { ok: true };
    },
  };

  #holders(names: readonly string[]): DirectoryAccount[] {
    const keys = new Set(names.map(nameKey));
    const all = [...this.others, ...Array.from(this.stored, ([guid, { name }]) => [guid, name] as const)];
    return all
      .filter(([, name]) => keys.has(nameKey(name)))
      .map(([guid, samAccountName]) => ({ guid, samAccountName, userPrincipalName: undefined }));
  }

  #isTaken(name: string, own?: string): boolean {
    return this.#holders([name]).some(({ guid }) => guid !== own);
  }

  readonly groups: GroupContext['groups'] = {
    make: async (name, values) => {
      this.onChange();
      if (this.#isTaken(name)) return IN_USE;
      const guid = randomUUID();
      this.stored.set(guid, { name, values: { ...values }, members: new Set() });
      return { ok: true, guid };
    },
    findMade: async (_name, nonce) =>
      [...this.stored].find(([, { values }]) => nonceOf(values) === nonce)?.[0],
    change: async (guid, values) => {
      this.onChange();
      const group = this.stored.get(guid);
      if (group === undefined) return GONE;
      group.values = { ...group.values, ...values };
      return { ok: true };
    },
    rename: async (guid, _from, to) => {
      this.onChange();
      const group = this.stored.get(guid);
      if (group === undefined) return GONE;
      if (this.#isTaken(to, guid)) return IN_USE;
      group.name = to;
      return { ok: true };
    },
    restore: async (guid, name, nonce) => {
      this.onChange();
      const group = this.tombstones.get(guid);
      if (group === undefined) return GONE;
      if (this.#isTaken(name)) return IN_USE;
      this.tombstones.delete(guid);
      const values = { 'mS-DS-ConsistencyGuid': [nonce] };
      this.stored.set(guid, { name, values, members: new Set() });
      return { ok: true };
    },
    changeMembers: async (guid, operation, members) => {
      this.onChange();
      const group = this.stored.get(guid);
      const isThere = (member: string) => this.others.has(member) || this.stored.has(member);
      if (group === undefined || !members.every(isThere)) return GONE;
      if (members.length > MAX_MEMBERS) return { ok: false, gone: false, reason: 'too many values' };
      this.written += members.length;
      for (const member of members) group.members[operation](member);
      return { ok: true };
    },
    isThere: async guid => this.stored.has(guid) || this.others.has(guid),
    members: async guid => {
      const group = this.stored.get(guid);
      return group && new Set(group.members);
    },
    all: () => this.#all(),
  };

  async *#all(): AsyncGenerator<FoundGroup[]> {
    yield Array.from(this.stored, ([guid, { name, values }]) => ({
      ...{ guid, samAccountName: name, mark: text(values, MARK_ATTRIBUTE) ?? '', nonce: nonceOf(values) },
      ...{ groupType: text(values, 'groupType') ?? '', displayName: text(values, 'displayName') },
      mail: text(values, 'mail'),
    }));
  }
}

const text = (values: Values, name: string): string | null => values[name]?.[0]?.toString() ?? null;

function nonceOf(values: Values): string | undefined {
  const nonce = values['mS-DS-ConsistencyGuid']?.[0];
  return typeof nonce === 'string' ? nonce : nonce && decodeGuid(nonce);
}
