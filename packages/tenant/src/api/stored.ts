import type { HttpServer } from '@causeway/api';
import { storedRoutes as routes } from '@causeway/contract';
import { readStoredGroups, readStoredMemberships, readStoredUsers } from '../comparison/stored.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

/** What a Connect compares object by object. */
export function registerStored(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, routes.readStoredUsers, ({ body }, { scope, accepts }) =>
    readStoredUsers(scope, body, accepts),
  );
  registerRoute(server, context, routes.readStoredGroups, ({ body }, { scope }) =>
    readStoredGroups(scope, body),
  );
  registerRoute(server, context, routes.readStoredMemberships, ({ body }, { scope }) =>
    readStoredMemberships(scope, body),
  );
}
