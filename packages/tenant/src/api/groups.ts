import type { HttpServer } from '@causeway/api';
import { type GroupMember, groupRoutes } from '@causeway/contract';
import {
  addNestedGroup,
  addPerson,
  createGroup,
  deleteGroup,
  existingGroup,
  groupStatus,
  isSpecialGroup,
  removeNestedGroup,
  removePerson,
  renameGroup,
} from '../people/directory-groups.ts';
import { addMember, groupsOf, listMembers, removeMember } from '../people/groups.ts';
import { membersOf } from '../people/members.ts';
import { type Group, groupsOfUser, listGroups } from '../people/memberships.ts';
import { existingUser, findUserById, type User } from '../people/users.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type CallerOf, type Input, type RouteContext, registerRoute } from './register-route.ts';

type Members = typeof groupRoutes.listGroupMembers;

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
  registerRoute(server, context, groupRoutes.listGroupMembers, async ({ params, query }, { scope }) =>
    isSpecialGroup(params.group)
      ? { members: await listMembers(scope, params.group) }
      : pageOfMembers(scope, await existingGroup(scope, params.group), query),
  );
  registerRoute(server, context, groupRoutes.addGroupMember, async ({ params, body, address }, caller) => {
    const { scope, userId: by } = caller;
    const { group } = params;
    const member = isSpecialGroup(group)
      ? await addMember(scope, group, body.user)
      : shownMember(await addPerson(scope, group, body.user));
    context.log.warn(
      { tenant: scope.tenantName, group, userId: member.id, by, address },
      'group member added',
    );
    return member;
  });
  registerRoute(server, context, groupRoutes.removeGroupMember, async ({ params, address }, caller) => {
    const { scope, userId: by } = caller;
    const { group, user } = params;
    const member = await (isSpecialGroup(group) ? removeMember : removePerson)(scope, group, user);
    context.log.warn(
      { tenant: scope.tenantName, group, userId: member.id, by, address },
      'group member removed',
    );
    return {};
  });
  registerReading(server, context);
  registerChanging(server, context);
}

const shownMember = (user: Pick<User, 'id' | 'user_principal_name'>): GroupMember => ({
  id: user.id,
  userPrincipalName: user.user_principal_name,
});

async function pageOfMembers(scope: TenantScope, group: Group, query: Input<Members>['query']) {
  const { after, limit } = query;
  const { people, groups, unresolved, next } = await membersOf(scope, group, {
    ...{ after, limit, nested: query.depth === 'nested' },
  });
  return {
    members: people.map(shownMember),
    groups: groups.map(groupStatus),
    unresolved: [...unresolved],
    ...(next !== undefined && { next }),
  };
}

const groupPage = (read: readonly Group[], limit: number) => ({
  groups: read.slice(0, limit).map(groupStatus),
  more: read.length > limit,
});

function registerReading(server: HttpServer, context: RouteContext): void {
  registerRoute(server, context, groupRoutes.listGroups, async ({ query }, { scope }) =>
    groupPage(await listGroups(scope, { ...query, limit: query.limit + 1 }), query.limit),
  );
  registerRoute(server, context, groupRoutes.getGroup, async ({ params }, { scope }) =>
    groupStatus(await existingGroup(scope, params.group)),
  );
  registerRoute(server, context, groupRoutes.listGroupsOfUser, async ({ params, query }, { scope }) => {
    const { id } = await existingUser(scope, params.id);
    const groups = await groupsOfUser(scope, id, {
      ...{ after: query.after, limit: query.limit + 1 },
      ...{ securityOnly: query.only === 'security', transitive: query.depth === 'nested' },
    });
    return groupPage(groups, query.limit);
  });
}

function registerChanging(server: HttpServer, context: RouteContext): void {
  const say = (
    { scope, userId: by }: CallerOf<typeof groupRoutes.createGroup>,
    address: string,
    what: object,
    event: string,
  ): void => context.log.warn({ tenant: scope.tenantName, ...what, by, address }, event);

  registerRoute(server, context, groupRoutes.createGroup, async ({ body, address }, caller) => {
    const group = await createGroup(caller.scope, body.displayName);
    say(caller, address, { group: group.id, name: group.display_name }, 'group created');
    return groupStatus(group);
  });
  registerRoute(server, context, groupRoutes.renameGroup, async ({ params, body, address }, caller) => {
    const group = await renameGroup(caller.scope, params.group, body.displayName);
    say(caller, address, { group: group.id, name: group.display_name }, 'group renamed');
    return groupStatus(group);
  });
  registerRoute(server, context, groupRoutes.deleteGroup, async ({ params, address }, caller) => {
    const group = await deleteGroup(caller.scope, params.group);
    say(caller, address, { group: group.id, name: group.display_name }, 'group deleted');
    return groupStatus(group);
  });
  registerRoute(server, context, groupRoutes.nestGroup, async ({ params, body, address }, caller) => {
    const member = await addNestedGroup(caller.scope, params.group, body.group);
    say(caller, address, { group: params.group, member: member.id }, 'group added to a group');
    return groupStatus(member);
  });
  registerRoute(server, context, groupRoutes.unnestGroup, async ({ params, address }, caller) => {
    const member = await removeNestedGroup(caller.scope, params.group, params.member);
    say(caller, address, { group: params.group, member: member.id }, 'group removed from a group');
    return groupStatus(member);
  });
}
