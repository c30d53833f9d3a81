import { readAttributeSchema, whyNoCondition } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { namesContainers, placeText } from '../scope/decide-place.ts';
import { namingAttributes, type Rules } from '../scope/rules.ts';
import type { ConnectorSpace } from '../store/connector-space.ts';
import { rulesText } from '../store/scope/rules-in-force.ts';
import type { SpaceObject } from '../store/space-object.ts';
import { isInetOrgPerson, RULES_VERSION } from './decide-account.ts';
import { everyObject } from './every-object.ts';
import { putObject } from './groups/put-object.ts';
import { isScopeMember, type ScopeMembers, scopeMembers } from './groups/scope-members.ts';
import type { ImportTally } from './import-tally.ts';
import { isImported, namedAttributes } from './imported-attributes.ts';
import { placeIn } from './place-in.ts';
import { profileRules, wantedRules } from './profile/whole-profiles.ts';

/** The text of all rules that should decide: the program's and the configuration's. */
export function configuredRules(context: ConnectorContext): string {
  const { scope, connector } = context;
  const own = [RULES_VERSION, scope.domain, scope.ownAccount, connector.inetOrgPersonPasswords];
  return rulesText(own, connector, profileRules(context));
}

/**
 * Before new rules come into force, checks that an import can bring every attribute that they look at.
 * @throws CausewayError 'condition-refused' or 'account-names-refused'
 */
export async function checkRules(context: ConnectorContext, ldap: LdapConnection): Promise<void> {
  const { store, connector } = context;
  if (store.rules.text === configuredRules(context)) return;
  const rules = wantedRules(context);
  const names = namedAttributes(rules);
  if (names.length === 0) return;
  const schema = await readAttributeSchema(ldap, names);
  const refuse = (
    code: 'account-names-refused' | 'condition-refused',
    what: string,
    problems: readonly string[],
  ): void => {
    if (problems.length === 0) return;
    const text = `${what}: ${problems.join('; ')}. Nothing is synchronized until the configuration is put right`;
    throw new CausewayError(code, text);
  };
  const of = `of '${connector.name}' cannot be`;
  const whyNot = (some: readonly string[]) => some.flatMap(name => whyNoCondition(name, schema) ?? []);
  refuse(
    'account-names-refused',
    `'accountNames' ${of} '${connector.accountNames}'`,
    whyNot(namingAttributes(rules)),
  );
  refuse('condition-refused', `'scope.conditions' or 'extensions' ${of} used`, whyNot(names));
}

/**
 * A full synchronization. If the rules or their attributes changed, it decides every object again. If containers were added, moved or
 * deleted, it decides the objects below them. New rules wait until their attributes were imported for every object; until then the old
 * rules stay in force.
 *
 * No delta reports that a password may be sent from now on, so such passwords are queued to be read.
 */
export function applyRules(context: ConnectorContext, tally?: ImportTally): void {
  const { store } = context;
  const { rules, cursors } = store;
  const wanted = configuredRules(context);
  const areChanged = rules.text !== wanted;
  if (areChanged && !isImported(store, wantedRules(context))) return;
  const isAsked = cursors.get('decide-anew') !== undefined;
  const areMoved = cursors.get('containers-changed') !== undefined;
  if (!areChanged && !isAsked && !areMoved) return;
  store.runs.transaction(() => {
    if (areChanged || isAsked) {
      const byRules = areChanged && rules.text !== undefined;
      rules.set(wanted);
      tally?.isDecidedAnew();
      decideEverybody(context, byRules, tally);
    } else decideMoved(context, tally);
    cursors.set('decide-anew', undefined);
    cursors.set('containers-changed', undefined);
  });
}

/**
 * Decides again each user who joined or left a group of the scope. Call it after the pending member lists were read.
 * @returns whether member lists that were never read have to be read for it
 */
export function decideMembers(context: ConnectorContext, tally?: ImportTally): boolean {
  const { store } = context;
  const rules = store.rules.get();
  if (rules.groups.size === 0) return false;
  return store.runs.transaction(() => {
    const members = lookAtMembers(context, rules);
    if (members === undefined) return false;
    for (const { guid, anchor, is_member } of store.space.scopeMemberships()) {
      const before = is_member === null ? undefined : is_member === 1;
      const isMember = isScopeMember(members, anchor, before);
      if (isMember === before) continue;
      decideAnew(context, store.space, store.space.get(guid)!, { byRules: false, isMember, tally });
    }
    return members.isUnread;
  });
}

/** From here on, the member lists of these groups are read. An event reports when they become incomplete or complete again. */
function lookAtMembers(context: ConnectorContext, rules: Rules): ScopeMembers | undefined {
  const { scopeGroups, cursors, events, name } = context.store;
  if (rules.groups.size === 0) {
    scopeGroups.set([]);
    cursors.set('scope-groups-missing', undefined);
    return undefined;
  }
  const members = scopeMembers(context, rules);
  scopeGroups.set(members.groups);
  const { missing, isUnread } = members;
  if (missing !== cursors.get('scope-groups-missing') && !isUnread) {
    cursors.set('scope-groups-missing', missing);
    const text =
      missing === undefined
        ? 'the groups of the scope are all there again'
        : `the groups of the scope are not all there: ${missing}. Whom they decided stays as decided`;
    events.add(missing === undefined ? 'alarmOver' : 'runErrors', name, text);
  }
  return members;
}

function decideEverybody(context: ConnectorContext, byRules: boolean, tally: ImportTally | undefined): void {
  const { store, connector } = context;
  const members = lookAtMembers(context, store.rules.get());
  for (const space of [store.space, store.groups])
    for (const known of everyObject(space)) {
      const isMember =
        members && space.kind === 'user' ? isScopeMember(members, known.anchor, known.isMember) : undefined;
      decideAnew(context, space, known, { byRules, isMember, tally });
      if (
        space.kind === 'user' &&
        connector.inetOrgPersonPasswords &&
        isInetOrgPerson(known) &&
        known.exportedDigest !== undefined
      )
        store.queue.putDue(known.guid, 'FilteredByTarget', 'passwords of inetOrgPersons are sent now');
    }
}

/** Decides again every object for which a different container decides now. */
function decideMoved(context: ConnectorContext, tally: ImportTally | undefined): void {
  const { store } = context;
  const rules = store.rules.get();
  if (!namesContainers(rules)) return;
  for (const space of [store.space, store.groups])
    for (const known of everyObject(space)) {
      const { place } = placeIn(store, rules, known, known)!;
      if (placeText(place) !== known.place) decideAnew(context, space, known, { byRules: false, tally });
    }
}

export function decideAnew(
  { store, scope }: ConnectorContext,
  space: ConnectorSpace,
  known: SpaceObject,
  { tally, ...how }: { byRules: boolean; isMember?: boolean | undefined; tally?: ImportTally | undefined },
): void {
  const generation = Number(store.cursors.get('import-generation') ?? 0);
  const domainSid = store.pin.get()?.domainSid;
  const decided = putObject({ store, scope }, { space, known }, known, { generation, domainSid, ...how });
  tally?.decided(known, decided);
}
