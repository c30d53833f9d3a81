import type { ImportedObject } from '@causeway/active-directory';
import type { AccountNames } from '../configuration.ts';
import type { ScopeContext } from '../context.ts';
import { type Place, placeText } from '../scope/decide-place.ts';
import { type PasswordScope, passwordScopeOf, type Rules, whyLeftOut, whyNoMember } from '../scope/rules.ts';
import type {
  DecidedSpaceObject,
  Leaving,
  ObjectKind,
  SpaceObject,
  StoredAttributes,
  Withdrawing,
} from '../store/space-object.ts';
import { digestOf } from './attributes.ts';
import { accountDigest, accountOf, decideAccount } from './decide-account.ts';
import { decideGroup, groupOf } from './groups/decide-group.ts';
import { accountName } from './names/account-name.ts';
import { sourceAnchorOf } from './source-anchor.ts';

/** What a directory says of an object. */
export type DirectoryObject = Pick<SpaceObject, 'guid' | 'dn' | 'objectClasses' | 'attributes' | 'deleted'>;

/** The same, and what follows from it: the anchor, whether it is synchronized, and what the tenant should have. */
export type DecidedObject = DecidedSpaceObject;

/** The parts of an imported object that a merge looks at. */
export type ImportedChange = Pick<
  ImportedObject,
  'objectGuid' | 'distinguishedName' | 'isDeleted' | 'isRestored' | 'objectClass' | 'attributes'
>;

/**
 * Whether a delta says too little to decide about an object, so that it has to be read whole. An object created since the cookie comes with
 * all its attributes, including its class and SID. A restored object comes with only its changes, and its attributes from before the
 * deletion may be outdated.
 */
export function saysTooLittle(
  known: Pick<DirectoryObject, 'deleted'> | undefined,
  change: Omit<ImportedChange, 'objectGuid' | 'distinguishedName'>,
): boolean {
  if (change.isDeleted) return false;
  if (change.isRestored || known?.deleted) return true;
  const isNew = change.objectClass.length > 0 && typeof change.attributes.objectSid === 'string';
  return known === undefined && !isNew;
}

/**
 * Merges an imported change into what is known of an object.
 *
 * @param full the change is complete: an attribute that it does not name has no value
 */
export function mergeImported(
  known: DirectoryObject | undefined,
  change: Omit<ImportedChange, 'isRestored'>,
  full: boolean,
): DirectoryObject {
  // A deleted object keeps the names it was known by, because the record of its deletion carries them.
  const attributes: StoredAttributes = full && !change.isDeleted ? {} : { ...known?.attributes };
  if (!change.isDeleted) {
    for (const [name, value] of Object.entries(change.attributes)) {
      if (value === null) delete attributes[name];
      else attributes[name] = value;
    }
  }
  return {
    guid: change.objectGuid,
    dn: change.distinguishedName,
    objectClasses: change.objectClass.length > 0 ? change.objectClass : (known?.objectClasses ?? []),
    attributes,
    deleted: change.isDeleted,
  };
}

/** What else decides about an object, besides its own attributes. */
export interface Deciding {
  readonly scope: ScopeContext;
  readonly rules: Rules;
  /** What the containers decide, if any of them does, and the reason if they leave the object out. */
  readonly placed?: { readonly place: Place; readonly reason: string | undefined } | undefined;
  /** What was decided about it last. */
  readonly known?:
    | Pick<SpaceObject, 'desiredDigest' | 'exportedDigest' | 'leaving' | 'passwords' | 'withdrawing'>
    | undefined;
  /** The attribute that gives the user's name in the tenant, whichever domain it came from; undefined if the tenant has no name. */
  readonly namedBy?: AccountNames | undefined;
  /** The rules changed, not the directory. */
  readonly byRules?: boolean;
  /** Whether a user is in any group of the scope. */
  readonly isMember?: boolean | undefined;
}

/** What the rules decide about an object. */
export function decideObject(kind: ObjectKind, object: DirectoryObject, by: Deciding): DecidedObject {
  const { scope, rules, placed, known, isMember } = by;
  const naming = kind === 'group' ? undefined : namingOf(object, by);
  const { guid, attributes } = object;
  const digest = (): string =>
    kind === 'group'
      ? digestOf(groupOf(attributes), guid)
      : accountDigest(accountOf({ ...object, ...naming }, scope, rules.profile), guid, rules.profile);
  const decision =
    kind === 'group'
      ? decideGroup(object, known?.exportedDigest !== undefined)
      : decideAccount(object, scope);
  const scopeReason = decision.inScope
    ? (placed?.reason ??
      whyLeftOut(kind, object, rules) ??
      (kind === 'user' ? whyNoMember(rules, isMember) : undefined))
    : decision.reason;
  const leaving = scopeReason === undefined ? 'no' : leavingOf(object, by);
  const isSynchronized = scopeReason === undefined || leaving === 'waits';
  return {
    ...object,
    ...{
      anchor: sourceAnchorOf(object.guid),
      place: placed && placeText(placed.place),
      scopeReason,
      leaving,
      isMember,
      ...naming,
    },
    desiredDigest: isSynchronized ? digest() : undefined,
    ...(kind === 'user' && passwordsOf(object, isSynchronized, by)),
  };
}

/**
 * Decides about a user's passwords. If the tenant has the user, the password stays as it is until `holdWithdrawals` decides to withdraw it,
 * whether the directory or only the rules ask for that.
 */
function passwordsOf(
  object: DirectoryObject,
  isSynchronized: boolean,
  { rules, known, byRules = false }: Deciding,
): { passwords: PasswordScope; withdrawing: Withdrawing } {
  const passwords = passwordScopeOf(rules, object);
  if (known?.exportedDigest === undefined) return { passwords, withdrawing: 'no' };
  if (!isSynchronized) return { passwords: known.passwords, withdrawing: 'no' }; // deleted altogether, or returns unchanged
  if (passwords !== 'withdrawn' || known.passwords === passwords) return { passwords, withdrawing: 'no' };
  const by = byRules ? 'rules' : 'directory';
  return { passwords: known.passwords, withdrawing: known.withdrawing === 'no' ? by : known.withdrawing };
}

/**
 * The attribute that names a user. If the tenant has the user and only a change of the rules would rename them, they keep the name and wait
 * for an administrator.
 */
function namingOf(
  { attributes }: DirectoryObject,
  { rules, namedBy = rules.accountNames }: Deciding,
): Pick<SpaceObject, 'namedBy' | 'newName'> {
  const name = accountName(attributes, rules.accountNames);
  const waits = accountName(attributes, namedBy) !== name;
  return waits ? { namedBy, newName: name } : { namedBy: rules.accountNames, newName: undefined };
}

/**
 * An object that would leave only because the rules changed stays as the directory has it and waits for an administrator.
 *
 * INVARIANT: state before names. An object deleted in the directory does not stay.
 */
function leavingOf({ deleted }: DirectoryObject, { known, byRules = false }: Deciding): Leaving {
  if (deleted || known?.exportedDigest === undefined) return 'no';
  if (known.leaving !== 'no') return known.leaving;
  return byRules && known.desiredDigest !== undefined ? 'waits' : 'no';
}
