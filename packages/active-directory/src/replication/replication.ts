import type { KerberosKeys, PasswordOrder } from '@causeway/credentials';
import type { CrackedName, DomainControllerInfo, NameFormat } from '@causeway/protocols';
import type { Filetime, Guid, Sid } from '@causeway/wire';
import type { DirectoryIdentity } from '../directory-identity.ts';
import type { AttributeSet } from './attributes.ts';

/** The account that reads: a DNS or NetBIOS domain and a sAMAccountName, or an empty domain and a UPN. */
export interface ReplicationAccount {
  domain: string;
  username: string;
  password: string;
}

export interface ReplicationOptions {
  host: string;
  account: ReplicationAccount;
  /** The replication service's TCP port. By default the endpoint mapper is asked. */
  port?: number;
  /** Longest silence while waiting for an answer; 60 s by default. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** The expected directory. Every reply is compared with it before anything of it is used. Without it, any directory will do. */
  directory?: ReplicatedDirectory;
}

/** What identifies a domain uniquely. */
export type ReplicatedDirectory = Pick<DirectoryIdentity, 'domainSid' | 'domainGuid'>;

/** How far a cycle got, as plain JSON. Only a cycle's last page has one: a mark from the middle means nothing on another connection. */
export interface ReplicationCookie {
  /** The database that the marks belong to. */
  invocationId: Guid;
  /** Decimal numbers. */
  highWaterMark: { highObjUpdate: string; reserved: string; highPropUpdate: string };
  upToDateVector: { invocationId: Guid; usn: string }[];
  /** Digest of the requested attributes. */
  attributeSet: string;
}

/** A user, or another object with an account, as one reply shows it. Undefined members were not in the reply. */
export interface ReplicatedUser {
  objectGuid: Guid;
  distinguishedName: string;
  objectSid?: Sid;
  isDeleted: boolean;
  sAMAccountName?: string;
  userPrincipalName?: string;
  userAccountControl?: number;
  pwdLastSet?: Filetime;
  /** 16 bytes. 'absent': not in this reply; 'cleared': the account has none. */
  ntHash: Uint8Array | 'absent' | 'cleared';
  /** In the form that a managed domain accepts. 'none': supplementalCredentials exists but holds no such keys. */
  kerberosKeys: KerberosKeys | 'absent' | 'cleared' | 'none';
  /** Why there are no keys although the account has some. The hash is good all the same. */
  keysProblem?: string;
  /** Replication metadata of unicodePwd. */
  passwordOrder?: PasswordOrder;
  /** Why this user could not be decoded or decrypted. Both secrets are 'absent' then. */
  problem?: string;
}

/** Why a cycle is a full one although the caller gave a cookie. */
export type FullCycleReason = 'invocation-id' | 'usn-rollback' | 'attribute-set';

export interface ReplicationPage {
  /** Objects that describe an account. Leaves out those with a name only, which groups have too. */
  users: ReplicatedUser[];
  /** All objects that the DC sent. */
  serverObjects: number;
  bytes: number;
  more: boolean;
  /** On the last page only. */
  cookie?: ReplicationCookie;
  /** The database that this page came from. */
  invocationId: Guid;
  /** Everything comes, not just changes. */
  fullCycle: boolean;
  /** Set if the given cookie could not be used. */
  fullCycleReason?: FullCycleReason;
  /** Overwrites the page's hashes and keys. Whoever took the page calls it. */
  wipe(): void;
}

/** What one cycle asks for. */
export interface CycleOptions {
  namingContext: string;
  cookie?: ReplicationCookie | undefined;
  /** Objects per page; 1,000 by default, which is also Samba's cap. */
  pageSize?: number;
  /** `all` by default. */
  attributeSet?: AttributeSet;
}

/** One authenticated connection to one DC's replication service. */
export interface ReplicationConnection extends AsyncDisposable {
  /**
   * One cycle: all pages since the cookie, or from the start. While the caller works on a page, the next one is already requested, and
   * never more than that one. The caller must wipe each page.
   * @throws ReplicationError
   */
  replicateChanges(options: CycleOptions): AsyncGenerator<ReplicationPage, void, undefined>;
  /**
   * One whole object as it is now. Do not call it in the middle of a cycle: older Samba DCs restart the cycle then, so open a second
   * connection. Wipe the user with `wipeUser`.
   * @returns undefined if there is no such object
   */
  replicateObject(
    object: { objectGuid: Guid } | { distinguishedName: string },
  ): Promise<ReplicatedUser | undefined>;
  /** Translates names, at most 10,000 per call, in their order. */
  crackNames(request: {
    offered: NameFormat;
    desired: NameFormat;
    names: readonly string[];
  }): Promise<CrackedName[]>;
  /** @param domain DNS or NetBIOS name */
  domainControllerInfo(domain: string): Promise<DomainControllerInfo[]>;
  /** The account's own naming context. */
  accountNamingContext(): Promise<string>;
  close(): Promise<void>;
}
