import {
  coversChange,
  type ImportedObject,
  type ImportPage,
  mergeVectors,
  readAttributeStamps,
  type StampedAttribute,
} from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { oweImport, readVector } from '../domain-controller/lag.ts';
import { passwordScopeOf, type Rules } from '../scope/rules.ts';
import type { Restore } from '../store/directory/restores.ts';
import type { ObjectKind } from '../store/space-object.ts';
import { isSmartCardOnly } from '../user-account-control.ts';
import { decideAccount, userAccountControl } from './decide-account.ts';
import { decideGroup } from './groups/decide-group.ts';
import { findKnown } from './groups/put-object.ts';
import { primaryGroupOf } from './groups/references.ts';
import { type DirectoryObject, mergeImported } from './merge.ts';
import { isOfContainer, owePlaces } from './take-container.ts';

/** Attributes that decide whether a user is synchronized and can sign in. */
const OPENING: readonly StampedAttribute[] = [
  'userAccountControl',
  'accountExpires',
  'adminDescription',
  'isCriticalSystemObject',
  'sAMAccountName',
];
/** Attributes that decide whether a group is synchronized and gives rights. */
const OPENING_GROUP: readonly StampedAttribute[] = [
  'groupType',
  'adminDescription',
  'isCriticalSystemObject',
  'sAMAccountName',
  'mail',
  'proxyAddresses',
];

/** Above this number changes are not looked up one by one: they wait until the domain controller has caught up. */
const MAX_LOOK_UPS = 5_000;

/** Why not everything counts that a domain controller reports: it lags behind another one, it was restored, or both. */
interface Behind {
  readonly namingContext: string;
  readonly lags: boolean;
  readonly restore: Restore | undefined;
}

/**
 * Decides which changes count when a domain controller lags or was restored. Closing a user or group counts at once. Opening, restoring or
 * creating one counts only if that change is news, so that a domain controller that lacks an earlier change does not undo it.
 * Otherwise the change waits until the domain controller has caught up, or until an administrator accepts the restored forest. A domain
 * controller that lags deletes nobody either.
 */
export class LaggingImport {
  readonly #context: ConnectorContext;
  readonly #ldap: LdapConnection;
  readonly #behind: Behind;
  readonly #heldBack: { change: ImportedObject; by: readonly StampedAttribute[] }[] = [];

  constructor(context: ConnectorContext, ldap: LdapConnection, behind: Behind) {
    this.#context = context;
    this.#ldap = ldap;
    this.#behind = behind;
  }

  /** The objects of a page that count. Changes that need a look-up come with the last page of the set. */
  async take({ objects, full, cookie }: ImportPage, generation: number): Promise<ImportedObject[]> {
    const { store, scope } = this.#context;
    const { lags, restore } = this.#behind;
    const deciding = { scope, rules: store.rules.get() };
    const taken: ImportedObject[] = [];
    const waiting: ImportedObject[] = [];
    for (const each of objects) {
      if (isOfContainer(store, each)) {
        owePlaces(store);
        continue;
      }
      const { space, known } = findKnown(store, each.objectGuid);
      const change = this.#withoutMove(known, withoutAdded(each));
      const by =
        change.isDeleted && !lags
          ? undefined
          : decidingAttributes(known, change, full !== null, deciding, space.kind);
      if (by !== undefined && full === null) taken.push(...leaversAlone(known, change));
      if (by === undefined) taken.push(change);
      else if (this.#heldBack.length <= MAX_LOOK_UPS) this.#heldBack.push({ change, by });
      else waiting.push(change);
    }
    // Not earlier: the connection is busy while pages come.
    if (cookie !== undefined) await this.#lookUp(taken, waiting);
    if (waiting.length > 0 && lags) oweImport(store);
    if (restore) this.#noteHeld(taken, waiting, generation);
    return taken;
  }

  /** Keeps an object in its known place until the domain controller is trusted again: a move may give rights. */
  #withoutMove(known: DirectoryObject | undefined, change: ImportedObject): ImportedObject {
    const before = known?.attributes.parentGUID;
    const { parentGUID, ...others } = change.attributes;
    if (before === undefined || change.isDeleted || parentGUID === undefined || parentGUID === before)
      return change;
    owePlaces(this.#context.store);
    return { ...change, attributes: { ...others, parentGUID: before } };
  }

  async #lookUp(taken: ImportedObject[], waiting: ImportedObject[]): Promise<void> {
    const { lags, restore, namingContext } = this.#behind;
    const heldBack = this.#heldBack.splice(0);
    const known = mergeVectors(lags ? readVector(this.#context.store) : [], restore?.read ?? []);
    for (const { change, by } of heldBack) {
      if (heldBack.length > MAX_LOOK_UPS) {
        waiting.push(change);
        continue;
      }
      const stamps = await readAttributeStamps(this.#ldap, namingContext, change.objectGuid);
      const isNews = by.some(name => {
        const stamp = stamps.get(name);
        return stamp !== undefined && !coversChange(known, stamp);
      });
      (isNews ? taken : waiting).push(change);
    }
  }

  /** Lists each waiting object for the administrator and keeps it as it was known. It counts as met, so it is not taken for deleted. */
  #noteHeld(taken: readonly ImportedObject[], waiting: readonly ImportedObject[], generation: number): void {
    const { store } = this.#context;
    store.db.transaction(() => {
      for (const { objectGuid } of taken) store.restores.release('opening', objectGuid);
      for (const { objectGuid, isDeleted, attributes, distinguishedName } of waiting) {
        const { space, known } = findKnown(store, objectGuid);
        if (known) space.put(known, generation);
        if (isDeleted) continue; // reported by one that lags
        const { userPrincipalName: upn, sAMAccountName: sam } = { ...known?.attributes, ...attributes };
        const name = [upn, sam].find(value => typeof value === 'string') ?? distinguishedName;
        store.restores.hold('opening', objectGuid, String(name));
      }
    });
  }
}

/** An added member waits like any opening: the list is read once the domain controller is trusted again. A removal counts. */
function withoutAdded(change: ImportedObject): ImportedObject {
  const { memberChanges } = change;
  if (memberChanges === undefined) return change;
  return { ...change, memberChanges: { ...memberChanges, added: [], isWhole: true } };
}

/** A removal from a group counts at once, even if every other change of the group waits. */
function leaversAlone(known: DirectoryObject | undefined, change: ImportedObject): ImportedObject[] {
  if (known === undefined || known.deleted || change.isDeleted || !change.memberChanges?.removed.length)
    return [];
  return [{ ...change, attributes: {}, distinguishedName: known.dn }];
}

/** What decides about an object. */
interface By extends Pick<ConnectorContext, 'scope'> {
  readonly rules: Rules;
}

/** The attributes whose last change decides whether a reported change counts; undefined if it counts in any case. */
export function decidingAttributes(
  known: DirectoryObject | undefined,
  change: ImportedObject,
  full: boolean,
  by: By,
  kind: ObjectKind = 'user',
): readonly StampedAttribute[] | undefined {
  if (known === undefined) return change.isDeleted ? undefined : ['objectSid', 'isDeleted'];
  if (known.deleted !== change.isDeleted) return ['isDeleted'];
  if (change.isDeleted) return undefined;
  const then = mergeImported(known, change, full);
  const isChanged = (name: StampedAttribute) =>
    String(known.attributes[name]) !== String(then.attributes[name]);
  if (kind === 'group') return opensGroup(known, then) ? OPENING_GROUP.filter(isChanged) : undefined;
  if (opens(known, then, by)) return OPENING.filter(isChanged);
  return comesIntoGroup(known, then, by.scope) ? ['primaryGroupID'] : undefined;
}

/** Whether a group is new to the tenant, or gives rights that it did not give before. */
function opensGroup(before: DirectoryObject, after: DirectoryObject): boolean {
  const [then, now] = [decideGroup(before, false), decideGroup(after, false)];
  if (!now.inScope) return false;
  return !then.inScope || (now.group.securityEnabled && !then.group.securityEnabled);
}

/** Whether an enabled user joins a group through their primary group. */
function comesIntoGroup(
  before: DirectoryObject,
  after: DirectoryObject,
  scope: ConnectorContext['scope'],
): boolean {
  const group = primaryGroupOf(after.attributes);
  if (group === undefined || group === primaryGroupOf(before.attributes)) return false;
  const now = decideAccount(after, scope);
  return now.inScope && now.account.accountEnabled;
}

/** Whether a user can do more than before. */
function opens(before: DirectoryObject, after: DirectoryObject, { scope, rules }: By): boolean {
  const [then, now] = [decideAccount(before, scope), decideAccount(after, scope)];
  if (!now.inScope || !now.account.accountEnabled) return false;
  if (!then.inScope || !then.account.accountEnabled) return true;
  const smartCard = ({ attributes }: DirectoryObject) => isSmartCardOnly(userAccountControl(attributes));
  if (smartCard(before) && !smartCard(after)) return true;
  const hasPassword = (object: DirectoryObject) => passwordScopeOf(rules, object) === 'sent';
  if (!hasPassword(before) && hasPassword(after)) return true;
  const { accountExpires: end } = then.account;
  return end !== null && (now.account.accountExpires === null || now.account.accountExpires > end);
}
