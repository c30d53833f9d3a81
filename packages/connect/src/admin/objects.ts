import type { ServedInput } from '@causeway/api';
import type {
  ConnectorSpaceObject,
  PasswordLogEntry,
  ReplyOf,
  connectAdministrationRoutes as routes,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { ObjectKind, SpaceObject } from '../store/space-object.ts';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { forestConnector, isTenant, withoutFormer } from './connectors.ts';

type Query = ServedInput<typeof routes.listObjects>['query'];

/** Objects of one connector space: a forest's as in its directory, the tenant's as they were or will be exported. */
export function listObjects(connect: Connect, query: Query): ConnectorSpaceObject[] {
  const { connector: name, distinguishedName, startIndex, maxResultCount } = query;
  if (!isTenant(connect, name)) {
    const connector = forestConnector(connect, name);
    const { space, groups } = connector.context.store;
    if (distinguishedName === undefined)
      return sliceOf([connector], 'directory', startIndex, maxResultCount).map(([, , each]) =>
        describe(connector, each),
      );
    const found = space.findByDn(distinguishedName) ?? groups.findByDn(distinguishedName);
    return found === undefined ? [] : [describe(connector, found)];
  }
  if (distinguishedName !== undefined) return findInTenant(connect, distinguishedName);
  return sliceOf(connect.connectors, 'tenant', startIndex, maxResultCount).map(([connector, kind, each]) =>
    describeInTenant(connect, connector, each, kind),
  );
}

/** The connectors in their order, and each one's users before its groups. */
function sliceOf(
  connectors: readonly Connector[],
  side: 'directory' | 'tenant',
  startIndex: number,
  count: number,
): [Connector, ObjectKind, SpaceObject][] {
  const found: [Connector, ObjectKind, SpaceObject][] = [];
  let skip = startIndex;
  for (const connector of connectors) {
    const { space, groups } = connector.context.store;
    for (const each of [space, groups]) {
      const objects = each.slice(side, skip, count - found.length);
      found.push(
        ...objects.map((object): [Connector, ObjectKind, SpaceObject] => [connector, each.kind, object]),
      );
      if (found.length === count) return found;
      skip = Math.max(0, skip - (side === 'tenant' ? each.countInTenantSpace() : each.count()));
    }
  }
  return found;
}

function findInTenant(connect: Connect, dn: string): ConnectorSpaceObject[] {
  const hex = /^CN=\{((?:[0-9a-f]{2})+)\}$/i.exec(dn)?.[1];
  if (hex === undefined) return [];
  const anchor = Buffer.from(hex, 'hex').toString('utf8');
  return connect.connectors.flatMap(connector => {
    const { space, groups } = connector.context.store;
    return [space, groups].flatMap(each => {
      const object = each.findByAnchor(anchor);
      return object?.desiredDigest === undefined && object?.exportedDigest === undefined
        ? []
        : [describeInTenant(connect, connector, object, each.kind)];
    });
  });
}

/**
 * Finds an object by its GUID. If objects of two forests have the GUID, it throws rather than pick one.
 *
 * @param kinds 'users' for calls about passwords, because groups have none
 * @throws CausewayError 'no-such-object', 'a-group' or 'several-objects'
 */
export function locate(
  { connectors }: Connect,
  guid: string,
  kinds: 'users' | 'all',
): { connector: Connector; object: SpaceObject } {
  const isGroup = connectors.some(({ context }) => context.store.groups.get(guid));
  const found = connectors.flatMap(connector => {
    const { space, groups } = connector.context.store;
    const object = space.get(guid) ?? (kinds === 'all' ? groups.get(guid) : undefined);
    return object ? [{ connector, object }] : [];
  });
  const [only, another] = withoutFormer(found);
  if (only === undefined && isGroup)
    throw new CausewayError('a-group', `the object ${guid} is a group: it has no password`);
  if (only === undefined)
    throw new CausewayError('no-such-object', `no connector space has an object ${guid}`);
  if (another === undefined) return only;
  const names = found.map(({ connector }) => connector.name).join(', ');
  const text = `several connectors have an object ${guid}: ${names}`;
  throw new CausewayError('several-objects', text);
}

export function getObject(connect: Connect, guid: string): ConnectorSpaceObject {
  const { connector, object } = locate(connect, guid, 'all');
  return describe(connector, object);
}

export function objectLog(connect: Connect, guid: string, count: number): PasswordLogEntry[] {
  return locate(connect, guid, 'users').connector.context.store.passwordLog.last(guid, count);
}

/** @throws CausewayError 'no-such-object', 'several-objects', 'password-sync-off', or an error of the domain controller or tenant */
export async function syncObjectPassword(
  connect: Connect,
  guid: string,
): Promise<ReplyOf<typeof routes.syncObjectPassword>> {
  const { connector, object } = locate(connect, guid, 'users');
  const { store } = connector.context;
  const now = () => store.db.timestamp();
  if (object.desiredDigest === undefined)
    return { at: now(), status: 'SourceConnectorNotPresent', detail: object.scopeReason ?? 'out of scope' };
  const before = now();
  try {
    await connector.syncPassword(guid);
  } catch (error) {
    const text = `password of '${object.dn}' could not be synchronized: ${(error as Error).message}`;
    store.events.add('singleObjectFailed', connector.name, text);
    throw error;
  }
  const [entry] = store.passwordLog.last(guid, 1);
  if (entry && entry.at >= before) return entry;
  return { at: now(), status: 'Unknown', detail: 'the domain controller does not know the object any more' };
}

function describe(connector: Connector, object: SpaceObject): ConnectorSpaceObject {
  const { name, context, namingContext } = connector;
  const { store } = context;
  const settings = store.settings.get();
  return {
    objectId: object.guid,
    connectorId: settings.identifier,
    connectorName: name,
    connectorType: 'AD',
    partitionId: settings.partitionId,
    distinguishedName: object.dn,
    anchorValue: object.anchor,
    objectType: object.objectClasses.at(-1) ?? 'user',
    isConnector: object.desiredDigest !== undefined,
    connectedMVObjectId: object.desiredDigest !== undefined ? object.guid : null,
    filteredBy: object.scopeReason ?? null,
    hasSyncError: false,
    ...exportProblem(connector, object),
    attributes: attributesOf({
      distinguishedName: object.dn,
      partition: namingContext,
      ...object.attributes,
    }),
  };
}

/** The distinguished name of a tenant's object, made of the anchor as the original does. */
export const tenantDn = (anchor: string): string => `CN={${Buffer.from(anchor, 'utf8').toString('hex')}}`;

function describeInTenant(
  connect: Connect,
  connector: Connector,
  object: SpaceObject,
  objectType: ObjectKind,
): ConnectorSpaceObject {
  const { tenantConnector } = connect;
  const settings = tenantConnector.settings.get();
  return {
    objectId: object.guid,
    connectorId: settings.identifier,
    connectorName: tenantConnector.name,
    connectorType: 'Extensible2',
    partitionId: settings.partitionId,
    distinguishedName: tenantDn(object.anchor),
    anchorValue: object.anchor,
    objectType,
    isConnector: object.desiredDigest !== undefined,
    connectedMVObjectId: object.desiredDigest === undefined ? null : object.guid,
    filteredBy: null,
    hasSyncError: false,
    ...exportProblem(connector, object),
    attributes: attributesOf({ sourceAnchor: object.anchor, sourceConnector: connector.name }),
  };
}

function exportProblem(
  { context }: Connector,
  { guid }: SpaceObject,
): Pick<ConnectorSpaceObject, 'hasExportError' | 'exportError'> {
  const entry = context.store.queue.get('object', guid);
  if (entry === undefined) return { hasExportError: false, exportError: null };
  const { attempts, since, code, reason } = entry;
  return {
    hasExportError: true,
    exportError: {
      retryCount: attempts,
      initialOccurrence: since,
      latestOccurrence: null,
      errorName: code,
      errorLiteral: reason,
    },
  };
}

function attributesOf(values: Record<string, string | string[]>): ConnectorSpaceObject['attributes'] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    isMultiValued: Array.isArray(value),
    values: [value].flat(),
  }));
}
