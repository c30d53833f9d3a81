import type { ImportedObject } from '@causeway/active-directory';
import type { ScopeContext } from '../context.ts';
import type { SpaceObject, StoredAttributes } from '../store/connector-space.ts';
import { digestOf } from './attributes.ts';
import { decideAccount } from './decide-account.ts';
import { decideGroup } from './groups/decide-group.ts';
import { sourceAnchorOf } from './source-anchor.ts';

/** What a directory says of an object. */
export type DirectoryObject = Pick<SpaceObject, 'guid' | 'dn' | 'objectClasses' | 'attributes' | 'deleted'>;

/** The same with what follows from it: its anchor, whether it is synchronized, what the tenant should have. */
export type DecidedObject = DirectoryObject & Pick<SpaceObject, 'anchor' | 'scopeReason' | 'desiredDigest'>;

/** What a merge looks at of an imported object. */
export type ImportedChange = Pick<
  ImportedObject,
  'objectGuid' | 'distinguishedName' | 'isDeleted' | 'isRestored' | 'objectClass' | 'attributes'
>;

/**
 * Whether a delta says too little of an object to decide about it: it has to be read whole. An object that was made since the cookie
 * comes with all that it has, its class and SID among that. Of one that was restored only what changed comes, and what was known of it
 * before its deletion is not what it has now.
 */
export function saysTooLittle(
  known: Pick<DirectoryObject, 'deleted'> | undefined,
  change: Omit<ImportedChange, 'objectGuid' | 'distinguishedName'>,
): boolean {
  if (change.isDeleted) return false;
  if (change.isRestored || known?.deleted) return true;
  const isNew = change.objectClass.length > 0 && typeof change.attributes.objectSid === 'string';
  return known === undefined && !isNew;
}

/**
 * Merges an imported change into what is known of an object.
 *
 * @param full the change is all that there is of the object: what it does not name has no value
 */
export function mergeImported(
  known: DirectoryObject | undefined,
  change: Omit<ImportedChange, 'isRestored'>,
  full: boolean,
): DirectoryObject {
  // A deleted object keeps the names it was known by: the record of its deletion carries them.
  const attributes: StoredAttributes = full && !change.isDeleted ? {} : { ...known?.attributes };
  if (!change.isDeleted) {
    for (const [name, value] of Object.entries(change.attributes)) {
      if (value === null) delete attributes[name];
      else attributes[name] = value;
    }
  }
  return {
    guid: change.objectGuid,
    dn: change.distinguishedName,
    objectClasses: change.objectClass.length > 0 ? change.objectClass : (known?.objectClasses ?? []),
    attributes,
    deleted: change.isDeleted,
  };
}

/** What the rules say of a user. */
export function decideObject(object: DirectoryObject, context: ScopeContext): DecidedObject {
  const decision = decideAccount(object, context);
  return decision.inScope ? desired(object, decision.account) : outOfScope(object, decision.reason);
}

/** What they say of a group. @param wasExported the tenant has it */
export function decideGroupObject(object: DirectoryObject, wasExported: boolean): DecidedObject {
  const decision = decideGroup(object, wasExported);
  return decision.inScope ? desired(object, decision.group) : outOfScope(object, decision.reason);
}

const desired = (object: DirectoryObject, wanted: object): DecidedObject => ({
  ...object,
  anchor: sourceAnchorOf(object.guid),
  scopeReason: undefined,
  desiredDigest: digestOf(wanted, object.guid),
});

const outOfScope = (object: DirectoryObject, scopeReason: string): DecidedObject => ({
  ...object,
  ...{ anchor: sourceAnchorOf(object.guid), scopeReason, desiredDigest: undefined },
});
