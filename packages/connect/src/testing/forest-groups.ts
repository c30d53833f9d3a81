import { randomUUID } from 'node:crypto';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import type { AskedLinks, ScriptedObject } from './scripted-directory.ts';

export type ForestScope = 'global' | 'domainLocal' | 'universal';

/** A group of a scripted forest, as its domain controller has it now. */
export interface ForestGroup {
  readonly guid: string;
  readonly anchor: string;
  readonly sid: string;
  name: string;
  /** The container it is in. */
  container: string;
  security: boolean;
  scope: ForestScope;
  mail: string | null;
  deleted: boolean;
  /** False: not even a tombstone is left. */
  isThere: boolean;
  objectUsn: number;
  /** When it was restored. Only a delta from before that reports that `isDeleted` no longer has a value. */
  restoredUsn: number;
  /** Values of `member` by objectGUID, including removed ones. */
  readonly links: Map<string, Link>;
}

/** A value of `member`. */
interface Link {
  present: boolean;
  usn: number;
  /** The SID of a foreign security principal, or of an object of another domain of the forest. */
  readonly sid?: string;
}

/** Anything that can be a member: an object of any domain of the forest, or a SID from elsewhere. */
export type ForestMember = { readonly guid: string; readonly sid: string } | string;

/** What the forest knows of its other objects. */
export interface ForestObjects {
  readonly namingContext: string;
  readonly domainSid: string;
  nextUsn(): number;
  nextSid(): string;
  /** An existing user by objectGUID. */
  person(guid: string): { readonly guid: string; readonly sid: string; readonly name: string } | undefined;
}

const PEOPLE = 'OU=People';
/** Most values in a range (MaxValRange). */
const MAX_RANGE = 5_000;
const SCOPES = { global: 0x2, domainLocal: 0x4, universal: 0x8 } as const;
const SECURITY = 0x8000_0000;

/** The groups of a scripted forest: DirSync with incremental values, and lists by ranges, as Samba and Windows answer. */
export class ForestGroups {
  readonly all: ForestGroup[] = [];
  readonly #forest: ForestObjects;
  /** Objects that stand for foreign SIDs, by SID. */
  readonly #principals = new Map<string, string>();

  constructor(forest: ForestObjects) {
    this.#forest = forest;
  }

  make(name: string, what: Partial<Pick<ForestGroup, 'security' | 'scope' | 'mail'>> = {}): ForestGroup {
    const guid = randomUUID();
    const group: ForestGroup = {
      ...{ guid, anchor: sourceAnchorOf(guid), sid: this.#forest.nextSid(), name },
      container: PEOPLE,
      ...{ security: true, scope: 'global', mail: null, deleted: false, isThere: true },
      ...what,
      ...{ objectUsn: this.#forest.nextUsn(), restoredUsn: 0, links: new Map() },
    };
    this.all.push(group);
    return group;
  }

  change(
    group: ForestGroup,
    what: Partial<Pick<ForestGroup, 'name' | 'container' | 'security' | 'scope' | 'mail'>>,
  ): void {
    Object.assign(group, what, { objectUsn: this.#forest.nextUsn() });
  }

  add(group: ForestGroup, member: ForestMember): void {
    this.#put(group, member, true);
  }

  remove(group: ForestGroup, member: ForestMember): void {
    this.#put(group, member, false);
  }

  /** Links to and from a deleted object disappear in every group. A recycle bin keeps them. */
  delete(group: ForestGroup): void {
    Object.assign(group, { deleted: true, objectUsn: this.#forest.nextUsn() });
  }

  /** @param isFromBin restores its members and its own memberships; the groups do not report these links */
  restore(group: ForestGroup, isFromBin: boolean): void {
    const usn = this.#forest.nextUsn();
    Object.assign(group, { deleted: false, objectUsn: usn, restoredUsn: usn });
    if (isFromBin) return;
    group.links.clear();
    this.forgetLinks(group.guid);
  }

  /** An object restored from a tombstone is in no group. */
  forgetLinks(guid: string): void {
    for (const { links } of this.all) links.delete(guid);
  }

  /** Adds a group that moved from another domain, with new links to the members it showed. */
  arrive(group: ForestGroup, shown: readonly Exclude<ForestMember, string>[]): ForestGroup {
    const usn = this.#forest.nextUsn();
    const sid = this.#forest.nextSid();
    const before = this.all.findIndex(({ guid }) => guid === group.guid);
    if (before >= 0) this.all.splice(before, 1);
    const restoredUsn = before < 0 ? 0 : usn;
    const moved: ForestGroup = { ...group, sid, objectUsn: usn, restoredUsn, links: new Map() };
    this.all.push(moved);
    for (const member of shown) this.add(moved, member);
    return moved;
  }

  /** A member moved between this domain and another one of the forest. The links stay, and nothing reports the move. */
  follow({ guid, sid }: Exclude<ForestMember, string>): void {
    for (const { links } of this.all) {
      const link = links.get(guid);
      if (link) links.set(guid, { present: link.present, usn: link.usn, ...this.#ofElsewhere(sid) });
    }
  }

  #ofElsewhere(sid: string): { sid?: string } {
    return sid.startsWith(`${this.#forest.domainSid}-`) ? {} : { sid };
  }

  /** SIDs and objectGUIDs of the values that `member` shows. A deleted object is not among them. */
  shown(group: ForestGroup): { guid: string; sid: string; name: string }[] {
    return [...group.links].flatMap(([guid, { present, sid }]) => {
      const found = present ? this.#target(guid, sid) : undefined;
      return found ? [found] : [];
    });
  }

  /** The group as a full import or a look-up shows it, without its members. @param usn since when */
  object(group: ForestGroup, usn = Number.POSITIVE_INFINITY): ScriptedObject {
    const { guid, sid, name, container, security, scope, mail, deleted, restoredUsn } = group;
    const objectClass = ['top', 'group'];
    if (deleted)
      return {
        ...{ guid, dn: `CN=${name}\\0ADEL:${guid},CN=Deleted Objects,${this.#forest.namingContext}` },
        ...{ objectSid: sid, attributes: { objectClass, isDeleted: 'TRUE', sAMAccountName: name } },
      };
    const groupType = String((SCOPES[scope] | (security ? SECURITY : 0)) >> 0);
    const names = { sAMAccountName: name, name, mail: mail ?? undefined, displayName: undefined };
    return {
      ...{ guid, dn: this.#dn(name, container), objectSid: sid },
      attributes: {
        ...{ objectClass, groupType, ...names },
        ...(restoredUsn > usn && { isDeleted: undefined }),
      },
    };
  }

  /** Changes since a USN. A value whose object is deleted is reported neither as added nor as removed. */
  since(usn: number): ScriptedObject[] {
    return this.#found().flatMap(group => {
      const { guid, links } = group;
      const told =
        group.objectUsn > usn ? this.object(group, usn) : { guid, dn: this.#dn(group.name, group.container) };
      if (group.deleted) return group.objectUsn > usn ? [told] : [];
      const values = (present: boolean) =>
        [...links].flatMap(([target, link]) => {
          if (link.usn <= usn || link.present !== present) return [];
          const found = this.#target(target, link.sid);
          return found ? [this.#extended(found)] : [];
        });
      const [added, removed] = [values(true), values(false)];
      if (group.objectUsn <= usn && added.length + removed.length === 0) return [];
      const changed = {
        ...(added.length > 0 && { 'member;range=1-1': added }),
        ...(removed.length > 0 && { 'member;range=0-0': removed }),
      };
      return [{ ...told, attributes: { ...told.attributes, ...changed } }];
    });
  }

  everything(): ScriptedObject[] {
    return this.#found().map(group => this.object(group));
  }

  /** `member` of groups, or the groups of an object. */
  links({ attribute, from, names, isNamed }: AskedLinks): ScriptedObject[] {
    const living = this.#living();
    if (attribute === 'member')
      return living
        .filter(({ guid }) => !isNamed || names(guid))
        .map(group => this.#withLinks(group, attribute, this.shown(group), from));
    const everybody = [...living, ...living.flatMap(group => this.shown(group))];
    const object = everybody.find(({ guid }) => names(guid));
    if (object === undefined) return [];
    const groups = living.filter(group => this.shown(group).some(({ guid }) => guid === object.guid));
    return [this.#withLinks(object, attribute, groups, from)];
  }

  #withLinks(
    { guid, name }: { guid: string; name: string },
    attribute: string,
    values: readonly { guid: string; sid: string; name: string }[],
    from: number,
  ): ScriptedObject {
    const end = from + MAX_RANGE;
    const list = values.slice(from, end).map(value => this.#extended(value));
    const range = `${attribute};range=${from}-${end < values.length ? end - 1 : '*'}`;
    return { guid, dn: this.#dn(name), attributes: { [range]: list } };
  }

  #put(group: ForestGroup, member: ForestMember, present: boolean): void {
    const usn = this.#forest.nextUsn();
    if (typeof member !== 'string')
      return void group.links.set(member.guid, { present, usn, ...this.#ofElsewhere(member.sid) });
    const guid = this.#principals.get(member) ?? randomUUID();
    this.#principals.set(member, guid);
    group.links.set(guid, { present, usn, sid: member });
  }

  #target(guid: string, sid: string | undefined): { guid: string; sid: string; name: string } | undefined {
    if (sid !== undefined) return { guid, sid, name: sid };
    return this.#forest.person(guid) ?? this.#living().find(group => group.guid === guid);
  }

  #found(): ForestGroup[] {
    return this.all.filter(({ isThere }) => isThere);
  }

  #living(): ForestGroup[] {
    return this.#found().filter(({ deleted }) => !deleted);
  }

  #dn(name: string, container = PEOPLE): string {
    return `CN=${name},${container},${this.#forest.namingContext}`;
  }

  #extended({ guid, sid, name }: { guid: string; sid: string; name: string }): string {
    return `<GUID=${guid}>;<SID=${sid}>;${this.#dn(name)}`;
  }
}
