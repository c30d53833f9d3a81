import { setImmediate as othersTurn } from 'node:timers/promises';
import type { Handlers } from '@causeway/api';
import type { BodyOf, previewRoutes, ScopePreview } from '@causeway/contract';
import { LdapError } from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import { ConnectorConfiguration } from '../../configuration.ts';
import type { ConnectorContext } from '../../context.ts';
import { everyObject } from '../../objects/every-object.ts';
import { isScopeMember, type ScopeMembers, scopeMembers } from '../../objects/groups/scope-members.ts';
import { notImported } from '../../objects/imported-attributes.ts';
import { decideObject } from '../../objects/merge.ts';
import { accountName } from '../../objects/names/account-name.ts';
import { Clashes } from '../../objects/names/clashes.ts';
import { placeIn } from '../../objects/place-in.ts';
import { profileWith } from '../../objects/profile/whole-profiles.ts';
import {
  compileRules,
  type PasswordScope,
  type ProfileRules,
  passwordScopeOf,
  type Rules,
  WHY_NO_PASSWORD,
} from '../../scope/rules.ts';
import type { ConnectorSpace } from '../../store/connector-space.ts';
import { countLeavingMemberships } from '../../store/groups/leaving-memberships.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { Connect } from '../../sync/connect.ts';
import { forestConnector } from '../connectors.ts';
import { previewUser } from './preview-user.ts';

type Line = ScopePreview['lines'][number];

/** Lines shown of each operation. There may be more. */
const LISTED = 10_000;
/** Objects decided in a row before other work gets a turn. */
const AT_A_TIME = 500;

/** What another configuration would change, and why a user is as they are now. */
export const previewHandlers = (connect: Connect): Handlers<typeof previewRoutes, string> => ({
  previewUser: ({ params }) => previewUser(connect, params.user),
  previewScope: async ({ body }) => ({ previews: await previewRules(connect, body.connectors) }),
});

/**
 * What another configuration would do with everything that was imported, object by object. Changes nothing.
 * @throws CausewayError 'bad-scope' for invalid rules, or 'no-such-connector'
 */
async function previewRules(connect: Connect, connectors: readonly Proposed[]): Promise<ScopePreview[]> {
  const proposed = new Map<ConnectorContext, Rules>();
  const previews: ScopePreview[] = [];
  for (const { name, domain, ownAccount, ...settings } of connectors) {
    const { context } = forestConnector(connect, name);
    const rules = rulesOf(name, settings, context.store.rules.get().profile);
    proposed.set(context, rules);
    const scope = { ...context.scope, ...(domain && { domain }), ...(ownAccount && { ownAccount }) };
    previews.push(await previewConnector({ ...context, scope }, rules));
  }
  tellClashes(connect, proposed, previews);
  return previews;
}

type Proposed = BodyOf<typeof previewRoutes.previewScope>['connectors'][number];

const Deciding = ConnectorConfiguration.pick({ scope: true, accountNames: true, extensions: true });

function rulesOf(
  name: string,
  settings: Pick<Proposed, 'scope' | 'accountNames' | 'extensions'>,
  before: ProfileRules | undefined,
): Rules {
  const refuse = (why: string) =>
    new CausewayError('bad-scope', `the rules of '${name}' cannot be used: ${why}`);
  const parsed = Deciding.safeParse(settings);
  if (!parsed.success)
    throw refuse(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  const isSaid = before !== undefined && settings.extensions !== undefined;
  try {
    return compileRules(parsed.data, isSaid ? profileWith(parsed.data.extensions) : before);
  } catch (error) {
    if (error instanceof LdapError) throw refuse(error.message);
    throw error;
  }
}

async function previewConnector(context: ConnectorContext, rules: Rules): Promise<ScopePreview> {
  const { store } = context;
  const found: Record<Line['operation'], Line[]> = {
    ...{ delete: [], withdraw: [], keep: [], rename: [], add: [], send: [], update: [] },
  };
  const members = rules.groups.size > 0 ? scopeMembers(context, rules) : undefined;
  const counts = { add: 0, update: 0, delete: 0, rename: 0, withdraw: 0, keep: 0, send: 0 };
  let unchanged = 0;
  const leaving: string[] = [];
  let looked = 0;
  for (const space of [store.space, store.groups])
    for (const object of everyObject(space)) {
      if (looked++ % AT_A_TIME === 0) await othersTurn();
      const lines = linesOf(context, space, object, rules, members);
      if (lines.length === 0) unchanged += 1;
      for (const line of lines) {
        counts[line.operation] += 1;
        if (line.operation === 'delete') leaving.push(line.sourceAnchor);
        if (found[line.operation].length < LISTED) found[line.operation].push(line);
      }
    }
  return {
    connector: store.name,
    ...{ adds: counts.add, updates: counts.update, deletes: counts.delete, renames: counts.rename },
    memberships: countLeavingMemberships(store.db, store.name, leaving),
    passwords: { withdraw: counts.withdraw, keep: counts.keep, send: counts.send },
    unchanged,
    lines: Object.values(found).flat(),
    notImported: notImported(store, rules),
    groupsMissing: members?.missing ?? null,
  };
}

/** Adds to each rename who else would get the name, if every connector followed its proposal. */
function tellClashes(
  connect: Connect,
  proposed: ReadonlyMap<ConnectorContext, Rules>,
  previews: readonly ScopePreview[],
): void {
  const renamed = previews.flatMap(({ connector, lines }) =>
    lines.flatMap(({ rename, sourceAnchor: anchor }) => (rename ? { connector, anchor, rename } : [])),
  );
  const contexts = connect.connectors.map(({ context }) => context);
  const forests = new Map(contexts.map(({ connector }) => [connector.name, connector.forest]));
  const clashes = new Clashes(
    contexts,
    renamed.map(({ rename }) => rename.to),
    context => (proposed.get(context) ?? context.store.rules.get()).accountNames,
  );
  for (const { connector, anchor, rename } of renamed)
    rename.clashes = clashes.of({ forest: forests.get(connector)!, anchor, name: rename.to });
}

function linesOf(
  { store, scope }: ConnectorContext,
  { kind }: ConnectorSpace,
  object: SpaceObject,
  rules: Rules,
  members: ScopeMembers | undefined,
): Line[] {
  const placed = placeIn(store, rules, object, object);
  const known = { ...object, leaving: 'no' as const };
  const namedBy = object.exportedDigest === undefined ? undefined : object.namedBy;
  const { desiredDigest, scopeReason, newName } = decideObject(kind, object, {
    ...{ scope, rules, placed, known, namedBy },
    isMember: members && isScopeMember(members, object.anchor, object.isMember),
  });
  const { guid, anchor, dn, attributes } = object;
  const what = {
    ...{ kind, name: String(attributes.sAMAccountName ?? dn), sourceAnchor: anchor },
    ...{ objectGuid: guid, distinguishedName: dn },
  };
  const line = (operation: Line['operation'], reason: string | undefined): Line => ({
    ...{ operation, ...what },
    ...(reason !== undefined && { reason }),
  });
  const operation = operationOf(object.desiredDigest, desiredDigest);
  const lines = operation === undefined ? [] : [line(operation, scopeReason)];
  if (kind === 'group' || desiredDigest === undefined) return lines;
  if (newName !== undefined) {
    const rename = { from: accountName(attributes, object.namedBy), to: newName, clashes: [] };
    lines.push({ operation: 'rename', ...what, rename });
  }
  if (operation === 'add') return lines;
  const ofPassword = passwordOperationOf(object.passwords, passwordScopeOf(rules, object));
  if (ofPassword !== undefined)
    lines.push(line(ofPassword, ofPassword === 'send' ? undefined : WHY_NO_PASSWORD));
  return lines;
}

function passwordOperationOf(
  before: PasswordScope,
  after: PasswordScope,
): 'withdraw' | 'keep' | 'send' | undefined {
  if (before === after) return undefined;
  if (after === 'sent') return 'send';
  if (after === 'withdrawn') return 'withdraw';
  return before === 'sent' ? 'keep' : undefined;
}

function operationOf(before: string | undefined, after: string | undefined): Line['operation'] | undefined {
  if (before === after) return undefined;
  if (before === undefined) return 'add';
  return after === undefined ? 'delete' : 'update';
}
