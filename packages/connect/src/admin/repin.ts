import { type DirectoryIdentity, importObjects, USER_FILTER } from '@causeway/active-directory';
import type { DirectoryPin } from '@causeway/contract';
import type { LdapConnection } from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { describeDirectory, isSame } from '../domain-controller/directory-guard.ts';
import { decideObject, mergeImported } from '../objects/merge.ts';
import type { Connector } from '../sync/connector.ts';

/** Which directory a connector reads, which one its domain controller serves, and what moving to it would do. Changes nothing. */
export async function previewRepin({ context, controller }: Connector): Promise<DirectoryPin> {
  const { store } = context;
  const { connection, directory: answered } = await controller.openUnguarded();
  try {
    const found = store.pin.get();
    const { pinnedAt = null, ...pinned } = found ?? {};
    return {
      connector: store.name,
      pinned: found === undefined ? null : (pinned as NonNullable<DirectoryPin['pinned']>),
      pinnedAt,
      answered,
      same: found !== undefined && isSame(found, answered),
      ...(await compareUsers(context, connection, answered)),
    };
  } finally {
    await connection.close();
  }
}

/** Reads the whole directory as a full import would, and stores nothing. */
async function compareUsers(
  { store, scope }: ConnectorContext,
  connection: LdapConnection,
  { namingContext }: DirectoryIdentity,
): Promise<Pick<DirectoryPin, 'kept' | 'madeAnew' | 'deleted'>> {
  const rules = store.rules.get();
  let [kept, madeAnew] = [0, 0];
  for await (const { objects } of importObjects(connection, { namingContext, filter: USER_FILTER })) {
    for (const object of objects) {
      const { desiredDigest } = decideObject('user', mergeImported(undefined, object, true), {
        scope,
        rules,
      });
      if (desiredDigest === undefined) continue;
      if (store.space.get(object.objectGuid)?.exportedDigest === undefined) madeAnew += 1;
      else kept += 1;
    }
  }
  return { kept, madeAnew, deleted: store.space.countExported() - kept };
}

/**
 * Pins the directory that the domain controller serves. Forgets every position in the former directory, so the next import is a
 * full one. Users whom it does not find are deleted in the tenant, within the threshold. Call it while no cycle runs.
 *
 * @param domainGuid of the directory that an administrator was shown
 * @throws CausewayError 'directory-changed' if another directory answers
 */
export async function repin(
  { context, controller }: Connector,
  domainGuid: string,
  caller: string,
): Promise<DirectoryIdentity> {
  const { store, connector } = context;
  const { connection, directory } = await controller.openUnguarded();
  await connection.close();
  if (directory.domainGuid !== domainGuid) {
    const text = `${controller.connector.server} serves ${describeDirectory(directory)}, not the domain with objectGUID ${domainGuid} that was confirmed; nothing was changed`;
    throw new CausewayError('directory-changed', text);
  }
  const before = store.pin.get();
  // The pin comes last: after a kill in between, Connect reads the former directory again, never the new one by the former's cookies.
  store.db.transaction(() => {
    const stale = [
      ...(['dirsync-cookie', 'replication-cookie', 'usn', 'invocation-id'] as const),
      ...(['read-vector', 'lag', 'restored'] as const),
    ];
    if (before === undefined || !isSame(before, directory))
      for (const cursor of stale) store.cursors.set(cursor, undefined);
    const text = `connector '${connector.name}' reads ${describeDirectory(directory)} from now on (before: ${before ? describeDirectory(before) : 'nothing'}), as ${caller} has confirmed`;
    store.events.add('directoryConfirmed', connector.name, text);
  });
  store.pin.set(directory);
  await controller.close();
  return directory;
}
