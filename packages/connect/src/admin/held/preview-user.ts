import type { UserPreview } from '@causeway/contract';
import { accountOf, isInetOrgPerson } from '../../objects/decide-account.ts';
import { type FixedRule, fixedRules } from '../../objects/fixed-rules.ts';
import { accountName } from '../../objects/names/account-name.ts';
import { flatProfile } from '../../objects/profile/flows.ts';
import { placeOf } from '../../scope/decide-place.ts';
import type { ProfileRules } from '../../scope/rules.ts';
import type { SpaceObject } from '../../store/space-object.ts';
import type { Connect } from '../../sync/connect.ts';
import { findUser } from '../status.ts';
import { passwordScopeSays } from './password-scope.ts';

/** What the rules in force decide for one user. @throws CausewayError 'no-such-user' or 'several-users' */
export function previewUser(connect: Connect, name: string): UserPreview {
  const { connector, object } = findUser(connect, name);
  const { store, scope } = connector.context;
  const { included, excluded, groups, profile: profileRules } = store.rules.get();
  const { profile, ...account } = accountOf(object, scope, profileRules);
  const values = new Map<string, unknown>(
    Object.entries({ sourceAnchor: object.anchor, ...account, ...flatProfile(profile) }),
  );
  const by = placeOf(object.place)?.by ?? '';
  return {
    ...{ connector: connector.name, user: account.userPrincipalName, distinguishedName: object.dn },
    ...{ objectGuid: object.guid, synchronized: object.desiredDigest !== undefined },
    ...{ reason: object.scopeReason ?? null, container: excluded.get(by) ?? included.get(by) ?? null },
    inGroups: groups.size === 0 ? null : (object.isMember ?? false),
    password: passwordScopeSays(connector.context, object).says,
    newName: object.newName ?? null,
    attributes: [
      ...rulesFor(object, profileRules).flatMap(({ name: rule, flows }) =>
        flows.map(({ source, destination, expression = null }) => {
          const value = values.get(destination) ?? null;
          return {
            name: destination,
            value: value === null ? null : String(value),
            source,
            expression,
            rule,
          };
        }),
      ),
      nameOfAccount(object),
    ],
  };
}

/** The account's name in the managed domain. It follows from the configuration, not from a rule. */
function nameOfAccount({ attributes, namedBy }: SpaceObject): UserPreview['attributes'][number] {
  const value = accountName(attributes, namedBy);
  const isOwn = value === accountName(attributes);
  return {
    ...{ name: 'accountName', value, source: isOwn ? 'sAMAccountName' : namedBy, expression: null },
    rule: `accountNames: ${namedBy}`,
  };
}

const rulesFor = (object: SpaceObject, profile: ProfileRules | undefined): FixedRule[] =>
  fixedRules(profile).filter(({ direction, source, name }) => {
    if (direction !== 'Inbound' || source === 'group') return false;
    // An inetOrgPerson has its own AccountEnabled rule instead of a user's.
    return name.includes('AccountEnabled') ? (source === 'inetOrgPerson') === isInetOrgPerson(object) : true;
  });
