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

/** The same with what follows from it: its anchor, whether it is synchronized, what the tenant should have. */
export type DecidedObject = DecidedSpaceObject;

/** What a merge looks at of an imported object. */
export type ImportedChange = Pick<
  ImportedObject,
  'objectGuid' | 'distinguishedName' | 'isDeleted' | 'isRestored' | 'objectClass' | 'attributes'
>;

/**
 * Whether a delta says too little of an object to decide about it: it has to be read whole. An object that was made since the cookie
 * comes with all that it has, its class and SID among that. Of one that was restored only what changed comes, and what was known of it
 * before its deletion is not what it has now.
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
 * @param full the change is all that there is of the object: what it does not name has no value
 */
export function mergeImported(
  known: DirectoryObject | undefined,
  change: Omit<ImportedChange, 'isRestored'>,
  full: boolean,
): DirectoryObject {
  // A deleted object keeps the names it was known by: the record of its deletion carries them.
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

/** What an object is decided by, besides itself. */
export interface Deciding {
  readonly scope: ScopeContext;
  readonly rules: Rules;
  /** By the containers, where they decide anything; with the reason why they leave the object out. */
  readonly placed?: { readonly place: Place; readonly reason: string | undefined } | undefined;
  /** What was decided of it last. */
  readonly known?:
    | Pick<SpaceObject, 'desiredDigest' | 'exportedDigest' | 'leaving' | 'passwords' | 'withdrawing'>
    | undefined;
  /** By which attribute the tenant has a person's name, from whichever domain; undefined: it has none. */
  readonly namedBy?: AccountNames | undefined;
  /** The rules changed, and not the directory. */
  readonly byRules?: boolean;
  /** Of a person: whether in any group of the scope. */
  readonly isMember?: boolean | undefined;
}

/** What the rules say of an object. */
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
 * What becomes of somebody's passwords. Of whom the tenant has, what was sent is withdrawn when that was decided (`holdWithdrawals`), and
 * until then everything stays as it is: by the directory's word, or by the rules' alone.
 */
function passwordsOf(
  object: DirectoryObject,
  isSynchronized: boolean,
  { rules, known, byRules = false }: Deciding,
): { passwords: PasswordScope; withdrawing: Withdrawing } {
  const passwords = passwordScopeOf(rules, object);
  if (known?.exportedDigest === undefined) return { passwords, withdrawing: 'no' };
  if (!isSynchronized) return { passwords: known.passwords, withdrawing: 'no' }; // goes altogether, or comes back as he was
  if (passwords !== 'withdrawn' || known.passwords === passwords) return { passwords, withdrawing: 'no' };
  const by = byRules ? 'rules' : 'directory';
  return { passwords: known.passwords, withdrawing: known.withdrawing === 'no' ? by : known.withdrawing };
}

/**
 * By which attribute somebody is called. Whoever the tenant has, and would be called otherwise only because the rules changed, keeps the name
 * and waits for an administrator.
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
 * Whoever would leave only because the rules changed stays as the directory says, and waits for an administrator.
 *
 * INVARIANT: state before names. Who is deleted in the directory does not stay.
 */
function leavingOf({ deleted }: DirectoryObject, { known, byRules = false }: Deciding): Leaving {
  if (deleted || known?.exportedDigest === undefined) return 'no';
  if (known.leaving !== 'no') return known.leaving;
  return byRules && known.desiredDigest !== undefined ? 'waits' : 'no';
}
