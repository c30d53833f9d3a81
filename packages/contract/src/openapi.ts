import { z } from 'zod';
import * as common from './common.ts';
import * as comparison from './connect/comparison.ts';
import * as connectors from './connect/connectors.ts';
import * as connectGroups from './connect/group-status.ts';
import * as connectHeld from './connect/held.ts';
import * as objects from './connect/objects.ts';
import * as parameters from './connect/parameters.ts';
import * as passwordSync from './connect/password-sync.ts';
import * as connectPreview from './connect/preview.ts';
import { connectAdministrationRoutes } from './connect/routes.ts';
import * as scheduler from './connect/scheduler.ts';
import * as settings from './connect/settings.ts';
import * as connectStatus from './connect/status.ts';
import * as tokens from './connect/tokens.ts';
import * as domainAdministrators from './domain/administrators.ts';
import * as domainDecisions from './domain/decisions.ts';
import * as domainHeld from './domain/held.ts';
import * as domainNames from './domain/names.ts';
import * as domainPeople from './domain/people.ts';
import { domainRoutes } from './domain/routes.ts';
import * as domainStatus from './domain/status.ts';
import type { Access, Route } from './http/route.ts';
import * as administration from './tenant/administration.ts';
import * as administrators from './tenant/administrators.ts';
import * as applications from './tenant/applications.ts';
import * as enrolment from './tenant/enrolment.ts';
import * as groups from './tenant/groups.ts';
import * as losses from './tenant/losses.ts';
import * as managedDomain from './tenant/managed-domain.ts';
import * as names from './tenant/names.ts';
import * as staging from './tenant/staging.ts';
import * as stored from './tenant/stored.ts';
import * as synchronization from './tenant/synchronization.ts';
import * as synchronizedGroups from './tenant/synchronized-groups.ts';
import * as users from './tenant/users.ts';

/** Every API that Causeway serves, with its route tables. */
export const apis = {
  connect: {
    title: "Connect's admin API",
    routes: [connectAdministrationRoutes],
  },
  domain: { title: "Domain Services' local API", routes: [domainRoutes] },
  tenant: {
    title: "The tenant's API",
    routes: [
      enrolment.enrolmentRoutes,
      synchronization.synchronizationRoutes,
      synchronizedGroups.synchronizedGroupRoutes,
      stored.storedRoutes,
      staging.stagingRoutes,
      managedDomain.managedDomainRoutes,
      administration.administrationRoutes,
      administrators.administratorRoutes,
      applications.applicationRoutes,
      users.userRoutes,
      groups.groupRoutes,
      names.nameRoutes,
      losses.lossRoutes,
      administration.tenantLocalRoutes,
    ],
  },
} as const satisfies Record<string, { title: string; routes: readonly Record<string, Route>[] }>;
export type ApiName = keyof typeof apis;

type Json = Record<string, unknown>;

/** Schemas with a name in the contract keep it in the document. */
const named = z.registry<{ id: string }>();
const modules = [
  administration,
  administrators,
  applications,
  common,
  connectGroups,
  connectHeld,
  connectPreview,
  connectStatus,
  comparison,
  connectors,
  objects,
  parameters,
  passwordSync,
  scheduler,
  settings,
  tokens,
  domainAdministrators,
  domainDecisions,
  domainHeld,
  domainNames,
  domainPeople,
  domainStatus,
  enrolment,
  groups,
  managedDomain,
  names,
  stored,
  synchronization,
  users,
];
for (const [id, value] of modules.flatMap(each => Object.entries<unknown>(each))) {
  if (value instanceof z.ZodType && !named.has(value)) named.add(value, { id });
}

/** The OpenAPI 3.1 document of an API, generated from its route tables only. */
export function openApiDocument(name: ApiName, version: string): Json {
  const { title, routes } = apis[name];
  const components: Json = {};
  const paths: Record<string, Json> = {};
  for (const [operationId, route] of routes.flatMap(table => Object.entries<Route>(table))) {
    const path = route.path.replace(/:([a-zA-Z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(operationId, route, components) };
  }
  const error = schemaOf(common.ErrorReply, 'output', components);
  return {
    openapi: '3.1.0',
    info: { title, version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: {
        Refused: { description: 'why it was not done', content: { 'application/json': { schema: error } } },
      },
    },
  };
}

function operation(operationId: string, route: Route, components: Json): Json {
  const { summary, access, params, query, body, reply } = route;
  const parameters = [
    ...parametersOf('path', params, components),
    ...parametersOf('query', query, components),
  ];
  const json = (schema: z.ZodType, io: 'input' | 'output') => ({
    'application/json': { schema: schemaOf(schema, io, components) },
  });
  return {
    operationId,
    summary,
    description: `May be called by: ${access.map(each => CALLERS[each]).join('; ')}.`,
    ...(needsToken(access) ? { security: [{ token: [] }] } : { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: json(body, 'input') } }),
    responses: {
      200: { description: 'done', content: json(reply, 'output') },
      default: { $ref: '#/components/responses/Refused' },
    },
  };
}

/** Who may call a route, in words. */
export const CALLERS: Record<Access, string> = {
  public: 'everybody',
  admin: "a tenant's administrator, by token",
  connect: 'an enrolled Connect, by token',
  domain: 'an enrolled Domain Services, by token',
  operator: 'whoever may open the local socket, or holds a named token',
  local: "whoever may open the service's local socket; not over the network",
};

const needsToken = (access: readonly Access[]): boolean =>
  !access.some(each => each === 'public' || each === 'local');

function parametersOf(place: 'path' | 'query', schema: z.ZodType | undefined, components: Json): Json[] {
  if (schema === undefined) return [];
  const made = schemaOf(schema, 'input', components);
  const named = Object.keys(components).find(id => made.$ref === COMPONENTS + id);
  const { properties = {}, required = [] } = (named === undefined ? made : components[named]) as {
    properties?: Json;
    required?: string[];
  };
  return Object.entries(properties).map(([name, each]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: each,
  }));
}

/** JSON Schema of the transferred form. Named schemas go to the components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const made = z.toJSONSchema(schema, { io, metadata: named, unrepresentable: 'any' }) as Json & {
    $defs?: Json;
  };
  const { $schema: _, $defs = {}, ...rest } = made;
  for (const [id, definition] of Object.entries($defs)) components[id] ??= relocated(definition);
  return relocated(rest) as Json;
}

const COMPONENTS = '#/components/schemas/';

/** References to a schema's own definitions become references to the document's. */
function relocated(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll('"$ref":"#/$defs/', `"$ref":"${COMPONENTS}`));
}
