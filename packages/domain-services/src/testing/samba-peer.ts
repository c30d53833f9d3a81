import type { LdapConnection } from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import type { Values } from '../directory/attributes.ts';
import { Generations } from '../directory/generations/generations.ts';
import type { Write, WriteResult } from '../directory/write.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { slotOfName, slotOfPrincipal } from '../names/naming.ts';
import { AccountsPeer } from './accounts-peer.ts';
import { GroupsPeer, type GroupsSnapshot } from './groups-peer.ts';
import { ShadowsPeer } from './shadows-peer.ts';

const GENERATION = 'adminDescription';

/** The whole state of a scripted Samba at one moment. */
export interface SambaSnapshot {
  readonly stored: ReadonlyMap<string, Values>;
  readonly tombstones: ReadonlyMap<string, Values>;
  readonly groups: GroupsSnapshot;
  readonly shadows: ReadonlyMap<string, readonly string[]>;
  readonly generation: string | undefined;
}

/** A managed domain's whole Samba: accounts and groups, with names compared as Samba does, and the database while it does not run. */
export class SambaPeer extends AccountsPeer {
  readonly groups = new GroupsPeer(() => this.#names());
  readonly shadows = new ShadowsPeer({
    users: this.users,
    all: () => this.#objects(),
    write: (guid, values) =>
      this.groups.stored.has(guid) ? this.groups.groups.change(guid, values) : this.ensure(guid, values),
    beforeChange: () => this.#beforeChange(),
  });
  #generation: string | undefined;
  #generations: Generations | undefined;
  #changesUntilEnd = Number.POSITIVE_INFINITY;

  constructor(realm: string) {
    super(realm);
    this.groups.onChange = () => this.#beforeChange();
  }

  /** After this many changes of accounts and groups it accepts no more until it is started again, as after a power failure. */
  endAfter(changes: number): void {
    this.#changesUntilEnd = changes;
  }

  /** From here on it serves the Domain Services with this ledger. */
  serve(ledger: Ledger): void {
    this.#changesUntilEnd = Number.POSITIVE_INFINITY;
    this.#generations = new Generations(ledger, this.users.slice(this.users.indexOf(',') + 1));
  }

  override holders = async (names: string[], principals: string[]) => {
    const keys = new Set([...names, ...principals].map(nameKey));
    const accounts = [...this.stored].flatMap(([guid, values]) => {
      const samAccountName = textOf(values, 'sAMAccountName') ?? '';
      const userPrincipalName = textOf(values, 'userPrincipalName');
      const has = [samAccountName, ...(userPrincipalName === undefined ? [] : [userPrincipalName])];
      return has.some(name => keys.has(nameKey(name))) ? [{ guid, samAccountName, userPrincipalName }] : [];
    });
    const groups = [...this.groups.stored].flatMap(([guid, { name }]) =>
      keys.has(nameKey(name)) ? [{ guid, samAccountName: name, userPrincipalName: undefined }] : [],
    );
    return [...accounts, ...groups];
  };

  override async write(write: Write): Promise<WriteResult> {
    // The caller wipes its secrets after the write.
    const values = structuredClone(write.values);
    if (write.kind === 'modify') return this.ensure(write.guid, values);
    await this.#beforeChange();
    return this.#clash(undefined, values) ?? super.write({ ...write, values });
  }

  override async ensure(guid: string, values: Values): Promise<WriteResult> {
    await this.#beforeChange();
    return this.#clash(guid, values) ?? super.ensure(guid, values);
  }

  override async delete(guid: string): Promise<WriteResult> {
    await this.#beforeChange();
    this.groups.removeOther(guid);
    return super.delete(guid);
  }

  override async restore(guid: string, name: string, nonce: string): Promise<WriteResult> {
    await this.#beforeChange();
    return super.restore(guid, name, nonce);
  }

  snapshot(): SambaSnapshot {
    const [stored, tombstones] = [this.stored, this.tombstones].map(map => structuredClone(map));
    return {
      stored: stored!,
      tombstones: tombstones!,
      groups: this.groups.snapshot(),
      shadows: new Map(this.shadows.stored),
      generation: this.#generation,
    };
  }

  /** @param snapshot undefined for a newly made domain */
  takeBack(snapshot: SambaSnapshot | undefined): void {
    for (const kind of ['stored', 'tombstones'] as const) {
      this[kind].clear();
      for (const [guid, values] of snapshot?.[kind] ?? []) this[kind].set(guid, structuredClone(values));
    }
    this.groups.takeBack(snapshot?.groups);
    this.shadows.stored.clear();
    for (const [sid, members] of snapshot?.shadows ?? []) this.shadows.stored.set(sid, members);
    this.#generation = snapshot?.generation;
  }

  // The database while Samba does not run.

  async generation(): Promise<string | undefined> {
    return this.#generation;
  }

  async putGeneration(text: string): Promise<void> {
    this.#generation = text;
  }

  async people(): Promise<ReadonlySet<string>> {
    return new Set(this.stored.keys());
  }

  async administrators(): Promise<undefined> {
    return undefined;
  }

  async atRest(writes: readonly Write[]): Promise<WriteResult[]> {
    return Promise.all(
      writes.map(write => {
        if (write.kind === 'add') return super.write(write);
        const { guid, values } = write;
        if (this.groups.stored.has(guid)) return Promise.resolve(this.groups.writeAtRest(guid, values));
        return super.ensure(guid, structuredClone(values));
      }),
    );
  }

  async raiseRids(): Promise<void> {}

  *#names(): Generator<readonly [string, string]> {
    for (const [guid, values] of this.stored) yield [guid, textOf(values, 'sAMAccountName') ?? ''];
  }

  *#objects(): Generator<readonly [string, Values]> {
    yield* this.stored;
    for (const [guid, { values }] of this.groups.stored) yield [guid, values];
  }

  async #beforeChange(): Promise<void> {
    if (this.#changesUntilEnd-- <= 0) throw new CausewayError('directory-unavailable', 'it does not answer');
    await this.#generations?.beforeChange(work => work(this.#ldap()));
  }

  /** The part of LDAP that reads and writes a generation. */
  #ldap(): LdapConnection {
    const put = async (text: unknown): Promise<void> => {
      this.#generation = String(text);
    };
    const scripted: Pick<LdapConnection, 'search' | 'modify' | 'add'> = {
      search: async base =>
        this.#generation === undefined || !base.startsWith('CN=System')
          ? []
          : [{ dn: base, attributes: { [GENERATION]: [this.#generation] } }],
      modify: (_dn, [change]) => put(change!.values[0]),
      add: (_dn, attributes) => put(attributes[GENERATION]),
    };
    return scripted as LdapConnection;
  }

  #clash(guid: string | undefined, values: Values): WriteResult | undefined {
    const slots = (some: Values) => {
      const [name, principal] = [textOf(some, 'sAMAccountName'), textOf(some, 'userPrincipalName')];
      return [
        ...(name === undefined ? [] : [slotOfName(name)]),
        ...(principal === undefined ? [] : [slotOfPrincipal(principal, this.realm)]),
      ];
    };
    const wanted = new Set(slots(values));
    for (const [other, has] of wanted.size > 0 ? this.stored : [])
      if (other !== guid && slots(has).some(slot => wanted.has(slot)))
        return { ok: false, gone: false, refused: true, reason: 'in use' };
    const isGroups = [...this.groups.stored.values()].some(({ name }) => wanted.has(slotOfName(name)));
    return isGroups ? { ok: false, gone: false, refused: true, reason: 'in use' } : undefined;
  }
}

const textOf = (values: Values, name: string): string | undefined => values[name]?.[0]?.toString();
