import { z } from 'zod';
import { route } from '../http/route.ts';
import { ConnectorName, Identifier } from './parameters.ts';

/** The fixed rules in the original's form. Nobody can change them. */
export const SyncRule = z.strictObject({
  identifier: Identifier,
  name: z.string(),
  description: z.string(),
  direction: z.enum(['Inbound', 'Outbound']),
  connectorId: Identifier,
  connectorName: ConnectorName,
  sourceObjectType: z.string(),
  targetObjectType: z.string(),
  precedence: z.int(),
  linkType: z.enum(['Provision', 'Join']),
  /** Passwords of the objects in this rule's scope are sent now. */
  enablePasswordSync: z.boolean(),
  /** All of these conditions must hold. */
  scopeFilter: z.array(z.strictObject({ attribute: z.string(), operator: z.string(), value: z.string() })),
  joinFilter: z.array(z.strictObject({ source: z.string(), target: z.string() })),
  attributeFlowMappings: z.array(
    z.strictObject({ source: z.string(), destination: z.string(), expression: z.string().nullable() }),
  ),
});
export type SyncRule = z.infer<typeof SyncRule>;

/** A user or group between its forest and the tenant: its computed attributes, where it comes from and where it goes. */
export const MetaverseObject = z.strictObject({
  /** Its objectGUID in the directory. */
  objectId: Identifier,
  objectType: z.enum(['person', 'group']),
  attributes: z.array(
    z.strictObject({
      name: z.string(),
      isMultiValued: z.boolean(),
      values: z.array(z.string()),
      /** The connector that it came from. */
      connectorName: ConnectorName,
    }),
  ),
  lineage: z.array(
    z.strictObject({
      connectedCsObjectId: Identifier,
      connectedCsObjectDN: z.string(),
      connectorId: Identifier,
      connectorName: ConnectorName,
    }),
  ),
});
export type MetaverseObject = z.infer<typeof MetaverseObject>;

export const metaverseRoutes = {
  listRules: route({
    method: 'GET',
    path: '/api/v1/rules',
    access: ['operator'],
    summary: 'what the fixed rules do',
    reply: z.strictObject({ rules: z.array(SyncRule) }),
  }),
  getMetaverseObject: route({
    method: 'GET',
    path: '/api/v1/metaverse/:id',
    access: ['operator'],
    summary:
      'a person or group as the tenant should have it; who is not synchronized is refused with the reason',
    params: z.strictObject({ id: Identifier }),
    reply: MetaverseObject,
  }),
};
