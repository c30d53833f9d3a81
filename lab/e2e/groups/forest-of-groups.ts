import { randomBytes } from 'node:crypto';
import { bytesOf, decodeGuid, decodeSid, ExtendedDnControl, parseExtendedDn, textOf } from '@causeway/ldap';
import { baseDn } from '@causeway/samba';
import {
  addMembers,
  createGroup,
  removeMembers,
  setGroupType,
  setPrimaryGroup,
} from '../../domains/groups.ts';
import { openAsAdministrator, reanimateUser } from '../../domains/restore.ts';
import { describeDomain, type LabDomain, randomPassword } from '../../domains/table.ts';
import { change, createUser, deleteUser, dnOf, renameUser } from '../../domains/users.ts';

/** A person or a group that a test made. */
export interface Made {
  readonly forest: LabDomain;
  readonly isGroup: boolean;
  readonly guid: string;
  readonly sid: string;
  sam: string;
  isThere: boolean;
}

/** What a domain controller shows of the test's group at the end: one full recompute. */
export interface FoundGroup {
  readonly sam: string;
  readonly sid: string;
  readonly isSecurity: boolean;
  /** By SID, including those with this primary group. */
  readonly members: ReadonlySet<string>;
}

const SECURITY = 0x8000_0000;

/** People and groups that a test makes in a real forest, and what an administrator does to them there. */
export class ForestOfGroups {
  readonly forest: LabDomain;
  readonly made: Made[] = [];
  readonly #tag = randomBytes(2).toString('hex');
  readonly #told: string[];
  #names = 0;

  /** @param told what was done, for the report of a failure */
  constructor(forest: LabDomain, told: string[]) {
    this.forest = forest;
    this.#told = told;
  }

  get there(): Made[] {
    return this.made.filter(({ isThere }) => isThere);
  }

  get groups(): Made[] {
    return this.there.filter(({ isGroup }) => isGroup);
  }

  get people(): Made[] {
    return this.there.filter(({ isGroup }) => !isGroup);
  }

  async hire(): Promise<void> {
    const sam = this.#newName('p');
    await createUser(this.forest, { sam, password: randomPassword() });
    await this.#note(sam, false, 'is hired');
  }

  async make(scope: 'universal' | 'domain-local'): Promise<void> {
    const sam = this.#newName('g');
    await createGroup(this.forest, { sam, scope, mail: `${sam}@${describeDomain(this.forest).dnsDomain}` });
    await this.#note(sam, true, `is made, ${scope}`);
  }

  /** @param member of this forest, or of another one by its SID */
  async add(group: Made, member: Made): Promise<void> {
    await addMembers(this.forest, group.sam, [this.#named(member)]);
    this.#tell(`${member.sam} into ${group.sam}`);
  }

  /** @param sid of the member; one of another forest is removed by its foreign security principal */
  async remove(group: Made, sid: string): Promise<void> {
    const own = this.made.find(one => one.sid === sid);
    const foreign = `CN=${sid},CN=ForeignSecurityPrincipals,${baseDn(this.forest)}`;
    await removeMembers(this.forest, group.sam, [own?.sam ?? foreign]);
    this.#tell(`${own?.sam ?? sid} out of ${group.sam}`);
  }

  async rename(one: Made): Promise<void> {
    const before = one.sam;
    const sam = this.#newName(one.isGroup ? 'g' : 'p');
    const upn = `${sam}@${describeDomain(this.forest).dnsDomain}`;
    await renameUser(this.forest, before, { cn: sam, sam, ...(!one.isGroup && { upn }) });
    one.sam = sam;
    this.#tell(`${before} is called ${sam}`);
  }

  /** Moves between two containers of the domain. */
  async move(one: Made): Promise<void> {
    const dn = await dnOf(this.forest, one.sam);
    const base = baseDn(this.forest);
    const isAtHome = dn.endsWith(`CN=Users,${base}`);
    const newSuperior = isAtHome ? base : `CN=Users,${base}`;
    await change(this.forest, { dn, change: 'modrdn', newRdn: `CN=${one.sam}`, newSuperior });
    this.#tell(`${one.sam} is in ${newSuperior}`);
  }

  async setType(group: Made, scope: 'universal' | 'domain-local', isSecurity: boolean): Promise<void> {
    const category = isSecurity ? 'security' : 'distribution';
    await setGroupType(this.forest, group.sam, scope, category);
    this.#tell(`${group.sam} is ${scope}, ${category}`);
  }

  async setPrimaryGroup(person: Made, group: Made): Promise<void> {
    await setPrimaryGroup(this.forest, person.sam, group.sam);
    this.#tell(`${person.sam} has ${group.sam} as primary group`);
  }

  async delete(one: Made): Promise<void> {
    await deleteUser(this.forest, one.sam);
    one.isThere = false;
    this.#tell(`${one.sam} is deleted`);
  }

  /** Restores its tombstone, which is in no group. A restored group has no members. */
  async restore(one: Made): Promise<void> {
    await reanimateUser(this.forest, one.sam);
    one.isThere = true;
    this.#tell(`${one.sam} is restored`);
  }

  /** The test's groups as the domain controller has them now, by SID. */
  async read(): Promise<Map<string, FoundGroup>> {
    await using admin = await openAsAdministrator(this.forest);
    const base = baseDn(this.forest);
    const found = new Map<string, FoundGroup>();
    for (const { guid, sid } of this.groups) {
      const [entry] = await admin.search(`<GUID=${guid}>`, {
        scope: 'base',
        attributes: ['sAMAccountName', 'groupType', 'member'],
        controls: [new ExtendedDnControl()],
      });
      const rid = sid.slice(sid.lastIndexOf('-') + 1);
      const primary = await admin.search(base, {
        filter: `(&(objectClass=user)(primaryGroupID=${rid}))`,
        attributes: ['objectSid'],
      });
      const listed = (entry!.attributes.member ?? []).map(value => parseExtendedDn(String(value)).sid!);
      const byPrimary = primary.map(one => decodeSid(bytesOf(one, 'objectSid')!));
      found.set(sid, {
        sid,
        sam: textOf(entry!, 'sAMAccountName')!,
        isSecurity: (Number(textOf(entry!, 'groupType')) & SECURITY) !== 0,
        members: new Set([...listed, ...byPrimary]),
      });
    }
    return found;
  }

  /** Deletes everything it made. People go first, because their primary group cannot go before them. */
  async close(): Promise<void> {
    for (const one of [...this.people, ...this.groups]) await this.delete(one).catch(() => {});
  }

  async #note(sam: string, isGroup: boolean, what: string): Promise<void> {
    await using admin = await openAsAdministrator(this.forest);
    const attributes = ['objectGUID', 'objectSid'];
    const [entry] = await admin.search(baseDn(this.forest), {
      filter: `(sAMAccountName=${sam})`,
      attributes,
    });
    const guid = decodeGuid(bytesOf(entry!, 'objectGUID')!);
    const sid = decodeSid(bytesOf(entry!, 'objectSid')!);
    this.made.push({ forest: this.forest, isGroup, guid, sid, sam, isThere: true });
    this.#tell(`${sam} ${what}`);
  }

  #named(member: Made): string {
    return member.forest === this.forest ? member.sam : member.sid;
  }

  #newName(kind: 'p' | 'g'): string {
    return `${kind}${this.#names++}.${this.forest.name.slice(0, 3)}.${this.#tag}`;
  }

  #tell(what: string): void {
    this.#told.push(what);
  }
}
