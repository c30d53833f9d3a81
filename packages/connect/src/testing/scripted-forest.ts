import { randomUUID } from 'node:crypto';
import {
  type ReplicatedUser,
  type ReplicationConnection,
  type ReplicationCookie,
  type ReplicationPage,
  readDirectoryIdentity,
  readDirectoryRoots,
} from '@causeway/active-directory';
import { EncryptionType, ntHash, stringToKey } from '@causeway/credentials';
import { encodeGuid, encodeSid, type LdapConnection } from '@causeway/ldap';
import type { Clock } from '@causeway/service';
import { dateToFiletime, FILETIME_NEVER } from '@causeway/wire';
import { DirectoryGuard } from '../domain-controller/directory-guard.ts';
import type { DomainController } from '../domain-controller/domain-controller.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { UserAccountControl } from '../user-account-control.ts';
import { type Asked, ScriptedDirectory, type ScriptedObject } from './scripted-directory.ts';

/** Somebody of a scripted forest, as its domain controller has the object now. */
export interface ForestPerson {
  readonly guid: string;
  readonly anchor: string;
  readonly sid: string;
  name: string;
  principal: string;
  enabled: boolean;
  /** ISO 8601; null: never. */
  expires: string | null;
  deleted: boolean;
  /** False: not even a tombstone is left. */
  isThere: boolean;
  /** Every one that they ever had, the newest last. */
  readonly passwords: string[];
  /** The password is a temporary one. */
  mustChange: boolean;
  /** How often the password was set, and when last, in seconds since 1601. */
  version: number;
  setAt: number;
  /** The database that it was set in. */
  setBy: string;
  objectUsn: number;
  passwordUsn: number;
}

/** What a forest had at a moment. */
export interface ForestSnapshot {
  readonly people: readonly ForestPerson[];
  readonly usn: number;
}

const DOMAIN_SID = 'S-1-5-21-1-2-3';
const PAGE = 100;
/** Seconds from 1601 to 1970. */
const EPOCH = 11_644_473_600;

/**
 * A forest of one domain whose only domain controller is scripted: objects by DirSync on a real LDAP connection, passwords by pages
 * of replication. What it says of its people is the truth.
 */
export class ScriptedForest {
  readonly forest: string;
  readonly people: ForestPerson[] = [];
  readonly #clock: Clock;
  readonly #directory: ScriptedDirectory;
  #invocationId = randomUUID();
  readonly #domainGuid = randomUUID();
  #usn = 1000;
  #rid = 1100;

  static async listen(forest: string, clock: Clock): Promise<ScriptedForest> {
    return new ScriptedForest(forest, clock, await ScriptedDirectory.listen());
  }

  private constructor(forest: string, clock: Clock, directory: ScriptedDirectory) {
    this.forest = forest;
    this.#clock = clock;
    this.#directory = directory;
    const base = this.namingContext;
    Object.assign(directory.self, {
      defaultNamingContext: [base],
      rootDomainNamingContext: [base],
      invocationId: [Buffer.from(encodeGuid(this.#invocationId))],
      objectSid: [Buffer.from(encodeSid(DOMAIN_SID))],
      objectGUID: [Buffer.from(encodeGuid(this.#domainGuid))],
    });
    const told = (some: ForestPerson[]) => some.map(person => this.#object(person));
    directory.answers.full = () => told(this.#found());
    directory.answers.delta = ({ cookie }: Asked) =>
      told(this.#found().filter(({ objectUsn }) => objectUsn > Number(cookie)));
    directory.answers.whole = ({ names }: Asked) => told(this.#found().filter(({ guid }) => names(guid)));
    this.#moved();
  }

  get namingContext(): string {
    return this.forest
      .split('.')
      .map(label => `DC=${label}`)
      .join(',');
  }

  hire(name: string, password: string): ForestPerson {
    const guid = randomUUID();
    const person: ForestPerson = {
      ...{ guid, anchor: sourceAnchorOf(guid), sid: `${DOMAIN_SID}-${++this.#rid}` },
      ...{ name, principal: `${name}@${this.forest}`, enabled: true, expires: null },
      ...{ deleted: false, isThere: true, passwords: [], mustChange: false },
      ...{ version: 0, setAt: 0, setBy: this.#invocationId, objectUsn: 0, passwordUsn: 0 },
    };
    this.people.push(person);
    this.change(person, {});
    this.setPassword(person, password);
    return person;
  }

  change(
    person: ForestPerson,
    what: Partial<Pick<ForestPerson, 'name' | 'principal' | 'enabled' | 'expires'>>,
  ): void {
    Object.assign(person, what, { objectUsn: ++this.#usn });
    this.#moved();
  }

  setPassword(person: ForestPerson, password: string, { mustChange = false } = {}): void {
    const setAt = Math.floor(this.#clock.now() / 1000) + EPOCH;
    const version = person.version + 1;
    person.passwords.push(password);
    Object.assign(person, {
      mustChange,
      version,
      setAt,
      setBy: this.#invocationId,
      passwordUsn: ++this.#usn,
    });
    this.#moved();
  }

  delete(person: ForestPerson): void {
    Object.assign(person, { deleted: true, objectUsn: ++this.#usn });
    this.#moved();
  }

  /** Its tombstone's lifetime is over: nobody hears of that. */
  forget(person: ForestPerson): void {
    person.isThere = false;
  }

  snapshot(): ForestSnapshot {
    return { people: structuredClone(this.people), usn: this.#usn };
  }

  /** The forest is restored from a backup: another database, and nobody knows what came after it. */
  takeBack({ people, usn }: ForestSnapshot): void {
    const then = new Map(people.map(person => [person.guid, person]));
    const known = this.people.filter(({ guid }) => then.has(guid));
    this.people.splice(0, this.people.length, ...known);
    for (const person of known) Object.assign(person, structuredClone(then.get(person.guid)));
    this.#usn = usn;
    this.#invocationId = randomUUID();
    this.#directory.self.invocationId = [Buffer.from(encodeGuid(this.#invocationId))];
    this.#moved();
  }

  /** The highest one. */
  get usn(): number {
    return this.#usn;
  }

  /** From the recycle bin, with all that it had. */
  restore(person: ForestPerson): void {
    Object.assign(person, { deleted: false, objectUsn: ++this.#usn });
    this.#moved();
  }

  /** What a connector has in the place of a domain controller's connections. */
  async controllerFor(
    controller: DomainController,
    store: ConstructorParameters<typeof DirectoryGuard>[1],
  ): Promise<Partial<DomainController>> {
    const connection = await this.#directory.connect();
    const guarded = async (): Promise<LdapConnection> => {
      const identity = await readDirectoryIdentity(connection, await readDirectoryRoots(connection));
      new DirectoryGuard(controller.connector, store).check(identity);
      this.#directory.self.currentTime = [
        `${new Date(this.#clock.now()).toISOString().replaceAll(/[-:T]|\..*$/g, '')}.0Z`,
      ];
      return connection;
    };
    const replication = async () => this.#replication();
    return {
      ldap: guarded,
      poll: async () => ({ connection, fresh: true }),
      namingContext: async () => {
        await guarded();
        return this.namingContext;
      },
      ...{ replication, single: replication, openReplication: replication },
      reach: async () => {},
      drop: async () => {},
      close: () => connection.close(),
    };
  }

  close(): Promise<void> {
    return this.#directory.close();
  }

  #found(): ForestPerson[] {
    return this.people.filter(({ isThere }) => isThere);
  }

  #moved(): void {
    this.#directory.position = String(this.#usn);
    this.#directory.self.highestCommittedUSN = [String(this.#usn)];
  }

  #object({ guid, name, principal, sid, deleted, enabled, expires }: ForestPerson): ScriptedObject {
    const objectClass = ['top', 'person', 'organizationalPerson', 'user'];
    if (deleted)
      return {
        ...{ guid, dn: `CN=${name}\\0ADEL:${guid},CN=Deleted Objects,${this.namingContext}`, objectSid: sid },
        attributes: { objectClass, isDeleted: 'TRUE', sAMAccountName: name },
      };
    const { normalAccount, accountDisable } = UserAccountControl;
    const attributes = {
      ...{ objectClass, isDeleted: undefined, sAMAccountName: name, userPrincipalName: principal },
      userAccountControl: String(enabled ? normalAccount : normalAccount | accountDisable),
      accountExpires: String(expires === null ? FILETIME_NEVER : dateToFiletime(new Date(expires))),
    };
    return { guid, dn: `CN=${name},OU=People,${this.namingContext}`, objectSid: sid, attributes };
  }

  /** A password is replicated whole, whatever of it changed. */
  #replicated(person: ForestPerson): ReplicatedUser {
    const { guid, name, sid, deleted, mustChange, version, setAt, setBy } = person;
    const password = person.passwords.at(-1)!;
    const salt = `${this.forest.toUpperCase()}${name}`;
    const { aes256, aes128 } = EncryptionType;
    const keys = [aes256, aes128].map(enctype => ({ enctype, key: keyOf(enctype, password, salt) }));
    return {
      ...{ objectGuid: guid, distinguishedName: name, objectSid: sid, isDeleted: deleted },
      ...{ sAMAccountName: name, pwdLastSet: mustChange ? 0n : BigInt(setAt) * 10_000_000n },
      ntHash: ntHash(password),
      kerberosKeys: { salt, iterations: 4096, keys },
      passwordOrder: { version, originatingTime: setAt, originatingInvocationId: setBy },
    };
  }

  #replication(): ReplicationConnection {
    const cookie = (): ReplicationCookie => ({
      invocationId: this.#invocationId,
      highWaterMark: { highObjUpdate: String(this.#usn), reserved: '0', highPropUpdate: String(this.#usn) },
      upToDateVector: [{ invocationId: this.#invocationId, usn: String(this.#usn) }],
      attributeSet: 'passwords',
    });
    const { people } = this;
    const invocationId = this.#invocationId;
    const replicated = (person: ForestPerson) => this.#replicated(person);
    const living = () => people.filter(({ isThere, deleted }) => isThere && !deleted);
    return {
      async *replicateChanges({ cookie: since }) {
        const from = since === undefined ? 0 : Number(since.highWaterMark.highObjUpdate);
        const changed = living().filter(({ passwordUsn }) => passwordUsn > from);
        const end = cookie();
        for (let at = 0; at === 0 || at < changed.length; at += PAGE) {
          const users = changed.slice(at, at + PAGE).map(replicated);
          const more = at + PAGE < changed.length;
          const page: ReplicationPage = {
            ...{ users, serverObjects: users.length, bytes: 0, more, invocationId },
            ...{ fullCycle: since === undefined, wipe: () => {} },
            ...(!more && { cookie: end }),
          };
          yield page;
        }
      },
      async replicateObject(object) {
        const found = living().find(({ guid }) => 'objectGuid' in object && guid === object.objectGuid);
        return found && replicated(found);
      },
      crackNames: unasked,
      domainControllerInfo: unasked,
      accountNamingContext: unasked,
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }
}

const unasked = () => Promise.reject(new Error('nothing of this is scripted'));

const made = new Map<string, Uint8Array>();
/** 4096 rounds once a password. A fresh copy each time: whoever takes one wipes it. */
function keyOf(enctype: number, password: string, salt: string): Uint8Array {
  const text = `${enctype} ${salt} ${password}`;
  const key = made.get(text) ?? stringToKey(enctype, password, salt);
  made.set(text, key);
  return key.slice();
}
