import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { buildSupplementalCredentials, EncryptionType, ntHash, stringToKey } from '@causeway/credentials';
import { baseDn, runTool } from '@causeway/samba';
import { dateToFiletime } from '@causeway/wire';
import { type Attributes, BYPASS_PASSWORD_HASH, type Change, modifyDirectory } from './ldif.ts';
import type { Report } from './lifecycle.ts';
import { addMemberships, type Memberships } from './memberships.ts';
import {
  derivePassword,
  OLD_PASSWORD_DAYS,
  organizationalUnits,
  type Person,
  planGroups,
  planPeople,
} from './people.ts';
import { labPath } from './state.ts';
import { DOMAINS, type LabDomain, labForests, layoutOf } from './table.ts';
import { escapeRdn, userAttributes, userDn } from './users.ts';

export interface SeededUser {
  sam: string;
  upn: string;
  kind: Person['kind'];
  /** null: no password. */
  password: string | null;
}

export interface SeedResult {
  created: number;
  existing: number;
  groups: number;
  seconds: number;
  file: string;
}

/** The people whom every test finds in the first forest. */
export const TEST_USERS = 20;

/** Names and passwords of all seeded people of a forest, readable by root alone. */
export const seedFile = ({ name }: LabDomain = DOMAINS.onprem): string =>
  labPath(name === DOMAINS.onprem.name ? 'seed.json' : `seed-${name}.json`);

/** The seed of a domain's people by default. */
export const seedOf = ({ seed = 1 }: LabDomain): number => seed;

// Up to here the domain controller makes the hashes itself, at 18 ms per user. Beyond, they are written directly.
const NORMAL_WAY = 200;
const BATCH = 2_000;
/** The number of passwords beyond: string-to-key costs more than storing the user. */
const POOL_SIZE = 64;
/** RFC 3962, 4 */
const ITERATIONS = 4096;

/** All seeded people of a forest, with passwords. */
export function seededUsers(forest: LabDomain = DOMAINS.onprem): SeededUser[] {
  const file = seedFile(forest);
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as { users: SeededUser[] }).users;
}

/**
 * @param name short name or user principal name
 * @param domain a forest: looks among its people; the managed domain: looks in all forests, the first one first
 */
export function seededUser(name: string, domain: LabDomain): SeededUser | undefined {
  const forests = domain.madeBy === 'lab' ? [domain] : labForests;
  return forests.flatMap(forest => seededUsers(forest)).find(user => user.sam === name || user.upn === name);
}

/**
 * Fills a domain. Existing people stay as they are.
 * @param options.memberships makes these groups instead of the teams and departments
 */
export async function seedDomain(
  domain: LabDomain,
  options: { users: number; seed?: number; memberships?: Memberships; report?: Report },
): Promise<SeedResult> {
  const { users, seed = seedOf(domain), report = () => {} } = options;
  const started = performance.now();
  const layout = layoutOf(domain);
  report('planning people');
  const people = planPeople(domain, users, seed);
  const pool = users > NORMAL_WAY ? credentialPool(domain, seed) : [];
  people.forEach((person, index) => {
    if (index >= NORMAL_WAY && person.password !== undefined)
      person.password = pool[index % POOL_SIZE]!.password;
  });
  const file = seedFile(domain);
  writeFileSync(file, JSON.stringify({ seed, users: people.map(seeded) }, null, 1), { mode: 0o600 });

  const present = await accountNames(domain);
  const missing = people
    .map((person, index) => ({ person, index }))
    .filter(({ person }) => !present.has(person.sam.toLowerCase()));
  const units = organizationalUnits(domain).filter(dn => !present.has(dn.toLowerCase()));
  await modifyDirectory(layout, units.map(organizationalUnit));

  const isNormal = ({ person, index }: (typeof missing)[number]) =>
    index < NORMAL_WAY && person.kind !== 'no-aes-keys' && person.kind !== 'old-password';
  const normal = missing.filter(isNormal);
  const direct = missing.filter(each => !isNormal(each));
  if (normal.length > 0) report(`making ${normal.length} users`);
  await modifyDirectory(
    layout,
    normal.map(({ person }) => add(domain, person)),
  );
  for (let at = 0; at < direct.length; at += BATCH) {
    const batch = direct.slice(at, at + BATCH);
    report(`storing users ${at + 1} to ${at + batch.length} of ${direct.length}`);
    const changes = batch.map(({ person, index }) => addDirectly(domain, person, pool[index % POOL_SIZE]));
    await modifyDirectory(layout, changes, { controls: [BYPASS_PASSWORD_HASH], bulk: true });
  }
  const groups = options.memberships
    ? await addMemberships(domain, people, options.memberships, present, report)
    : await addGroups(domain, people, present, report);
  return {
    created: missing.length,
    existing: people.length - missing.length,
    groups,
    seconds: (performance.now() - started) / 1000,
    file,
  };
}

const seeded = (person: Person): SeededUser => ({
  sam: person.sam,
  upn: person.upn,
  kind: person.kind,
  password: person.password ?? null,
});

const organizationalUnit = (dn: string): Change => ({
  dn,
  change: 'add',
  attributes: { objectClass: ['organizationalUnit'] },
});

/** As an administrator's tool does it, except for the password: the database's attribute takes it without quotes. */
function add(domain: LabDomain, person: Person): Change {
  const { unicodePwd: _, ...attributes } = userAttributes(domain, person);
  if (person.password !== undefined) attributes.clearTextPassword = [Buffer.from(person.password, 'utf16le')];
  return { dn: userDn(domain, person), change: 'add', attributes };
}

interface StoredCredential {
  password: string;
  attributes: Attributes;
}

/** What a domain controller stores for a password: the hash, and the Kerberos keys with their salt. */
function storedCredential(domain: LabDomain, name: string, password: string): StoredCredential {
  const salt = `${domain.realm}${name}`;
  const keys = [EncryptionType.aes256, EncryptionType.aes128].map(enctype => ({
    enctype,
    key: stringToKey(enctype, password, salt),
  }));
  const blob = buildSupplementalCredentials({ salt, iterations: ITERATIONS, keys }, randomBytes);
  return { password, attributes: { unicodePwd: [ntHash(password)], supplementalCredentials: [blob] } };
}

const credentialPool = (domain: LabDomain, seed: number): StoredCredential[] =>
  Array.from({ length: POOL_SIZE }, (_, index) =>
    storedCredential(domain, `pool${index}`, derivePassword(seed, `pool${index}`)),
  );

function addDirectly(domain: LabDomain, person: Person, pooled: StoredCredential | undefined): Change {
  const stored =
    person.password === pooled?.password
      ? pooled?.attributes
      : storedCredential(domain, person.sam, person.password!).attributes;
  const attributes = { ...userAttributes(domain, person), ...stored };
  if (person.kind === 'no-aes-keys') delete attributes.supplementalCredentials;
  const age = person.kind === 'old-password' ? OLD_PASSWORD_DAYS * 86_400_000 : 0;
  attributes.pwdLastSet = [person.mustChange ? '0' : String(dateToFiletime(new Date(Date.now() - age)))];
  return { dn: userDn(domain, person), change: 'add', attributes };
}

async function addGroups(
  domain: LabDomain,
  people: Person[],
  present: Set<string>,
  report: Report,
): Promise<number> {
  const container = organizationalUnits(domain)[0]!;
  const dnOf = (name: string) => `CN=${escapeRdn(name)},${container}`;
  const planned = planGroups(people);
  const missing = planned.filter(group => !present.has(group.name.toLowerCase()));
  if (missing.length > 0) report(`making ${missing.length} groups`);
  for (let at = 0; at < missing.length; at += BATCH / 10) {
    const changes = missing.slice(at, at + BATCH / 10).map((group): Change => {
      const member = [...group.members.map(person => userDn(domain, person)), ...group.groups.map(dnOf)];
      const attributes: Attributes = { objectClass: ['group'], sAMAccountName: [group.name] };
      if (member.length > 0) attributes.member = member;
      return { dn: dnOf(group.name), change: 'add', attributes };
    });
    await modifyDirectory(layoutOf(domain), changes, { bulk: true });
  }
  return missing.length;
}

/** Short names of accounts and DNs of organizational units, in lower case. */
async function accountNames(domain: LabDomain): Promise<Set<string>> {
  const { samLdb, smbConf } = layoutOf(domain);
  const output = await runTool('ldbsearch', [
    '-H',
    samLdb,
    `--configfile=${smbConf}`,
    '-b',
    baseDn(domain),
    '(|(sAMAccountName=*)(objectClass=organizationalUnit))',
    'sAMAccountName',
  ]);
  const names = new Set<string>();
  for (const match of output.replace(/\n /g, '').matchAll(/^(dn|sAMAccountName)(::?) (.*)$/gm)) {
    const text = match[2] === '::' ? Buffer.from(match[3]!, 'base64').toString('utf8') : match[3]!;
    names.add(text.toLowerCase());
  }
  return names;
}
