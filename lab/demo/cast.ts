import { dnsDomain } from '@causeway/samba';
import { seededUsers } from '../domains/seed.ts';
import { DOMAINS, type LabDomain, randomPassword } from '../domains/table.ts';
import type { NewUser } from '../domains/users.ts';

/** A person of the story, with all their passwords. */
export class Person {
  /** Their forest; undefined: cloud-only. */
  readonly forest: LabDomain | undefined;
  readonly sam: string;
  readonly upn: string;
  readonly displayName: string;
  readonly passwords: string[];
  /** Their name in the managed domain: another one if somebody else has this one. */
  managedName: string;

  constructor(
    forest: LabDomain | undefined,
    sam: string,
    displayName: string,
    password = randomPassword(),
    suffix = forest ? dnsDomain(forest) : 'contoso.example',
  ) {
    this.forest = forest;
    this.sam = sam;
    this.upn = `${sam}@${suffix}`;
    this.displayName = displayName;
    this.passwords = [password];
    this.managedName = sam;
  }

  get password(): string {
    return this.passwords.at(-1)!;
  }

  /** Makes up the next password. @returns the former one */
  renew(): string {
    const old = this.password;
    this.passwords.push(randomPassword());
    return old;
  }

  get newUser(): NewUser {
    const { sam, displayName, password } = this;
    return { sam, cn: sam, displayName, password };
  }
}

export interface Cast {
  /** Two people with one name, one in each forest. */
  alice: Person;
  namesake: Person;
  /** Has had his password for sixty days. */
  otto: Person;
  tina: Person;
  /** Leaves, and is given a name that no place accepts. */
  leo: Person;
  /** Cloud-only. */
  carol: Person;
}

/** The people of one telling, with new names every time. */
export function castOf(onprem: LabDomain, second: LabDomain): Cast {
  const suffix = Date.now().toString(36).slice(-5);
  return {
    alice: new Person(onprem, `alice.${suffix}`, 'Alice Åkesson'),
    namesake: new Person(second, `alice.${suffix}`, 'Alice Abbott'),
    otto: personOfSixtyDays(),
    tina: new Person(onprem, `tina.${suffix}`, 'Tina Temporary'),
    leo: new Person(onprem, `leo.${suffix}`, 'Leo Leaver'),
    carol: new Person(undefined, `carol.${suffix}`, 'Carol Cloud'),
  };
}

/** The seeded person whose password is sixty days old. */
function personOfSixtyDays(): Person {
  const found = seededUsers().find(user => user.kind === 'old-password');
  if (found?.password == null) throw new Error("the lab has no 'old-password' person: run causeway lab seed");
  return new Person(DOMAINS.onprem, found.sam, found.sam, found.password);
}
