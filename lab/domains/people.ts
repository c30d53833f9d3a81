import { createHmac } from 'node:crypto';
import { baseDn, dnsDomain } from '@causeway/samba';
import { randomFrom } from '../random.ts';
import type { LabDomain } from './table.ts';
import { escapeRdn, type NewUser, userDn } from './users.ts';

/** What is special about a person; most are `plain`. */
export type PersonKind =
  | 'plain'
  | 'must-change'
  | 'disabled'
  | 'old-password'
  | 'comma-and-unicode'
  | 'long-name'
  | 'no-aes-keys'
  | 'no-password'
  | 'unicode-ou';

export interface Person extends NewUser {
  kind: PersonKind;
  upn: string;
  container: string;
}

/** Days since the password of an `old-password` person was set: more than the 42 that Samba allows by default. */
export const OLD_PASSWORD_DAYS = 60;

const GIVEN =
  'Amélie Björn Chiara Dmitri Elif Farid Greta Hiroshi Inés Jakub Kavya Liam Mei Noah Olga Paweł Quinn'
    .concat(' Rosa Søren Tariq Ulla Viktor Wanda Ximena Yusuf Zsófia')
    .split(' ');
const SURNAMES =
  'Almeida Bergström Castillo Dvořák Eriksen Fischer García Hansen Ivanova Jørgensen Kowalski Laurent'
    .concat(
      ' Müller Nakamura O’Brien Papadopoulos Quist Rossi Şahin Takahashi Urbina Virtanen Weiß Xu Yılmaz Zieliński',
    )
    .split(' ');

/** Organizational units of the people, parents first. */
export function organizationalUnits(domain: LabDomain): string[] {
  const people = `OU=People,${baseDn(domain)}`;
  return [
    people,
    `OU=Staff,${people}`,
    `OU=Contractors,${people}`,
    `OU=${escapeRdn('Zürich, Büro')},${people}`,
  ];
}

/**
 * The first `count` people of a seed. A longer list begins with the shorter one. The same seed makes the same people with the same
 * passwords.
 */
export function planPeople(domain: LabDomain, count: number, seed: number): Person[] {
  const [, staff, contractors, office] = organizationalUnits(domain) as [string, string, string, string];
  const users = `CN=Users,${baseDn(domain)}`;
  const person = (
    kind: PersonKind,
    sam: string,
    givenName: string,
    surname: string,
    container: string,
    more: Partial<Person> = {},
  ): Person => ({
    kind,
    sam,
    upn: `${sam}@${dnsDomain(domain)}`,
    givenName,
    surname,
    displayName: `${givenName} ${surname}`,
    mail: `${sam}@${dnsDomain(domain)}`,
    container,
    ...(kind === 'no-password' ? {} : { password: derivePassword(seed, sam) }),
    ...(kind === 'must-change' ? { mustChange: true } : {}),
    ...(kind === 'disabled' ? { enabled: false } : {}),
    ...more,
  });
  const known = [
    person('plain', 'alice', 'Alice', 'Andersson', users),
    person('plain', 'bob', 'Bob', 'Brown', staff),
    person('must-change', 'carol', 'Carol', 'Costa', staff),
    person('disabled', 'dave', 'Dave', 'Dubois', contractors),
    person('old-password', 'erin', 'Erin', 'Eklund', staff),
    person('comma-and-unicode', 'zoe', 'Zoë', 'Ünal-Øst', staff, { cn: 'Ünal-Øst, Zoë' }),
    person('long-name', 'maximilian.featherstonehaugh', 'Maximilian', 'Featherstonehaugh', staff),
    person('no-aes-keys', 'frank', 'Frank', 'Fontaine', staff),
    person('no-password', 'grace', 'Grace', 'Green', contractors),
    person('unicode-ou', 'ivan', 'Иван', 'Иванов', office),
  ];
  const random = randomFrom(seed);
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)]!;
  while (known.length < count) {
    const number = known.length;
    const [givenName, surname] = [pick(GIVEN), pick(SURNAMES)];
    const kind = number % 29 === 0 ? 'disabled' : number % 31 === 0 ? 'must-change' : 'plain';
    const container = number % 7 === 0 ? contractors : number % 11 === 0 ? office : staff;
    const sam = `${ascii(givenName).slice(0, 1)}${ascii(surname).slice(0, 10)}${number}`;
    const manager = known[FIRST_WITH_PROFILE + Math.floor((number - FIRST_WITH_PROFILE) / TEAM_OF_MANAGER)];
    known.push(
      person(kind, sam, givenName, surname, container, {
        cn: `${givenName} ${surname} ${number}`,
        profile: {
          ...planProfile(sam, number, dnsDomain(domain)),
          ...(manager && { manager: [userDn(domain, manager)] }),
        },
      }),
    );
  }
  return known.slice(0, count);
}

/** The people before it stay as tests know them. */
const FIRST_WITH_PROFILE = 10;
const TEAM_OF_MANAGER = 10;

const TITLES = ['Assistant', 'Consultant', 'Engineer', 'Head of Unit', 'Technician'];
/** Office, street, postal code, town, county, country and country code. */
const OFFICES = [
  ['Århus 2', 'Rådhuspladsen 1', '8000', 'Århus C', 'Midtjylland', 'Denmark', 'DK'],
  ['Zürich 4', 'Bahnhofstrasse 12', '8001', 'Zürich', 'Zürich', 'Switzerland', 'CH'],
  ['Leeds', '12 Park Row', 'LS1 5HD', 'Leeds', 'West Yorkshire', 'United Kingdom', 'GB'],
] as const;

/** What a personnel department enters for a person. */
function planProfile(sam: string, number: number, dns: string): Record<string, string[]> {
  const [office, street, postalCode, town, county, country, code] = OFFICES[number % OFFICES.length]!;
  const digits = String(number).padStart(6, '0');
  return {
    title: [TITLES[number % TITLES.length]!],
    department: [DEPARTMENTS[number % DEPARTMENTS.length]!],
    company: ['Example & Sons'],
    employeeID: [digits],
    telephoneNumber: [`+45 70 ${digits}`],
    mobile: [`+45 20 ${digits}`],
    physicalDeliveryOfficeName: [office],
    streetAddress: [street],
    postalCode: [postalCode],
    l: [town],
    st: [county],
    co: [country],
    c: [code],
    preferredLanguage: ['en-GB'],
    proxyAddresses: [`SMTP:${sam}@${dns}`, `smtp:${digits}@${dns}`],
  };
}

/** A group and its members, each by DN or by the name of another group of the plan. */
export interface PlannedGroup {
  name: string;
  members: Person[];
  groups: string[];
}

const TEAM_SIZE = 20;
const DEPARTMENTS = ['Sales', 'Engineering', 'Finance', 'Support'];

/** Teams of people in departments in one group of all people: nested groups, inner ones first. */
export function planGroups(people: Person[]): PlannedGroup[] {
  const count = Math.max(DEPARTMENTS.length, Math.ceil(people.length / TEAM_SIZE));
  const teams = Array.from({ length: count }, (_, index) => {
    const department = DEPARTMENTS[index % DEPARTMENTS.length]!;
    const name = `${department} team ${Math.floor(index / DEPARTMENTS.length) + 1}`;
    return { department, name, members: [] as Person[], groups: [] };
  });
  people.forEach((person, index) => {
    teams[index % count]!.members.push(person);
  });
  const departments = DEPARTMENTS.map(name => ({
    name,
    members: [],
    groups: teams.filter(team => team.department === name).map(team => team.name),
  }));
  return [
    ...teams.map(({ name, members, groups }) => ({ name, members, groups })),
    ...departments,
    { name: 'All staff', members: [], groups: DEPARTMENTS },
  ];
}

/** 72 bits that anybody who knows the seed can derive again: these people exist in a lab only. */
export function derivePassword(seed: number, name: string): string {
  return `Aa1.${createHmac('sha256', String(seed)).update(name).digest('base64url').slice(0, 12)}`;
}

const ascii = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/ß/g, 'ss')
    .replace(/[øØ]/g, 'o')
    .replace(/[łŁ]/g, 'l')
    .replace(/ı/g, 'i')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();
