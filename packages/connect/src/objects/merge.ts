import type { ImportedObject } from '@causeway/active-directory';
import type { SpaceObject, StoredAttributes } from '../store/connector-space.ts';
import { accountDigest, decideAccount, type ScopeContext } from './decide-account.ts';
import { sourceAnchorOf } from './source-anchor.ts';

/** What a directory says of an object. */
export type DirectoryObject = Pick<SpaceObject, 'guid' | 'dn' | 'objectClasses' | 'attributes' | 'deleted'>;

/** The same with what follows from it: its anchor, whether it is synchronized, what the tenant should have. */
export type DecidedObject = DirectoryObject & Pick<SpaceObject, 'anchor' | 'scopeReason' | 'desiredDigest'>;

/**
 * Merges an imported change into what is known of an object.
 *
 * @param full the change is all that there is of the object: what it does not name has no value
 */
export function mergeImported(
  known: DirectoryObject | undefined,
  change: Pick<
    ImportedObject,
    'objectGuid' | 'distinguishedName' | 'isDeleted' | 'objectClass' | 'attributes'
  >,
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

/** What the rules say of an object. */
export function decideObject(object: DirectoryObject, context: ScopeContext): DecidedObject {
  const decision = decideAccount(object, context);
  return {
    ...object,
    anchor: sourceAnchorOf(object.guid),
    scopeReason: decision.inScope ? undefined : decision.reason,
    desiredDigest: decision.inScope ? accountDigest(decision.account, object.guid) : undefined,
  };
}
