import { randomUUID } from 'node:crypto';
import {
  type ReplicationConnection,
  readDirectoryIdentity,
  readDirectoryRoots,
} from '@causeway/active-directory';
import { encodeGuid, encodeSid, type LdapConnection } from '@causeway/ldap';
import type { Clock } from '@causeway/service';
import { dateToFiletime, FILETIME_NEVER, ridOf } from '@causeway/wire';
import { DirectoryGuard } from '../domain-controller/directory-guard.ts';
import type { DomainController } from '../domain-controller/domain-controller.ts';
import { sourceAnchorOf } from '../objects/source-anchor.ts';
import { UserAccountControl } from '../user-account-control.ts';
import { type ForestGroup, ForestGroups } from './forest-groups.ts';
import type { ForestPerson, PersonChange } from './forest-person.ts';
import { type Asked, ScriptedDirectory, type ScriptedObject } from './scripted-directory.ts';
import { scriptedReplication } from './scripted-replication.ts';

/** The state of a forest at a moment. */
export interface ForestSnapshot {
  readonly people: readonly ForestPerson[];
  readonly groups: readonly ForestGroup[];
  readonly usn: number;
}

/** The domain SID of a forest that was not given another. */
const DOMAIN_SID = 'S-1-5-21-1-2-3';
export const DOMAIN_USERS = 513;
/** Seconds from 1601 to 1970. */
const EPOCH = 11_644_473_600;

/**
 * A forest of one domain, or one domain of a forest, with one scripted domain controller. It serves objects by DirSync on a real LDAP
 * connection, and passwords by pages of replication. Its users are what tests compare against.
 */
export class ScriptedForest {
  /** DNS name of the forest, and of this domain in it. */
  readonly forest: string;
  readonly domain: string;
  readonly people: ForestPerson[] = [];
  readonly groups: ForestGroups;
  readonly domainSid: string;
  readonly #clock: Clock;
  readonly #directory: ScriptedDirectory;
  #invocationId = randomUUID();
  readonly #domainGuid = randomUUID();
  #usn = 1000;
  #rid = 1100;

  static async listen(
    forest: string,
    clock: Clock,
    domainSid = DOMAIN_SID,
    domain = forest,
  ): Promise<ScriptedForest> {
    return new ScriptedForest({ forest, domain, domainSid }, clock, await ScriptedDirectory.listen());
  }

  private constructor(
    names: Pick<ScriptedForest, 'forest' | 'domain' | 'domainSid'>,
    clock: Clock,
    directory: ScriptedDirectory,
  ) {
    const { forest, domain, domainSid } = names;
    this.forest = forest;
    this.domain = domain;
    this.domainSid = domainSid;
    this.#clock = clock;
    this.#directory = directory;
    const base = this.namingContext;
    Object.assign(directory.self, {
      defaultNamingContext: [base],
      rootDomainNamingContext: [namingContextOf(forest)],
      invocationId: [Buffer.from(encodeGuid(this.#invocationId))],
      objectSid: [Buffer.from(encodeSid(domainSid))],
      objectGUID: [Buffer.from(encodeGuid(this.#domainGuid))],
    });
    const nextUsn = (): number => {
      this.#usn += 1;
      this.#moved();
      return this.#usn;
    };
    const living = (guid: string) => this.#found().find(one => one.guid === guid && !one.deleted);
    this.groups = new ForestGroups({
      ...{
        namingContext: base,
        domainSid,
        nextUsn,
        nextSid: () => `${domainSid}-${++this.#rid}`,
        person: living,
      },
    });
    const told = (some: ForestPerson[], usn?: number) => some.map(person => this.#object(person, usn));
    directory.answers.full = () => [...told(this.#found()), ...this.groups.everything()];
    directory.answers.delta = ({ cookie }: Asked) => {
      const people = this.#found().filter(({ objectUsn }) => objectUsn > Number(cookie));
      return [...this.groups.since(Number(cookie)), ...told(people, Number(cookie))];
    };
    directory.answers.whole = ({ names }: Asked) => [
      ...told(this.#found().filter(({ guid }) => names(guid))),
      ...this.groups.everything().filter(({ guid }) => names(guid)),
    ];
    directory.links = asked => this.groups.links(asked);
    this.#moved();
  }

  get namingContext(): string {
    return namingContextOf(this.domain);
  }

  hire(name: string, password: string): ForestPerson {
    const guid = randomUUID();
    const person: ForestPerson = {
      ...{ guid, anchor: sourceAnchorOf(guid), sid: `${this.domainSid}-${++this.#rid}` },
      ...{ name, principal: `${name}@${this.domain}`, container: 'OU=People' },
      ...{ enabled: true, expires: null, adminDescription: undefined, smartCard: false, described: {} },
      primaryGroup: DOMAIN_USERS,
      ...{ deleted: false, isThere: true, passwords: [], mustChange: false },
      ...{ version: 0, setAt: 0, setBy: this.#invocationId, objectUsn: 0, restoredUsn: 0, passwordUsn: 0 },
    };
    this.people.push(person);
    this.change(person, {});
    this.setPassword(person, password);
    return person;
  }

  change(person: ForestPerson, what: PersonChange): void {
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

  /**
   * Changes a user's primary group to one they are a member of. The domain controller removes them from its `member` and adds them to the
   * former group's, unless that is Domain Users.
   */
  setPrimaryGroup(person: ForestPerson, group: ForestGroup | undefined): void {
    const before = this.groups.all.find(({ sid }) => ridOf(sid) === person.primaryGroup);
    person.primaryGroup = group ? ridOf(group.sid) : DOMAIN_USERS;
    if (group) this.groups.remove(group, person);
    if (before && !before.deleted) this.groups.add(before, person);
    this.change(person, {});
  }

  /** Adds a user from another domain of the forest, with a new SID and version 1 of a password. */
  arrive(person: ForestPerson): ForestPerson {
    const before = this.people.findIndex(({ guid }) => guid === person.guid);
    if (before >= 0) this.people.splice(before, 1);
    const moved = {
      ...{ ...person, sid: `${this.domainSid}-${++this.#rid}`, primaryGroup: DOMAIN_USERS },
      ...{
        version: 1,
        setBy: this.#invocationId,
        passwordUsn: ++this.#usn,
        restoredUsn: before < 0 ? 0 : this.#usn + 1,
      },
    };
    this.people.push(moved);
    this.change(moved, {});
    return moved;
  }

  delete(person: ForestPerson): void {
    Object.assign(person, { deleted: true, objectUsn: ++this.#usn });
    this.#moved();
  }

  /** Ends its tombstone's lifetime. Nothing reports that. */
  forget(person: ForestPerson): void {
    person.isThere = false;
  }

  snapshot(): ForestSnapshot {
    return { people: structuredClone(this.people), groups: structuredClone(this.groups.all), usn: this.#usn };
  }

  /** Restores the forest from a backup: another database, without anything later. */
  takeBack({ people, groups, usn }: ForestSnapshot): void {
    const then = new Map(people.map(person => [person.guid, person]));
    const known = this.people.filter(({ guid }) => then.has(guid));
    this.people.splice(0, this.people.length, ...known);
    for (const person of known) Object.assign(person, structuredClone(then.get(person.guid)));
    this.groups.all.splice(0, this.groups.all.length, ...structuredClone(groups));
    this.#usn = usn;
    this.#invocationId = randomUUID();
    this.#directory.self.invocationId = [Buffer.from(encodeGuid(this.#invocationId))];
    this.#moved();
  }

  /** The highest USN. */
  get usn(): number {
    return this.#usn;
  }

  /** Restores a user from the recycle bin with everything they had, or from a tombstone, in no group. */
  restore(person: ForestPerson, isFromBin = true): void {
    if (!isFromBin) this.groups.forgetLinks(person.guid);
    const usn = ++this.#usn;
    Object.assign(person, { deleted: false, objectUsn: usn, restoredUsn: usn });
    this.#moved();
  }

  /** Its domain controller's LDAP. */
  connect(): Promise<LdapConnection> {
    return this.#directory.connect();
  }

  /** What replaces a domain controller's connections in a connector. */
  async controllerFor(
    controller: DomainController,
    store: ConstructorParameters<typeof DirectoryGuard>[1],
  ): Promise<Partial<DomainController>> {
    const connection = await this.connect();
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

  #object(person: ForestPerson, usn = Number.POSITIVE_INFINITY): ScriptedObject {
    const { guid, name, principal, container, sid, deleted, enabled, expires, primaryGroup } = person;
    const objectClass = ['top', 'person', 'organizationalPerson', 'user'];
    if (deleted)
      return {
        ...{ guid, dn: `CN=${name}\\0ADEL:${guid},CN=Deleted Objects,${this.namingContext}`, objectSid: sid },
        attributes: { objectClass, isDeleted: 'TRUE', sAMAccountName: name },
      };
    const { normalAccount, accountDisable, smartCardRequired } = UserAccountControl;
    const control =
      normalAccount | (enabled ? 0 : accountDisable) | (person.smartCard ? smartCardRequired : 0);
    const attributes = {
      ...{ objectClass, sAMAccountName: name, userPrincipalName: principal },
      ...(person.restoredUsn > usn && { isDeleted: undefined }),
      userAccountControl: String(control),
      ...person.described,
      primaryGroupID: String(primaryGroup),
      adminDescription: person.adminDescription,
      accountExpires: String(expires === null ? FILETIME_NEVER : dateToFiletime(new Date(expires))),
    };
    return { guid, dn: `CN=${name},${container},${this.namingContext}`, objectSid: sid, attributes };
  }

  #replication(): ReplicationConnection {
    const { domain, people } = this;
    return scriptedReplication({ domain, people, invocationId: this.#invocationId, usn: () => this.#usn });
  }
}

const namingContextOf = (dnsName: string): string =>
  dnsName
    .split('.')
    .map(label => `DC=${label}`)
    .join(',');
