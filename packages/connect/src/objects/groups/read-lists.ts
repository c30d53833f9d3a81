import {
  type MemberListPart,
  type MemberValue,
  readMemberLists,
  readMemberOf,
} from '@causeway/active-directory';
import { type LdapConnection, LdapError } from '@causeway/ldap';
import { faultPoint } from '@causeway/service';
import type { ConnectorContext } from '../../context.ts';
import { lagOf } from '../../domain-controller/lag.ts';
import type { ListedGroup } from '../../store/groups/group-lists.ts';
import { concludeMissing } from './missing-members.ts';
import { nextReadAt, referenceOf } from './references.ts';

/** Where complete member lists are read from. */
export interface ListSource {
  lists(objectGuids: readonly string[]): AsyncIterable<MemberListPart>;
  /** Groups that have an object as a member. */
  memberOf(objectGuid: string): Promise<readonly string[]>;
}

export const listsOf = (ldap: LdapConnection, namingContext: string): ListSource => ({
  lists: objectGuids => readMemberLists(ldap, { namingContext, objectGuids }),
  memberOf: objectGuid => readMemberOf(ldap, { namingContext, objectGuid }),
});

/** Groups asked for together. */
const AT_A_TIME = 500;
/** After so many failures in a row the groups are not the cause. */
const MAX_FAILURES = 3;

/**
 * Reads the member lists that have to be read whole. A member that a list shows is added at once. A member that it does not show is only
 * removed after the next read misses them too. A domain controller that lags or was restored is not asked: it would add members who have
 * left since. A list that cannot be read waits for the next cycle and delays no other.
 */
export async function readLists(
  context: ConnectorContext,
  source: ListSource,
  signal?: AbortSignal,
): Promise<void> {
  const { store } = context;
  if (lagOf(context) !== undefined || store.restores.pending() !== undefined) return;
  const reading = new Reading(context, source, signal);
  await reading.lookUp();
  await reading.all();
  concludeMissing(context);
}

/** Members stored together. */
const TOGETHER = 50_000;

/** A part of a list, with its members as references. */
interface ReadPart {
  readonly group: ListedGroup;
  readonly references: string[];
  /** Whether every name in it could be resolved. */
  isReadable: boolean;
  isLast: boolean;
}

/** The result of a batch. */
interface Done {
  readonly read: Set<ListedGroup>;
  /** Groups that newly miss a member. */
  readonly missing: ListedGroup[];
}

class Reading {
  readonly #context: ConnectorContext;
  readonly #source: ListSource;
  readonly #signal: AbortSignal | undefined;
  readonly #domainSid: string | undefined;
  #failures = 0;
  /** The group whose list has not been read to its end yet. */
  #open: ListedGroup | undefined;
  /** Whether every name in its list could be resolved. */
  #isReadable = true;

  constructor(context: ConnectorContext, source: ListSource, signal: AbortSignal | undefined) {
    this.#context = context;
    this.#source = source;
    this.#signal = signal;
    this.#domainSid = context.store.pin.get()?.domainSid;
  }

  /** A restored object is in exactly the groups that the directory names, so their lists have to be read. */
  async lookUp(): Promise<void> {
    const { store } = this.#context;
    for (;;) {
      const guids = store.lists.lookUps(AT_A_TIME);
      if (guids.length === 0) return;
      for (const guid of guids) {
        this.#signal?.throwIfAborted();
        const groups = await this.#trying(() => this.#source.memberOf(guid), guid);
        if (groups === undefined) return; // the next cycle retries
        store.db.transaction(() => {
          for (const group of groups) store.lists.order(group, 'a member was restored');
          store.lists.noteLookedUp(guid);
        });
      }
    }
  }

  async all(): Promise<void> {
    const { store } = this.#context;
    const now = store.clock.now();
    for (let after = 0; this.#failures < MAX_FAILURES; ) {
      const groups = store.lists.due(now, after, AT_A_TIME);
      if (groups.length === 0) return;
      after = groups.at(-1)!.id;
      const incomplete = await this.#readAll(groups, false);
      await this.#readAll(incomplete, true);
    }
  }

  /** @returns the groups that newly miss a member */
  async #readAll(groups: readonly ListedGroup[], isSecond: boolean): Promise<ListedGroup[]> {
    if (groups.length === 0) return [];
    const done: Done = { read: new Set(), missing: [] };
    const together = await this.#trying(() => this.#read(groups, isSecond, done), undefined);
    if (together !== undefined) return done.missing;
    // One of them may be the cause, so each is read alone and delays no other.
    for (const group of groups) {
      if (this.#failures >= MAX_FAILURES) break;
      if (!done.read.has(group)) await this.#trying(() => this.#read([group], isSecond, done), group.guid);
    }
    return done.missing;
  }

  async #read(groups: readonly ListedGroup[], isSecond: boolean, done: Done): Promise<true> {
    this.#open = undefined;
    const byGuid = new Map(groups.map(group => [group.guid, group]));
    let waiting: ReadPart[] = [];
    let members = 0;
    const store = (): void => {
      const parts = waiting;
      [waiting, members] = [[], 0];
      if (parts.length > 0) this.#store(parts, isSecond, done);
    };
    try {
      for await (const { objectGuid, members: values, isLast } of this.#source.lists([...byGuid.keys()])) {
        this.#signal?.throwIfAborted();
        const group = byGuid.get(objectGuid);
        if (group === undefined) continue;
        const references = this.#references(values);
        const isReadable = references.length === values.length;
        const before = waiting.at(-1);
        if (before?.group === group) {
          before.references.push(...references);
          before.isReadable &&= isReadable;
          before.isLast = isLast;
        } else waiting.push({ group, references, isReadable, isLast });
        members += values.length;
        if (members >= TOGETHER) store();
      }
    } finally {
      store(); // a list that was read is not read again because of another one
    }
    return true;
  }

  /** Stores the parts in one transaction, because most lists are short. */
  #store(parts: readonly ReadPart[], isSecond: boolean, done: Done): void {
    const { store } = this.#context;
    const missing: ListedGroup[] = [];
    store.db.transaction(() => {
      store.members.together(() => {
        for (const { group, references, isReadable, isLast } of parts) {
          if (this.#open !== group) {
            store.members.beginRead(group.id);
            this.#isReadable = true;
          }
          this.#open = isLast ? undefined : group;
          this.#isReadable &&= isReadable;
          store.members.readPart(group.id, references);
          if (isLast && this.#end(group, this.#isReadable) && !isSecond) missing.push(group);
        }
      });
      faultPoint('connect.before-list-commit');
    });
    done.missing.push(...missing);
    for (const { group, isLast } of parts) if (isLast) done.read.add(group);
  }

  /**
   * @param isReadable false: a name in it could not be resolved, so nobody counts as missing
   * @returns whether a member is newly missing: the list is to be read once more, and stays ordered
   */
  #end({ id, guid }: ListedGroup, isReadable: boolean): boolean {
    const { store } = this.#context;
    const { missed, twice } = isReadable ? store.members.endRead(id) : { missed: 0, twice: 0 };
    const isNews = missed > twice;
    store.lists.noteRead(id, nextReadAt(guid, store.clock.now()));
    if (isNews) store.lists.order(guid, 'members are missing: read once more');
    return isNews;
  }

  #references(values: readonly MemberValue[]): string[] {
    return values.flatMap(value => referenceOf(value, this.#domainSid) ?? []);
  }

  /** @param who for the event; undefined: no event. @returns undefined if the directory failed */
  async #trying<T>(work: () => Promise<T>, who: string | undefined): Promise<T | undefined> {
    const { store, connector } = this.#context;
    try {
      const result = await work();
      this.#failures = 0;
      return result;
    } catch (error) {
      if (!(error instanceof LdapError)) throw error;
      if (who !== undefined) this.#failures += 1;
      const dn = (who === undefined ? undefined : store.groups.get(who)?.dn) ?? who ?? 'several groups';
      const text = `members of '${dn}' could not be read, and are with the next cycle: ${error.message}`;
      store.events.add('runErrors', connector.name, text);
      return undefined;
    }
  }
}
