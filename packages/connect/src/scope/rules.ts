import { type CompiledFilter, compileFilter, type TextValues } from '@causeway/ldap';
import type { AccountNames, ConnectorConfiguration } from '../configuration.ts';
import { namesContainers, type PlaceRules } from './decide-place.ts';

/** Who is synchronized, as the administrator configures it in `scope` of a connector. */
export type ScopeSettings = ConnectorConfiguration['scope'];

/** The settings of a connector that decide about objects: who is synchronized, and what names an account in the managed domain. */
export type RuleSettings = Pick<ConnectorConfiguration, 'scope' | 'accountNames'>;
/** Rules for whole profiles, which Connect sends once tenant and managed domain accept them. */
export interface ProfileRules {
  /** Further attributes, as the administrator names them. */
  readonly extensions: readonly string[];
}

/** The settings, compiled for deciding. */
export interface Rules extends PlaceRules {
  /** Undecided, because what the rules look at has not been imported yet. By such rules nobody is in scope. */
  readonly areUnknown?: true;
  /** DNs by GUID. If there is any, people who are in none of these groups are left out. */
  readonly groups: ReadonlyMap<string, string>;
  readonly conditions: { readonly user?: CompiledFilter; readonly group?: CompiledFilter };
  readonly inetOrgPersons: boolean;
  /** Whose passwords are synchronized. Undefined means everybody's. */
  readonly passwords?: { readonly condition: CompiledFilter; readonly others: 'kept' | 'withdrawn' };
  readonly accountNames: AccountNames;
  /** Undefined: Connect sends only the part of a profile that the older release accepts. */
  readonly profile?: ProfileRules | undefined;
}

/**
 * What happens to a user's passwords. Either Connect sends them (`sent`), or it sends none, and the last one stays in the cloud
 * (`kept`) or is `withdrawn`.
 */
export type PasswordScope = 'sent' | 'kept' | 'withdrawn';

/** A cache, because each cycle asks for the configuration's rules several times. */
const COMPILED = new WeakMap<RuleSettings, Rules>();

/** @throws LdapError 'syntax' for a condition that is not a filter, or cannot be evaluated */
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

/** The scope without any setting. */
export const EVERYBODY: ScopeSettings = {
  organizationalUnits: { include: [], exclude: [] },
  groups: [],
  conditions: {},
  inetOrgPersons: true,
};

/** The default: everybody whom the original synchronizes, by their on-premises name. */
export const NO_SETTINGS: RuleSettings = { scope: EVERYBODY, accountNames: 'sAMAccountName' };
export const NO_RULES: Rules = compileRules(NO_SETTINGS);

export const UNKNOWN_RULES: Rules = { ...NO_RULES, areUnknown: true };

/** The attributes that have to be imported before the rules can decide, spelled as in the configuration. */
export function neededAttributes(rules: Rules): string[] {
  const { user, group } = rules.conditions;
  const conditions = [user, group, rules.passwords?.condition].flatMap(filter => filter?.attributes ?? []);
  const own = conditions.filter(name => name.toLowerCase() !== 'objectclass');
  const container = namesContainers(rules) ? ['parentGUID'] : [];
  return [...new Set([...own, ...container, ...namingAttributes(rules)])];
}

/** The part of an object that conditions look at. */
interface Looked {
  readonly objectClasses: readonly string[];
  readonly attributes: TextValues;
}
/** The attribute that names accounts, if not every directory has it: Exchange adds `mailNickname`. */
export const namingAttributes = ({ accountNames }: Rules): string[] =>
  accountNames === 'sAMAccountName' ? [] : [accountNames];

/** Why the administrator's conditions leave an object out. Undefined if they do not. */
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

/** What the rules decide for a person's passwords. Looks at nothing else that may keep them back. */
export function passwordScopeOf({ passwords }: Rules, person: Looked): PasswordScope {
  return passwords === undefined || isMet(passwords.condition, person) ? 'sent' : passwords.others;
}

const isMet = (condition: CompiledFilter, { objectClasses, attributes }: Looked): boolean =>
  condition.matches({ ...attributes, objectClass: objectClasses });

/** Why a user's groups leave them out. Undefined if they do not. @param isMember of any group of the scope; undefined if not known yet */
export function whyNoMember({ groups }: Rules, isMember: boolean | undefined): string | undefined {
  if (groups.size === 0 || isMember) return undefined;
  if (isMember === false) return 'in none of the groups of the scope';
  return 'not decided yet: who is in the groups of the scope is being read';
}
