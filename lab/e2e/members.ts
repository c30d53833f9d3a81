import { randomBytes } from 'node:crypto';
import type { Trials } from '../demo/trials.ts';
import { describeDomain, type LabDomain, randomPassword } from '../domains/table.ts';
import {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  readAttribute,
  renameUser,
  setPassword,
} from '../domains/users.ts';

export interface Name {
  readonly sam: string;
  readonly upn: string;
}

/** A person as the forest has them now, with former names and passwords. */
export interface Member {
  readonly anchor: string;
  name: Name;
  password: string;
  isThere: boolean;
  isEnabled: boolean;
  mustChange: boolean;
  readonly formerNames: Name[];
  readonly formerPasswords: string[];
}

/** People that a test makes in a forest, and what an administrator does to them there. */
export class Members {
  readonly people: Member[] = [];
  /** What was done, for the report of a failure. */
  readonly told: string[] = [];
  readonly #forest: LabDomain;
  readonly #tag = randomBytes(2).toString('hex');
  #names = 0;

  constructor(forest: LabDomain) {
    this.#forest = forest;
  }

  get there(): Member[] {
    return this.people.filter(({ isThere }) => isThere);
  }

  async hire(): Promise<void> {
    const [name, password] = [this.#newName(), randomPassword()];
    await createUser(this.#forest, { ...name, password });
    const anchor = (await readAttribute(this.#forest, name.sam, 'objectGUID'))!;
    const state = { isThere: true, isEnabled: true, mustChange: false };
    this.people.push({ anchor, name, password, ...state, formerNames: [], formerPasswords: [] });
    this.told.push(`${name.sam} is hired`);
  }

  async enable(who: Member, isEnabled: boolean): Promise<void> {
    await (isEnabled ? enableUser : disableUser)(this.#forest, who.name.sam);
    who.isEnabled = isEnabled;
    this.told.push(`${who.name.sam} is ${isEnabled ? 'enabled' : 'disabled'}`);
  }

  async setPassword(who: Member, mustChange = false): Promise<void> {
    const password = randomPassword();
    await setPassword(this.#forest, who.name.sam, password, { mustChange });
    who.formerPasswords.push(who.password);
    Object.assign(who, { password, mustChange });
    this.told.push(`${who.name.sam} has a new password${mustChange ? ', to be changed' : ''}`);
  }

  async rename(who: Member): Promise<void> {
    const name = this.#newName();
    await renameUser(this.#forest, who.name.sam, { cn: name.sam, ...name });
    this.told.push(`${who.name.sam} is called ${name.sam}`);
    who.formerNames.push(who.name);
    who.name = name;
  }

  async delete(who: Member): Promise<void> {
    await deleteUser(this.#forest, who.name.sam);
    who.isThere = false;
    this.told.push(`${who.name.sam} is deleted`);
  }

  /** Deletes everybody it made. */
  async close(): Promise<void> {
    for (const who of this.there) await this.delete(who).catch(() => {});
  }

  #newName(): Name {
    const sam = `p${this.#names++}.${this.#tag}`;
    return { sam, upn: `${sam}@${describeDomain(this.#forest).dnsDomain}` };
  }
}

/**
 * How web sign-in, `kinit` and `smbclient` answer otherwise than the forest has a person, in words. It tries few wrong passwords, because
 * five within two minutes lock an account in the managed domain, and none after the first client with a wrong answer.
 */
export async function wrongOf(who: Member, trials: Trials): Promise<string[]> {
  const clients = {
    'web sign-in': (name: Name, password: string) => trials.web(name, password),
    kinit: async (name: Name, password: string) => (await trials.kerberos(name, password)) !== undefined,
    smbclient: (name: Name, password: string) => trials.ntlm(name, password),
  };
  const firstWrong = async (
    what: string,
    name: Name,
    password: string,
    should = false,
  ): Promise<string[]> => {
    for (const [client, signsIn] of Object.entries(clients))
      if ((await signsIn(name, password)) !== should)
        return [`${client} ${should ? 'refuses' : 'takes'} ${name.sam} by ${what}`];
    return [];
  };
  const isOpen = who.isThere && who.isEnabled && !who.mustChange;
  const wrong = await firstWrong('the password', who.name, who.password, isOpen);
  if (wrong.length > 0) return wrong;
  const former = [
    ...who.formerPasswords.slice(-2).map(password => firstWrong('a former password', who.name, password)),
    ...who.formerNames.map(name => firstWrong('a former name', name, who.password)),
  ];
  return (await Promise.all(former)).flat();
}
