import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { EMPTY_PROFILE, type GroupFeedItem } from '@causeway/contract';
import {
  bitsOf,
  generateSealingKey,
  generateSigningKey,
  memberKey,
  referenceToForest,
} from '@causeway/records';
import { type Hostile, hostileGroups, hostileMembers, partsOf, signedBy } from '@causeway/records/testing';
import { applyItems } from '../apply/apply.ts';
import { prepareItems } from '../apply/prepare.ts';
import { trustOf } from '../pairing/trust.ts';
import { REASONS, type RefusalCode } from '../refusals.ts';
import { AccountsPeer } from '../testing/accounts-peer.ts';
import { GroupsPlace } from '../testing/groups-place.ts';
import { ForestPeer, type Group } from '../testing/index.ts';
import { believePage } from './believe-page.ts';

// What a hostile tenant can show instead of what the forests signed. Each case is rejected with its reason, and nothing of it reaches the
// directory. Heads reveal what the tenant does not show: heads/withheld-groups.test.ts.

interface Attack {
  what: string;
  shown: GroupFeedItem[];
  refused: RefusalCode[];
}

/** Groups and users in the directory, before the tenant turns hostile. */
async function begin() {
  const place = new GroupsPlace();
  const { corp, fabrikam, cloud } = place;
  const person = (name: string) => corp.person(name);
  const people = { alice: person('alice'), bob: person('bob'), carol: person('carol') };
  const visitor = cloud.person('visitor');
  for (const one of Object.values(people)) place.come(one);
  place.come(visitor, cloud);
  const group = (name: string) => corp.group(name);
  const groups = { staff: group('Staff'), admins: group('Admins'), news: group('News'), gone: group('Gone') };
  const { staff, admins, news, gone } = groups;
  const [a, b, c] = Object.values(people).map(({ anchor }) => anchor) as [string, string, string];
  /** What the forest signed once and has replaced since. */
  const old = {
    security: corp.groupRecord(news),
    distribution: corp.groupRecord(staff, { securityEnabled: false }),
    members: corp.slice(staff, [a, b, c]),
    part: corp.slice(staff, [c], { prefix: bitsOf(memberKey(c))[0]! }),
    group: corp.groupRecord(gone),
    list: corp.slice(gone, [a]),
  };
  const now = { staff: corp.slice(staff, [a, b]), admins: corp.slice(admins, [c]) };
  const [ofStaff, ofAdmins, ofNews] = [staff, admins, news].map(one =>
    corp.groupRecord(one, { securityEnabled: one !== news }),
  ) as [string, string, string];
  const deletion = corp.groupRecord(gone, { deleted: true });
  const honest = [
    ...[place.item(staff, ofStaff), place.item(staff, now.staff), place.item(admins, ofAdmins)],
    ...[place.item(admins, now.admins), place.item(news, ofNews), place.item(gone, deletion)],
  ];
  assert.deepEqual(await place.show(...honest), []);
  assert.deepEqual(
    ['Staff', 'Admins', 'News', 'Gone'].map(name => place.members(name)),
    [['alice', 'bob'], ['carol'], [], undefined],
  );
  return { place, corp, fabrikam, cloud, visitor, ...people, ...groups, old, now, honest };
}
type Begun = Awaited<ReturnType<typeof begin>>;

/** A record of the kind that the tenant signs, with contents that no signer of ours would write. */
function forged({ cloud }: Begun, group: Group, changes: object): string {
  const { header, payload } = partsOf(cloud.groupRecord(group));
  return signedBy(cloud.signingKey, header, { ...payload, ...changes });
}

/** What an attacker can make of one record without the forest's key. */
function changedRecords({ place, corp, staff, alice, bob }: Begun): Attack[] {
  const { anchor: sourceAnchor, objectGuid, name: sAMAccountName, sid: objectSid } = staff;
  const { tenant } = place;
  const common = { tenant, forest: corp.forest, sourceAnchor, objectGuid, sequence: Date.now() * 1000 + 9e6 };
  const names = { sAMAccountName, displayName: null, mail: null, objectSid };
  const stranger = generateSigningKey();
  const asAttack = (kind: string) => (one: Hostile) => ({
    ...{ what: `${kind}: ${one.what}`, shown: [place.item(staff, one.record)], refused: [one.refusal] },
  });
  const group = { ...common, ...names, securityEnabled: true, scope: 'global', deleted: false } as const;
  const members = [alice.anchor, bob.anchor].sort();
  return [
    ...hostileGroups(corp.signingKey, stranger, group).map(asAttack('group')),
    ...hostileMembers(corp.signingKey, stranger, { ...common, prefix: '', members }).map(asAttack('members')),
  ];
}

/** What an attacker can make of several genuine records. */
function replayed(begun: Begun): Attack[] {
  const { place, corp, staff, admins, news, gone, alice, old, now } = begun;
  const { item } = place;
  const show = (group: Group, record: string) => item.call(place, group, record);
  const anew = { ...staff, objectGuid: randomUUID() };
  const aliceAsGroup: Group = { ...alice, sid: `${corp.domainSid}-9999` };
  return [
    { what: "another group's list", shown: [show(staff, now.admins)], refused: ['record-mismatch'] },
    {
      what: 'the members of two groups, swapped',
      shown: [show(staff, now.admins), show(admins, now.staff)],
      refused: ['record-mismatch', 'record-mismatch'],
    },
    {
      what: 'an old slice in place of the new one',
      shown: [show(staff, old.members)],
      refused: ['older-sequence'],
    },
    {
      what: 'an old slice beside the new one',
      shown: [show(staff, now.staff), show(staff, old.part)],
      refused: ['older-sequence'],
    },
    {
      what: 'a group whose type changed, with its old rights',
      shown: [show(news, old.security)],
      refused: ['older-sequence'],
    },
    {
      what: 'a group whose type changed, without its new rights',
      shown: [show(staff, old.distribution)],
      refused: ['older-sequence'],
    },
    {
      what: 'a deleted group, with its list',
      shown: [show(gone, old.group), show(gone, old.list)],
      refused: ['older-sequence', 'older-than-deletion'],
    },
    {
      what: 'another object with the anchor of a group, with its list',
      shown: [show(staff, corp.groupRecord(anew)), show(staff, corp.slice(anew, [begun.carol.anchor]))],
      refused: ['anchor-moved', 'anchor-moved'],
    },
    {
      what: 'a user as a group, with a list',
      shown: [
        show(aliceAsGroup, corp.groupRecord(aliceAsGroup)),
        show(aliceAsGroup, corp.slice(aliceAsGroup, [begun.carol.anchor])),
      ],
      refused: ['retyped', 'retyped'],
    },
  ];
}

/** Records about a forest's groups that others sign. */
function byOthers(begun: Begun): Attack[] {
  const { place, corp, fabrikam, cloud, staff, carol, visitor } = begun;
  const { forest } = corp;
  const own = cloud.group('Partners');
  const stranger = new ForestPeer(place.tenant, cloud.forest);
  const show = (record: string) => place.item(staff, record);
  return [
    {
      what: "another forest's signature on this forest's group",
      shown: [
        show(fabrikam.groupRecord(staff, { forest, displayName: 'Other' })),
        show(fabrikam.slice(staff, [carol.anchor], { forest })),
      ],
      refused: ['other-forest', 'other-forest'],
    },
    {
      what: "another forest's own group with the same anchor, shown as this one's",
      shown: [show(fabrikam.groupRecord(staff)), show(fabrikam.slice(staff, [carol.anchor]))],
      refused: ['record-mismatch', 'record-mismatch'],
    },
    {
      what: "a cloud-only user in a synchronized group, signed with the tenant's key",
      shown: [show(cloud.slice(staff, [visitor.anchor], { forest }))],
      refused: ['other-forest'],
    },
    {
      what: "a cloud-only user in a group of the tenant's own, shown as a forest's",
      shown: [show(cloud.slice(staff, [visitor.anchor]))],
      refused: ['record-mismatch'],
    },
    {
      what: "a forest's group, signed with the tenant's key",
      shown: [show(cloud.groupRecord(staff, { forest, objectSid: staff.sid, displayName: 'Other' }))],
      refused: ['other-forest'],
    },
    {
      what: "a group of the tenant's own, with a list, signed with a forest's key",
      shown: [
        place.item(own, corp.groupRecord(own, { forest: cloud.forest, objectSid: null }), null),
        place.item(own, corp.slice(own, [carol.anchor], { forest: cloud.forest }), null),
      ],
      refused: ['other-forest', 'other-forest'],
    },
    {
      what: "a group of the tenant's own, with a list, signed with a key other than the pinned one",
      shown: [
        place.item(own, stranger.groupRecord(own), null),
        place.item(own, stranger.slice(own, [visitor.anchor]), null),
      ],
      refused: ['unknown-signer', 'unknown-signer'],
    },
    {
      what: "a cloud-only user as a group of the tenant's own",
      shown: [place.item(visitor, cloud.groupRecord({ ...visitor, sid: '' }), null)],
      refused: ['retyped'],
    },
    {
      what: "a group of the tenant's own with a forest's SID",
      shown: [place.item(own, forged(begun, own, { objectSid: staff.sid }), null)],
      refused: ['malformed'],
    },
    {
      what: "a group of the tenant's own with a forest's SID, in the record version of forests",
      shown: [place.item(own, forged(begun, own, { objectSid: staff.sid, version: 1 }), null)],
      refused: ['malformed'],
    },
    {
      what: "a synchronized group as the tenant's own",
      shown: [{ ...place.item(staff, corp.groupRecord(staff, { displayName: 'x' })), forest: null }],
      refused: ['record-mismatch'],
    },
  ];
}

test('rejects whatever a hostile tenant shows of groups, each with its reason, and nothing of it reaches the directory', async t => {
  const begun = await begin();
  const { place, honest } = begun;
  const before = place.directory();
  for (const { what, shown, refused } of [...changedRecords(begun), ...replayed(begun), ...byOthers(begun)])
    await t.test(what, async () => {
      const problems = await place.show(...shown);
      assert.deepEqual(problems.map(({ code }) => code).sort(), refused);
      for (const { code, reason } of problems)
        assert.ok(reason.startsWith(REASONS[code as RefusalCode]), reason);
      assert.deepEqual(place.directory(), before);
    });
  assert.deepEqual(await place.show(...honest), [], 'it is honest again');
  assert.deepEqual(place.directory(), before);
});

test("the anchor of a group is no user's, whoever signs that", async () => {
  const { place, corp, staff } = await begin();
  const { ledger, domain, tenant, log } = place;
  const directory = new AccountsPeer(domain.realm);
  const context = {
    ledger,
    domain,
    tenant,
    log,
    directory: directory as never,
    ldbModify: undefined as never,
  };
  const all = { ...context, sealingKey: await generateSealingKey(), trust: trustOf(ledger) };
  const item = {
    ...corp.item(staff, corp.account(staff), null),
    profile: EMPTY_PROFILE,
    userId: randomUUID(),
  };
  await applyItems(all, await prepareItems(all, [item]));
  assert.deepEqual(
    ledger.problems.list().map(({ kind, code }) => [kind, code]),
    [['account', 'retyped']],
  );
  assert.equal(directory.stored.size, 0);
});

test('a forest has no say in users and groups of another forest, and its groups hold no cloud-only users', async () => {
  const { place, fabrikam, alice, staff, visitor } = await begin();
  const doors = fabrikam.group('Doors');
  const before = place.directory();
  const problems = await place.show(
    place.item(doors, fabrikam.groupRecord(doors), fabrikam.forest),
    place.item(doors, fabrikam.slice(doors, [alice.anchor, staff.anchor, visitor.anchor]), fabrikam.forest),
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(place.members('Doors'), []);
  const others = place.directory().groups.filter(({ name }) => name !== 'Doors');
  assert.deepEqual(others, before.groups);
});

test("a forest's group with a SID of another forest gets no SID here and is nobody's member by it", async () => {
  const { place, corp, fabrikam, admins, staff, alice } = await begin();
  const evil = { ...fabrikam.group('Evil'), sid: admins.sid };
  const named = [alice.anchor, `${fabrikam.domainSid}-1`, evil.sid];
  const problems = await place.show(
    place.item(evil, fabrikam.groupRecord(evil), fabrikam.forest),
    place.item(staff, corp.slice(staff, named)),
  );
  assert.deepEqual(
    problems.map(({ kind, code }) => [kind, code]),
    [['sid', 'other-forest-sid']],
  );
  assert.deepEqual(place.members('Staff'), ['Admins', 'alice']);
  assert.deepEqual(
    place.directory().sids.filter(({ anchor }) => anchor === evil.anchor),
    [],
  );
});

test("a group of the tenant's own holds users of both kinds and groups of its own, and nothing else that it names", async () => {
  const { place, corp, fabrikam, cloud, alice, bob, staff, visitor } = await begin();
  const [own, inner] = [cloud.group('Partners'), cloud.group('Inner')];
  const yuri = fabrikam.person('yuri');
  const inForest = ({ forest }: ForestPeer, { anchor }: { anchor: string }) =>
    referenceToForest(forest, anchor);
  const named = [
    ...[visitor.anchor, inner.anchor, inForest(corp, alice), inForest(fabrikam, yuri)],
    // A synchronized group, a user under another forest's name or none, a SID.
    ...[inForest(corp, staff), staff.anchor, staff.sid],
    ...[inForest(fabrikam, bob), bob.anchor, bob.sid!],
  ];
  const record = (group: Group, members: string[]) => [
    place.item(group, cloud.groupRecord(group), null),
    place.item(group, cloud.slice(group, members), null),
  ];
  const before = place.directory();
  assert.deepEqual(await place.show(...record(own, named), ...record(inner, [])), []);
  assert.deepEqual(place.members('Partners'), ['Inner', 'alice', 'visitor']);
  place.come(yuri, fabrikam);
  await place.turn();
  assert.deepEqual(place.members('Partners'), ['Inner', 'alice', 'visitor', 'yuri'], 'who comes later');
  await place.show(...record(own, [visitor.anchor]));
  assert.deepEqual(place.members('Partners'), ['visitor']);
  const { groups, sids } = place.directory();
  assert.deepEqual(
    groups.filter(({ name }) => name !== 'Partners' && name !== 'Inner'),
    before.groups,
  );
  assert.deepEqual(sids, before.sids, 'it brings no SID');
  await place.show(place.item(own, cloud.groupRecord(own, { deleted: true }), null));
  assert.equal(place.members('Partners'), undefined);
});

test("a group of the tenant's own takes no name of a forest's group, and a forest's group that comes too late is reported", async () => {
  const { place, corp, cloud, staff } = await begin();
  const named = async (name: string) => {
    const own = cloud.group(name);
    const problems = await place.show(place.item(own, cloud.groupRecord(own), null));
    return problems.filter(({ anchor }) => anchor === own.anchor).map(({ kind, code }) => [kind, code]);
  };
  assert.deepEqual(await named(staff.name), [['name', 'name-taken']]);
  assert.deepEqual(place.members('Staff'), ['alice', 'bob'], 'the forest’s group is called so');
  for (const name of ['Domain Admins', 'AAD DC Administrators'])
    assert.deepEqual(await named(name), [['name', 'protected-name']]);
  const [ours, theirs] = [cloud.group('Both'), corp.group('Both')];
  await place.show(
    place.item(ours, cloud.groupRecord(ours), null),
    place.item(theirs, corp.groupRecord(theirs)),
  );
  const calledBoth = place.ledger.groups.called('Both').map(({ forest }) => forest);
  assert.deepEqual(calledBoth, [corp.forest], 'of two that come at once');
  assert.deepEqual(await named('Newcomers'), []);
  const newcomers = corp.group('Newcomers');
  const problems = await place.show(place.item(newcomers, corp.groupRecord(newcomers)));
  const problem = problems.find(({ anchor }) => anchor === newcomers.anchor);
  assert.equal(problem?.code, 'name-taken');
  assert.match(problem.reason, /it is called Newcomers[0-9a-f]{5}/);
});

test('lists a rejected slice until a newer slice of its part is believed', async () => {
  const { place, corp, staff, old, alice, bob } = await begin();
  const { ledger } = place;
  const codes = () => ledger.problems.groupCounts();
  const show = (...records: string[]) => {
    const items = records.map(record => place.item(staff, record));
    return believePage({ ...place, ledger }, items).refused.length;
  };
  const [zero, one] = ['0', '1'].map(prefix => corp.slice(staff, [alice.anchor, bob.anchor], { prefix }));
  assert.equal(show(zero!, one!), 0);
  assert.equal(show(old.part, old.members), 2);
  assert.equal(show(old.part, old.members), 0, 'each is told once');
  assert.deepEqual(codes(), { 'older-sequence': 2 });
  show(zero!, one!);
  assert.deepEqual(codes(), {});
});
