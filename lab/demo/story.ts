import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { changeOwnPassword } from '../domains/change-own-password.ts';
import { type SeededUser, seedFile } from '../domains/seed.ts';
import { DOMAINS, krb5ConfFile, randomPassword } from '../domains/table.ts';
import { tryLdapGssapi, tryLdapSimple } from '../domains/try-ldap.ts';
import { tryKinit, trySmb } from '../domains/try-password.ts';
import {
  createUser,
  deleteUser,
  disableUser,
  enableUser,
  type NewUser,
  setPassword,
} from '../domains/users.ts';
import { type RelyingParty, signIn } from '../places/sign-in.ts';
import { FOREST, type Stage } from '../places/stage.ts';

/** One step of the story: the demo tells it, the end-to-end test asserts it. It throws when it is not so. */
export interface Step {
  readonly title: string;
  /** @returns what was seen, for people */
  run(): Promise<string>;
}

/** How long a change may take to arrive before the story says that it never did. */
const PATIENCE_MS = 30_000;
/** Between two looks. */
const LOOK_MS = 100;

/** Somebody of the story, with every password that the person ever had. */
export class Person {
  readonly sam: string;
  readonly upn: string;
  readonly displayName: string;
  readonly passwords: string[];

  constructor(sam: string, displayName: string, password = randomPassword()) {
    this.sam = sam;
    this.upn = `${sam}@${FOREST}`;
    this.displayName = displayName;
    this.passwords = [password];
  }

  get password(): string {
    return this.passwords.at(-1)!;
  }

  /** Makes up the next password. @returns the one before */
  renew(): string {
    const old = this.password;
    this.passwords.push(randomPassword());
    return old;
  }
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Looks until it is so, and returns how long that took. */
export async function eventually(
  what: string,
  look: () => Promise<boolean>,
  patienceMs = PATIENCE_MS,
): Promise<string> {
  const since = performance.now();
  while (!(await look())) {
    if (performance.now() - since > patienceMs)
      throw new Error(`${what}: not so after ${patienceMs / 1000} s`);
    await delay(LOOK_MS);
  }
  return seconds(since);
}

const PROTOCOLS = ['Kerberos', 'NTLM', 'LDAP simple bind', 'LDAP GSSAPI'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** Tries a password in each of the three places, with somebody else's client each. */
export class Trials {
  readonly party: RelyingParty;
  constructor(party: RelyingParty) {
    this.party = party;
  }
  async web(user: { upn: string }, password: string): Promise<boolean> {
    return (await signIn(this.party, user.upn, password)).ok;
  }
  /** @returns the encryption types of the ticket, or undefined when there is none */
  async kerberos(user: { sam: string }, password: string): Promise<string | undefined> {
    const trial = await tryKinit({
      user: user.sam,
      realm: DOMAINS.managed.realm,
      password,
      krb5Conf: krb5ConfFile(),
    });
    return trial.ok ? trial.etype : undefined;
  }
  async ntlm(user: { sam: string }, password: string): Promise<boolean> {
    const { address, netbiosDomain } = DOMAINS.managed;
    return (await trySmb({ user: user.sam, address, netbiosDomain, password })).ok;
  }
  /** By which protocols of the managed domain the password is taken. @throws when one takes it for somebody else's */
  async protocols({ sam: user }: { sam: string }, password: string): Promise<Protocol[]> {
    const domain = DOMAINS.managed;
    const [ntlm, simple, gssapi] = await Promise.all([
      this.ntlm({ sam: user }, password),
      tryLdapSimple({ user, domain, password }),
      tryLdapGssapi({ user, domain, password }),
    ]);
    const expected = `${domain.netbiosDomain}\\${user}`.toLowerCase();
    for (const { ok, identity = '' } of [simple, gssapi])
      must(!ok || identity.toLowerCase() === expected, `LDAP takes ${user} for ${identity}`);
    const taken: Record<Protocol, boolean> = {
      Kerberos: gssapi.ticket.ok,
      NTLM: ntlm,
      'LDAP simple bind': simple.ok,
      'LDAP GSSAPI': gssapi.ok,
    };
    return PROTOCOLS.filter(protocol => taken[protocol]);
  }
  /** Every protocol of the managed domain takes the password. */
  async accepted(user: { sam: string }, password: string): Promise<boolean> {
    return (await this.protocols(user, password)).length === PROTOCOLS.length;
  }
  /** No protocol of the managed domain takes it. */
  async refused(user: { sam: string }, password: string): Promise<boolean> {
    return (await this.protocols(user, password)).length === 0;
  }
}

function must(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

/** The whole way of a password, in the order in which it is told. The stage is closed by the caller. */
export function tellStory(stage: Stage): { steps: Step[]; people: Person[] } {
  const onprem = DOMAINS.onprem;
  const suffix = Date.now().toString(36).slice(-5);
  const alice = new Person(`alice.${suffix}`, 'Alice Åkesson');
  const otto = personOfSixtyDays();
  const tina = new Person(`tina.${suffix}`, 'Tina Temporary');
  let trials: Trials;

  const worksEverywhere = async (who: Person): Promise<string> => {
    const web = eventually(`${who.sam} at web sign-in`, () => trials.web(who, who.password));
    const managed = eventually(`${who.sam} in the managed domain`, () => trials.accepted(who, who.password));
    return `web sign-in after ${await web}, Kerberos, NTLM and LDAP after ${await managed}`;
  };
  const refusedEverywhere = async (who: Person, password: string): Promise<string> => {
    const web = eventually(
      `${who.sam} refused at web sign-in`,
      async () => !(await trials.web(who, password)),
    );
    const managed = eventually(`${who.sam} refused in the managed domain`, () =>
      trials.refused(who, password),
    );
    return `web sign-in after ${await web}, Kerberos, NTLM and LDAP after ${await managed}`;
  };

  const steps: Step[] = [
    {
      title: 'the tenant opens, with its first administrator and a web application',
      run: async () => {
        await stage.openTenant();
        trials = new Trials(await stage.registerApplication());
        return stage.tenantUrl;
      },
    },
    {
      title: 'Connect gets an account of least rights in the on-premises domain, enrols, and runs',
      run: async () => {
        await stage.createConnectorAccounts();
        await stage.openConnect();
        return `causeway-connect@${FOREST}`;
      },
    },
    {
      title: 'Alice is made at the on-premises domain controller',
      run: async () => {
        await createUser(onprem, newUser(alice));
        return `${alice.displayName} (${alice.upn})`;
      },
    },
    {
      title:
        'she signs in to the web with her on-premises password, and so does somebody whose password is 60 days old',
      run: async () => {
        const took = await eventually('web sign-in', () => trials.web(alice, alice.password));
        await eventually('web sign-in', () => trials.web(otto, otto.password));
        must(!(await trials.web(alice, randomPassword())), 'a wrong password was taken');
        return `after ${took}; a wrong password is refused`;
      },
    },
    {
      title: 'the managed domain is made: no legacy hash has left Connect so far',
      run: async () => {
        const before = legacyRecordsSent(stage);
        must(before === 0, `${before} credential records left before the managed domain was enabled`);
        await stage.openDomain();
        return `${DOMAINS.managed.realm} on ${DOMAINS.managed.address}`;
      },
    },
    {
      title:
        'an administrator confirms each side’s fingerprint at the other side, and forces a full password sync',
      run: async () => {
        must(legacyRecordsSent(stage) === 0, 'a credential record left before the key was confirmed');
        await stage.pair();
        await stage.forcePasswordSync();
        return 'paired; every password of the forest is read again';
      },
    },
    {
      title:
        'MIT kinit, smbclient and ldapsearch take the on-premises password in the managed realm, the 60-day-old one too',
      run: async () => {
        const first = await worksEverywhere(alice);
        await worksEverywhere(otto);
        const etype = await trials.kerberos(alice, alice.password);
        must(/aes256/.test(etype ?? ''), `an AES-256 ticket was expected, got ${etype}`);
        return `${first}; ticket ${etype}`;
      },
    },
    {
      title: 'Alice’s password is changed at the on-premises domain controller',
      run: async () => {
        const old = alice.renew();
        await setPassword(onprem, alice.sam, alice.password);
        const works = await worksEverywhere(alice);
        must(!(await trials.web(alice, old)), 'the old password still works at web sign-in');
        must(await trials.refused(alice, old), 'the old password still works in the managed domain');
        return `the new one works: ${works}; the old one nowhere`;
      },
    },
    {
      title: 'Tina gets a temporary password: it waits until she has changed it',
      run: async () => {
        await createUser(onprem, { ...newUser(tina), mustChange: true });
        await eventually('status says that Tina waits', async () =>
          JSON.stringify(await stage.connectStatus(tina.upn).catch(() => '')).includes('must change'),
        );
        must(!(await trials.web(tina, tina.password)), 'a temporary password was taken at web sign-in');
        must(
          await trials.refused(tina, tina.password),
          'a temporary password was taken in the managed domain',
        );
        const temporary = tina.renew();
        await changeOwnPassword(onprem, tina.sam, temporary, tina.password);
        return `her own one works: ${await worksEverywhere(tina)}`;
      },
    },
    {
      title: 'Alice is disabled on-premises, and enabled again',
      run: async () => {
        await disableUser(onprem, alice.sam);
        const refused = await refusedEverywhere(alice, alice.password);
        await enableUser(onprem, alice.sam);
        return `refused: ${refused}; back: ${await worksEverywhere(alice)}`;
      },
    },
    {
      title: 'they are deleted on-premises: gone in all three places',
      run: async () => {
        await deleteUser(onprem, alice.sam);
        const refused = await refusedEverywhere(alice, alice.password);
        await deleteUser(onprem, tina.sam);
        await refusedEverywhere(tina, tina.password);
        return `refused: ${refused}`;
      },
    },
  ];
  return { steps, people: [alice, otto, tina] };
}

const newUser = ({ sam, displayName, password }: Person): NewUser => ({
  sam,
  cn: sam,
  displayName,
  password,
});

/** The seeded person whose password is sixty days old. */
function personOfSixtyDays(): Person {
  const people = (JSON.parse(readFileSync(seedFile(), 'utf8')) as { users: SeededUser[] }).users;
  const found = people.find(user => user.kind === 'old-password');
  if (found?.password == null) throw new Error("the lab has no 'old-password' person: run causeway lab seed");
  return new Person(found.sam, found.sam, found.password);
}

/** Credential records in the requests that Connect sent so far, seen from the network. */
function legacyRecordsSent(stage: Stage): number {
  if (stage.proxy === undefined) throw new Error('the stage records no requests');
  return stage.proxy.requests
    .filter(request => request.path.endsWith('/sync/credentials'))
    .flatMap(
      request =>
        (JSON.parse(request.body.toString('utf8')) as { changes: { record: string | null }[] }).changes,
    )
    .filter(item => item.record !== null).length;
}
