import type { ProfileRules } from '../scope/rules.ts';
import { profileFlows } from './profile/flows.ts';

/** A condition of the original's scoping filters. */
export interface ScopeCondition {
  readonly attribute: string;
  readonly operator:
    | 'EQUAL'
    | 'NOTEQUAL'
    | 'NOTSTARTSWITH'
    | 'NOTCONTAINS'
    | 'ISNOTNULL'
    | 'ISBITSET'
    | 'ISBITNOTSET';
  readonly value: string;
}

/** What an attribute becomes, and the expression if it is not copied unchanged. */
export interface AttributeFlow {
  readonly source: string;
  readonly destination: string;
  readonly expression?: string;
}

/** A rule as shown to people: what the code of `decide-account.ts` and `decide-group.ts` does, in the original's words. */
export interface FixedRule {
  readonly name: string;
  readonly description: string;
  readonly direction: 'Inbound' | 'Outbound';
  readonly source: 'user' | 'inetOrgPerson' | 'group' | 'person';
  readonly target: 'person' | 'group' | 'user';
  readonly precedence: number;
  readonly linkType: 'Provision' | 'Join';
  /** Whether these objects' passwords are sent while the channel is on. */
  readonly passwords: 'yes' | 'no' | 'where the configuration says so';
  /** All of them have to hold. */
  readonly scope: readonly ScopeCondition[];
  readonly join: readonly { readonly source: string; readonly target: string }[];
  readonly flows: readonly AttributeFlow[];
}

const condition = (attribute: string, operator: ScopeCondition['operator'], value = ''): ScopeCondition => ({
  ...{ attribute, operator, value },
});
const same = (...names: readonly string[]): AttributeFlow[] =>
  names.map(name => ({ source: name, destination: name }));

const NO_CONFLICT = condition('dn', 'NOTCONTAINS', '\\0ACNF:');
const NOT_CRITICAL = condition('isCriticalSystemObject', 'NOTEQUAL', 'TRUE');
const WITH_SID = condition('objectSid', 'ISNOTNULL');
const ANCHOR: AttributeFlow = {
  ...{ source: 'objectGUID', destination: 'sourceAnchor', expression: 'ConvertToBase64([objectGUID])' },
};
const BY_ANCHOR = [{ source: 'objectGUID', target: 'sourceAnchorBinary' }];
const BY_OUTER_ANCHOR = [{ source: 'sourceAnchor', target: 'sourceAnchor' }];

export const USER_SCOPE: readonly ScopeCondition[] = [
  NOT_CRITICAL,
  NO_CONFLICT,
  WITH_SID,
  condition('adminDescription', 'NOTSTARTSWITH', 'User_'),
  condition('sAMAccountName', 'ISNOTNULL'),
  ...['AAD_', 'MSOL_', 'SystemMailbox{'].map(begin => condition('sAMAccountName', 'NOTSTARTSWITH', begin)),
  condition('sAMAccountName', 'NOTEQUAL', 'SUPPORT_388945a0'),
  condition('userAccountControl', 'ISBITSET', '512'),
];

export const GROUP_SCOPE: readonly ScopeCondition[] = [
  NOT_CRITICAL,
  NO_CONFLICT,
  WITH_SID,
  condition('adminDescription', 'NOTSTARTSWITH', 'Group_'),
  condition('sAMAccountName', 'NOTEQUAL', 'MSOL_AD_Sync_RichCoexistence'),
  condition('groupType', 'ISNOTNULL'),
  condition('groupType', 'ISBITNOTSET', '1'),
];

const ENABLED: readonly AttributeFlow[] = [
  {
    ...{ source: 'userAccountControl', destination: 'accountEnabled' },
    expression: 'IIF(BitAnd([userAccountControl],2)=0,True,False)',
  },
  {
    ...{ source: 'userPrincipalName', destination: 'userPrincipalName' },
    expression: 'IIF(IsPresent([userPrincipalName]),[userPrincipalName],[sAMAccountName]&"@"&%Domain.FQDN%)',
  },
  { source: 'sAMAccountName', destination: 'onPremisesSamAccountName' },
  { source: 'objectSid', destination: 'onPremisesSecurityIdentifier' },
  ...same('accountExpires'),
];

const inbound = { direction: 'Inbound', passwords: 'no', scope: [], join: [] } as const;
const person = { ...inbound, source: 'user', target: 'person' } as const;

/** The rules. Nobody can change them, except for which attributes of people are sent. */
export function fixedRules(profile: ProfileRules | undefined): FixedRule[] {
  const inbound = profileFlows(profile);
  const outbound = same(...inbound.map(({ destination }) => destination));
  return RULES.map(rule =>
    rule.target === 'person' && rule.precedence === COMMON
      ? { ...rule, flows: inbound }
      : rule.target === 'user'
        ? { ...rule, flows: [...rule.flows, ...outbound] }
        : rule,
  );
}

const COMMON = 105;

const RULES: readonly FixedRule[] = [
  {
    ...person,
    ...{ name: 'In from AD - User Join', precedence: 100, linkType: 'Provision' },
    description:
      "Makes a person of every user but critical, support, synchronization and system mailboxes' accounts, and Connect's own",
    scope: USER_SCOPE,
    join: BY_ANCHOR,
    flows: [ANCHOR],
  },
  {
    ...person,
    ...{ name: 'In from AD - User AccountEnabled', precedence: 102, linkType: 'Join', passwords: 'yes' },
    description: 'Who somebody is, and whether and how long they may sign in',
    flows: ENABLED,
  },
  {
    ...{ ...person, source: 'inetOrgPerson' },
    ...{ name: 'In from AD - InetOrgPerson AccountEnabled', precedence: 103, linkType: 'Join' },
    description:
      'The same of an inetOrgPerson; their passwords are sent where inetOrgPersonPasswords is true',
    passwords: 'where the configuration says so',
    flows: ENABLED,
  },
  {
    ...person,
    ...{ name: 'In from AD - User Common', precedence: COMMON, linkType: 'Join' },
    description: 'What describes somebody; a value that is too long is left out, and told',
    flows: [],
  },
  {
    ...{ ...inbound, source: 'group', target: 'group' },
    ...{ name: 'In from AD - Group Join', precedence: 110, linkType: 'Provision' },
    description: 'Takes every group but builtin and critical ones, and a distribution group without mail',
    scope: GROUP_SCOPE,
    join: BY_ANCHOR,
    flows: [ANCHOR],
  },
  {
    ...{ ...inbound, source: 'group', target: 'group' },
    ...{ name: 'In from AD - Group Common', precedence: 111, linkType: 'Join' },
    description: 'Names, kind and members of a group',
    flows: [
      ...same('sAMAccountName', 'mail', 'objectSid', 'member'),
      {
        ...{ source: 'displayName', destination: 'displayName' },
        expression: 'IIF(IsPresent([displayName]),[displayName],[cn])',
      },
      {
        ...{ source: 'groupType', destination: 'securityEnabled' },
        expression: 'IIF(BitAnd([groupType],2147483648)=0,False,True)',
      },
    ],
  },
  {
    ...{ name: 'Out to AAD - User Join', precedence: 115, direction: 'Outbound', linkType: 'Provision' },
    description: 'Exports every person, signed, with the password while the channel is on',
    ...{ source: 'person', target: 'user', passwords: 'yes', scope: [], join: BY_OUTER_ANCHOR },
    flows: same(
      ...['sourceAnchor', 'userPrincipalName', 'onPremisesSamAccountName', 'onPremisesSecurityIdentifier'],
      ...['accountEnabled', 'accountExpires'],
    ),
  },
  {
    ...{ name: 'Out to AAD - Group Join', precedence: 116, direction: 'Outbound', linkType: 'Provision' },
    description: 'Exports every group, signed, with its members',
    ...{ source: 'group', target: 'group', passwords: 'no', scope: [], join: BY_OUTER_ANCHOR },
    flows: same(
      'sourceAnchor',
      'sAMAccountName',
      'displayName',
      'mail',
      'objectSid',
      'securityEnabled',
      'member',
    ),
  },
];
