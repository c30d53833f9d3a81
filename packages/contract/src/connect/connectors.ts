import { z } from 'zod';
import { Forest, ObjectGuid, Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';
import { ConfigurationParameters, ConnectorName, Identifier } from './parameters.ts';
import { RunProfile } from './runs.ts';
import { ControllerInUse, RestoreState } from './status.ts';

/** Every tenant connector has this identifier, as in the original. */
export const TENANT_CONNECTOR_ID = 'b891884f-051e-4a83-95af-2544101c9083';

export const ConnectorPartition = z.strictObject({
  identifier: Identifier,
  /** Distinguished name of the naming context. */
  dn: z.string(),
  /** DNS name of the domain. */
  name: z.string(),
  isDomain: z.boolean(),
  selected: z.boolean(),
  preferredDCs: z.array(z.string()),
  /** What it reads of the partition. A Connect of the previous release leaves it out. */
  connectorPartitionScope: z
    .strictObject({
      objectClasses: z.array(z.string()),
      containerInclusionList: z.array(z.string()),
      containerExclusionList: z.array(z.string()),
    })
    .optional(),
  parameters: ConfigurationParameters,
});
export type ConnectorPartition = z.infer<typeof ConnectorPartition>;

export const ConnectorDescription = z.strictObject({
  name: ConnectorName,
  identifier: Identifier,
  /** `AD` for a forest, `Extensible2` for the tenant, in the original's words. */
  type: z.enum(['AD', 'Extensible2']),
  subtype: z.string(),
  listName: z.string(),
  companyName: z.string(),
  description: z.string(),
  /** Rises with every change of the parameters. */
  version: z.int(),
  creationTime: Timestamp,
  lastModificationTime: Timestamp,
  /** The connector's forest; null for the tenant. */
  forest: Forest.nullable(),
  server: z.string().nullable(),
  account: z.string().nullable(),
  partitions: z.array(ConnectorPartition),
  globalParameters: ConfigurationParameters,
  objectInclusionList: z.array(z.string()),
  attributeInclusionList: z.array(z.string()),
  anchorConstructionSettings: z.array(
    z.strictObject({ objectType: z.string(), attributes: z.array(z.string()), locked: z.boolean() }),
  ),
  /** What its runs can do. A Connect of the previous release lists none. */
  runProfiles: z.array(RunProfile).optional(),
  /** Where it connects to and as whom, under the original's names. Never a secret. */
  connectivityParameters: ConfigurationParameters.optional(),
});
export type ConnectorDescription = z.infer<typeof ConnectorDescription>;

const Directory = z.strictObject({
  namingContext: z.string(),
  domainSid: z.string(),
  /** objectGUID of the domain's head. This and the forest are null if only the connector space identifies the directory. */
  domainGuid: ObjectGuid.nullable(),
  forest: Forest.nullable(),
});

/** The directory that a connector reads, the one that its domain controller serves now, and what a move to it would do. */
export const DirectoryPin = z.strictObject({
  connector: ConnectorName,
  /** Null: no directory is pinned, and the connector space is empty. */
  pinned: Directory.nullable(),
  pinnedAt: Timestamp.nullable(),
  answered: Directory.extend({ domainGuid: ObjectGuid, forest: Forest }),
  same: z.boolean(),
  /** Users of the tenant that also exist in the answering directory. */
  kept: z.int().nonnegative(),
  /** Users of that directory that would be new to the tenant. */
  madeAnew: z.int().nonnegative(),
  /** Users of the tenant that do not exist in that directory. */
  deleted: z.int().nonnegative(),
});
export type DirectoryPin = z.infer<typeof DirectoryPin>;

export const ConnectorStatistics = z.strictObject({
  connectorName: ConnectorName,
  exportAdds: z.int(),
  exportUpdates: z.int(),
  exportDeletes: z.int(),
  importAdds: z.int(),
  importUpdates: z.int(),
  importDeletes: z.int(),
  importNoChange: z.int(),
  totalConnectors: z.int(),
});
export type ConnectorStatistics = z.infer<typeof ConnectorStatistics>;

export const DomainReachability = z.strictObject({
  fullName: z.string(),
  isReachable: z.boolean(),
  exceptionMessage: z.string().nullable(),
});
export type DomainReachability = z.infer<typeof DomainReachability>;

const ByName = z.strictObject({ name: ConnectorName });

/** The connectors: the tenant and the forests. */
export const connectorRoutes = {
  listConnectors: route({
    method: 'GET',
    path: '/api/v1/connectors',
    access: ['operator'],
    summary: 'every connector: the tenant and the forests',
    reply: z.strictObject({ connectors: z.array(ConnectorDescription) }),
  }),
  getConnector: route({
    method: 'GET',
    path: '/api/v1/connectors/:name',
    access: ['operator'],
    summary:
      'one connector by its name (case counts) or identifier; a wrong name is answered with those that exist',
    params: ByName,
    reply: ConnectorDescription,
  }),
  saveConnector: route({
    method: 'PUT',
    path: '/api/v1/connectors/:name',
    access: ['operator'],
    summary:
      "saves a connector's parameters: the global ones, and each partition's; refused when it is not the named version that is there",
    params: ByName,
    // Not in the body: a Connect of the first releases ignores a query, and rejects a body that it does not know.
    query: z.strictObject({ version: z.coerce.number().int().optional() }),
    body: z.strictObject({
      globalParameters: ConfigurationParameters,
      partitions: z
        .array(z.strictObject({ identifier: Identifier, parameters: ConfigurationParameters }))
        .max(100)
        .optional(),
    }),
    reply: ConnectorDescription,
  }),
  getConnectorStatistics: route({
    method: 'GET',
    path: '/api/v1/connectors/:name/statistics',
    access: ['operator'],
    summary: 'what is pending in a connector space',
    params: ByName,
    reply: ConnectorStatistics,
  }),
  getDomainReachability: route({
    method: 'GET',
    path: '/api/v1/connectors/:name/reachability',
    access: ['operator'],
    summary: 'whether the domain controllers of a forest answer',
    params: ByName,
    reply: z.strictObject({ domains: z.array(DomainReachability) }),
  }),
  getDirectoryPin: route({
    method: 'GET',
    path: '/api/v1/connectors/:name/directory',
    access: ['local'],
    summary:
      'the directory that a connector reads, the one that its domain controller serves, and whom a move would delete or make anew: reads the whole of it',
    params: ByName,
    reply: DirectoryPin,
  }),
  moveDirectoryPin: route({
    method: 'PUT',
    path: '/api/v1/connectors/:name/directory',
    access: ['local'],
    summary: 'lets a connector read the directory of this domainGuid from now on, if it is what answers',
    params: ByName,
    body: z.strictObject({ domainGuid: ObjectGuid }),
    reply: z.strictObject({ connector: ConnectorName, pinned: DirectoryPin.shape.answered }),
  }),
  acceptDomainController: route({
    method: 'PUT',
    path: '/api/v1/connectors/:name/domain-controller',
    access: ['local'],
    summary:
      'takes the domain controller that is read, by its name, for all that there is: what only another one knew, which is lost for good, is undone',
    params: ByName,
    body: z.strictObject({ server: text(255).min(1) }),
    reply: z.strictObject({ connector: ConnectorName, domainController: ControllerInUse }),
  }),
  getRestore: route({
    method: 'GET',
    path: '/api/v1/connectors/:name/restore',
    access: ['local'],
    summary: 'what waits for the word that the forest was restored from a backup; null when nothing does',
    params: ByName,
    reply: z.strictObject({ restore: RestoreState.nullable() }),
  }),
  acceptRestore: route({
    method: 'PUT',
    path: '/api/v1/connectors/:name/restore',
    access: ['local'],
    summary:
      'says that the forest was restored, as the named domain controller has it: older passwords and accounts that were closed since count again, everywhere',
    params: ByName,
    body: z.strictObject({ server: text(255).min(1) }),
    reply: z.strictObject({ connector: ConnectorName, epoch: z.int().positive() }),
  }),
};
