import { readObjects } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';
import { lagOf } from '../domain-controller/lag.ts';
import { objectGuidOf } from '../objects/source-anchor.ts';

/** Whom one comparison looks up. */
const AT_A_TIME = 50;

/** Where strangers are looked for. */
export interface Directory {
  ldap(): Promise<LdapConnection>;
  namingContext(): Promise<string>;
}

/**
 * Asks the directory for people whom another place has and this connector does not know. Who is not there, or there as deleted, or out of
 * scope by what was imported, gets a row in the connector space whose deletion is exported, in a list of its own. Of whom the directory
 * has the next import tells. A domain controller that lags is not asked: it may not have heard of somebody yet.
 *
 * @returns how many deletions are to be exported
 */
export async function lookUpStrangers(context: ConnectorContext, directory: Directory): Promise<number> {
  const { store } = context;
  if (lagOf(context) !== undefined) return 0;
  const due = store.strangers.due(AT_A_TIME);
  if (due.length === 0) return 0;
  const asked = new Map(due.map(one => [objectGuidOf(one.anchor)!, one])); // others were not noted
  const namingContext = await directory.namingContext();
  const there = new Set<string>();
  const objectGuids = asked.keys();
  for await (const { objects } of readObjects(await directory.ldap(), { namingContext, objectGuids })) {
    for (const { objectGuid, isDeleted } of objects) if (!isDeleted) there.add(objectGuid);
  }
  return store.db.transaction(() => {
    let found = 0;
    for (const [guid, { anchor, kind }] of asked) {
      const space = kind === 'group' ? store.groups : store.space;
      const known = space.get(guid);
      const isOutOfScope = known !== undefined && !known.deleted && known.desiredDigest === undefined;
      if (there.has(guid) && !isOutOfScope) {
        store.strangers.postpone(anchor);
        continue;
      }
      space.putStranger(guid, anchor);
      store.strangers.remove(anchor);
      found += 1;
    }
    return found;
  });
}
