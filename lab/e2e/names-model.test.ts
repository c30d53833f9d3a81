import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { UserStatus } from '@causeway/contract';
import { bytesOf, type LdapConnection, type LdapEntry, openLdap, textOf } from '@causeway/ldap';
import { baseDn, domainStatus, stopDomain } from '@causeway/samba';
import { mapLimit } from '@causeway/service';
import { eventually, NotYet } from '@causeway/service/testing';
import { nameKey } from '@causeway/wire';
import { Trials } from '../demo/trials.ts';
import { reanimateUser } from '../domains/restore.ts';
import { DOMAINS, type LabDomain, layoutOf, randomPassword } from '../domains/table.ts';
import { change, createUser, deleteUser, setPassword } from '../domains/users.ts';
import { everyUser } from '../places/every-user.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { randomFrom } from '../random.ts';
import { playing, seeds } from '../seeds.ts';

// State and names against a model: people of two forests are renamed, swap names, leave and return at random, while services are killed. In
// the end each place lets in exactly those whom the directories enable, by their names.

const ROUNDS = 4;
const STEPS = 14;
const SETTLE_MS = 60_000;
/** Fewer than any threshold of deletions. */
const MOST_DELETIONS = 4;

const seed = seeds(1)[0]!;
const random = randomFrom(seed);
/** Unique to this run, so that leftovers of another one do not matter. */
const tag = randomBytes(2).toString('hex');
const { onprem, fabrikam, managed } = DOMAINS;
const forests: readonly LabDomain[] = [onprem, fabrikam];
const fabrikamWasUp = domainStatus(layoutOf(fabrikam)).running;
const stage = await freshStage({ forests: [...forests], databaseUrl: process.env.DATABASE_URL });
const forestName = (forest: LabDomain): string => forest.realm.toLowerCase();

const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const NAMES = ['ann', 'bob', 'cid', 'dot'].map(name => `${name}-${tag}`);
const PRINCIPALS = NAMES.map(name => `${name}@people.example`);
/** Rejected somewhere: by the record format, the tenant, the managed domain, or its directory. */
const BAD_NAMES = [`x${tag}$`, `krbtgt_${tag}`];
const BAD_PRINCIPALS = [
  `LEFT ${PRINCIPALS[0]}`,
  `bell\u0007${tag}@people.example`,
  `Administrator@${managed.realm}`,
];

/** A person that this test made, in any state. */
interface Person {
  readonly forest: LabDomain;
  readonly guid: string;
  password: string;
  /** As the directory has them; undefined: deleted. */
  now: { dn: string; sam: string; upn: string | undefined; enabled: boolean } | undefined;
  /** The account name when they were deleted. */
  last: string;
}

const people: Person[] = [];
const deletions = new Map<LabDomain, number>();
/** Who may have had a name in the current round. */
const touched = new Map<string, Set<LabDomain>>();

const touch = (kind: 'a' | 'p', name: string | undefined, forest: LabDomain): void => {
  if (name === undefined) return;
  const key = `${kind}:${nameKey(name)}`;
  touched.set(key, (touched.get(key) ?? new Set()).add(forest));
};

const systems = new Map<LabDomain, LdapConnection>();
/** Reads all people of this test from the directory, by its socket. */
async function look(): Promise<void> {
  for (const forest of forests) {
    const system =
      systems.get(forest) ??
      (await openLdap({ url: { socketPath: layoutOf(forest).ldapi }, timeoutMs: 20_000 }));
    systems.set(forest, system);
    const found = await system.search(`CN=Users,${baseDn(forest)}`, {
      filter: `(&(objectClass=user)(description=model ${tag}))`,
      attributes: [
        'objectGUID',
        'sAMAccountName',
        'userPrincipalName',
        'userAccountControl',
        'accountExpires',
      ],
    });
    const byGuid = new Map(found.map(entry => [guidOf(entry), entry]));
    for (const person of people.filter(one => one.forest === forest)) {
      const entry = byGuid.get(person.guid);
      person.now = entry && stateOf(entry);
      if (!person.now) continue;
      person.last = person.now.sam;
      touch('a', person.now.sam, forest);
      touch('p', person.now.upn, forest);
    }
  }
}

const guidOf = (entry: LdapEntry): string => bytesOf(entry, 'objectGUID')!.toString('base64');

function stateOf(entry: LdapEntry): NonNullable<Person['now']> {
  const disabled = (Number(textOf(entry, 'userAccountControl')) & 2) !== 0;
  const expires = textOf(entry, 'accountExpires') ?? '0';
  const over = expires !== '0' && expires !== '9223372036854775807';
  const sam = textOf(entry, 'sAMAccountName')!;
  return { dn: entry.dn, sam, upn: textOf(entry, 'userPrincipalName'), enabled: !disabled && !over };
}

async function make(forest: LabDomain, number: number): Promise<void> {
  const sam = `p${number}-${tag}`;
  const password = randomPassword();
  const dn = await createUser(forest, { sam, password, upn: `${sam}@people.example` });
  await change(forest, { dn, change: 'modify', replace: { description: [`model ${tag}`] } });
  const system = await openLdap({ url: { socketPath: layoutOf(forest).ldapi }, timeoutMs: 20_000 });
  const [entry] = await system.search(dn, { scope: 'base', attributes: ['objectGUID'] });
  await system.close();
  people.push({ forest, guid: guidOf(entry!), password, now: undefined, last: sam });
}

/** One step of an administrator. A step that the directory rejects changes nothing. */
async function step(): Promise<void> {
  const person = pick(people);
  const { forest, now } = person;
  const modify = (who: Person, replace: Record<string, string[]>) =>
    change(forest, { dn: who.now!.dn, change: 'modify', replace });
  if (!now) {
    if (random() < 0.5) return;
    await reanimateUser(forest, person.last);
    const dn = `CN=${person.last},CN=Users,${baseDn(forest)}`;
    await change(forest, { dn, change: 'modify', replace: { description: [`model ${tag}`] } });
    // Of two tombstones with one name the other one may be restored already.
    const gone = people.filter(one => one.forest === forest && !one.now);
    await look();
    const back = gone.find(one => one.now);
    if (!back) return;
    back.password = randomPassword();
    await setPassword(forest, back.now!.dn, back.password);
    await modify(back, {
      userAccountControl: ['512'],
      userPrincipalName: [`${back.last}@people.example`],
    });
    return;
  }
  const roll = random();
  if (roll < 0.25)
    return modify(person, { sAMAccountName: [random() < 0.2 ? pick(BAD_NAMES) : pick(NAMES)] });
  if (roll < 0.5)
    return modify(person, { userPrincipalName: [random() < 0.3 ? pick(BAD_PRINCIPALS) : pick(PRINCIPALS)] });
  if (roll < 0.7) {
    const other = pick(people.filter(one => one.forest === forest && one.now && one !== person));
    return exchange(forest, person, other, random() < 0.5 ? 'sAMAccountName' : 'userPrincipalName');
  }
  if (roll < 0.8) return modify(person, { userAccountControl: [random() < 0.5 ? '514' : '512'] });
  if (roll < 0.87)
    return modify(person, { accountExpires: [random() < 0.5 ? pick(['1', '-1', '9999']) : '0'] });
  // In one write, as leavers do: another name, which may be rejected, and disabled.
  if (roll < 0.93)
    return modify(person, { userPrincipalName: [pick(BAD_PRINCIPALS)], userAccountControl: ['514'] });
  const gone = deletions.get(forest) ?? 0;
  if (gone >= MOST_DELETIONS) return;
  deletions.set(forest, gone + 1);
  await deleteUser(forest, now.dn);
}

async function exchange(
  forest: LabDomain,
  one: Person,
  other: Person | undefined,
  attribute: 'sAMAccountName' | 'userPrincipalName',
): Promise<void> {
  const nameOf = ({ now }: Person) => (attribute === 'sAMAccountName' ? now!.sam : now!.upn);
  const [a, b] = [nameOf(one), other && nameOf(other)];
  if (!other || a === undefined || b === undefined) return;
  const set = (who: Person, value: string) => ({
    dn: who.now!.dn,
    change: 'modify' as const,
    replace: { [attribute]: [value] },
  });
  const between = attribute === 'sAMAccountName' ? `tmp-${tag}` : `tmp-${tag}@people.example`;
  await change(forest, set(one, between), set(other, a), set(one, b));
}

interface Managed {
  readonly samAccountName: string | null;
  readonly userPrincipalName: string | null;
  readonly keepsDigits: boolean;
}

/** What the places have of a person. */
interface Seen {
  readonly tenant: UserStatus | undefined;
  readonly managed: Managed | undefined;
}

const anchorOf = ({ guid }: Person): string => guid;

async function seen(): Promise<Map<Person, Seen>> {
  const users = await everyUser(stage);
  const found = new Map<Person, Seen>();
  for (const person of people) {
    const anchor = anchorOf(person);
    const status = await stage
      .domainStatus<{ entry: Managed & { deletedAt: string | null } }>(anchor)
      .catch(() => undefined);
    const there = status && status.entry.deletedAt === null ? status.entry : undefined;
    found.set(person, { tenant: users.find(user => user.sourceAnchor === anchor), managed: there });
  }
  return found;
}

/**
 * The model of who owns a name in a place: the forest that had it first. A place may or may not have seen a name that lasted only between
 * two looks, so such a name may belong to any of its forests.
 */
class Names {
  readonly #owner = new Map<string, LabDomain>();
  readonly #maybe = new Map<string, Set<LabDomain>>();
  readonly #kind: 'a' | 'p';

  constructor(kind: 'a' | 'p') {
    this.#kind = kind;
  }

  /**
   * What is wrong with the owners of the names, in words.
   * @param wanted the name of each person who can have one at all
   * @param has whether the person has it
   * @param excused whether the person may lack a name that the forest owns
   */
  check(
    wanted: ReadonlyMap<Person, string>,
    has: (person: Person) => boolean,
    excused: (person: Person) => boolean,
  ): string[] {
    const wrong: string[] = [];
    for (const [key, claimants] of Map.groupBy(wanted.keys(), person => nameKey(wanted.get(person)!))) {
      const having = claimants.filter(has);
      if (having.length > 1) wrong.push(`${key} is had by ${having.length}`);
      const owners = this.#owners(key, claimants);
      for (const person of claimants) {
        const { forest } = person;
        const mine = owners.has(forest);
        if (has(person) && !mine) wrong.push(`${key} of ${forestName(forest)}: had, and is another one’s`);
        // A restore does not check for duplicate names: of two in one forest one has it.
        const isTwin = having.some(one => one.forest === forest);
        if (!has(person) && !isTwin && mine && owners.size === 1 && !excused(person))
          wrong.push(`${key} of ${forestName(forest)}: not had`);
      }
    }
    return wrong;
  }

  /** Records whose the names are now. */
  learn(wanted: ReadonlyMap<Person, string>, has: (person: Person) => boolean): void {
    for (const [person, name] of wanted) if (has(person)) this.#owner.set(nameKey(name), person.forest);
    for (const [slot, forests] of touched) {
      if (!slot.startsWith(`${this.#kind}:`)) continue;
      const key = slot.slice(2);
      this.#maybe.set(key, new Set([...(this.#maybe.get(key) ?? []), ...forests]));
    }
  }

  #owners(key: string, claimants: readonly Person[]): Set<LabDomain> {
    const owner = this.#owner.get(key);
    if (owner) return new Set([owner]);
    const claiming = claimants.map(({ forest }) => forest);
    const now = touched.get(`${this.#kind}:${key}`) ?? [];
    return new Set([...(this.#maybe.get(key) ?? []), ...now, ...claiming]);
  }
}

const tenantNames = new Names('p');
const accountNames = new Names('a');
const isName = (upn: string): boolean =>
  /^[^@\s\p{Cc}]+@[^@\s\p{Cc}]+$/u.test(upn) && !upn.endsWith(`@${managed.realm}`);
const same = (a: string | null | undefined, b: string): boolean => a != null && nameKey(a) === nameKey(b);

/** How the places differ from the forests. @param learn records whose the names are, if nothing is wrong */
async function differences(learn = false): Promise<string[]> {
  const places = await seen();
  const wrong: string[] = [];
  for (const [person, { tenant, managed }] of places) {
    const who = `${person.last} of ${forestName(person.forest)}`;
    if (!person.now) {
      if (tenant) wrong.push(`${who} is deleted, and in the tenant`);
      if (managed) wrong.push(`${who} is deleted, and in the managed domain`);
      continue;
    }
    if (!tenant) wrong.push(`${who} is not in the tenant`);
    else if (isEnabled(tenant) !== person.now.enabled)
      wrong.push(`${who} is in the tenant ${isEnabled(tenant)}`);
    if (!managed?.samAccountName) wrong.push(`${who} is not in the managed domain`);
  }
  if (wrong.length > 0) return wrong;
  const there = people.filter(({ now }) => now);
  const upns = new Map(
    there.flatMap(one => (one.now!.upn && isName(one.now!.upn) ? [[one, one.now!.upn]] : [])),
  );
  const sams = new Map(there.flatMap(one => (BAD_NAMES.includes(one.now!.sam) ? [] : [[one, one.now!.sam]])));
  const inTenant = (one: Person) => places.get(one)!.tenant!.signInName === undefined;
  const inDomain = (one: Person) => same(places.get(one)!.managed!.samAccountName, one.now!.sam);
  wrong.push(...tenantNames.check(upns, inTenant, () => false));
  wrong.push(...accountNames.check(sams, inDomain, one => places.get(one)!.managed!.keepsDigits));
  if (learn && wrong.length === 0) {
    tenantNames.learn(upns, inTenant);
    accountNames.learn(sams, inDomain);
  }
  return wrong;
}

const isEnabled = ({ accountEnabled, accountExpires }: UserStatus): boolean =>
  accountEnabled && (accountExpires === null || new Date(accountExpires) > new Date());

let trials: Trials;

/** Tries sign-ins by the names that the places give, with other people's clients. Looks at nothing else. */
async function wrongSignIns(): Promise<string[]> {
  const places = await seen();
  const names = [...places].flatMap(([person, { tenant }]) =>
    tenant && tenant.signInName !== null
      ? [[person, tenant.signInName ?? tenant.userPrincipalName] as const]
      : [],
  );
  const wrong = await mapLimit(people, 4, async person => {
    const { now, last, password } = person;
    const may = now?.enabled ?? false;
    const found: string[] = [];
    const name = names.find(([one]) => one === person)?.[1] ?? now?.upn;
    const has = names.some(([one]) => one === person);
    if (name !== undefined && (await trials.web({ upn: name }, password)) !== (may && has))
      found.push(`${last} at web sign-in as ${name}: ${!(may && has)}`);
    const sam = places.get(person)!.managed?.samAccountName ?? last;
    if (((await trials.kerberos({ sam }, password)) !== undefined) !== may)
      found.push(`${last} by kinit as ${sam}: ${!may}`);
    return found;
  });
  return wrong.flat();
}

async function settled(what: string): Promise<void> {
  const none = (wrong: string[]) => wrong.length === 0 || new NotYet(wrong.join('; '));
  await eventually(what, async () => none(await differences()), { patienceMs: SETTLE_MS, lookMs: 500 });
  await eventually(what, async () => none(await wrongSignIns()), { patienceMs: SETTLE_MS, lookMs: 1000 });
  // The latest changes may have been on their way.
  await eventually(what, async () => none(await differences(true)), { patienceMs: SETTLE_MS, lookMs: 500 });
  touched.clear();
}

before(async () => {
  trials = new Trials(await stage.openAll());
});

after(async () => {
  for (const { forest, now } of people) if (now) await deleteUser(forest, now.dn).catch(() => {});
  for (const system of systems.values()) await system.close();
  await stage.close();
  await stopDomain(layoutOf(managed));
  if (!fabrikamWasUp) await stopDomain(layoutOf(fabrikam));
});

test(`seed ${seed}: the places match the forests whatever happens to people and names`, {
  timeout: 10 * 60_000,
}, async () => {
  const told: string[] = [];
  await playing(seed, told, () => play(told));
});

async function play(told: string[]): Promise<void> {
  for (let number = 0; number < 10; number++) await make(forests[number % 2]!, number);
  await look();
  await settled('at the beginning');
  for (let round = 1; round <= ROUNDS; round++) {
    const place = pick(stage.places);
    told.push(`round ${round}, ${place.settings.name} killed`);
    for (let i = 0; i < STEPS; i++) {
      // A step that the directory rejects has not happened.
      await step().catch(() => {});
      await look();
      if (i === STEPS >> 1) await place.kill();
    }
    await place.start();
    await settled(told.at(-1)!);
  }
}
