import { randomUUID } from 'node:crypto';
import { decodeGuid } from '@causeway/ldap';
import { nameKey } from '@causeway/wire';
import { MARK_ATTRIBUTE } from '../directory/account-mark.ts';
import type { Values } from '../directory/attributes.ts';
import type { DatabaseAtRest } from '../directory/database-at-rest.ts';
import type { DirectoryAccount } from '../directory/found-accounts.ts';
import { type FoundGroup, MAX_MEMBERS } from '../directory/groups/managed-groups.ts';
import type { WriteResult } from '../directory/write.ts';
import type { GroupContext } from '../groups/group-context.ts';

/** A group with the objectGUIDs of its members. */
export interface StoredGroup {
  name: string;
  values: Values;
  members: Set<string>;
}

/** All groups, and the tombstones of deleted ones, by objectGUID. */
export interface GroupsSnapshot {
  readonly stored: ReadonlyMap<string, StoredGroup>;
  readonly tombstones: ReadonlyMap<string, StoredGroup>;
}

const GONE: WriteResult = { ok: false, gone: true, reason: 'no such object' };
const IN_USE: WriteResult = { ok: false, gone: false, refused: true, reason: 'in use' };

/** A directory that keeps groups, their members and their tombstones as Samba does. Of users it knows only that they exist. */
export class GroupsPeer {
  readonly stored = new Map<string, StoredGroup>();
  readonly tombstones = new Map<string, StoredGroup>();
  /** Accounts and computers, by objectGUID, with their names. */
  readonly others = new Map<string, string>();
  /** How many values of `member` were written. */
  written = 0;
  /** Called before each change. A test can throw here to simulate a kill. */
  onChange: () => void | Promise<void> = () => {};
  readonly #accounts: () => Iterable<readonly [string, string]>;

  /** @param accounts those kept by another peer, with their names */
  constructor(accounts: () => Iterable<readonly [string, string]> = () => []) {
    this.#accounts = accounts;
  }

  addOther(name: string): string {
    const guid = randomUUID();
    this.others.set(guid, name);
    return guid;
  }

  /** Removes an object together with the links to it. */
  removeOther(guid: string): void {
    this.others.delete(guid);
    for (const { members } of this.stored.values()) members.delete(guid);
  }

  snapshot(): GroupsSnapshot {
    return structuredClone({ stored: this.stored, tombstones: this.tombstones });
  }

  /** @param snapshot undefined if there never was a group */
  takeBack(snapshot: GroupsSnapshot | undefined): void {
    for (const kind of ['stored', 'tombstones'] as const) {
      this[kind].clear();
      for (const [guid, group] of structuredClone(snapshot?.[kind] ?? [])) this[kind].set(guid, group);
    }
  }

  named(name: string): (StoredGroup & { guid: string }) | undefined {
    const found = [...this.stored].find(([, group]) => group.name === name);
    return found && { guid: found[0], ...found[1] };
  }

  readonly directory: GroupContext['directory'] = {
    holders: async names => this.#holders(names),
    delete: async guid => {
      await this.onChange();
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
    const all = [
      ...this.#everyOther(),
      ...Array.from(this.stored, ([guid, { name }]) => [guid, name] as const),
    ];
    return all
      .filter(([, name]) => keys.has(nameKey(name)))
      .map(([guid, samAccountName]) => ({ guid, samAccountName, userPrincipalName: undefined }));
  }

  #everyOther(): Map<string, string> {
    return new Map([...this.others, ...this.#accounts()]);
  }

  #isTaken(name: string, own?: string): boolean {
    return this.#holders([name]).some(({ guid }) => guid !== own);
  }

  readonly groups: GroupContext['groups'] = {
    make: async (name, values) => {
      await this.onChange();
      if (this.#isTaken(name)) return IN_USE;
      const guid = randomUUID();
      this.stored.set(guid, { name, values: { ...values }, members: new Set() });
      return { ok: true, guid };
    },
    findMade: async (_name, nonce) =>
      [...this.stored].find(([, { values }]) => nonceOf(values) === nonce)?.[0],
    change: async (guid, values) => {
      await this.onChange();
      const group = this.stored.get(guid);
      if (group === undefined) return GONE;
      group.values = { ...group.values, ...values };
      return { ok: true };
    },
    rename: async (guid, _from, to) => {
      await this.onChange();
      const group = this.stored.get(guid);
      if (group === undefined) return GONE;
      if (this.#isTaken(to, guid)) return IN_USE;
      group.name = to;
      return { ok: true };
    },
    restore: async (guid, name, nonce) => {
      await this.onChange();
      const group = this.tombstones.get(guid);
      if (group === undefined) return GONE;
      if (this.#isTaken(name)) return IN_USE;
      this.tombstones.delete(guid);
      const values = { 'mS-DS-ConsistencyGuid': [nonce] };
      this.stored.set(guid, { name, values, members: new Set() });
      return { ok: true };
    },
    changeMembers: async (guid, operation, members) => {
      await this.onChange();
      const group = this.stored.get(guid);
      const others = this.#everyOther();
      const isThere = (member: string) => others.has(member) || this.stored.has(member);
      if (group === undefined || !members.every(isThere)) return GONE;
      if (members.length > MAX_MEMBERS) return { ok: false, gone: false, reason: 'too many values' };
      this.written += members.length;
      for (const member of members) group.members[operation](member);
      return { ok: true };
    },
    isThere: async guid => this.stored.has(guid) || this.#everyOther().has(guid),
    members: async guid => {
      const group = this.stored.get(guid);
      return group && new Set(group.members);
    },
    all: () => this.#all(),
  };

  /** The database while the domain does not run. */
  readonly atRest: Pick<DatabaseAtRest, 'markedGroups' | 'groups' | 'takeOut'> = {
    markedGroups: async () =>
      Array.from(this.stored, ([guid, { values }]) => ({ guid, mark: text(values, MARK_ATTRIBUTE) ?? '' })),
    groups: async guids =>
      guids.flatMap(guid => {
        const group = this.stored.get(guid);
        if (group === undefined) return [];
        const groupType = text(group.values, 'groupType') ?? '';
        return [{ guid, groupType, members: new Set(group.members) }];
      }),
    takeOut: async (guid, members) => {
      const group = this.stored.get(guid);
      // As `ldbmodify` does without a control: the change fails if one of them is no member.
      if (!members.every(one => group?.members.has(one))) return GONE;
      for (const one of members) group!.members.delete(one);
      return { ok: true };
    },
  };

  /** Changes a group itself. */
  writeAtRest(guid: string, values: Values): WriteResult {
    const group = this.stored.get(guid);
    if (group === undefined) return GONE;
    group.values = { ...group.values, ...values };
    return { ok: true };
  }

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
