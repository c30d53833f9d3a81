import { readAttributeSchema, whyNoCondition } from '@causeway/active-directory';
import type { LdapConnection } from '@causeway/ldap';
import { CausewayError } from '@causeway/service';
import type { ConnectorContext } from '../context.ts';
import { namesContainers, placeText } from '../scope/decide-place.ts';
import { compileRules } from '../scope/rules.ts';
import type { ConnectorSpace } from '../store/connector-space.ts';
import { rulesText } from '../store/scope/rules-in-force.ts';
import type { SpaceObject } from '../store/space-object.ts';
import { isInetOrgPerson, RULES_VERSION } from './decide-account.ts';
import { putObject } from './groups/put-object.ts';
import { furtherAttributes, isImported } from './imported-attributes.ts';
import { placeIn } from './place-in.ts';

/** By which rules everything is to be decided: the program's and the configuration's. */
export function configuredRules({ scope, connector }: Pick<ConnectorContext, 'scope' | 'connector'>): string {
  const own = [RULES_VERSION, scope.domain, scope.ownAccount, connector.inetOrgPersonPasswords];
  return rulesText(own, connector.scope);
}

/**
 * Conditions of rules that are not in force yet look at nothing that an import cannot bring.
 * @throws CausewayError 'condition-refused'
 */
export async function checkConditions(context: ConnectorContext, ldap: LdapConnection): Promise<void> {
  const { store, connector } = context;
  if (store.rules.text === configuredRules(context)) return;
  const names = furtherAttributes([compileRules(connector.scope)]);
  if (names.length === 0) return;
  const schema = await readAttributeSchema(ldap, names);
  const problems = names.flatMap(name => whyNoCondition(name, schema) ?? []);
  if (problems.length === 0) return;
  const text = `'scope.conditions' of '${connector.name}' cannot be used: ${problems.join('; ')}. Nothing is synchronized until the configuration is put right`;
  throw new CausewayError('condition-refused', text);
}

/**
 * A full synchronization: when the rules or what they look at changed, every object is decided anew; when containers came, went or moved,
 * everybody below them. Rules whose attributes were not imported of everybody wait until they are: the old ones hold meanwhile.
 *
 * Passwords that may go now and might not before are read, which no delta brings.
 */
export function applyRules(context: ConnectorContext): void {
  const { store, connector } = context;
  const { rules, cursors } = store;
  const wanted = configuredRules(context);
  const areChanged = rules.text !== wanted;
  if (areChanged && !isImported(store, compileRules(connector.scope))) return;
  store.db.transaction(() => {
    if (areChanged || cursors.get('decide-anew') !== undefined) {
      const byRules = areChanged && rules.text !== undefined;
      rules.set(wanted);
      decideEverybody(context, byRules);
    } else if (cursors.get('containers-changed') !== undefined) decideMoved(context);
    cursors.set('decide-anew', undefined);
    cursors.set('containers-changed', undefined);
  });
}

function decideEverybody(context: ConnectorContext, byRules: boolean): void {
  const { store, connector } = context;
  for (const space of [store.space, store.groups])
    for (const known of everyObject(space)) {
      decideAnew(context, space, known, byRules);
      if (
        space.kind === 'user' &&
        connector.inetOrgPersonPasswords &&
        isInetOrgPerson(known) &&
        known.exportedDigest !== undefined
      )
        store.queue.putDue(known.guid, 'FilteredByTarget', 'passwords of inetOrgPersons are sent now');
    }
}

/** Whoever lies where something else decides now. */
function decideMoved(context: ConnectorContext): void {
  const { store } = context;
  const rules = store.rules.get();
  if (!namesContainers(rules)) return;
  for (const space of [store.space, store.groups])
    for (const known of everyObject(space)) {
      const { place } = placeIn(store, rules, known, known)!;
      if (placeText(place) !== known.place) decideAnew(context, space, known, false);
    }
}

function decideAnew(
  { store, scope }: ConnectorContext,
  space: ConnectorSpace,
  known: SpaceObject,
  byRules: boolean,
): void {
  const generation = Number(store.cursors.get('import-generation') ?? 0);
  const domainSid = store.pin.get()?.domainSid;
  putObject({ store, scope }, { space, known }, known, { generation, domainSid, byRules });
}

const PAGE = 500;

/** A page at a time; what was seen may be changed meanwhile. */
function* everyObject(space: ConnectorSpace): Generator<SpaceObject, void> {
  for (let after = ''; ; ) {
    const page = space.list(after, PAGE);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.guid;
  }
}
