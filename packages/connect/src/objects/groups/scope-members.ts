import { domainSidOf } from '@causeway/active-directory';
import { ridOf as lastPartOf } from '@causeway/wire';
import type { ConnectorContext } from '../../context.ts';
import type { Rules } from '../../scope/rules.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import { first } from '../attributes.ts';
import { isBuiltinSid } from './decide-group.ts';

/** The members of the groups of the scope, including nested groups and primary groups. */
export interface ScopeMembers {
  /** Source anchors. */
  readonly anchors: ReadonlySet<string>;
  /** Why the list may be incomplete, in words; undefined if it is complete. Users it does not name stay as decided. */
  readonly missing: string | undefined;
  /** GUIDs of the groups of the connector's domain that it followed. */
  readonly groups: readonly string[];
  /** Some of the groups were never read. */
  readonly isUnread: boolean;
}

/** A group still to be followed, and its domain. */
interface Todo {
  readonly domain: ConnectorContext;
  readonly guid: string;
  readonly name: string;
}

type Known = Pick<ConnectorContext, 'domains' | 'store'>;

/**
 * Follows the groups of the scope to the users in them, through groups of this domain and of the forest's other domains that are read. The
 * list is incomplete if it meets something that may hide users: a group that is missing, builtin or was never read, a well-known SID, or a
 * SID of a domain that is not read.
 */
export function scopeMembers(context: Known, rules: Rules): ScopeMembers {
  const walk = new Walk(context);
  for (const [guid, dn] of rules.groups) walk.add({ domain: walk.own, guid, name: dn });
  return walk.end();
}

/** Whether a user is in the groups of the scope. If the list is incomplete, users it does not name stay as decided. */
export const isScopeMember = (
  { anchors, missing }: ScopeMembers,
  anchor: string,
  before: boolean | undefined,
): boolean => anchors.has(anchor) || (missing !== undefined && before === true);

function whyUnreadable(group: SpaceObject | undefined, name: string): string | undefined {
  if (group === undefined || group.deleted) return `the group '${name}' is not there`;
  if (isBuiltinSid(first(group.attributes, 'objectSid') ?? '')) return `'${group.dn}' is a builtin group`;
  return undefined;
}

class Walk {
  readonly own: ConnectorContext;
  readonly #domains: readonly ConnectorContext[];
  readonly #anchors = new Set<string>();
  readonly #met = new Set<string>();
  readonly #groups: string[] = [];
  readonly #todo: Todo[] = [];
  readonly #sids = new Map<string, ReadonlyMap<string, { guid: string; anchor: string }>>();
  #missing: string | undefined;
  #isUnread = false;

  constructor({ domains, store }: Known) {
    this.#domains = domains;
    this.own = domains.find(domain => domain.store.name === store.name)!;
  }

  add(group: Todo): void {
    const key = `${group.domain.store.name} ${group.guid}`;
    if (this.#met.has(key)) return;
    this.#met.add(key);
    this.#todo.push(group);
    if (group.domain === this.own) this.#groups.push(group.guid);
  }

  end(): ScopeMembers {
    for (let group = this.#todo.pop(); group !== undefined; group = this.#todo.pop()) this.#look(group);
    return {
      ...{ anchors: this.#anchors, missing: this.#missing },
      ...{ groups: this.#groups, isUnread: this.#isUnread },
    };
  }

  #look({ domain, guid, name }: Todo): void {
    const { lists, scopeGroups, pin } = domain.store;
    const group = domain.store.groups.get(guid);
    const problem = whyUnreadable(group, name) ?? this.#whyUnread(domain, group!);
    if (problem !== undefined) {
      this.#missing ??= problem;
      return;
    }
    const { id } = lists.get(guid)!;
    const sid = first(group!.attributes, 'objectSid');
    const isOwn = sid !== undefined && domainSidOf(sid) === pin.get()?.domainSid;
    const primary = isOwn ? scopeGroups.withPrimaryGroup(lastPartOf(sid)) : [];
    for (const nested of scopeGroups.nested(id)) this.add({ domain, guid: nested, name: nested });
    for (const reference of [...scopeGroups.members(id), ...primary]) {
      if (reference.startsWith('S-1-')) this.#follow(reference, group!.dn);
      else if (domain === this.own) this.#anchors.add(reference);
    }
  }

  #whyUnread({ store }: ConnectorContext, { guid, dn }: SpaceObject): string | undefined {
    if (store.lists.reading(guid)?.nextReadAt != null) return undefined;
    this.#isUnread = true;
    return `the members of '${dn}' were not read yet`;
  }

  /** Follows a member of another domain than the list's. */
  #follow(sid: string, where: string): void {
    const domain = this.#domains.find(({ store }) => store.pin.get()?.domainSid === domainSidOf(sid));
    if (domain === undefined) {
      this.#missing ??= `'${where}' has the member ${sid}, of a domain that is not read: it may be a group`;
      return;
    }
    const group = this.#bySid(domain, 'group').get(sid);
    if (group) this.add({ domain, guid: group.guid, name: sid });
    const person = domain === this.own ? this.#bySid(domain, 'user').get(sid) : undefined;
    if (person) this.#anchors.add(person.anchor);
  }

  #bySid({ store }: ConnectorContext, kind: 'user' | 'group') {
    const key = `${kind} ${store.name}`;
    const known = this.#sids.get(key) ?? (kind === 'group' ? store.groups : store.space).bySid();
    this.#sids.set(key, known);
    return known;
  }
}
