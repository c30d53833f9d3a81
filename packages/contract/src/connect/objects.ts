import { z } from 'zod';
import { Timestamp } from '../common.ts';
import { route } from '../http/route.ts';
import { ConnectorName, Identifier } from './parameters.ts';

export const ConnectorSpaceObject = z.strictObject({
  /** The object's GUID in its directory. */
  objectId: Identifier,
  connectorId: Identifier,
  connectorName: ConnectorName,
  connectorType: z.enum(['AD', 'Extensible2']),
  partitionId: Identifier,
  distinguishedName: z.string(),
  anchorValue: z.string(),
  objectType: z.string(),
  /** False: it is filtered out, and `filteredBy` gives the reason. */
  isConnector: z.boolean(),
  filteredBy: z.string().nullable(),
  /** The metaverse object made of it; null if it is filtered out. A Connect of the previous release leaves it out. */
  connectedMVObjectId: Identifier.nullable().optional(),
  hasSyncError: z.boolean(),
  hasExportError: z.boolean(),
  exportError: z
    .strictObject({
      retryCount: z.int(),
      initialOccurrence: Timestamp,
      latestOccurrence: Timestamp.nullable(),
      errorName: z.string(),
      errorLiteral: z.string(),
    })
    .nullable(),
  attributes: z.array(
    z.strictObject({ name: z.string(), isMultiValued: z.boolean(), values: z.array(z.string()) }),
  ),
});
export type ConnectorSpaceObject = z.infer<typeof ConnectorSpaceObject>;

/** A line of one object's password log, newest first. */
export const PasswordLogEntry = z.strictObject({
  at: Timestamp,
  status: z.enum([
    'Success',
    'FilteredByTarget',
    'NoTargetConnection',
    'SourceConnectorNotPresent',
    'TargetNotExportedToDirectory',
    'MissingAttribute',
    'RetryRequestedByTarget',
    'Error',
    'Unknown',
  ]),
  detail: z.string().nullable(),
});
export type PasswordLogEntry = z.infer<typeof PasswordLogEntry>;

const ById = z.strictObject({ id: Identifier });

/** Objects of a connector space, and their password logs. */
export const objectRoutes = {
  listObjects: route({
    method: 'GET',
    path: '/api/v1/objects',
    access: ['operator'],
    summary: 'objects of a connector space, all or by distinguished name, a page at a time',
    query: z.strictObject({
      connector: ConnectorName,
      distinguishedName: z.string().max(2048).optional(),
      startIndex: z.coerce.number().int().min(0).default(0),
      maxResultCount: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    reply: z.strictObject({ objects: z.array(ConnectorSpaceObject) }),
  }),
  getObject: route({
    method: 'GET',
    path: '/api/v1/objects/:id',
    access: ['operator'],
    summary: 'one object by its GUID',
    params: ById,
    reply: ConnectorSpaceObject,
  }),
  getObjectLog: route({
    method: 'GET',
    path: '/api/v1/objects/:id/password-log',
    access: ['operator'],
    summary: "one object's password log, newest first, kept for seven days",
    params: ById,
    query: z.strictObject({ count: z.coerce.number().int().min(1).max(1000).default(20) }),
    reply: z.strictObject({ entries: z.array(PasswordLogEntry) }),
  }),
  syncObjectPassword: route({
    method: 'POST',
    path: '/api/v1/objects/:id/password-sync',
    access: ['operator'],
    summary: "reads one object's password from the domain controller and sends it now",
    params: ById,
    reply: PasswordLogEntry,
  }),
};
