import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLOUD_FOREST, referenceToForest } from '@causeway/records';
import { createLog, timestamp } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import fc from 'fast-check';
import { newEntry } from '../apply/plan.ts';
import { believePage } from '../groups/believe-page.ts';
import type { GroupContext } from '../groups/group-context.ts';
import { Later } from '../groups/later.ts';
import { Ledger } from '../ledger/ledger.ts';
import { nameWithDigits } from '../names/made-up-name.ts';
import { GroupsPeer } from '../testing/groups-peer.ts';
import { ForestPeer, type Group, type Person } from '../testing/index.ts';
import { GroupKeeper } from './group-keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-group-keeper-'));
after(() => rmSync(folder, { recursive: true }));
const TENANT = randomUUID();
const domain = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' };
const never = new AbortController().signal;
const HOUR_MS = 3_600_000;

/** A forest and a tenant, a ledger that believes them, and a scripted directory that the keeper writes. */
class Scene {
  readonly clock = new HandClock();
  readonly said: string[] = [];
  readonly log = createLog('test', { write: line => void this.said.push(line) });
  readonly peer = new GroupsPeer();
  /** Its sequences are lower than those of the forest. */
  readonly cloud = new ForestPeer(TENANT, CLOUD_FOREST);
  readonly corp = new ForestPeer(TENANT);
  /** The feed writes many people. */
  isLoading = false;
  ledger: Ledger;
  keeper: GroupKeeper;
  #context: GroupContext;

  constructor() {
    this.ledger = this.#open();
    [this.keeper, this.#context] = this.#start();
  }

  #open(): Ledger {
    const ledger = new Ledger(join(folder, `${randomUUID()}.db`), this.clock);
    for (const { publicKey, forest } of [this.corp, this.cloud])
      ledger.agents.trust({ ...publicKey, forest, trustedAt: timestamp(this.clock) });
    return ledger;
  }

  #start(): [GroupKeeper, GroupContext] {
    const { ledger, log, peer, clock } = this;
    const { directory, groups } = peer;
    const options = { ledger, log, directory: directory as never, domainWhenUp: async () => domain };
    const isLoading = () => this.isLoading;
    const keeper = new GroupKeeper({ ...options, deletionThreshold: 500, isLoading });
    return [keeper, { ledger, directory, groups, domain, log, later: new Later(clock) }];
  }

  restart(): void {
    [this.keeper, this.#context] = this.#start();
  }

  loseLedger(): void {
    this.ledger.close();
    this.ledger = this.#open();
    this.restart();
  }

  believe(group: Group, ...records: string[]): string[] {
    return this.believeOf(this.corp, group, ...records);
  }

  /** @param owner the forest or tenant that the group belongs to */
  believeOf(owner: ForestPeer, group: Group, ...records: string[]): string[] {
    const forest = owner === this.cloud ? null : owner.forest;
    const items = records.map(record => ({ ...owner.groupItem(group, record), forest }));
    const { log, ledger } = this;
    return ledger.transaction(() => {
      const { refused } = believePage({ ledger, tenant: TENANT, domain, log }, items);
      ledger.state.set('groupsReadAt', ledger.timestamp());
      return refused.map(one => one.refused.code);
    });
  }

  /** Adds the account of a user, as the feed's pages do. */
  come(person: Person, managedGuid = this.peer.addOther(person.name)): string {
    const { forest } = this.corp;
    const entry = this.ledger.accounts.of({ forest, anchor: person.anchor });
    this.peer.others.set(managedGuid, person.name);
    this.ledger.accounts.save({
      ...(entry ?? newEntry({ sourceAnchor: person.anchor, forest, objectGuid: person.objectGuid })),
      ...{ managedGuid, samAccountName: person.name, nonce: randomUUID(), deletedAt: null },
      accountSequence: sequenceOf(this.corp.account(person)),
    });
    return managedGuid;
  }

  leave(person: Person): void {
    const { forest } = this.corp;
    const entry = this.ledger.accounts.of({ forest, anchor: person.anchor })!;
    if (entry.managedGuid !== null) this.peer.removeOther(entry.managedGuid);
    const accountSequence = sequenceOf(this.corp.account(person));
    const gone = { managedGuid: null, lastManagedGuid: entry.managedGuid, samAccountName: null };
    const deletedAt = this.ledger.timestamp();
    this.ledger.accounts.save({ ...entry, ...gone, accountSequence, deletedAt });
  }

  turn(): Promise<void> {
    return this.keeper.turn(this.#context, never);
  }

  async later(milliseconds: number): Promise<void> {
    await this.clock.pass(milliseconds);
    await this.turn();
  }

  /** Names of a group's members. */
  members(name: string): string[] | undefined {
    const nameOf = (guid: string) => this.peer.others.get(guid) ?? this.peer.stored.get(guid)!.name;
    const group = this.peer.named(name);
    return group && [...group.members].map(nameOf).sort();
  }

  problems(group: Group): string[] {
    return this.ledger.problems
      .of({ forest: this.corp.forest, anchor: group.anchor })
      .map(({ code }) => code);
  }
}

const sequenceOf = (record: string): number =>
  (JSON.parse(Buffer.from(record.split('.')[1]!, 'base64url').toString()) as { sequence: number }).sequence;

test('writes members once both sides exist, whichever comes first', async () => {
  const scene = new Scene();
  const { corp } = scene;
  const [staff, nested] = [corp.group('Staff'), corp.group('Nested')];
  const [alice, bob] = [corp.person('alice'), corp.person('bob')];
  scene.believe(staff, ...corp.slices(staff, [alice.anchor, nested.anchor, bob.anchor]));
  await scene.turn();
  scene.come(alice);
  await scene.turn();
  scene.believe(staff, corp.groupRecord(staff));
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['alice']);
  assert.deepEqual(scene.ledger.memberships.counts(), { written: 1, waiting: 2 });
  scene.believe(nested, corp.groupRecord(nested));
  scene.come(bob);
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['Nested', 'alice', 'bob']);
});

test('writes one value, and reads no list, for one changed member of a large group', async () => {
  const scene = new Scene();
  const { corp, peer } = scene;
  const staff = corp.group('Staff');
  const people = Array.from({ length: 1500 }, (_, n) => corp.person(`person ${n}`));
  scene.ledger.transaction(() => people.forEach(one => void scene.come(one)));
  const anchors = people.map(({ anchor }) => anchor);
  scene.believe(staff, corp.groupRecord(staff), ...corp.slices(staff, anchors));
  await scene.turn();
  assert.equal(scene.members('Staff')?.length, 1500);
  peer.written = 0;
  peer.groups.members = () => assert.fail('the list is read');
  scene.believe(staff, ...corp.slices(staff, anchors.slice(1)));
  await scene.turn();
  assert.deepEqual([scene.members('Staff')?.length, peer.written], [1499, 1]);
});

test('writes what changed during a write next', async () => {
  const scene = new Scene();
  const { corp } = scene;
  const [staff, later] = [corp.group('Staff'), corp.group('Later')];
  const [alice, bob] = [corp.person('alice'), corp.person('bob')];
  for (const one of [alice, bob]) scene.come(one);
  scene.believe(staff, corp.groupRecord(staff), ...corp.slices(staff, [alice.anchor]));
  await scene.turn();
  scene.isLoading = true;
  scene.believe(staff, ...corp.slices(staff, [bob.anchor]));
  scene.believe(later, corp.groupRecord(later));
  await scene.turn();
  assert.deepEqual([scene.members('Staff'), scene.members('Later')], [[], undefined]);
  scene.isLoading = false;
  await scene.turn();
  assert.deepEqual([scene.members('Staff'), scene.members('Later')], [['bob'], []]);
});

test('what changes while it is written is written next', async () => {
  const scene = new Scene();
  const { corp, peer } = scene;
  const staff = corp.group('Staff');
  const [alice, bob] = [corp.person('alice'), corp.person('bob')];
  for (const one of [alice, bob]) scene.come(one);
  scene.believe(staff, corp.groupRecord(staff));
  await scene.turn();
  scene.believe(staff, ...corp.slices(staff, [alice.anchor, bob.anchor]));
  peer.onChange = () => {
    peer.onChange = () => {};
    scene.believe(staff, ...corp.slices(staff, [bob.anchor]));
  };
  await scene.turn();
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['bob']);
  scene.believe(staff, ...corp.slices(staff, [alice.anchor, bob.anchor]));
  peer.onChange = () => {
    peer.onChange = () => {};
    scene.leave(alice);
  };
  await scene.turn();
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['bob']);
  assert.equal(scene.ledger.memberships.nextDue(), undefined);
});

test('retries a member that the directory refuses, and writes the others', async () => {
  const scene = new Scene();
  const { corp, peer } = scene;
  const staff = corp.group('Staff');
  const [alice, bob] = [corp.person('alice'), corp.person('bob')];
  const guid = scene.come(alice);
  scene.come(bob);
  peer.others.delete(guid);
  scene.believe(staff, corp.groupRecord(staff), ...corp.slices(staff, [alice.anchor, bob.anchor]));
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['bob']);
  peer.others.set(guid, 'alice');
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['bob']);
  await scene.later(60_000);
  assert.deepEqual(scene.members('Staff'), ['alice', 'bob']);
});

test('revokes access before it grants any, whatever the order of groups', async () => {
  const scene = new Scene();
  const { corp, peer } = scene;
  const groups = ['One', 'Two', 'Three'].map(name => corp.group(name));
  const [one, two, three] = groups as [Group, Group, Group];
  const alice = corp.person('alice');
  scene.come(alice);
  const say = (group: Group, ...members: string[]) => scene.believe(group, ...corp.slices(group, members));
  for (const group of groups) scene.believe(group, corp.groupRecord(group));
  say(three, alice.anchor);
  for (const [from, to] of [
    [three, one],
    [one, three],
  ] as const) {
    await scene.turn();
    say(to, alice.anchor);
    say(from);
    scene.believe(two, corp.groupRecord(two, { securityEnabled: from !== three }));
    const order: string[] = [];
    const { change, changeMembers } = peer.groups;
    peer.groups.change = (guid, values) => {
      order.push(`type ${values.groupType![0]}`);
      return change(guid, values);
    };
    peer.groups.changeMembers = (guid, operation, members) => {
      order.push(operation);
      return changeMembers(guid, operation, members);
    };
    await scene.turn();
    Object.assign(peer.groups, { change, changeMembers });
    const [closing, opening] = [
      ['type 8', 'delete', 'add'],
      ['delete', 'type -2147483640', 'add'],
    ];
    assert.deepEqual(order, from === three ? closing : opening);
  }
});

test('a user or group that leaves and comes back is in no group until the forest lists it again', async () => {
  const scene = new Scene();
  const { corp } = scene;
  const [staff, nested] = [corp.group('Staff'), corp.group('Nested')];
  const alice = corp.person('alice');
  const guid = scene.come(alice);
  const all = () => scene.believe(staff, ...corp.slices(staff, [alice.anchor, nested.anchor]));
  scene.believe(staff, corp.groupRecord(staff));
  scene.believe(nested, corp.groupRecord(nested));
  all();
  await scene.turn();
  scene.leave(alice);
  scene.believe(nested, corp.groupRecord(nested, { deleted: true }));
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), []);
  const before = [...scene.peer.tombstones.keys()];
  scene.come(alice, guid);
  scene.believe(nested, corp.groupRecord(nested));
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), []);
  assert.deepEqual([scene.peer.named('Nested')!.guid], before, 'it is the group that it was');
  all();
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['Nested', 'alice']);
});

test("a user who leaves a forest and comes back is in a group of the tenant's own again, whatever was signed when", async () => {
  const scene = new Scene();
  const { corp, cloud } = scene;
  const [alice, own] = [corp.person('alice'), cloud.group('Own')];
  const guid = scene.come(alice);
  const list = cloud.slice(own, [referenceToForest(corp.forest, alice.anchor)], { sequence: 1 });
  scene.believeOf(cloud, own, cloud.groupRecord(own), list);
  await scene.turn();
  assert.deepEqual(scene.members('Own'), ['alice']);
  scene.leave(alice);
  await scene.turn();
  assert.deepEqual(scene.members('Own'), []);
  scene.come(alice, guid);
  await scene.turn();
  assert.deepEqual(scene.members('Own'), ['alice']);
});

test('writes a membership again that the directory removed, even if the user comes back before anything was written', async () => {
  const scene = new Scene();
  const { corp } = scene;
  const staff = corp.group('Staff');
  const alice = corp.person('alice');
  const guid = scene.come(alice);
  scene.believe(staff, corp.groupRecord(staff), ...corp.slices(staff, [alice.anchor]));
  await scene.turn();
  scene.leave(alice);
  scene.come(alice, guid);
  scene.believe(staff, ...corp.slices(staff, [alice.anchor]));
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['alice']);
});

test('a living holder keeps its name; the newcomer takes digits, and the name once it is free', async () => {
  const scene = new Scene();
  const { corp, peer } = scene;
  const computer = peer.addOther('staff');
  const [staff, admins] = [corp.group('Staff'), corp.group('Domain Admins')];
  scene.believe(staff, corp.groupRecord(staff));
  scene.believe(admins, corp.groupRecord(admins));
  await scene.turn();
  assert.ok(peer.named(nameWithDigits('Staff', staff.anchor, 256)));
  assert.deepEqual([scene.problems(staff), scene.problems(admins)], [['name-taken'], ['protected-name']]);
  assert.equal(peer.named('Domain Admins'), undefined);
  peer.removeOther(computer);
  await scene.later(60_000);
  assert.ok(peer.named('Staff'));
  assert.deepEqual(scene.problems(staff), []);
});

test('resolves a SID to its one living holder, if an administrator confirmed the domain for that forest', async () => {
  const scene = new Scene();
  const { corp, ledger } = scene;
  const [staff, other] = [corp.group('Staff'), corp.group('Other')];
  scene.believe(staff, corp.groupRecord(staff), ...corp.slices(staff, [other.sid]));
  scene.believe(other, corp.groupRecord(other));
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), []);
  ledger.confirmSid(corp.domainSid, 'fabrikam.example.org');
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), []);
  ledger.confirmSid(corp.domainSid, corp.forest);
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['Other']);
  ledger.confirmSid(corp.domainSid, undefined);
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), []);
});

test('corrects changes by others within the hour', async () => {
  const scene = new Scene();
  const { corp, peer } = scene;
  const staff = corp.group('Staff');
  const alice = corp.person('alice');
  const guid = scene.come(alice);
  const mallory = peer.addOther('mallory');
  scene.believe(staff, corp.groupRecord(staff), ...corp.slices(staff, [alice.anchor]));
  await scene.turn();
  const group = peer.stored.get(peer.named('Staff')!.guid)!;
  group.members.delete(guid);
  group.members.add(mallory);
  group.values.groupType = ['8'];
  group.name = 'Renamed';
  await scene.later(HOUR_MS);
  assert.deepEqual(scene.members('Staff'), ['alice']);
  assert.equal(peer.named('Staff')!.values.groupType?.[0], '-2147483640');
  assert.match(scene.said.join(''), /corrected them/);
});

test('a new ledger finds its groups and members after the old one was lost, and removes nobody before all is known', async () => {
  const scene = new Scene();
  const { corp, peer } = scene;
  const staff = corp.group('Staff');
  const [alice, bob] = [corp.person('alice'), corp.person('bob')];
  const guids = [scene.come(alice), scene.come(bob)];
  const records = [corp.groupRecord(staff), ...corp.slices(staff, [alice.anchor, bob.anchor])];
  scene.believe(staff, ...records);
  await scene.turn();
  peer.stored.get(peer.named('Staff')!.guid)!.members.add(peer.addOther('mallory'));
  scene.loseLedger();
  peer.written = 0;
  await scene.turn();
  assert.equal(scene.members('Staff')?.length, 3);
  assert.deepEqual(scene.ledger.groups.counts().unclaimed, 1);
  scene.come(alice, guids[0]);
  scene.come(bob, guids[1]);
  scene.believe(staff, ...records);
  await scene.turn();
  assert.deepEqual(scene.members('Staff'), ['alice', 'bob']);
  assert.deepEqual([peer.stored.size, peer.written], [1, 1], 'only mallory goes');
});

test('holds deletions of groups above the threshold until they are approved', async () => {
  const scene = new Scene();
  const { corp, peer, ledger } = scene;
  const groups = Array.from({ length: 12 }, (_, n) => corp.group(`group ${n}`));
  for (const one of groups) scene.believe(one, corp.groupRecord(one));
  await scene.turn();
  for (const one of groups) scene.believe(one, corp.groupRecord(one, { deleted: true }));
  await scene.turn();
  assert.equal(peer.stored.size, 12);
  const list = { scope: corp.forest, operation: 'delete', kind: 'group' } as const;
  ledger.bulk.approve(ledger.bulk.show(list, ledger.now())!.digest);
  await scene.turn();
  assert.equal(peer.stored.size, 0);
});

const NAMES = ['a', 'b', 'c'];
const Step = fc.record({
  what: fc.constantFrom('group', 'members', 'members', 'delete', 'come', 'leave', 'turn', 'kill', 'hand'),
  group: fc.nat(3),
  person: fc.nat(4),
  members: fc.subarray([0, 1, 2, 3, 4, 5, 6, 7, 8]),
  name: fc.constantFrom(...NAMES),
  securityEnabled: fc.boolean(),
  after: fc.nat(6),
});

/** @param own the groups are the tenant's, and the users a forest's */
const endsAsComputed = (own: boolean, numRuns: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.array(Step, { minLength: 30, maxLength: 60, size: 'max' }), async steps => {
      const scene = new Scene();
      const { corp, peer } = scene;
      const owner = own ? scene.cloud : corp;
      const groups = Array.from({ length: 4 }, (_, n) => owner.group(`group ${n}`));
      const people = Array.from({ length: 5 }, (_, n) => corp.person(`person ${n}`));
      const objects = [...people, ...groups];
      const isPerson = (one: Person | Group) => people.includes(one as Person);
      const referenceOf = (one: Person | Group) =>
        own && isPerson(one) ? referenceToForest(corp.forest, one.anchor) : one.anchor;
      // The model: the newest record of each object, the newest list, and the time of its last deletion.
      const here = new Map<string, number>();
      const left = new Map<string, number>();
      const kinds = new Map<Group, boolean>();
      const lists = new Map<Group, { at: number; members: readonly number[] }>();
      const guids = new Map<Person, string>();
      let at = 0;
      for (const { what, ...step } of steps) {
        at++;
        const group = groups[step.group]!;
        const person = people[step.person]!;
        if (what === 'group') {
          const { name: sAMAccountName, securityEnabled } = step;
          scene.believeOf(owner, group, owner.groupRecord(group, { sAMAccountName, securityEnabled }));
          if (!here.has(group.anchor)) here.set(group.anchor, at);
          kinds.set(group, securityEnabled);
        } else if (what === 'members') {
          const { members } = step;
          const references = members.map(n => referenceOf(objects[n]!));
          scene.believeOf(owner, group, ...owner.slices(group, references));
          lists.set(group, { at, members });
        } else if (what === 'delete') {
          scene.believeOf(owner, group, owner.groupRecord(group, { deleted: true }));
          here.delete(group.anchor);
          left.set(group.anchor, at);
        } else if (what === 'come' && !here.has(person.anchor)) {
          guids.set(person, scene.come(person, guids.get(person)));
          here.set(person.anchor, at);
        } else if (what === 'leave' && here.has(person.anchor)) {
          scene.leave(person);
          here.delete(person.anchor);
          left.set(person.anchor, at);
        } else if (what === 'kill') {
          let changes = step.after;
          peer.onChange = () => {
            if (changes-- === 0) throw new Error('killed');
          };
          await scene.turn().catch(() => {});
          peer.onChange = () => {};
          scene.restart();
        } else if (what === 'hand') {
          const [one] = peer.stored.values();
          one?.members.clear();
        } else await scene.turn();
      }
      scene.restart();
      for (let n = 0; n < 4; n++) await scene.later(61_000);
      const nameOf = (anchor: string) => {
        const { managedGuid } = scene.ledger.groups.of({ forest: owner.forest, anchor })!;
        return peer.stored.get(managedGuid!)!.name;
      };
      const names: string[] = [];
      for (const group of groups) {
        const entry = scene.ledger.groups.of({ forest: owner.forest, anchor: group.anchor });
        assert.equal(entry?.managedGuid != null, here.has(group.anchor));
        if (!here.has(group.anchor)) continue;
        const name = nameOf(group.anchor);
        names.push(name);
        const type = peer.named(name)!.values.groupType?.[0];
        assert.equal(type, kinds.get(group) ? '-2147483640' : '8');
        const list = lists.get(group);
        const wanted = (list && list.at > (left.get(group.anchor) ?? 0) ? list.members : [])
          .map(n => objects[n]!)
          .filter(one => here.has(one.anchor))
          // A user of a forest who comes back is in the tenant's groups again.
          .filter(one => (own && isPerson(one)) || list!.at > (left.get(one.anchor) ?? 0))
          .map(one => (isPerson(one) ? one.name : nameOf(one.anchor)));
        assert.deepEqual(scene.members(name), wanted.sort());
      }
      for (const name of new Set(names.map(one => one[0]!)))
        assert.ok(names.includes(name), `nobody is called ${name}`);
      scene.ledger.close();
    }),
    { numRuns },
  );

test('the directory ends as computed from all records, whatever happens in whatever order', () =>
  endsAsComputed(false, 20));

test("the same holds for groups of the tenant's own with users of a forest in them", () =>
  endsAsComputed(true, 8));
