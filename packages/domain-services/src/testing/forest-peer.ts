import { createHash, createPrivateKey, randomBytes, randomUUID, sign } from 'node:crypto';
import type { FeedItem } from '@causeway/contract';
import {
  EncryptionType,
  inEpoch,
  type KerberosKeys,
  ntHash,
  type PasswordOrder,
  stringToKey,
} from '@causeway/credentials';
import {
  type AccountFields,
  bucketOf,
  CLOUD_FOREST,
  type CredentialFields,
  CredentialSealer,
  divideMembers,
  type Entry,
  exportSigningKey,
  type GroupFields,
  generateSigningKey,
  type HeadFields,
  joinEncapsulation,
  type MembersFields,
  type PublicKeyInfo,
  type SigningKey,
  signAccountRecord,
  signGroupRecord,
  signHead,
  signingPublicKey,
  signMembers,
  signWithdrawal,
  summarizeBucket,
  summarizeForest,
  type WithdrawalFields,
} from '@causeway/records';

/** A user of a scripted forest. */
export interface Person {
  anchor: string;
  objectGuid: string;
  name: string;
  sid: string | null;
}

/** A group of a scripted forest. */
export interface Group {
  anchor: string;
  objectGuid: string;
  name: string;
  sid: string;
}

/** The Kerberos keys that a domain controller of the realm derives from a password. */
export function kerberosKeys(realm: string, name: string, password: string): KerberosKeys {
  const salt = `${realm}${name}`;
  const key = (enctype: number) => ({ enctype, key: stringToKey(enctype, password, salt) });
  return { salt, iterations: 4096, keys: [key(EncryptionType.aes256), key(EncryptionType.aes128)] };
}

/**
 * A forest and its Connect, which signs real records with whatever contents a test wants. With `CLOUD_FOREST` it is a tenant with its
 * cloud-only users.
 */
export class ForestPeer {
  readonly signingKey: SigningKey = generateSigningKey();
  readonly invocationId = randomUUID();
  /** Grows when an administrator accepts that the forest was restored. */
  epoch = 0;
  readonly tenant: string;
  readonly forest: string;
  /** The SID of the forest's only domain, without a RID. */
  readonly domainSid: string;
  #sequence = Date.now() * 1000;
  #rid = 1200;

  constructor(tenant: string, forest = 'corp.example.com') {
    this.tenant = tenant;
    this.forest = forest;
    const number = createHash('sha256').update(forest).digest().readUInt32BE();
    this.domainSid = `S-1-5-21-1-22-${number}`;
  }

  get publicKey(): PublicKeyInfo {
    return signingPublicKey(this.signingKey);
  }

  get #cloud(): boolean {
    return this.forest === CLOUD_FOREST;
  }

  person(name: string): Person {
    const id = randomUUID();
    if (this.#cloud) return { anchor: id, objectGuid: id, name, sid: null };
    const anchor = randomBytes(16).toString('base64');
    return { anchor, objectGuid: id, name, sid: `${this.domainSid}-${++this.#rid}` };
  }

  /** For a group of the tenant's own, the record has no SID. */
  group(name: string): Group {
    const id = randomUUID();
    const anchor = this.#cloud ? id : randomBytes(16).toString('base64');
    return { anchor, objectGuid: id, name, sid: `${this.domainSid}-${++this.#rid}` };
  }

  groupRecord(group: Group, changes: Partial<GroupFields> = {}): string {
    return signGroupRecord(this.signingKey, {
      ...this.#common(group),
      ...{ sAMAccountName: group.name, displayName: `Group ${group.name}`, mail: null },
      ...{
        objectSid: this.#cloud ? null : group.sid,
        securityEnabled: true,
        scope: 'global',
        deleted: false,
      },
      ...changes,
    });
  }

  /** The slices of a member list of anchors or SIDs, as this forest's Connect divides it. */
  slices(group: Group, references: readonly string[], changes: Partial<MembersFields> = {}): string[] {
    return Array.from(divideMembers('', references), ([prefix, members]) =>
      this.slice(group, members, { prefix, ...changes }),
    );
  }

  slice(group: Group, references: readonly string[], changes: Partial<MembersFields> = {}): string {
    const members = references.toSorted();
    return signMembers(this.signingKey, { ...this.#common(group), prefix: '', members, ...changes });
  }

  /** An item of the feed of groups, as an honest tenant shows it. */
  groupItem({ anchor }: Group, record: string) {
    return { forest: this.forest, sourceAnchor: anchor, record };
  }

  account(person: Person, changes: Partial<AccountFields> = {}): string {
    return signAccountRecord(this.signingKey, {
      ...this.#common(person),
      userPrincipalName: `${person.name}@${this.#cloud ? 'contoso.example' : this.forest}`,
      sAMAccountName: person.name,
      objectSid: person.sid,
      enabled: true,
      accountExpires: null,
      deleted: false,
      ...changes,
    });
  }

  /** A record with a password; `version` counts the user's passwords. */
  async credential(
    person: Person,
    password: string,
    version: number,
    recipient: PublicKeyInfo,
    changes: Partial<CredentialFields> & { kerberos?: boolean } = {},
  ): Promise<string> {
    const sealer = await CredentialSealer.open(recipient);
    const [record] = await this.credentials(sealer, [{ person, password, version, changes }]);
    return record!;
  }

  /** A record that withdraws a password; `version` as for `credential`. */
  withdrawal(person: Person, version: number, changes: Partial<WithdrawalFields> = {}): string {
    return signWithdrawal(this.signingKey, {
      ...this.#common(person),
      passwordOrder: this.#order(version),
      reason: 'must-change',
      ...changes,
    });
  }

  /** The records of one batch. */
  async credentials(
    sealer: CredentialSealer,
    batch: {
      person: Person;
      password: string;
      version: number;
      changes?: Partial<CredentialFields> & { kerberos?: boolean };
    }[],
  ): Promise<string[]> {
    const records: string[] = [];
    for (const { person, password, version, changes = {} } of batch) {
      const { kerberos = true, ...fields } = changes;
      const realm = this.forest.toUpperCase();
      const signed = await sealer.seal(
        this.signingKey,
        {
          ...this.#common(person),
          passwordOrder: this.#order(version),
          mustChange: false,
          ...fields,
        },
        {
          ntHash: ntHash(password),
          ...(kerberos && { kerberosKeys: kerberosKeys(realm, person.name, password) }),
        },
      );
      records.push(joinEncapsulation({ signed, encapsulation: sealer.encapsulation }));
    }
    return records;
  }

  /** A head in which this forest's Connect says what the tenant has; `changes` replace fields. */
  head(entries: readonly Entry[], changes: Partial<HeadFields> = {}): string {
    const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.anchor), Buffer.from(b.anchor)));
    const buckets = Map.groupBy(sorted, ({ anchor }) => bucketOf(anchor));
    return signHead(this.signingKey, {
      ...{
        tenant: this.tenant,
        forest: this.forest,
        sequence: ++this.#sequence,
        time: new Date().toISOString(),
      },
      ...summarizeForest(n => summarizeBucket(buckets.get(n) ?? [])),
      ...changes,
    });
  }

  /** The same record in a version that no release has yet, as a newer Connect would sign it. */
  ofNewerVersion(signed: string): string {
    const [header, payload] = signed.split('.') as [string, string];
    const said = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as object;
    const newer = Buffer.from(JSON.stringify({ ...said, version: 99 })).toString('base64url');
    const text = `${header}.${newer}`;
    const signature = sign(null, Buffer.from(text), createPrivateKey(exportSigningKey(this.signingKey)));
    return `${text}.${signature.toString('base64url')}`;
  }

  /** A user in the feed, as an honest tenant shows it. */
  item(person: Person, accountRecord: string | null, credentialRecord: string | null) {
    const origin: FeedItem['origin'] = this.#cloud ? 'cloud' : 'synchronized';
    const forest = this.#cloud ? null : this.forest;
    return { origin, forest, sourceAnchor: person.anchor, accountRecord, credentialRecord };
  }

  #order(version: number): PasswordOrder {
    const originatingTime = 13_400_000_000 + version;
    return inEpoch({ version, originatingTime, originatingInvocationId: this.invocationId }, this.epoch);
  }

  #common({ anchor, objectGuid }: Pick<Person, 'anchor' | 'objectGuid'>) {
    const sequence = ++this.#sequence;
    return { tenant: this.tenant, forest: this.forest, sourceAnchor: anchor, objectGuid, sequence };
  }
}
