import type { HttpServer } from '@causeway/api';
import { groupRoutes } from '@causeway/contract';
import { addMember, groupsOf, listMembers, removeMember } from '../people/groups.ts';
import { findUserById } from '../people/users.ts';
import { type RouteContext, registerRoute } from './register-route.ts';

export function registerGroups(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, groupRoutes.getMe, async (_input, caller) => {
    const { userId } = caller;
    const user = await findUserById(caller.scope, userId);
    return {
      id: userId,
      userPrincipalName: user!.user_principal_name,
      groups: await groupsOf(caller.scope, userId),
    };
  });
  registerRoute(server, context, groupRoutes.listGroupMembers, async ({ params }, { scope }) => ({
    members: await listMembers(scope, params.group),
  }));
  registerRoute(server, context, groupRoutes.addGroupMember, async ({ params, body, address }, caller) => {
    const member = await addMember(caller.scope, params.group, body.user);
    const by = caller.userId;
    context.log.warn(
      { tenant: caller.scope.tenantName, group: params.group, userId: member.id, by, address },
      'group member added',
    );
    return member;
  });
  registerRoute(server, context, groupRoutes.removeGroupMember, async ({ params, address }, caller) => {
    const member = await removeMember(caller.scope, params.group, params.user);
    const by = caller.userId;
    context.log.warn(
      { tenant: caller.scope.tenantName, group: params.group, userId: member.id, by, address },
      'group member removed',
    );
    return {};
  });
}
