import type { Profile } from '@causeway/contract';
import { NULL_SID } from '@causeway/records';
import { FILETIME_NEVER, filetimeToIso } from '@causeway/wire';
import type { ScopeContext } from '../context.ts';
import type { ProfileRules } from '../scope/rules.ts';
import type { SpaceObject, StoredAttributes } from '../store/space-object.ts';
import { UserAccountControl } from '../user-account-control.ts';
import { digestOf, first } from './attributes.ts';
import { accountName } from './names/account-name.ts';
import { decideProfile } from './profile/decide-profile.ts';

/** A user as the tenant should have it. */
export interface Account {
  userPrincipalName: string;
  onPremisesSamAccountName: string;
  /** The name of the account in the managed domain, if it differs. */
  accountName?: string;
  onPremisesSecurityIdentifier: string;
  accountEnabled: boolean;
  accountExpires: string | null;
  profile: Profile;
}

export type AccountDecision = { inScope: true; account: Account } | { inScope: false; reason: string };

/** Raise it when the rules below change: every object is then decided again. */
export const RULES_VERSION = 2;

/**
 * Whether a user is synchronized, and as what. Follows the original's rules "In from AD - User Join", "User AccountEnabled" and "User
 * Common". The original does not synchronize `accountExpires`; Connect does.
 */
export function decideAccount(
  object: ScopedObject,
  context: ScopeContext,
  profile?: ProfileRules,
): AccountDecision {
  const reason = whyOutOfScope(object, context);
  return reason === undefined
    ? { inScope: true, account: accountOf(object, context, profile) }
    : { inScope: false, reason };
}

/** The account that an object's attributes describe. For one that is no longer synchronized, the account as it was last known. */
export function accountOf(
  { attributes: a, namedBy }: NamedObject,
  context: ScopeContext,
  profile?: ProfileRules,
): Account {
  const samAccountName = accountName(a, 'sAMAccountName');
  const managed = accountName(a, namedBy);
  return {
    userPrincipalName: signInName(first(a, 'userPrincipalName')) ?? `${samAccountName}@${context.domain}`,
    onPremisesSamAccountName: samAccountName,
    ...(managed !== samAccountName && { accountName: managed }),
    onPremisesSecurityIdentifier: first(a, 'objectSid') ?? NULL_SID,
    accountEnabled: (userAccountControl(a) & UserAccountControl.accountDisable) === 0,
    accountExpires: expiry(a.accountExpires),
    profile: decideProfile(a, profile).profile,
  };
}

/** Shows whether an account changed. Signing the profile changes the digest even if the profile's text is the same. */
export const accountDigest = (account: Account, guid: string, profile: ProfileRules | undefined): string =>
  digestOf(profile ? { ...account, isProfileSigned: true } : account, guid);

type NamedObject = Pick<SpaceObject, 'attributes'> & Partial<Pick<SpaceObject, 'namedBy'>>;

export type ScopedObject = NamedObject & Pick<SpaceObject, 'dn' | 'objectClasses' | 'deleted'>;

function whyOutOfScope(object: ScopedObject, context: ScopeContext): string | undefined {
  const { attributes: a, dn } = object;
  const classes = object.objectClasses.map(name => name.toLowerCase());
  const name = first(a, 'sAMAccountName');
  const lower = name?.toLowerCase() ?? '';
  if (object.deleted) return 'deleted in the directory';
  if (!classes.includes('user')) return 'not a user';
  if (classes.includes('computer')) return 'a computer';
  if (/\\0ACNF:|\nCNF:/i.test(dn)) return 'a replication conflict';
  if (first(a, 'isCriticalSystemObject')?.toUpperCase() === 'TRUE') return 'a critical system object';
  if (name === undefined) return 'without sAMAccountName';
  if (first(a, 'objectSid') === undefined) return 'without objectSid';
  if ((userAccountControl(a) & UserAccountControl.normalAccount) === 0)
    return 'not a normal account (userAccountControl)';
  if (/^(aad_|msol_)/.test(lower)) return 'a synchronization account (AAD_ or MSOL_)';
  if (lower === 'support_388945a0') return 'a support account';
  if (/^(systemmailbox\{|cas_.*\{)/.test(lower)) return 'a system mailbox';
  if (first(a, 'adminDescription')?.startsWith('User_')) return "adminDescription starts with 'User_'";
  if (lower === context.ownAccount.toLowerCase()) return "Connect's own account";
  return undefined;
}

export const isInetOrgPerson = ({ objectClasses }: Pick<SpaceObject, 'objectClasses'>): boolean =>
  objectClasses.some(name => name.toLowerCase() === 'inetorgperson');

export function userAccountControl(attributes: StoredAttributes): number {
  return Number(first(attributes, 'userAccountControl') ?? 0);
}

/** Active Directory accepts any text as userPrincipalName. Without a name or a domain, it is no name to sign in with. */
function signInName(userPrincipalName: string | undefined): string | undefined {
  const at = userPrincipalName?.indexOf('@') ?? -1;
  return at > 0 && !userPrincipalName!.endsWith('@') ? userPrincipalName : undefined;
}

/** The expiry of an account whose time cannot be read: the earliest FILETIME. */
const LONG_OVER = filetimeToIso(0n)!;

/**
 * `accountExpires` ([MS-ADA1] 2.3) as ISO 8601 text. 0, the largest value and years above 9999 mean never. Any other value that is no
 * future time means expired: an account that Active Directory refuses must not stay usable because of how its expiry is written.
 */
function expiry(values: StoredAttributes[string] | undefined): string | null {
  const value = typeof values === 'string' ? values : values?.[0];
  if (value === undefined) return null;
  if (!/^-?\d{1,19}$/.test(value)) return LONG_OVER;
  const filetime = BigInt(value);
  if (filetime === 0n) return null;
  return filetime < 0n || filetime > FILETIME_NEVER ? LONG_OVER : filetimeToIso(filetime);
}
