/** What decisions must know of the managed domain itself. */
export interface ManagedDomain {
  /** Kerberos realm, upper case. */
  realm: string;
  /** `S-1-5-21-…`, without a RID. */
  sid: string;
  /** Of its domain controller. */
  hostName?: string;
}

/** All that names must know of it. */
export type Realm = Pick<ManagedDomain, 'realm' | 'hostName'>;
