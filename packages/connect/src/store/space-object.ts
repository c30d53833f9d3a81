import { AccountNames } from '../configuration.ts';
import type { PasswordScope } from '../scope/rules.ts';

/** Attributes as the import hands them on: all text. */
export type StoredAttributes = Record<string, string | string[]>;

/** What an object is to the tenant. No GUID is both: the class of an object does not change. */
export type ObjectKind = 'user' | 'group';

/** One on-premises object as Connect knows it. */
export interface SpaceObject {
  guid: string;
  anchor: string;
  dn: string;
  objectClasses: string[];
  attributes: StoredAttributes;
  deleted: boolean;
  /** Why it is not synchronized; undefined when it is. */
  scopeReason: string | undefined;
  /** Digest of what the tenant should have; undefined when it should have nothing. */
  desiredDigest: string | undefined;
  /** Digest of what the tenant acknowledged; undefined when it has nothing. */
  exportedDigest: string | undefined;
  exportedSequence: number | undefined;
  exportedAt: string | undefined;
  /** Which container decided, as `placeText` makes it; undefined where none did. */
  place: string | undefined;
  leaving: Leaving;
  /** Of a person: whether in any group of the scope, by the last look; undefined where nobody looked. */
  isMember: boolean | undefined;
  /** What becomes of a person's passwords at present; those of whoever waits to leave their scope still are what they were. */
  passwords: PasswordScope;
  withdrawing: Withdrawing;
  /** Of a person: which attribute names the account in the managed domain. */
  namedBy: AccountNames;
  /** Of a person: the name by the attribute that the rules say, while it waits for an administrator; undefined where none does. */
  newName: string | undefined;
}

/**
 * Whoever would leave because the rules changed `waits` for an administrator, and stays synchronized meanwhile; or `goes` with that
 * approval.
 */
export type Leaving = 'no' | 'waits' | 'goes';
const LEAVING: readonly Leaving[] = ['no', 'waits', 'goes'];

/** As the database has it. */
export const leavingNumber = (leaving: Leaving): number => LEAVING.indexOf(leaving);

/** By whose word somebody's password is to be withdrawn, and is not yet: what the directory says counts as a deletion, what the rules say waits. */
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

/** What is written of an object when it was decided. */
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
