import { type ImportedObject, isContainer } from '@causeway/active-directory';
import type { ConnectorStore } from '../store/store.ts';

type Change = Pick<
  ImportedObject,
  'objectGuid' | 'distinguishedName' | 'objectClass' | 'isDeleted' | 'isRestored' | 'attributes'
>;

/** Whether a change is of a container. A delta says no class of one that is known. */
export const isOfContainer = (
  { containers }: Pick<ConnectorStore, 'containers'>,
  { objectGuid, objectClass }: Pick<Change, 'objectGuid' | 'objectClass'>,
): boolean => isContainer(objectClass) || containers.has(objectGuid);

/** Takes what is said of a container. Whoever lies below is decided anew when all was read. @returns false: it is of something else */
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

/** Containers that a full import did not meet are gone. */
export function noteContainersGone(
  store: Pick<ConnectorStore, 'containers' | 'cursors'>,
  generation: number,
): void {
  if (store.containers.removeUnseen(generation)) noteChanged(store);
}

const noteChanged = ({ cursors }: Pick<ConnectorStore, 'cursors'>): void =>
  cursors.set('containers-changed', 'yes');

/** Of a domain controller that does not count whole nobody believes where things lie: once one does, everything is imported. */
export const owePlaces = ({ cursors }: Pick<ConnectorStore, 'cursors'>): void =>
  cursors.set('places-owed', 'yes');

/** To be called before an import from a domain controller that counts whole. */
export function payPlaces({ cursors }: Pick<ConnectorStore, 'cursors'>): void {
  if (cursors.get('places-owed') === undefined) return;
  cursors.set('dirsync-cookie', undefined);
  cursors.set('places-owed', undefined);
}
