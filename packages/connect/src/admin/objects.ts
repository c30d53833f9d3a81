import type { ServedInput } from '@causeway/api';
import type {
  ConnectorSpaceObject,
  PasswordLogEntry,
  ReplyOf,
  connectAdministrationRoutes as routes,
} from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { SpaceObject } from '../store/connector-space.ts';
import { EventId } from '../store/events.ts';
import type { Connect } from '../sync/connect.ts';
import type { Connector } from '../sync/connector.ts';
import { forestConnector, isTenant } from './connectors.ts';

type Query = ServedInput<typeof routes.listObjects>['query'];

/** Objects of one connector space: a forest's as its directory has them, the tenant's as they are or are to be exported. */
export function listObjects(connect: Connect, query: Query): ConnectorSpaceObject[] {
  const { connector: name, distinguishedName, startIndex, maxResultCount } = query;
  if (!isTenant(connect, name)) {
    const connector = forestConnector(connect, name);
    const { space } = connector.context.store;
    if (distinguishedName === undefined)
      return space.slice('directory', startIndex, maxResultCount).map(each => describe(connector, each));
    const found = space.findByDn(distinguishedName);
    return found === undefined ? [] : [describe(connector, found)];
  }
  if (distinguishedName !== undefined) return findInTenant(connect, distinguishedName);
  const found: ConnectorSpaceObject[] = [];
  let skip = startIndex;
  for (const connector of connect.connectors) {
    const { space } = connector.context.store;
    const objects = space.slice('tenant', skip, maxResultCount - found.length);
    found.push(...objects.map(each => describeInTenant(connect, connector, each)));
    if (found.length === maxResultCount) break;
    skip = Math.max(0, skip - space.countInTenantSpace());
  }
  return found;
}

function findInTenant(connect: Connect, dn: string): ConnectorSpaceObject[] {
  const hex = /^CN=\{((?:[0-9a-f]{2})+)\}$/i.exec(dn)?.[1];
  if (hex === undefined) return [];
  const anchor = Buffer.from(hex, 'hex').toString('utf8');
  return connect.connectors.flatMap(connector => {
    const found = connector.context.store.space.findByAnchor(anchor);
    return found?.desiredDigest === undefined && found?.exportedDigest === undefined
      ? []
      : [describeInTenant(connect, connector, found)];
  });
}

/** Two forests may say one objectGUID: then nobody is taken for somebody else. @throws CausewayError 'no-such-object' or 'several-objects' */
function locate({ connectors }: Connect, guid: string): { connector: Connector; object: SpaceObject } {
  const found = connectors.flatMap(connector => {
    const object = connector.context.store.space.get(guid);
    return object ? [{ connector, object }] : [];
  });
  const [only, another] = found;
  if (only === undefined)
    throw new CausewayError('no-such-object', `no connector space has an object ${guid}`, { status: 404 });
  if (another === undefined) return only;
  const names = found.map(({ connector }) => connector.name).join(', ');
  const text = `several connectors have an object ${guid} (${names}): look at it by its connector and distinguished name`;
  throw new CausewayError('several-objects', text, { status: 409 });
}

export function getObject(connect: Connect, guid: string): ConnectorSpaceObject {
  const { connector, object } = locate(connect, guid);
  return describe(connector, object);
}

export function objectLog(connect: Connect, guid: string, count: number): PasswordLogEntry[] {
  return locate(connect, guid).connector.context.store.passwordLog.last(guid, count);
}

/** @throws CausewayError 'no-such-object', 'several-objects', 'password-sync-off', and what the domain controller or the tenant brings */
export async function syncObjectPassword(
  connect: Connect,
  guid: string,
): Promise<ReplyOf<typeof routes.syncObjectPassword>> {
  const { connector, object } = locate(connect, guid);
  const { store } = connector.context;
  const now = () => store.db.timestamp();
  if (object.scopeReason !== undefined)
    return { at: now(), status: 'SourceConnectorNotPresent', detail: object.scopeReason };
  const before = now();
  try {
    await connector.syncPassword(guid);
  } catch (error) {
    const text = `password of '${object.dn}' could not be synchronized: ${(error as Error).message}`;
    store.events.add(EventId.singleObjectFailed, 'error', connector.name, text);
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
    isConnector: object.scopeReason === undefined,
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

/** Distinguished name of a tenant's object, as the original makes it of the anchor. */
const tenantDn = (anchor: string): string => `CN={${Buffer.from(anchor, 'utf8').toString('hex')}}`;

function describeInTenant(connect: Connect, connector: Connector, object: SpaceObject): ConnectorSpaceObject {
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
    objectType: 'user',
    isConnector: object.desiredDigest !== undefined,
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
