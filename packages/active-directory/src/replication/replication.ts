import type { KerberosKeys, PasswordOrder } from '@causeway/credentials';
import type { CrackedName, DomainControllerInfo, NameFormat } from '@causeway/protocols';
import type { Filetime, Guid, Sid } from '@causeway/wire';
import type { DirectoryIdentity } from '../directory-identity.ts';
import type { AttributeSet } from './attributes.ts';

/** Who reads: a DNS or NetBIOS domain and a sAMAccountName, or an empty domain and a UPN. */
export interface ReplicationAccount {
  domain: string;
  username: string;
  password: string;
}

export interface ReplicationOptions {
  host: string;
  account: ReplicationAccount;
  /** The replication service's TCP port; the endpoint mapper is asked unless told. */
  port?: number;
  /** Longest silence while an answer is awaited; 60 s unless told. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** The directory that is meant. Every reply is compared with it before anything of it is used. Left out: whatever answers. */
  directory?: ReplicatedDirectory;
}

/** A domain by what no other one has. */
export type ReplicatedDirectory = Pick<DirectoryIdentity, 'domainSid' | 'domainGuid'>;

/**
 * How far a cycle got, as plain JSON. Only a cycle's last page has one: what comes in the middle is worth
 * nothing on another connection.
 */
export interface ReplicationCookie {
  /** The database that the marks belong to. */
  invocationId: Guid;
  /** Decimal numbers. */
  highWaterMark: { highObjUpdate: string; reserved: string; highPropUpdate: string };
  upToDateVector: { invocationId: Guid; usn: string }[];
  /** Digest of the attributes that were asked for. */
  attributeSet: string;
}

/** A user, or another object with an account, as one reply tells it. What is undefined was not in the reply. */
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
  /** As a managed domain takes them. 'none': supplementalCredentials is there but holds no such keys. */
  kerberosKeys: KerberosKeys | 'absent' | 'cleared' | 'none';
  /** Why there are none although the account has some. The hash is good all the same. */
  keysProblem?: string;
  /** Replication metadata of unicodePwd. */
  passwordOrder?: PasswordOrder;
  /** Why this one could not be decoded or decrypted: both secrets are 'absent' then. */
  problem?: string;
}

/** Why a cycle is a full one although a cookie was given. */
export type FullCycleReason = 'invocation-id' | 'usn-rollback' | 'attribute-set';

export interface ReplicationPage {
  /** Objects that say something of an account; a name alone, as groups have it too, is left out. */
  users: ReplicatedUser[];
  /** All objects that the DC sent. */
  serverObjects: number;
  bytes: number;
  more: boolean;
  /** The last page's alone. */
  cookie?: ReplicationCookie;
  /** The database that this page came from. */
  invocationId: Guid;
  /** Everything comes, not only what changed. */
  fullCycle: boolean;
  /** Set when a cookie was given and could not be used. */
  fullCycleReason?: FullCycleReason;
  /** Overwrites the page's hashes and keys; whoever took the page calls it. */
  wipe(): void;
}

/** What one cycle asks for. */
export interface CycleOptions {
  namingContext: string;
  cookie?: ReplicationCookie | undefined;
  /** Objects a page; 1,000 unless told, which is also Samba's cap. */
  pageSize?: number;
  /** `all` unless told. */
  attributeSet?: AttributeSet;
}

/** One authenticated connection to one DC's replication service. */
export interface ReplicationConnection extends AsyncDisposable {
  /**
   * One cycle: all pages since the cookie, or from the start. While a page is worked on, the next one is
   * already asked for; never more than that one waits. A page must be wiped by who takes it.
   * @throws ReplicationError
   */
  replicateChanges(options: CycleOptions): AsyncGenerator<ReplicationPage, void, undefined>;
  /**
   * One object as it is now, whole. Not in the middle of a cycle: older Samba DCs start the cycle anew then, so
   * open a second connection. Wipe the user with `wipeUser`.
   * @returns undefined when there is no such object
   */
  replicateObject(
    object: { objectGuid: Guid } | { distinguishedName: string },
  ): Promise<ReplicatedUser | undefined>;
  /** Translates names, at most 10,000 a call, in their order. */
  crackNames(request: {
    offered: NameFormat;
    desired: NameFormat;
    names: readonly string[];
  }): Promise<CrackedName[]>;
  /** @param domain DNS or NetBIOS name */
  domainControllerInfo(domain: string): Promise<DomainControllerInfo[]>;
  /** The naming context that the account itself is in. */
  accountNamingContext(): Promise<string>;
  close(): Promise<void>;
}
