import type { ConnectorContext } from '../context.ts';
import type { ConnectorStore } from '../store/store.ts';

/** What a connector's next cycle does from the beginning, whatever kind it is. */
export interface ConnectorOverride {
  readonly fullImportRequired: boolean;
  readonly fullSyncRequired: boolean;
}

export const EVERYTHING: ConnectorOverride = { fullImportRequired: true, fullSyncRequired: true };
const NOTHING: ConnectorOverride = { fullImportRequired: false, fullSyncRequired: false };

export const readOverride = ({ cursors }: ConnectorStore): ConnectorOverride => ({
  fullImportRequired: cursors.get('full-import-required') === 'true',
  fullSyncRequired: cursors.get('full-sync-required') === 'true',
});

export function setOverride({ cursors, db }: ConnectorStore, override: ConnectorOverride): void {
  db.transaction(() => {
    cursors.set('full-import-required', override.fullImportRequired ? 'true' : undefined);
    cursors.set('full-sync-required', override.fullSyncRequired ? 'true' : undefined);
  });
}

/** Makes the next import read everything, or has every object decided again. The request stays until done, whatever happens before. */
export function beginAnew({ store, connector }: ConnectorContext, override: ConnectorOverride): void {
  const { fullImportRequired, fullSyncRequired } = override;
  if (!fullImportRequired && !fullSyncRequired) return;
  store.db.transaction(() => {
    if (fullImportRequired) store.cursors.set('dirsync-cookie', undefined);
    if (fullSyncRequired) store.cursors.set('decide-anew', 'yes');
    setOverride(store, NOTHING);
    const what = [...(fullImportRequired ? ['imported'] : []), ...(fullSyncRequired ? ['synchronized'] : [])];
    const text = `full cycle: everything of ${connector.forest} is ${what.join(' and ')} anew, as was asked for`;
    store.events.add('fullCycleAsked', connector.name, text);
  });
}
