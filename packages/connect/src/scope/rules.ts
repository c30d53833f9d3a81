import { type CompiledFilter, compileFilter, type TextValues } from '@causeway/ldap';
import type { AccountNames, ConnectorConfiguration } from '../configuration.ts';
import { namesContainers, type PlaceRules } from './decide-place.ts';

/** Who is synchronized, as an administrator says: `scope` of a connector. */
export type ScopeSettings = ConnectorConfiguration['scope'];

/** What of a connector's configuration decides about objects: who is synchronized, and what names an account in the managed domain. */
export type RuleSettings = Pick<ConnectorConfiguration, 'scope' | 'accountNames'>;
/** Of whole profiles, which go once tenant and managed domain take them. */
export interface ProfileRules {
  /** Attributes beside those of everybody, as an administrator names them. */
  readonly extensions: readonly string[];
}

/** The same, ready to decide with. */
export interface Rules extends PlaceRules {
  /** Nothing was decided yet: what the rules look at has not been imported. Nobody is in scope by these. */
  readonly areUnknown?: true;
  /** By GUID, their DNs. Where any is named, people who are in none of them are left out. */
  readonly groups: ReadonlyMap<string, string>;
  readonly conditions: { readonly user?: CompiledFilter; readonly group?: CompiledFilter };
  readonly inetOrgPersons: boolean;
  /** Whose passwords are synchronized; undefined: everybody's. */
  readonly passwords?: { readonly condition: CompiledFilter; readonly others: 'kept' | 'withdrawn' };
  readonly accountNames: AccountNames;
  /** Undefined: of a profile no more goes than the release before takes. */
  readonly profile?: ProfileRules | undefined;
}

/**
 * What becomes of somebody's passwords: they are `sent`; or none is, and the one that was sent last is `kept` in the cloud, or
 * `withdrawn` from it.
 */
export type PasswordScope = 'sent' | 'kept' | 'withdrawn';

/** Each cycle asks for those of the configuration several times. */
const COMPILED = new WeakMap<RuleSettings, Rules>();

/** @throws LdapError 'syntax' for a condition that is no filter, or cannot be evaluated */
export function compileRules(settings: RuleSettings, profile?: ProfileRules): Rules {
  const rules = COMPILED.get(settings) ?? compile(settings);
  COMPILED.set(settings, rules);
  return profile === undefined ? rules : { ...rules, profile };
}

function compile({ scope, accountNames }: RuleSettings): Rules {
  const { organizationalUnits, groups = [], conditions, inetOrgPersons, passwords } = scope;
  const byGuid = (list: readonly { dn: string; objectGuid?: string | undefined }[]) =>
    new Map(list.map(({ dn, objectGuid = '' }) => [objectGuid, dn]));
  return {
    included: byGuid(organizationalUnits.include),
    excluded: byGuid(organizationalUnits.exclude),
    groups: byGuid(groups),
    conditions: {
      ...(conditions.user !== undefined && { user: compileFilter(conditions.user) }),
      ...(conditions.group !== undefined && { group: compileFilter(conditions.group) }),
    },
    inetOrgPersons,
    ...(passwords && {
      passwords: {
        condition: compileFilter(passwords.condition),
        others: passwords.leaving === 'keep' ? ('kept' as const) : ('withdrawn' as const),
      },
    }),
    accountNames,
  };
}

/** Nothing is said of who is synchronized. */
export const EVERYBODY: ScopeSettings = {
  organizationalUnits: { include: [], exclude: [] },
  groups: [],
  conditions: {},
  inetOrgPersons: true,
};

/** Without a word of an administrator: everybody whom the original synchronizes, by the name that they have on-premises. */
export const NO_SETTINGS: RuleSettings = { scope: EVERYBODY, accountNames: 'sAMAccountName' };
export const NO_RULES: Rules = compileRules(NO_SETTINGS);

export const UNKNOWN_RULES: Rules = { ...NO_RULES, areUnknown: true };

/** What has to have been imported before the rules can decide: attributes as the configuration writes them. */
export function neededAttributes(rules: Rules): string[] {
  const { user, group } = rules.conditions;
  const conditions = [user, group, rules.passwords?.condition].flatMap(filter => filter?.attributes ?? []);
  const own = conditions.filter(name => name.toLowerCase() !== 'objectclass');
  const container = namesContainers(rules) ? ['parentGUID'] : [];
  return [...new Set([...own, ...container, ...namingAttributes(rules)])];
}

/** What conditions look at of an object. */
interface Looked {
  readonly objectClasses: readonly string[];
  readonly attributes: TextValues;
}
/** What names accounts and not every directory has: Exchange brings it. */
export const namingAttributes = ({ accountNames }: Rules): string[] =>
  accountNames === 'sAMAccountName' ? [] : [accountNames];

/** Why an administrator's conditions leave an object out; undefined: they do not. */
export function whyLeftOut(kind: 'user' | 'group', object: Looked, rules: Rules): string | undefined {
  if (rules.areUnknown) return 'not decided yet: what the scope looks at is being imported';
  if (
    kind === 'user' &&
    !rules.inetOrgPersons &&
    object.objectClasses.some(name => name.toLowerCase() === 'inetorgperson')
  )
    return 'an inetOrgPerson, which the scope leaves out';
  const condition = rules.conditions[kind];
  return condition === undefined || isMet(condition, object)
    ? undefined
    : `the condition for ${kind}s is not met`;
}

export const WHY_NO_PASSWORD = 'the condition for passwords is not met';

/** What the rules say of a person's passwords, whatever else stands against them. */
export function passwordScopeOf({ passwords }: Rules, person: Looked): PasswordScope {
  return passwords === undefined || isMet(passwords.condition, person) ? 'sent' : passwords.others;
}

const isMet = (condition: CompiledFilter, { objectClasses, attributes }: Looked): boolean =>
  condition.matches({ ...attributes, objectClass: objectClasses });

/** Why somebody's groups leave them out; undefined: they do not. @param isMember of any group of the scope; undefined: nobody knows yet */
export function whyNoMember({ groups }: Rules, isMember: boolean | undefined): string | undefined {
  if (groups.size === 0 || isMember) return undefined;
  if (isMember === false) return 'in none of the groups of the scope';
  return 'not decided yet: who is in the groups of the scope is being read';
}
