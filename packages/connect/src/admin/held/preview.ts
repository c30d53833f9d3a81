import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Handlers } from '@causeway/api';
import type { previewRoutes, ScopePreview } from '@causeway/contract';
import { LdapError } from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import { Scope } from '../../configuration.ts';
import type { ConnectorContext } from '../../context.ts';
import { everyObject } from '../../objects/every-object.ts';
import { isScopeMember, type ScopeMembers, scopeMembers } from '../../objects/groups/scope-members.ts';
import { furtherAttributes, isImported } from '../../objects/imported-attributes.ts';
import { decideObject } from '../../objects/merge.ts';
import { placeIn } from '../../objects/place-in.ts';
import { compileRules, type ProfileRules, type Rules } from '../../scope/rules.ts';
import type { ConnectorSpace } from '../../store/connector-space.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { Connect } from '../../sync/connect.ts';
import { forestConnector } from '../connectors.ts';
import { previewUser } from './preview-user.ts';

type Line = ScopePreview['lines'][number];

/** Lines of each operation that are shown; there may be more. */
const LISTED = 10_000;
/** Objects that are decided before others have their turn. */
const AT_A_TIME = 500;

/** What would be, and why it is as it is. */
export const previewHandlers = (connect: Connect): Handlers<typeof previewRoutes, string> => ({
  previewUser: ({ params }) => previewUser(connect, params.user),
  previewScope: async ({ body }) => ({ previews: await previewScopes(connect, body.connectors) }),
});

/**
 * What another scope would do, object by object, by all that was imported. Nothing is changed.
 * @throws CausewayError 'bad-request' for a scope that is none, or 'no-such-connector'
 */
async function previewScopes(
  connect: Connect,
  connectors: readonly { name: string; scope: Record<string, unknown> }[],
): Promise<ScopePreview[]> {
  const previews: ScopePreview[] = [];
  for (const { name, scope } of connectors) {
    const { context } = forestConnector(connect, name);
    previews.push(await previewRules(context, rulesOf(name, scope, context.store.rules.get().profile)));
  }
  return previews;
}

function rulesOf(name: string, scope: Record<string, unknown>, profile: ProfileRules | undefined): Rules {
  const refuse = (why: string) =>
    new CausewayError('bad-request', `the scope of '${name}' is none: ${why}`, { status: 400 });
  const parsed = Scope.safeParse(scope);
  if (!parsed.success)
    throw refuse(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  try {
    return compileRules(parsed.data, profile);
  } catch (error) {
    if (error instanceof LdapError) throw refuse(error.message);
    throw error;
  }
}

async function previewRules(context: ConnectorContext, rules: Rules): Promise<ScopePreview> {
  const { store } = context;
  const found: Record<Line['operation'], Line[]> = { delete: [], add: [], update: [] };
  const members = rules.groups.size > 0 ? scopeMembers(context, rules) : undefined;
  const counts = { add: 0, update: 0, delete: 0, none: 0 };
  let looked = 0;
  for (const space of [store.space, store.groups])
    for (const object of everyObject(space)) {
      if (looked++ % AT_A_TIME === 0) await othersTurn();
      const line = lineOf(context, space, object, rules, members);
      counts[line?.operation ?? 'none'] += 1;
      if (line && found[line.operation].length < LISTED) found[line.operation].push(line);
    }
  return {
    connector: store.name,
    ...{ adds: counts.add, updates: counts.update, deletes: counts.delete, unchanged: counts.none },
    lines: [...found.delete, ...found.add, ...found.update],
    notImported: isImported(store, rules) ? [] : furtherAttributes([rules]),
    groupsMissing: members?.missing ?? null,
  };
}

function lineOf(
  { store, scope }: ConnectorContext,
  { kind }: ConnectorSpace,
  object: SpaceObject,
  rules: Rules,
  members: ScopeMembers | undefined,
): Line | undefined {
  const placed = placeIn(store, rules, object, object);
  const known = { ...object, leaving: 'no' as const };
  const { desiredDigest, scopeReason } = decideObject(kind, object, {
    ...{ scope, rules, placed, known },
    isMember: members && isScopeMember(members, object.anchor, object.isMember),
  });
  const operation = operationOf(object.desiredDigest, desiredDigest);
  if (operation === undefined) return undefined;
  const { guid, anchor, dn, attributes } = object;
  return {
    ...{ operation, kind, name: String(attributes.sAMAccountName ?? dn), sourceAnchor: anchor },
    ...{ objectGuid: guid, distinguishedName: dn },
    ...(scopeReason !== undefined && { reason: scopeReason }),
  };
}

function operationOf(before: string | undefined, after: string | undefined): Line['operation'] | undefined {
  if (before === after) return undefined;
  if (before === undefined) return 'add';
  return after === undefined ? 'delete' : 'update';
}
