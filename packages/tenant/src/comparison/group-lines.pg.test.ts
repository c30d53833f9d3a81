import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call } from '@causeway/api';
import { type GroupLine, MAX_LINES, synchronizedGroupRoutes as routes } from '@causeway/contract';
import { BUCKETS, type GroupEntry, groupBucketOf, groupLineDigests } from '@causeway/records';
import { backUp } from '../testing/back-up.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { type Group, group, groupItem, groupProvisioningOf, membersItem } from '../testing/groups.ts';
import { accountItem, nextSequence, person } from '../testing/people.ts';
import { provisioningOf } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const OTHER_FOREST = 'fabrikam.example.org';
const ALL = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

onEveryBackend('comparing groups with Connect', tenant => {
  let connect: TestAgent;
  let elsewhere: TestAgent;
  let number = 0;
  const { groups, members } = groupProvisioningOf(() => connect);

  const compare = async (
    entries: Iterable<GroupEntry>,
    agent = connect,
    forest = FOREST,
  ): Promise<number[]> => {
    const body = { forest, buckets: groupLineDigests(entries) };
    return (await call(agent.send, routes.compareGroups, { body })).differing;
  };
  const linesOf = async (buckets = ALL, agent = connect, forest = FOREST): Promise<GroupLine[]> => {
    const lines: GroupLine[] = [];
    for (;;) {
      const last = lines.at(-1);
      const after = last ? { sourceAnchor: last.sourceAnchor, prefix: last.prefix } : null;
      const page = await call(agent.send, routes.readGroupLines, { body: { forest, buckets, after } });
      lines.push(...page.lines);
      if (!page.more) return lines;
      assert.equal(page.lines.length, MAX_LINES);
    }
  };
  const entryOf = ({ sourceAnchor: anchor, prefix, sequence }: GroupLine): GroupEntry => ({
    anchor,
    prefix,
    sequence,
  });
  /** Fills a group with slices of these prefixes. @returns its lines */
  const fill = async (prefixes: readonly string[], forest = FOREST): Promise<[Group, GroupEntry[]]> => {
    const who = group(++number);
    const provisioning = groupProvisioningOf(() => connect, forest);
    const sequence = nextSequence();
    await provisioning.groups(groupItem(connect, who, { sequence, forest }));
    const entries: GroupEntry[] = [{ anchor: who.anchor, prefix: null, sequence }];
    for (const prefix of prefixes) {
      const of = nextSequence();
      await provisioning.members(membersItem(connect, who, ['a'], { prefix, sequence: of, forest }));
      entries.push({ anchor: who.anchor, prefix, sequence: of });
    }
    return [who, entries];
  };

  before(async () => {
    const { send } = await tenant().createTenant('contoso');
    connect = await enrolAgent(tenant().url, send, 'connect', 'connect', [FOREST, OTHER_FOREST]);
    const others = (await tenant().createTenant('fabrikam')).send;
    elsewhere = await enrolAgent(tenant().url, others, 'connect');
  });

  it('agrees on groups and live slices, and reports which buckets differ', async () => {
    assert.deepEqual(await compare([]), []);
    const [, some] = await fill(['', '0', '1']);
    // Together '0' and '1' cover everything, and leave nothing to the slice of all.
    const live = some.filter(({ prefix }) => prefix !== '');
    const [, others] = await fill(['', '01']);
    const entries = [...live, ...others];
    assert.deepEqual(await compare(entries), []);
    assert.deepEqual(
      (await linesOf()).map(entryOf),
      entries.toSorted((a, b) => (a.anchor < b.anchor ? -1 : a.anchor > b.anchor ? 1 : 0)),
    );
    for (const left of entries) {
      const rest = entries.filter(entry => entry !== left);
      assert.deepEqual(await compare(rest), [groupBucketOf(left)]);
      assert.deepEqual(await compare([...rest, { ...left, sequence: left.sequence + 1 }]), [
        groupBucketOf(left),
      ]);
    }
  });

  it('reflects a change at once, and drops what is deleted', async () => {
    const before = (await linesOf()).map(entryOf);
    assert.deepEqual(await compare(before), []);
    const [who, entries] = await fill(['']);
    assert.deepEqual(await compare([...before, ...entries]), []);
    const sequence = nextSequence();
    await members(membersItem(connect, who, ['b'], { sequence }));
    assert.deepEqual(await compare([...before, entries[0]!, { ...entries[1]!, sequence }]), []);
    await groups(groupItem(connect, who, { deleted: true }));
    assert.deepEqual(await compare(before), []);
    assert.deepEqual((await linesOf()).map(entryOf), before);
  });

  it('keeps forests and tenants apart', async () => {
    const before = (await linesOf()).map(entryOf);
    const [, theirs] = await fill([''], OTHER_FOREST);
    assert.deepEqual(await compare(before), []);
    assert.deepEqual(await compare(theirs, connect, OTHER_FOREST), []);
    assert.deepEqual((await linesOf(ALL, connect, OTHER_FOREST)).map(entryOf), theirs);
    assert.deepEqual(await compare([], elsewhere), []);
    assert.deepEqual(await linesOf(ALL, elsewhere), []);
  });

  it('reads the lines of the requested buckets, page by page', async () => {
    const many = Array.from({ length: 1100 }, () => group(++number));
    for (let from = 0; from < many.length; from += 500) {
      const some = many.slice(from, from + 500);
      assert.ok((await groups(...some.map(who => groupItem(connect, who)))).every(one => one === 'applied'));
      assert.ok(
        (await members(...some.map(who => membersItem(connect, who, [])))).every(one => one === 'applied'),
      );
    }
    const lines = await linesOf();
    assert.ok(lines.length > MAX_LINES);
    assert.deepEqual(await compare(lines.map(entryOf)), []);
    const buckets = [3, 77];
    assert.deepEqual(
      await linesOf(buckets),
      lines.filter(line => buckets.includes(groupBucketOf({ ...line, anchor: line.sourceAnchor }))),
    );
  });

  it('agrees after a change of a user, and after the database was restored', async () => {
    const before = (await linesOf()).map(entryOf);
    const restore = await backUp(tenant().running.database);
    const [, entries] = await fill(['']);
    await provisioningOf(() => connect).objects(accountItem(connect, person(++number)));
    assert.deepEqual(await compare([...before, ...entries]), []);
    await restore();
    const [, others] = await fill(['']);
    assert.deepEqual(await compare([...before, ...others]), []);
  });
});
