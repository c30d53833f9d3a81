/** What decisions need to know about the managed domain itself. */
export interface ManagedDomain {
  /** Kerberos realm, upper case. */
  realm: string;
  /** `S-1-5-21-…`, without a RID. */
  sid: string;
  /** Of its domain controller. */
  hostName?: string;
}

/** The part of it that naming needs. */
export type Realm = Pick<ManagedDomain, 'realm' | 'hostName'>;
