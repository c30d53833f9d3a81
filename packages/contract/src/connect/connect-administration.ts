import { z } from 'zod';
import { Empty, Forest, ObjectGuid, Timestamp, text } from '../common.ts';
import { route } from '../http/route.ts';
import {
  ConfirmedKeyReply,
  ConnectStatus,
  ConnectUserStatus,
  ControllerInUse,
  CycleSummary,
  FullPasswordSync,
  HeldList,
} from './connect-status.ts';

/**
 * Connect's admin API: what the command line and the ADSync PowerShell module ask of a running Connect. Served on the local
 * socket (root and the group `causeway-admins`), and over HTTPS to holders of a named token. Words and shapes follow the original's module, so that its cmdlets are
 * thin; see docs/powershell.md.
 */

/** A connector's name: case counts, as in the original. */
export const ConnectorName = text(100).min(1);
export const Identifier = ObjectGuid;

/** Every tenant connector has this identifier, as in the original. */
export const TENANT_CONNECTOR_ID = 'b891884f-051e-4a83-95af-2544101c9083';

/** The parameter by which an administrator asks for a full password sync; it counts when the channel is switched on. */
export const FORCE_FULL_PASSWORD_SYNC = 'Microsoft.Synchronize.ForceFullPasswordSync';

export const MAX_PARAMETERS = 100;

/** A named value that is kept with a connector. The fields are those of the original's ConfigurationParameter. */
export const ConfigurationParameter = z.strictObject({
  name: text(256).min(1),
  inputType: text(50),
  scope: text(50),
  description: text(1024).nullable(),
  regexValidationPattern: text(1024).nullable(),
  defaultValue: text(1024).nullable(),
  value: z.union([text(4096), z.number(), z.boolean()]).nullable(),
  extensible: z.boolean(),
  pageNumber: z.int(),
  intrinsic: z.boolean(),
  dataType: text(100),
});
export type ConfigurationParameter = z.infer<typeof ConfigurationParameter>;

/** The parameter of that name, as the original's script makes it: a value of 1 asks. */
export const forceFullPasswordSync = (value: ConfigurationParameter['value']): ConfigurationParameter => ({
  name: FORCE_FULL_PASSWORD_SYNC,
  inputType: 'String',
  scope: 'ConnectorGlobal',
  description: null,
  regexValidationPattern: null,
  defaultValue: null,
  value,
  extensible: false,
  pageNumber: 0,
  intrinsic: false,
  dataType: 'String',
});

const Parameters = z.array(ConfigurationParameter).max(MAX_PARAMETERS);

export const ConnectorPartition = z.strictObject({
  identifier: Identifier,
  /** Distinguished name of the naming context. */
  dn: z.string(),
  /** DNS name of the domain. */
  name: z.string(),
  isDomain: z.boolean(),
  selected: z.boolean(),
  preferredDCs: z.array(z.string()),
  parameters: Parameters,
});
export type ConnectorPartition = z.infer<typeof ConnectorPartition>;

export const ConnectorDescription = z.strictObject({
  name: ConnectorName,
  identifier: Identifier,
  /** `AD` for a forest, `Extensible2` for the tenant; both as the original says it. */
  type: z.enum(['AD', 'Extensible2']),
  subtype: z.string(),
  listName: z.string(),
  companyName: z.string(),
  description: z.string(),
  /** Grows with every change of the parameters. */
  version: z.int(),
  creationTime: Timestamp,
  lastModificationTime: Timestamp,
  /** Of the forest; null for the tenant. */
  forest: Forest.nullable(),
  server: z.string().nullable(),
  account: z.string().nullable(),
  partitions: z.array(ConnectorPartition),
  globalParameters: Parameters,
  objectInclusionList: z.array(z.string()),
  attributeInclusionList: z.array(z.string()),
  anchorConstructionSettings: z.array(
    z.strictObject({ objectType: z.string(), attributes: z.array(z.string()), locked: z.boolean() }),
  ),
});
export type ConnectorDescription = z.infer<typeof ConnectorDescription>;

const Directory = z.strictObject({
  namingContext: z.string(),
  domainSid: z.string(),
  /** objectGUID of the domain's head. Null, and the forest too, where only the connector space tells of the directory. */
  domainGuid: ObjectGuid.nullable(),
  forest: Forest.nullable(),
});

/** The directory that a connector reads, beside the one that its domain controller serves now, and what moving over would do. */
export const DirectoryPin = z.strictObject({
  connector: ConnectorName,
  /** Null: nothing is pinned, and the connector space is empty. */
  pinned: Directory.nullable(),
  pinnedAt: Timestamp.nullable(),
  answered: Directory.extend({ domainGuid: ObjectGuid, forest: Forest }),
  same: z.boolean(),
  /** Users of the tenant that the answering directory has, too. */
  kept: z.int().nonnegative(),
  /** Users of it that the tenant would get. */
  madeAnew: z.int().nonnegative(),
  /** Users of the tenant that it has not. */
  deleted: z.int().nonnegative(),
});
export type DirectoryPin = z.infer<typeof DirectoryPin>;

/** The password channel's switch, a pair of connectors. */
export const PasswordSyncConfiguration = z.strictObject({
  sourceConnector: ConnectorName,
  targetConnector: ConnectorName,
  enabled: z.boolean(),
});
export type PasswordSyncConfiguration = z.infer<typeof PasswordSyncConfiguration>;

export const PartitionPasswordSyncState = z.strictObject({
  connectorId: Identifier,
  connectorName: ConnectorName,
  dn: z.string(),
  passwordSyncLastSuccessfulCycleStartTimestamp: Timestamp.nullable(),
  passwordSyncLastSuccessfulCycleEndTimestamp: Timestamp.nullable(),
  passwordSyncLastCycleStartTimestamp: Timestamp.nullable(),
  passwordSyncLastCycleEndTimestamp: Timestamp.nullable(),
  passwordSyncLastCycleStatus: z.enum(['None', 'InProgress', 'Successful', 'Failed', 'Disabled']),
});
export type PartitionPasswordSyncState = z.infer<typeof PartitionPasswordSyncState>;

const Seconds = z.int().nonnegative();
export const PolicyType = z.enum(['Delta', 'Initial']);

export const Scheduler = z.strictObject({
  allowedSyncCycleInterval: Seconds,
  currentlyEffectiveSyncCycleInterval: Seconds,
  customizedSyncCycleInterval: Seconds.nullable(),
  nextSyncCyclePolicyType: PolicyType,
  nextSyncCycleStartTimeInUTC: Timestamp.nullable(),
  purgeRunHistoryInterval: Seconds,
  syncCycleEnabled: z.boolean(),
  maintenanceEnabled: z.boolean(),
  stagingModeEnabled: z.boolean(),
  schedulerSuspended: z.boolean(),
  syncCycleInProgress: z.boolean(),
});
export type Scheduler = z.infer<typeof Scheduler>;

export const SchedulerChange = z.strictObject({
  /** Null takes the customized interval away. */
  customizedSyncCycleInterval: Seconds.min(30)
    .max(7 * 86_400)
    .nullable()
    .optional(),
  syncCycleEnabled: z.boolean().optional(),
  nextSyncCyclePolicyType: PolicyType.optional(),
  purgeRunHistoryInterval: Seconds.min(3600)
    .max(365 * 86_400)
    .optional(),
  maintenanceEnabled: z.boolean().optional(),
  schedulerSuspended: z.boolean().optional(),
});

export const ConnectorRunStatus = z.strictObject({
  runState: z.literal('Busy'),
  connectorName: ConnectorName,
});

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

export const GlobalSettings = z.strictObject({
  version: z.string(),
  instanceId: z.uuid(),
  schemaVersion: z.int(),
  parameters: Parameters,
});
export type GlobalSettings = z.infer<typeof GlobalSettings>;

/** What the tenant's company is allowed; what Causeway has not got is false and cannot be switched on. */
export const CompanyFeature = z.strictObject({
  passwordHashSync: z.boolean(),
  forcePasswordChangeOnLogOn: z.boolean(),
  userWriteback: z.boolean(),
  deviceWriteback: z.boolean(),
  unifiedGroupWriteback: z.boolean(),
  groupWritebackV2: z.boolean(),
});
export type CompanyFeature = z.infer<typeof CompanyFeature>;

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
  /** False: it is filtered, and `filteredBy` says why. */
  isConnector: z.boolean(),
  filteredBy: z.string().nullable(),
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

export const DomainReachability = z.strictObject({
  fullName: z.string(),
  isReachable: z.boolean(),
  exceptionMessage: z.string().nullable(),
});

export type DomainReachability = z.infer<typeof DomainReachability>;

/** One check of the diagnostics. */
export const Diagnosis = z.strictObject({
  check: z.string(),
  passed: z.boolean(),
  found: z.string(),
  /** What to do; null when the check passed. */
  action: z.string().nullable(),
});
export type Diagnosis = z.infer<typeof Diagnosis>;

export const AdminToken = z.strictObject({
  name: text(100).min(1),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
});

export type AdminToken = z.infer<typeof AdminToken>;

const ByName = z.strictObject({ name: ConnectorName });
const ById = z.strictObject({ id: Identifier });

const Passes = z.strictObject({
  passes: z.array(
    z.strictObject({
      connector: ConnectorName,
      pass: FullPasswordSync.nullable(),
      /** There when a request found a pass that still reads, and is one with it. */
      merged: z.literal(true).optional(),
    }),
  ),
});

export const connectAdministrationRoutes = {
  getStatus: route({
    method: 'GET',
    path: '/api/v1/status',
    access: ['operator'],
    summary: 'how Connect stands: cycles, counts, queues, full passes, pairing, the last events',
    reply: ConnectStatus,
  }),
  getUserStatus: route({
    method: 'GET',
    path: '/api/v1/users/:user',
    access: ['operator'],
    summary: 'the way of one user, by userPrincipalName, sAMAccountName, DN, objectGUID or source anchor',
    params: z.strictObject({ user: z.string().max(1024) }),
    reply: ConnectUserStatus,
  }),
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
    // Not in the body: a Connect of the first releases passes over a query, and refuses a body that it does not know.
    query: z.strictObject({ version: z.coerce.number().int().optional() }),
    body: z.strictObject({
      globalParameters: Parameters,
      partitions: z
        .array(z.strictObject({ identifier: Identifier, parameters: Parameters }))
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
  listPasswordSync: route({
    method: 'GET',
    path: '/api/v1/password-sync',
    access: ['operator'],
    summary: "the password channels' switches, of one source connector or of all",
    query: z.strictObject({ sourceConnector: ConnectorName.optional() }),
    reply: z.strictObject({ configurations: z.array(PasswordSyncConfiguration) }),
  }),
  setPasswordSync: route({
    method: 'PUT',
    path: '/api/v1/password-sync',
    access: ['operator'],
    summary:
      'switches the password channel of a pair of connectors off, or on: on (re)starts it, and a forced full pass begins then',
    body: PasswordSyncConfiguration,
    reply: PasswordSyncConfiguration.extend({
      /** There when the parameter asked for a full pass: one that still reads takes the request in. */
      fullPass: z.enum(['begun', 'merged']).optional(),
    }),
  }),
  listPartitionStates: route({
    method: 'GET',
    path: '/api/v1/password-sync/partitions',
    access: ['operator'],
    summary: 'when the passwords of each partition were last synchronized',
    query: z.strictObject({ connector: ConnectorName.optional() }),
    reply: z.strictObject({ partitions: z.array(PartitionPasswordSyncState) }),
  }),
  getFullPasswordSync: route({
    method: 'GET',
    path: '/api/v1/password-sync/full',
    access: ['operator'],
    summary: 'the last forced full password sync of each forest, with rate and expected end',
    query: z.strictObject({ connector: ConnectorName.optional() }),
    reply: Passes,
  }),
  forceFullPasswordSync: route({
    method: 'POST',
    path: '/api/v1/password-sync/full',
    access: ['operator'],
    summary:
      "does what the original's script does: sets the parameter, switches the channel off and on; of one forest or of all",
    body: z.strictObject({ connector: ConnectorName.optional() }),
    reply: Passes,
  }),
  getScheduler: route({
    method: 'GET',
    path: '/api/v1/scheduler',
    access: ['operator'],
    summary: 'intervals in seconds, what runs next and when',
    reply: Scheduler,
  }),
  setScheduler: route({
    method: 'PUT',
    path: '/api/v1/scheduler',
    access: ['operator'],
    summary: 'changes what is given and leaves the rest',
    body: SchedulerChange,
    reply: Scheduler,
  }),
  startSyncCycle: route({
    method: 'POST',
    path: '/api/v1/cycles',
    access: ['operator'],
    summary:
      'starts a cycle of every connector; Initial imports and synchronizes everything anew. Does not wait for its end',
    body: z.strictObject({ policyType: PolicyType.default('Delta') }),
    reply: z.strictObject({ started: z.boolean() }),
  }),
  stopSyncCycle: route({
    method: 'DELETE',
    path: '/api/v1/cycles',
    access: ['operator'],
    summary: 'stops a cycle that is under way at its next safe point, and waits for that',
    reply: z.strictObject({ stopped: z.boolean() }),
  }),
  sync: route({
    method: 'POST',
    path: '/api/v1/cycles/now',
    access: ['operator'],
    summary: 'one cycle of every connector, or of one, and its outcome when it is through',
    body: z.strictObject({
      connector: ConnectorName.optional(),
      /** Of releases before; more than 0 is refused, with the way that replaces it. */
      allowDeletes: z.int().min(0).default(0),
      policyType: PolicyType.default('Delta'),
    }),
    reply: z.strictObject({ cycles: z.array(CycleSummary) }),
  }),
  listHeld: route({
    method: 'GET',
    path: '/api/v1/held',
    access: ['operator'],
    summary:
      'what waits for an administrator: deletions, or new users; a list for each connector, with its digest',
    query: z.strictObject({
      connector: ConnectorName.optional(),
      operation: HeldList.shape.operation.default('delete'),
    }),
    reply: z.strictObject({ lists: z.array(HeldList) }),
  }),
  getHeld: route({
    method: 'GET',
    path: '/api/v1/held/:digest',
    access: ['operator'],
    summary: 'a list that was shown, with what of it still holds',
    params: z.strictObject({ digest: z.string().max(64) }),
    reply: HeldList,
  }),
  approveHeld: route({
    method: 'POST',
    path: '/api/v1/held/:digest',
    access: ['operator'],
    summary: 'lets go those of a shown list that still hold, and nothing else',
    params: z.strictObject({ digest: z.string().max(64) }),
    body: z.strictObject({ operation: HeldList.shape.operation }),
    reply: HeldList,
  }),
  listRunStatus: route({
    method: 'GET',
    path: '/api/v1/cycles/running',
    access: ['operator'],
    summary: 'connectors that are busy: all of them during a cycle that was asked for; none when all is idle',
    query: z.strictObject({ connector: ConnectorName.optional() }),
    reply: z.strictObject({ running: z.array(ConnectorRunStatus) }),
  }),
  getGlobalSettings: route({
    method: 'GET',
    path: '/api/v1/settings',
    access: ['operator'],
    summary: "Connect's version, identity and settings",
    reply: GlobalSettings,
  }),
  getCompanyFeature: route({
    method: 'GET',
    path: '/api/v1/company-feature',
    access: ['operator'],
    summary: 'which features are on',
    reply: CompanyFeature,
  }),
  setCompanyFeature: route({
    method: 'PUT',
    path: '/api/v1/company-feature',
    access: ['operator'],
    summary: 'switches features; one that Causeway has not got is refused with a reason',
    body: CompanyFeature.partial(),
    reply: CompanyFeature,
  }),
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
  diagnosePasswordSync: route({
    method: 'GET',
    path: '/api/v1/diagnostics/password-sync',
    access: ['operator'],
    summary: 'checks the password channel, or the way of one object by connector and distinguished name',
    query: z.strictObject({
      connector: ConnectorName.optional(),
      distinguishedName: z.string().max(2048).optional(),
    }),
    reply: z.strictObject({ checks: z.array(Diagnosis) }),
  }),
  trustDomain: route({
    method: 'POST',
    path: '/api/v1/managed-domain/trust',
    access: ['local'],
    summary: "confirms the managed domain's key by its fingerprint: from then on it is sealed to",
    body: z.strictObject({ fingerprint: z.string().max(200) }),
    reply: ConfirmedKeyReply,
  }),
  untrustDomain: route({
    method: 'DELETE',
    path: '/api/v1/managed-domain/trust',
    access: ['local'],
    summary: "trusts the managed domain's key no more",
    reply: z.strictObject({ withdrawn: z.boolean() }),
  }),
  getOpenApi: route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    access: ['operator'],
    summary: 'this API as an OpenAPI 3.1 document',
    reply: z.record(z.string(), z.unknown()),
  }),
  listAdminTokens: route({
    method: 'GET',
    path: '/api/v1/tokens',
    access: ['local'],
    summary: 'named tokens of the admin API; never the tokens themselves',
    reply: z.strictObject({ tokens: z.array(AdminToken) }),
  }),
  createAdminToken: route({
    method: 'POST',
    path: '/api/v1/tokens',
    access: ['local'],
    summary: 'makes a named token; it is shown this once and kept as a digest',
    body: z.strictObject({ name: text(100).min(1), days: z.int().min(1).max(730).default(90) }),
    reply: z.strictObject({ token: z.string(), name: z.string(), expiresAt: Timestamp }),
  }),
  revokeAdminToken: route({
    method: 'DELETE',
    path: '/api/v1/tokens/:name',
    access: ['local'],
    summary: 'revokes a named token: it ends at once',
    params: z.strictObject({ name: text(100).min(1) }),
    reply: Empty,
  }),
};
