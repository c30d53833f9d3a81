import { type ImportedObject, isContainer } from '@causeway/active-directory';
import type { ConnectorStore } from '../store/store.ts';

type Change = Pick<
  ImportedObject,
  'objectGuid' | 'distinguishedName' | 'objectClass' | 'isDeleted' | 'isRestored' | 'attributes'
>;

/** Whether a change is of a container. A delta does not name the class of a known container. */
export const isOfContainer = (
  { containers }: Pick<ConnectorStore, 'containers'>,
  { objectGuid, objectClass }: Pick<Change, 'objectGuid' | 'objectClass'>,
): boolean => isContainer(objectClass) || containers.has(objectGuid);

/** Stores a change of a container. Objects below it are decided again once everything was read. @returns false if it is no container */
export function takeContainer(
  store: Pick<ConnectorStore, 'containers' | 'cursors'>,
  change: Change,
  { full, generation }: { full: boolean; generation: number },
): boolean {
  if (!isOfContainer(store, change)) return false;
  const { containers } = store;
  const { objectGuid: guid, distinguishedName: dn, isDeleted, attributes } = change;
  const { parentGUID } = attributes;
  const said = typeof parentGUID === 'string' ? parentGUID : undefined;
  const parent = said ?? (full ? undefined : containers.parentOf(guid));
  const isChanged = isDeleted ? containers.remove(guid) : containers.put({ guid, parent, dn }, generation);
  if (isChanged) noteChanged(store);
  return true;
}

/** Removes the containers that a full import did not meet. */
export function noteContainersGone(
  store: Pick<ConnectorStore, 'containers' | 'cursors'>,
  generation: number,
): void {
  if (store.containers.removeUnseen(generation)) noteChanged(store);
}

const noteChanged = ({ cursors }: Pick<ConnectorStore, 'cursors'>): void =>
  cursors.set('containers-changed', 'yes');

/** A domain controller that is not fully trusted does not decide where objects lie. Once one is trusted, everything is imported again. */
export const owePlaces = ({ cursors }: Pick<ConnectorStore, 'cursors'>): void =>
  cursors.set('places-owed', 'yes');

/** Call it before importing from a domain controller that is fully trusted. */
export function payPlaces({ cursors }: Pick<ConnectorStore, 'cursors'>): void {
  if (cursors.get('places-owed') === undefined) return;
  cursors.set('dirsync-cookie', undefined);
  cursors.set('places-owed', undefined);
}
