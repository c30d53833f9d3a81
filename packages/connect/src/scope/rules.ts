import { type CompiledFilter, compileFilter, type TextValues } from '@causeway/ldap';
import type { ConnectorConfiguration } from '../configuration.ts';
import { namesContainers, type PlaceRules } from './decide-place.ts';

/** Who is synchronized, as an administrator says: `scope` of a connector. */
export type ScopeSettings = ConnectorConfiguration['scope'];

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
  /** Undefined: of a profile no more goes than the release before takes. */
  readonly profile?: ProfileRules | undefined;
}

/** Each cycle asks for those of the configuration several times. */
const COMPILED = new WeakMap<ScopeSettings, Rules>();

/** @throws LdapError 'syntax' for a condition that is no filter, or cannot be evaluated */
export function compileRules(settings: ScopeSettings, profile?: ProfileRules): Rules {
  const rules = COMPILED.get(settings) ?? compile(settings);
  COMPILED.set(settings, rules);
  return profile === undefined ? rules : { ...rules, profile };
}

function compile({ organizationalUnits, groups = [], conditions, inetOrgPersons }: ScopeSettings): Rules {
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
  };
}

/** Nothing is said of who is synchronized. */
export const EVERYBODY: ScopeSettings = {
  organizationalUnits: { include: [], exclude: [] },
  groups: [],
  conditions: {},
  inetOrgPersons: true,
};

/** Without a word of an administrator: everybody whom the original synchronizes. */
export const NO_RULES: Rules = compileRules(EVERYBODY);

export const UNKNOWN_RULES: Rules = { ...NO_RULES, areUnknown: true };

/** What has to have been imported before the rules can decide: attributes as the configuration writes them. */
export function neededAttributes(rules: Rules): string[] {
  const { user, group } = rules.conditions;
  const conditions = [...(user?.attributes ?? []), ...(group?.attributes ?? [])];
  const own = conditions.filter(name => name.toLowerCase() !== 'objectclass');
  return [...new Set([...own, ...(namesContainers(rules) ? ['parentGUID'] : [])])];
}

/** Why an administrator's conditions leave an object out; undefined: they do not. */
export function whyLeftOut(
  kind: 'user' | 'group',
  { objectClasses, attributes }: { objectClasses: readonly string[]; attributes: TextValues },
  rules: Rules,
): string | undefined {
  if (rules.areUnknown) return 'not decided yet: what the scope looks at is being imported';
  if (
    kind === 'user' &&
    !rules.inetOrgPersons &&
    objectClasses.some(name => name.toLowerCase() === 'inetorgperson')
  )
    return 'an inetOrgPerson, which the scope leaves out';
  const condition = rules.conditions[kind];
  if (condition === undefined || condition.matches({ ...attributes, objectClass: objectClasses }))
    return undefined;
  return `the condition for ${kind}s is not met`;
}

/** Why somebody's groups leave them out; undefined: they do not. @param isMember of any group of the scope; undefined: nobody knows yet */
export function whyNoMember({ groups }: Rules, isMember: boolean | undefined): string | undefined {
  if (groups.size === 0 || isMember) return undefined;
  if (isMember === false) return 'in none of the groups of the scope';
  return 'not decided yet: who is in the groups of the scope is being read';
}
