/** A user of a scripted forest, as its domain controller has the object now. */
export interface ForestPerson {
  readonly guid: string;
  readonly anchor: string;
  readonly sid: string;
  name: string;
  principal: string;
  /** The container they are in. */
  container: string;
  enabled: boolean;
  /** ISO 8601; null: never. */
  expires: string | null;
  adminDescription: string | undefined;
  /** Signs in by smart card only. */
  smartCard: boolean;
  /** Profile attributes; undefined: the value was removed. */
  described: Readonly<Record<string, string | undefined>>;
  /** The RID of the primary group. */
  primaryGroup: number;
  deleted: boolean;
  /** False: not even a tombstone is left. */
  isThere: boolean;
  /** All passwords that they ever had, the newest last. */
  readonly passwords: string[];
  /** The password is a temporary one. */
  mustChange: boolean;
  /** How often the password was set, and when last, in seconds since 1601. */
  version: number;
  setAt: number;
  /** The database that it was set in. */
  setBy: string;
  objectUsn: number;
  /** When they were restored. Only a delta from before that reports that `isDeleted` no longer has a value. */
  restoredUsn: number;
  passwordUsn: number;
}

/** What an administrator changes about a user, except the password. */
export type PersonChange = Partial<
  Pick<
    ForestPerson,
    | 'name'
    | 'principal'
    | 'container'
    | 'enabled'
    | 'expires'
    | 'adminDescription'
    | 'smartCard'
    | 'described'
  >
>;
