import { AccountNames } from '../configuration.ts';
import type { PasswordScope } from '../scope/rules.ts';

/** Attributes as the import delivers them, all as text. */
export type StoredAttributes = Record<string, string | string[]>;

/** What an object is to the tenant. No GUID is both, because the class of an object does not change. */
export type ObjectKind = 'user' | 'group';

/** One on-premises object as Connect knows it. */
export interface SpaceObject {
  guid: string;
  anchor: string;
  dn: string;
  objectClasses: string[];
  attributes: StoredAttributes;
  deleted: boolean;
  /** Why it is not synchronized; undefined if it is. */
  scopeReason: string | undefined;
  /** Digest of what the tenant should have; undefined if it should have nothing. */
  desiredDigest: string | undefined;
  /** Digest of what the tenant acknowledged; undefined if it has nothing. */
  exportedDigest: string | undefined;
  exportedSequence: number | undefined;
  exportedAt: string | undefined;
  /** The container that decided, as `placeText` writes it; undefined if none did. */
  place: string | undefined;
  leaving: Leaving;
  /** For a user: whether in any group of the scope at the last look; undefined if never looked up. */
  isMember: boolean | undefined;
  /** What happens to a user's passwords now. While leaving the password scope waits, this stays unchanged. */
  passwords: PasswordScope;
  withdrawing: Withdrawing;
  /** For a user: which attribute names the account in the managed domain. */
  namedBy: AccountNames;
  /** For a user: the new name by the present rules, while it waits for an administrator; otherwise undefined. */
  newName: string | undefined;
}

/**
 * An object that would leave because the rules changed `waits` for an administrator and stays synchronized meanwhile. After the approval it
 * `goes`.
 */
export type Leaving = 'no' | 'waits' | 'goes';
const LEAVING: readonly Leaving[] = ['no', 'waits', 'goes'];

/** As the database has it. */
export const leavingNumber = (leaving: Leaving): number => LEAVING.indexOf(leaving);

/** What asks to withdraw a user's password while that is pending. The directory's withdrawals count as deletions; the rules' wait. */
export type Withdrawing = 'no' | 'directory' | 'rules';
const WITHDRAWING: readonly Withdrawing[] = ['no', 'directory', 'rules'];
const PASSWORDS: readonly PasswordScope[] = ['sent', 'kept', 'withdrawn'];

/** As the database has them. */
export const passwordsNumber = (passwords: PasswordScope): number => PASSWORDS.indexOf(passwords);
export const withdrawingNumber = (withdrawing: Withdrawing): number => WITHDRAWING.indexOf(withdrawing);
export const passwordsOfNumber = (number: unknown): PasswordScope => PASSWORDS[number as number]!;
/** As the database has it. */
export const namedByNumber = (namedBy: AccountNames): number => AccountNames.options.indexOf(namedBy);

export const namedByOf = (number: number): AccountNames => AccountNames.options[number]!;

/** What is written about an object when it was decided. */
export type DecidedSpaceObject = Omit<
  SpaceObject,
  'exportedDigest' | 'exportedSequence' | 'exportedAt' | Followed
> &
  Partial<Pick<SpaceObject, Followed>>;
type Followed = 'place' | 'leaving' | 'isMember' | 'passwords' | 'withdrawing' | 'namedBy' | 'newName';

export function toObject(row: Record<string, unknown> | undefined): SpaceObject | undefined {
  if (row === undefined) return undefined;
  return {
    guid: row.guid as string,
    anchor: row.anchor as string,
    dn: row.dn as string,
    objectClasses: JSON.parse(row.object_classes as string),
    attributes: JSON.parse(row.attributes as string),
    deleted: row.deleted === 1,
    scopeReason: (row.scope_reason as string | null) ?? undefined,
    desiredDigest: (row.desired_digest as string | null) ?? undefined,
    exportedDigest: (row.exported_digest as string | null) ?? undefined,
    exportedSequence: (row.exported_sequence as number | null) ?? undefined,
    exportedAt: (row.exported_at as string | null) ?? undefined,
    place: (row.place as string | null) ?? undefined,
    leaving: LEAVING[row.leaving as number]!,
    isMember: row.is_member === null ? undefined : row.is_member === 1,
    passwords: passwordsOfNumber(row.passwords),
    withdrawing: WITHDRAWING[row.withdrawing as number]!,
    namedBy: namedByOf(row.named_by as number),
    newName: (row.new_name as string | null) ?? undefined,
  };
}
