import { readFileSync } from 'node:fs';
import { baseDn, dnsDomain, runTool } from '@causeway/samba';
import { NotYet, timeUntil } from '@causeway/service/testing';
import { addMembers, removeMembers } from '../../domains/groups.ts';
import { type Memberships, planMemberships, type SizedGroup } from '../../domains/memberships.ts';
import { organizationalUnits } from '../../domains/people.ts';
import { type SeededUser, seededUsers } from '../../domains/seed.ts';
import { describeDomain, type LabDomain } from '../../domains/table.ts';
import { ONE_FOREST } from '../domains.ts';
import type { Ground } from '../ground.ts';
import { CONNECT_MEMORY_MB, memoryRow } from '../measure/memory.ts';
import { median, timed } from '../measure/numbers.ts';
import { type Measurement, percentiles } from '../measure/row.ts';
import type { Scene } from '../scene.ts';
import { ManagedGroups, TenantGroups } from './group-places.ts';

const SAMPLES = 12;
const TRIAL_SAMPLES = 2;
/** Between two looks at what is read or loaded whole, in milliseconds. */
const LOOK_MS = 2_000;
const ALL_SECONDS = 120;
/** At the tenant, in addition to the time in which the domain controller finds the change. */
const AT_THE_TENANT_MS = 1_000;
const FINDS = 3;
/** In the managed domain, in addition to that search: a multiple of a modify of `member` alone, and more milliseconds. */
const AT_MOST = 1.2;
const AND_MS = 1_000;

/** The managed domain is written more slowly than the tenant, and memberships come after people. */
const MANAGED_PATIENCE = 6;

/** A site's groups for so many people: one group per 20 people, 10 memberships per person. */
export const groupsOf = (people: number): Memberships => ({
  groups: Math.ceil(people / 20),
  memberships: people * 10,
});

/** All groups of a large site into an empty tenant, then single members of its two largest groups. */
export async function measureGroups(ground: Ground, people: number): Promise<Measurement[]> {
  const forest = ONE_FOREST[0]!;
  const wanted = groupsOf(people);
  await ground.memberships(forest, people, wanted);
  const scene = await ground.scene(ONE_FOREST, people);
  const bare = await readLists(scene, forest);
  if (bare.members !== wanted.memberships)
    throw new Error(`the forest has ${bare.members} memberships, ${wanted.memberships} were made`);
  await using tenant = await TenantGroups.open(ground.postgres.url);
  const ms = await importAll(scene, tenant, people, wanted);
  await scene.imported();
  const all: Measurement = {
    name: `people, groups and memberships into an empty tenant, of ${people}, ${wanted.groups} and ${wanted.memberships}`,
    value: ms / 1000,
    unit: 's',
    against: 'ldapsearch of the same lists, as the same account',
    yardstick: bare.ms / 1000,
    budget: { of: 'value', atMost: ALL_SECONDS },
  };
  tell(scene, [all]);
  const site = { scene, forest, groups: planMemberships(people, wanted).slice(0, 2).reverse() };
  await settle(site, tenant);
  const changes = { ...site, findMs: await timeToFind(site) };
  const rows = [all, ...(await measureTenant(changes, tenant)), ...(await measureManaged(changes))];
  const { connect, tenant: place, domain } = scene.stage;
  const memory = [
    memoryRow(connect, people, CONNECT_MEMORY_MB),
    memoryRow(place, people),
    memoryRow(domain, people),
  ];
  return [...rows, ...memory.map(row => ({ ...row, name: `${row.name}, with groups` }))];
}

/** Reports rows at once: the managed domain of a large site takes long, and a failure there must not lose what was measured before. */
function tell({ ground }: Scene, rows: readonly Measurement[]): void {
  for (const { name, value, unit, yardstick } of rows)
    ground.report(
      `  ${name}: ${value.toFixed(1)} ${unit}${yardstick === undefined ? '' : `, the yardstick ${yardstick.toFixed(1)} ${unit}`}`,
    );
}

interface Site {
  readonly scene: Scene;
  readonly forest: LabDomain;
  /** The two largest. */
  readonly groups: readonly SizedGroup[];
}

interface Changes extends Site {
  /** In which the domain controller finds what changed, in milliseconds. */
  readonly findMs: number;
}

/** @returns milliseconds; Samba (4.17) looks at all objects for it */
async function timeToFind({ scene, forest }: Site): Promise<number> {
  const found: number[] = [];
  for (let i = 0; i < FINDS; i++) found.push((await timed(() => search(scene, forest, NOTHING_NEW))).ms);
  return median(found);
}

async function measureTenant(
  { scene, forest, groups, findMs }: Changes,
  tenant: TenantGroups,
): Promise<Measurement[]> {
  const rows: Measurement[] = [];
  for (const group of groups) {
    scene.ground.report(`changing one of ${group.people} members, at the tenant`);
    const arrives: Arrives = (_sam, _change, members) => tenant.until(group.name, members);
    const took = await changesOf(scene, forest, group, arrives);
    const against = `a search for what changed by ldapsearch; at most that and ${AT_THE_TENANT_MS} ms`;
    const name = `one changed member of ${group.people}, at the tenant`;
    const measured = percentiles(name, took, findMs + AT_THE_TENANT_MS, { against, yardstick: findMs });
    tell(scene, measured);
    rows.push(...measured);
  }
  return rows;
}

/** A change waits while Connect reads the first password of each user. Makes one change and waits, so that the next ones do not. */
async function settle({ scene, forest, groups }: Site, tenant: TenantGroups): Promise<void> {
  const group = groups[0]!;
  const [newcomer] = newcomersOf(group, seededUsers(forest));
  if (newcomer === undefined) return;
  scene.ground.report('waiting until nothing else is to be done');
  await addMembers(forest, group.name, [newcomer.sam]);
  await tenant.until(group.name, group.people + 1, scene.patienceMs);
  await removeMembers(forest, group.name, [newcomer.sam]);
  await tenant.until(group.name, group.people);
}

async function measureManaged({ scene, forest, groups, findMs }: Changes): Promise<Measurement[]> {
  await using managed = await ManagedGroups.load(scene);
  const rows: Measurement[] = [];
  const patienceMs = MANAGED_PATIENCE * scene.patienceMs;
  for (const group of groups) await managed.whole(group.name, group.people, patienceMs);
  await settleManaged({ scene, forest, groups }, managed, patienceMs);
  for (const group of groups) {
    scene.ground.report(`changing one of ${group.people} members, in the managed domain`);
    const raw = await managed.rawModify(group.name, samplesOf(scene));
    const took = await changesOf(scene, forest, group, (sam, change) =>
      managed.until(group.name, sam, change),
    );
    const against = `a modify of one member alone, on the same socket; at most ${AT_MOST} of it, ${AND_MS} ms and the search for what changed`;
    const name = `one changed member of ${group.people}, in the managed domain`;
    const measured = percentiles(name, took, findMs + AT_MOST * raw + AND_MS, { against, yardstick: raw });
    tell(scene, measured);
    rows.push(...measured);
  }
  return rows;
}

/** A change waits while other groups are being written. Makes one change and waits, so that the next ones do not. */
async function settleManaged(
  { scene, forest, groups }: Site,
  managed: ManagedGroups,
  patienceMs: number,
): Promise<void> {
  const group = groups[0]!;
  const [newcomer] = newcomersOf(group, seededUsers(forest));
  if (newcomer === undefined) return;
  scene.ground.report('waiting until every group of the managed domain is written');
  await addMembers(forest, group.name, [newcomer.sam]);
  await managed.until(group.name, newcomer.sam, 'in', patienceMs);
  await removeMembers(forest, group.name, [newcomer.sam]);
  await managed.until(group.name, newcomer.sam, 'out', patienceMs);
}

/** Asks a place for a change. `members` is the number of members with it. */
type Arrives = (sam: string, change: 'in' | 'out', members: number) => Promise<number>;

/** Adds people to a group, one after the other, and removes them. @returns milliseconds from the domain controller's answer */
async function changesOf(
  scene: Scene,
  forest: LabDomain,
  group: SizedGroup,
  arrives: Arrives,
): Promise<number[]> {
  const took: number[] = [];
  const people = newcomersOf(group, seededUsers(forest)).slice(0, samplesOf(scene));
  let members = group.people;
  for (const { sam } of people) {
    await addMembers(forest, group.name, [sam]);
    took.push(await arrives(sam, 'in', ++members));
  }
  for (const { sam } of people) {
    await removeMembers(forest, group.name, [sam]);
    took.push(await arrives(sam, 'out', --members));
  }
  return took;
}

const samplesOf = ({ ground }: Scene): number => (ground.trial ? TRIAL_SAMPLES : SAMPLES);

/** People whom the plan does not have in the group, the next ones after its members. */
function newcomersOf({ first, people }: SizedGroup, users: readonly SeededUser[]): SeededUser[] {
  const end = (first + people) % users.length;
  const outside = [...users.slice(end), ...users.slice(0, end)].slice(0, users.length - people);
  return outside.filter(({ kind }) => kind === 'plain');
}

/** OpenLDAP's client reads the same lists and discards them. */
async function readLists(scene: Scene, forest: LabDomain): Promise<{ ms: number; members: number }> {
  scene.ground.report('reading all lists by ldapsearch');
  const paged = ['-E', 'pr=100/noprompt', '-b', organizationalUnits(forest)[0]!];
  const lists = [...paged, '(objectClass=group)', 'member'];
  const { ms, result } = await timed(() => search(scene, forest, lists));
  return { ms, members: result.match(/^member::? /gm)?.length ?? 0 };
}

/** What Connect asks for in a delta, with a mark that nothing has reached. */
const NOTHING_NEW = ['(&(|(objectClass=user)(objectClass=group))(uSNChanged>=9000000000))', '1.1'];

/** OpenLDAP's client, with the account that Connect uses. */
function search(scene: Scene, forest: LabDomain, what: readonly string[]): Promise<string> {
  const { username, passwordFile } = scene.reader(forest);
  const { address, caFile } = describeDomain(forest);
  const bind = [
    '-x',
    '-D',
    `${username}@${dnsDomain(forest)}`,
    '-w',
    readFileSync(passwordFile, 'utf8').trim(),
  ];
  const base = what.includes('-b') ? [] : ['-b', baseDn(forest)];
  const asked = ['-H', `ldaps://${address}`, ...bind, '-LLL', '-o', 'ldif-wrap=no', ...base, ...what];
  return runTool('ldapsearch', asked, {
    env: { LDAPTLS_CACERT: caFile, LDAPTLS_REQCERT: 'demand' },
    timeout: scene.patienceMs,
  });
}

/** @returns milliseconds from the start of Connect */
async function importAll(
  scene: Scene,
  tenant: TenantGroups,
  people: number,
  { groups, memberships }: Memberships,
): Promise<number> {
  await scene.opened();
  scene.ground.report(`importing ${people} people, ${groups} groups and ${memberships} memberships`);
  const look = async (): Promise<boolean | NotYet> => {
    const has = await tenant.count();
    const done = has.people >= people && has.groups >= groups && has.memberships >= memberships;
    return done || new NotYet(`${has.people} people, ${has.groups} groups, ${has.memberships} memberships`);
  };
  return timeUntil('all is in the tenant', look, { patienceMs: scene.patienceMs, lookMs: LOOK_MS });
}
