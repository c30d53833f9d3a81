import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import { type MembersChange, synchronizedGroupRoutes } from '@causeway/contract';
import { divideMembers, generateSigningKey, memberKey, prefixesOf } from '@causeway/records';
import fc from 'fast-check';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { type Group, group, groupItem, groupProvisioningOf, membersItem } from '../testing/groups.ts';
import { accountItem, nextSequence, type Person, person } from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import { objectIdOf } from './object-id.ts';

onEveryBackend('slices of members', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let number = 0;
  const { groups, members } = groupProvisioningOf(() => connect);
  const { objects } = provisioningOf(() => connect);
  const newGroup = async (): Promise<Group> => {
    const who = group(++number);
    assert.deepEqual(await groups(groupItem(connect, who)), ['applied']);
    return who;
  };
  const slice = (
    who: Group,
    references: readonly string[],
    about?: Parameters<typeof membersItem>[3],
  ): MembersChange => membersItem(connect, who, references, about);
  const idOf = ({ anchor }: Group): string => objectIdOf(connect.tenantId, FOREST, anchor);
  const membersOf = async (who: Group): Promise<string[]> => {
    const rows = await tenant()
      .running.database.selectFrom('memberships')
      .select(['key', 'reference'])
      .where('group_id', '=', idOf(who))
      .execute();
    for (const { key, reference } of rows) assert.equal(key, memberKey(reference));
    return rows.map(({ reference }) => reference).sort();
  };
  const slicesOf = async (who: Group): Promise<string[]> => {
    const rows = await tenant()
      .running.database.selectFrom('group_slices')
      .select(['prefix', 'sequence'])
      .where('group_id', '=', idOf(who))
      .execute();
    return rows.map(({ prefix, sequence }) => `${prefix} ${sequence}`).sort();
  };
  const isBelow = (prefix: string) => (reference: string) =>
    prefixesOf(memberKey(reference)).includes(prefix);

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect');
  });

  it('say who is in a group, and the same slice again changes nothing', async () => {
    const who = await newGroup();
    const change = slice(who, ['a', 'b', 'S-1-5-21-4-5-6-1200']);
    assert.deepEqual(await members(change, change), ['applied', 'unchanged']);
    assert.deepEqual(await members(change), ['unchanged']);
    assert.deepEqual(await membersOf(who), ['S-1-5-21-4-5-6-1200', 'a', 'b']);
    assert.deepEqual(await members(slice(who, ['b', 'c'])), ['applied']);
    assert.deepEqual(await membersOf(who), ['b', 'c']);
    assert.deepEqual(await members(change), ['older-sequence']);
    assert.deepEqual(await members(slice(who, [])), ['applied']);
    assert.deepEqual(await membersOf(who), []);
  });

  it('wait for their group, and count only for that object', async () => {
    const who = group(++number);
    const change = slice(who, ['a']);
    assert.deepEqual(await members(change), ['unknown-group']);
    await groups(groupItem(connect, who));
    const another = { ...who, guid: group(++number).guid };
    assert.deepEqual(await members(slice(another, ['b']), change), ['record-mismatch', 'applied']);
    assert.deepEqual(await membersOf(who), ['a']);
  });

  it('get a verdict for each item, whatever is wrong with another one', async () => {
    const who = await newGroup();
    const sequence = nextSequence();
    const foreign = { ...connect, signingKey: generateSigningKey() };
    const changes = [
      { ...slice(who, ['x']), prefix: '0' },
      { ...slice(who, ['x']), sourceAnchor: group(++number).anchor },
      membersItem(foreign, who, ['x']),
      { sourceAnchor: who.anchor, prefix: '', record: groupItem(connect, who).record },
      { sourceAnchor: who.anchor, prefix: '', record: 7 },
      slice(who, ['good'], { sequence }),
      slice(who, ['other'], { sequence }),
    ];
    const body = { forest: FOREST, changes: changes as MembersChange[] };
    const { verdicts } = await call(connect.send, synchronizedGroupRoutes.exportMembers, { body });
    assert.deepEqual(
      verdicts.map(({ verdict, code, prefix }) => [prefix, code ?? verdict]),
      [
        ['0', 'record-mismatch'],
        ['', 'record-mismatch'],
        ['', 'record-mismatch'],
        ['', 'record-mismatch'],
        ['', 'invalid'],
        ['', 'applied'],
        ['', 'older-sequence'],
      ],
    );
    assert.deepEqual(await membersOf(who), ['good']);
    const nameless = { forest: FOREST, changes: [{ ...slice(who, []), prefix: '2' }] };
    await assert.rejects(call(connect.send, synchronizedGroupRoutes.exportMembers, { body: nameless }), {
      code: 'bad-request',
      message: /changes\.0\.prefix/,
    });
  });

  it('take effect beside a newer slice for what that does not cover', async () => {
    const who = await newGroup();
    const all = Array.from({ length: 40 }, (_, index) => `member ${index}`);
    const [zeros, ones] = ['0', '1'].map(bit => all.filter(isBelow(bit))) as [string[], string[]];
    const old = slice(who, all);
    const older = slice(who, [], { prefix: '1' });
    assert.deepEqual(await members(slice(who, zeros.slice(1), { prefix: '0' })), ['applied']);
    assert.deepEqual(await members(old), ['applied']);
    assert.deepEqual(await membersOf(who), [...zeros.slice(1), ...ones].sort());
    assert.deepEqual(await members(older), ['applied']);
    assert.deepEqual(await membersOf(who), zeros.slice(1).sort());
    assert.equal((await slicesOf(who)).length, 2);
    assert.deepEqual(await members(old), ['older-sequence']);
    assert.deepEqual(await members(slice(who, [...all, 'one more'])), ['applied']);
    assert.deepEqual(await membersOf(who), [...all, 'one more'].sort());
    assert.equal((await slicesOf(who)).length, 1);
  });

  it('do not count a reference outside their prefix', async () => {
    const who = await newGroup();
    const all = Array.from({ length: 20 }, (_, index) => `member ${index}`);
    await members(slice(who, all, { prefix: '0' }));
    assert.deepEqual(await membersOf(who), all.filter(isBelow('0')).sort());
  });

  it('hold a group of any size by dividing it', async () => {
    const who = await newGroup();
    const all = Array.from({ length: 2500 }, (_, index) => person(index + 1).anchor);
    const parts = divideMembers('', all);
    assert.ok(parts.size > 4);
    const changes = [...parts].map(([prefix, references]) => slice(who, references, { prefix }));
    assert.ok((await members(...changes)).every(verdict => verdict === 'applied'));
    assert.deepEqual(await membersOf(who), all.toSorted());
    assert.equal((await slicesOf(who)).length, parts.size);
  });

  it('lose deleted members, and regain those that a newer slice names', async () => {
    const [who, nested] = [await newGroup(), await newGroup()];
    const human = person(++number);
    await objects(accountItem(connect, human));
    const old = slice(who, [human.anchor, nested.anchor, 'other']);
    await members(old);
    await objects(accountItem(connect, human, { deleted: true }));
    assert.deepEqual(await membersOf(who), [nested.anchor, 'other'].sort());
    await groups(groupItem(connect, nested, { deleted: true }));
    assert.deepEqual(await membersOf(who), ['other']);
    await objects(accountItem(connect, human));
    await groups(groupItem(connect, nested));
    assert.deepEqual(await membersOf(who), ['other']);
    const late = await newGroup();
    await members(slice(late, [human.anchor, 'other'], { sequence: 5 }));
    assert.deepEqual(
      await membersOf(late),
      ['other'],
      'a slice of before the deletion says nothing of who is back',
    );
    await members(slice(who, [human.anchor, nested.anchor, 'other']));
    assert.deepEqual(await membersOf(who), [human.anchor, nested.anchor, 'other'].sort());
  });

  it('lose no member by a deletion that is older than the slice', async () => {
    const who = await newGroup();
    const human = person(++number);
    const deletion = nextSequence();
    await members(slice(who, [human.anchor]));
    await objects(accountItem(connect, human, { deleted: true, sequence: deletion }));
    await objects(accountItem(connect, human));
    assert.deepEqual(await membersOf(who), [human.anchor]);
  });

  it('end where the model ends, for any slices in any order', async () => {
    const step = fc.record({
      what: fc.constantFrom('slice', 'slice', 'slice', 'delete', 'hire', 'delete the group'),
      prefix: fc.constantFrom('', '0', '1', '00', '01', '10', '11'),
      at: fc.integer({ min: 1, max: 60 }),
      who: fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16, size: 'max' }), async steps => {
        const it = await newGroup();
        const people = Array.from({ length: 6 }, () => person(++number));
        let base = Array.from({ length: 40_000 }, nextSequence)[0]!;
        const model = new Model();
        for (const [index, { what, prefix, at, who }] of steps.entries()) {
          // Each sequence is unique, and they do not arrive in order.
          const sequence = base + at * 20 + index;
          const some = who.map(one => people[one]!);
          if (what === 'slice') {
            const references = some.map(({ anchor }) => anchor);
            const [verdict] = await members(slice(it, references, { prefix, sequence }));
            if (verdict === 'applied') model.slices.push({ prefix, sequence, references });
            else assert.ok(model.isCovered(prefix, sequence), `${verdict} of ${prefix} ${sequence}`);
          } else if (what === 'delete the group') {
            const now = base + 2000;
            const gone = groupItem(connect, it, { deleted: true, sequence: now });
            assert.deepEqual(await groups(gone, groupItem(connect, it, { sequence: now + 1 })), [
              'applied',
              'applied',
            ]);
            model.slices = [];
            model.deletion = now;
            base = now + 2;
          } else {
            const deleted = what === 'delete';
            const items = some.map(one => accountItem(connect, one, { sequence, deleted }));
            for (const [i, verdict] of (await objects(...items)).entries())
              if (deleted && verdict === 'applied') model.deleted.set(some[i]!.anchor, sequence);
          }
          assert.deepEqual(await membersOf(it), model.members(people), `${index}: ${what}`);
        }
      }),
      { numRuns: 25 },
    );
  });

  /** All accepted slices, and what follows from them. */
  class Model {
    slices: { prefix: string; sequence: number; references: string[] }[] = [];
    deletion = 0;
    readonly deleted = new Map<string, number>();

    members(people: readonly Person[]): string[] {
      const isIn = ({ anchor }: Person) => {
        const covering = this.slices.filter(({ prefix }) => isBelow(prefix)(anchor));
        const [newest] = covering.sort((a, b) => b.sequence - a.sequence);
        const wasDeleted = this.deleted.get(anchor) ?? 0;
        return newest?.references.includes(anchor) && newest.sequence > wasDeleted;
      };
      return people
        .filter(isIn)
        .map(({ anchor }) => anchor)
        .sort();
    }

    /** Newer slices cover all of it. */
    isCovered(prefix: string, sequence: number): boolean {
      if (sequence <= this.deletion) return true;
      const newer = this.slices.filter(slice => slice.sequence > sequence);
      const leaves = ['000', '001', '010', '011', '100', '101', '110', '111'];
      return leaves
        .filter(leaf => leaf.startsWith(prefix))
        .every(leaf => newer.some(slice => leaf.startsWith(slice.prefix)));
    }
  }
});
