import { dnsDomain } from '@causeway/samba';
import { timeUntil } from '@causeway/service/testing';
import { createGroup, readSid, removeMembers } from '../domains/groups.ts';
import { MemberServer } from '../domains/member-server.ts';
import { administratorPassword, DOMAINS, type LabDomain } from '../domains/table.ts';
import { deleteUser } from '../domains/users.ts';
import { runCliJson } from '../places/run-cli.ts';
import type { Stage } from '../places/stage.ts';
import type { Person } from './cast.ts';
import { must } from './trials.ts';

/**
 * A member server of the managed domain with files of the old one. It finds the domain by DNS, and people and groups by their on-premises
 * SIDs.
 */
export class OldFiles {
  readonly #forest: LabDomain;
  readonly #server = new MemberServer(DOMAINS.managed);
  readonly #administrator = { user: 'Administrator', password: administratorPassword(DOMAINS.managed) };

  private constructor(forest: LabDomain) {
    this.#forest = forest;
  }

  /** Confirms whose forest the SIDs are, and joins the server. */
  static async open(stage: Stage, forest: LabDomain, anybody: Person): Promise<OldFiles> {
    const sid = await readSid(forest, anybody.sam);
    const domainSid = sid.slice(0, sid.lastIndexOf('-'));
    const confirm = ['domain', 'sids', 'confirm', domainSid, '--forest', dnsDomain(forest)];
    await runCliJson([...confirm, '--config', stage.configOf('domain')]);
    const files = new OldFiles(forest);
    try {
      await files.#server.open();
      await files.#server.join(files.#administrator);
      await files.#server.start();
    } catch (error) {
      files.close();
      throw error;
    }
    return files;
  }

  /** A file whose access list names a person's own SID. */
  async ofPerson(owner: Person, other: Person): Promise<string> {
    const sid = await readSid(this.#forest, owner.sam);
    const after = await this.#openFor(owner, other, 'report.txt', sid);
    return `joined as ${this.#server.host}; opens for ${owner.displayName} (${sid}) by Kerberos and NTLM after ${after}`;
  }

  /** A file whose access list names a group of the old domain, until a person who is in it through another group leaves that one. */
  async ofGroup(member: Person, other: Person): Promise<string> {
    const [team, department] = [`team of ${member.sam}`, `department of ${member.sam}`];
    await createGroup(this.#forest, { sam: team, members: [member.sam] });
    await createGroup(this.#forest, { sam: department, members: [team] });
    const sid = await readSid(this.#forest, department);
    const opened = await this.#openFor(member, other, 'plans.txt', sid);
    await removeMembers(this.#forest, team, [member.sam]);
    const closed = await timeUntil('the file is closed', async () =>
      (await this.#reads('plans.txt', member)).every(reads => !reads),
    );
    for (const group of [team, department]) await deleteUser(this.#forest, group);
    return `opens (${sid}) by Kerberos and NTLM after ${opened}; closed ${seconds(closed)} after she left`;
  }

  close(): void {
    this.#server.close();
  }

  async #openFor(who: Person, other: Person, file: string, sid: string): Promise<string> {
    await this.#server.share(file, 'of the old domain', [sid], this.#administrator);
    const ms = await timeUntil('the file opens', async () => (await this.#reads(file, who)).every(Boolean));
    must(!(await this.#reads(file, other)).some(Boolean), `the file opens for ${other.upn}`);
    return seconds(ms);
  }

  async #reads(file: string, who: Person): Promise<boolean[]> {
    const as = { user: who.managedName, password: who.password };
    const read = [await this.#server.read(file, as, 'Kerberos'), await this.#server.read(file, as, 'NTLM')];
    return read.map(content => content !== undefined);
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
