import {
  decodeSid,
  encodeGuid,
  encodeSid,
  filterEscape,
  type LdapConnection,
  LdapError,
} from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import type { Values } from '../directory/attributes.ts';
import type { ManagedDirectory } from '../directory/managed-directory.ts';
import { shadowContainer, shadowDn } from '../directory/shadow-groups.ts';
import type { WriteResult } from '../directory/write.ts';

/** The objects of a scripted Samba that can have on-premises SIDs. */
interface Objects {
  readonly users: string;
  /** Accounts and groups, by objectGUID. */
  all(): Iterable<readonly [string, Values]>;
  /** Changes one of them. */
  write(guid: string, values: Values): Promise<WriteResult>;
  beforeChange(): Promise<void>;
}

/** Shadow groups as Samba keeps them, each with one member that disappears with its object; and `sIDHistory` of accounts and groups. */
export class ShadowsPeer {
  /** objectGUIDs of members by SID. */
  readonly stored = new Map<string, readonly string[]>();
  readonly directory: ManagedDirectory;
  readonly #objects: Objects;
  readonly #base: string;

  constructor(objects: Objects) {
    this.#objects = objects;
    const { users } = objects;
    this.#base = users.slice(users.indexOf(',') + 1);
    const directory: Pick<ManagedDirectory, 'base' | 'users' | 'use' | 'attempt' | 'write'> = {
      ...{ base: this.#base, users },
      use: async work => work(this.#ldap()),
      attempt: work => this.#attempt(work),
      write: async write => {
        if (write.kind === 'add') return this.#attempt(ldap => ldap.add(write.dn, write.values as never));
        return objects.write(write.guid, write.values);
      },
    };
    this.directory = directory as ManagedDirectory;
  }

  /** The objects that have each SID. */
  holders(): Map<string, readonly string[]> {
    const there = new Set(Array.from(this.#objects.all(), ([guid]) => guid));
    return new Map(Array.from(this.stored, ([sid, members]) => [sid, members.filter(one => there.has(one))]));
  }

  /** SIDs in `sIDHistory`, by objectGUID. */
  histories(): Map<string, string> {
    const found = new Map<string, string>();
    for (const [guid, { sIDHistory: [sid] = [] }] of this.#objects.all())
      if (sid !== undefined) found.set(guid, decodeSid(sid as Uint8Array));
    return found;
  }

  async #attempt(work: (ldap: LdapConnection) => Promise<void>): Promise<WriteResult> {
    await this.#objects.beforeChange();
    try {
      await work(this.#ldap());
      return { ok: true };
    } catch (error) {
      if (error instanceof CausewayError) throw error;
      return { ok: false, gone: false, reason: String(error) };
    }
  }

  /** The part of LDAP that reads and writes them. */
  #ldap(): LdapConnection {
    const scripted: Pick<LdapConnection, 'search' | 'add' | 'modify' | 'delete'> = {
      search: async (base, options) => this.#search(base, String(options?.filter)),
      add: async (dn, { member, objectSid }) => {
        if (objectSid !== undefined) this.#put(dn, member as string[]);
      },
      modify: async (dn, [change]) => this.#put(dn, change!.values as string[]),
      delete: async dn => void this.stored.delete(sidOf(dn)),
    };
    return scripted as LdapConnection;
  }

  #search(base: string, filter: string) {
    const sids = [...this.holders()].map(([sid, members]) => ({
      dn: shadowDn(sid, this.#base),
      attributes: {
        objectClass: ['group'],
        objectSid: [Buffer.from(encodeSid(sid))],
        member: members.map(guid => `<GUID=${guid}>;CN=${guid}`),
      },
    }));
    if (base === shadowContainer(this.#base)) return sids;
    if (base !== this.#objects.users)
      return sids.filter(
        ({ attributes }) => filter === `(objectSid=${filterEscape(attributes.objectSid[0]!)})`,
      );
    return [...this.histories()].map(([guid, sid]) => ({
      dn: `CN=${guid},${base}`,
      attributes: { objectGUID: [Buffer.from(encodeGuid(guid))], sIDHistory: [Buffer.from(encodeSid(sid))] },
    }));
  }

  #put(dn: string, members: readonly string[]): void {
    const guids = members.map(member => /^<GUID=(.+)>$/.exec(member)![1]!);
    const there = new Set(Array.from(this.#objects.all(), ([guid]) => guid));
    if (!guids.every(guid => there.has(guid))) throw new LdapError('no-such-object', 'no such member');
    this.stored.set(sidOf(dn), guids);
  }
}

const sidOf = (dn: string): string => dn.slice('CN='.length, dn.indexOf(','));
