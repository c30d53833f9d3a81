import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { generateSigningKey, signingPublicKey } from '@causeway/records';
import { createLog } from '@causeway/service';
import { freeName, giveName, listNames, readName } from '../admin/name-commands.ts';
import { type NamingContext, RESERVATION_MS } from '../apply/names/look-at-names.ts';
import { saveNameProblem } from '../apply/names/name-problems.ts';
import { newAccount, PageNames } from '../apply/names/page-names.ts';
import { reconcileNames } from '../apply/names/reconcile-names.ts';
import { forgotten, newEntry } from '../apply/plan.ts';
import type { LedgerEntry } from '../ledger/account-book.ts';
import { Ledger } from '../ledger/ledger.ts';
import { DirectoryPeer } from '../testing/directory-peer.ts';
import { saveGroup } from '../testing/group-rows.ts';
import { nameOfGuid, nameWithDigits } from './made-up-name.ts';

const REALM = 'AADDS.EXAMPLE.NET';
const DOMAIN = { realm: REALM, sid: 'S-1-5-21-9-9-9' };
const CORP = 'corp.example.com';
const FABRIKAM = 'fabrikam.example.org';
const log = createLog('test', { write: () => {} });

let ledger: Ledger;
let directory: DirectoryPeer;

beforeEach(() => {
  ledger = new Ledger(':memory:');
  directory = new DirectoryPeer(REALM);
});

afterEach(() => ledger.close());

const reconcile = () =>
  reconcileNames({ ledger, directory, domain: DOMAIN, log } as unknown as NamingContext);
/** The entry with this anchor; if two forests use the anchor, that of `forest`. */
const entryOf = (anchor: string, forest?: string): LedgerEntry =>
  ledger.accounts.withAnchor(anchor).find(one => forest === undefined || one.forest === forest)!;

/** Takes a name from a forest: writes the state, and settles the names. */
async function say(
  forest: string,
  anchor: string,
  sAMAccountName: string | null,
  userPrincipalName: string | null = null,
): Promise<string | null> {
  const objectGuid = '01234567-89ab-4def-8123-456789abcdef';
  const record = {
    ...{ sourceAnchor: anchor, forest, objectGuid },
    ...{ sAMAccountName, userPrincipalName },
  };
  const person = { forest, anchor };
  const account = newAccount(record as Parameters<typeof newAccount>[0], ledger.accounts.of(person));
  const entry = ledger.accounts.of(person) ?? newEntry(record as Parameters<typeof newEntry>[0]);
  const wanted = { wantedName: sAMAccountName, wantedPrincipal: userPrincipalName, deletedAt: null };
  if (entry.managedGuid !== null) ledger.accounts.save({ ...entry, ...wanted });
  else {
    const holders = (...asked: [string[], string[]]) => directory.holders(...asked);
    const { names, owned, due, problems } = (await PageNames.open(ledger, holders, DOMAIN, [account])).take(
      account,
    );
    const managedGuid = directory.add(names.samAccountName, names.userPrincipalName)!;
    ledger.accounts.save({ ...entry, ...wanted, nonce: 'x', managedGuid, accountSequence: 1 });
    ledger.names.save(person, names);
    for (const slot of owned) ledger.names.setOwner({ slot, forest, releasedAt: null });
    ledger.names.touch(due);
    saveNameProblem(ledger, account, problems, 1);
  }
  await reconcile();
  return entryOf(anchor, forest).samAccountName;
}

async function remove(anchor: string, forest?: string): Promise<void> {
  const entry = entryOf(anchor, forest);
  directory.accounts.delete(entry.managedGuid!);
  ledger.accounts.save({ ...forgotten(entry), deletedAt: new Date().toISOString() });
  await reconcile();
}

/** Makes a name look as if it had been released that long ago. */
function age(slot: string, milliseconds: number): void {
  const owner = ledger.names.owner(slot)!;
  ledger.names.setOwner({ ...owner, releasedAt: new Date(Date.now() - milliseconds).toISOString() });
}

test("takes five digits from the anchor's SHA-256, cuts no surrogate pair in two, and ends in neither a dot nor a space", () => {
  assert.match(nameWithDigits('a.very.long.name.indeed', 'anchor'), /^a\.very\.long\.nam[0-9a-f]{5}$/);
  assert.equal(nameWithDigits(`${'a'.repeat(14)}😀😀`, 'anchor').slice(0, -5), 'a'.repeat(14));
  assert.equal(nameWithDigits('abcdefghijklm . and so on', 'anchor').slice(0, -5), 'abcdefghijklm');
  assert.match(nameOfGuid('01234567-89ab-4def-8123-456789abcdef', 0), /^0123456789ab4def8123$/);
});

test('between two forests the first has the name, and the second keeps its digits when the first goes', async () => {
  assert.equal(await say(CORP, 'b', 'alice'), 'alice');
  assert.equal(await say(FABRIKAM, 'a', 'Alice'), nameWithDigits('Alice', 'a'));
  await remove('b');
  assert.equal(entryOf('a').samAccountName, nameWithDigits('Alice', 'a'));
  age('a:ALICE', RESERVATION_MS + 1);
  await reconcile();
  assert.equal(ledger.names.owner('a:ALICE'), undefined);
  assert.equal(entryOf('a').samAccountName, nameWithDigits('Alice', 'a'));
  assert.equal(await say(FABRIKAM, 'a', 'alicia'), 'alicia');
  assert.equal(await say(FABRIKAM, 'a', 'alice'), 'alice');
});

test('within one forest the smaller anchor has the name, and digits disappear once only one user wants it', async () => {
  await say(CORP, 'b', 'alice');
  await say(CORP, 'a', 'alice');
  assert.deepEqual(
    ['a', 'b'].map(one => entryOf(one).samAccountName),
    ['alice', nameWithDigits('alice', 'b')],
  );
  await remove('a');
  assert.equal(entryOf('b').samAccountName, 'alice');
});

test('gives users of two forests with the same anchor and objectGUID different made-up names, which they keep', async () => {
  const long = 'a.very.long.name.indeed';
  assert.equal(await say(CORP, 'x', long), nameWithDigits(long, 'x'));
  const second = await say(FABRIKAM, 'x', long);
  assert.notEqual(second, nameWithDigits(long, 'x'), 'the digits are those of the first');
  assert.equal(await say(FABRIKAM, 'x', long), second);
  assert.equal(entryOf('x', CORP).samAccountName, nameWithDigits(long, 'x'));
  await say(CORP, 'y', 'krbtgt');
  await say(FABRIKAM, 'y', 'krbtgt');
  const names = () => [CORP, FABRIKAM].map(forest => entryOf('y', forest).samAccountName);
  const made = names();
  assert.equal(new Set([...made, second]).size, 3);
  await say(FABRIKAM, 'y', null);
  await say(CORP, 'y', null);
  assert.deepEqual(names(), made);
});

test("does not touch another forest's user of the same anchor, whatever one forest sends or deletes", async () => {
  await say(CORP, 'x', 'alice', 'alice@corp.example.com');
  await say(FABRIKAM, 'x', 'alice', 'alice@corp.example.com');
  const mine = entryOf('x', CORP);
  assert.deepEqual(
    [mine.samAccountName, mine.userPrincipalName, ledger.problems.of(mine)],
    ['alice', 'alice@corp.example.com', []],
  );
  assert.equal(ledger.problems.of(entryOf('x', FABRIKAM))[0]?.code, 'name-taken');
  await say(FABRIKAM, 'x', 'bob', null);
  await remove('x', FABRIKAM);
  assert.deepEqual(entryOf('x', CORP), mine);
});

test('giveName needs a forest, or a name, when two users share the anchor', async () => {
  await say(CORP, 'x', 'alice');
  await say(FABRIKAM, 'x', 'alice');
  const give = { name: 'alice', user: 'x', confirmed: true };
  for (const user of ['x', 'alice']) {
    assert.throws(() => giveName(ledger, REALM, { ...give, user }), {
      code: 'several-users',
      message: /\(x of corp\.example\.com\); .*\(x of fabrikam\.example\.org\)/,
    });
  }
  giveName(ledger, REALM, { ...give, forest: FABRIKAM });
  await reconcile();
  assert.equal(entryOf('x', FABRIKAM).samAccountName, 'alice');
  assert.equal(entryOf('x', CORP).samAccountName, nameWithDigits('alice', 'x'));
});

test('a reserved userPrincipalName is free for its own forest at once, and for another after 30 days', async () => {
  const name = 'alice@corp.example.com';
  await say(CORP, 'a', 'one', name);
  await say(FABRIKAM, 'f', 'two', name.toUpperCase());
  assert.equal(ledger.problems.of(entryOf('f'))[0]?.code, 'name-taken');
  await say(CORP, 'a', 'one', 'other@corp.example.com');
  assert.equal(ledger.problems.of(entryOf('f'))[0]?.code, 'name-reserved');
  assert.deepEqual(
    listNames(ledger).reserved.map(one => one.name),
    ['ALICE@CORP.EXAMPLE.COM'],
  );
  await say(CORP, 'c', 'three', name);
  assert.equal(entryOf('c').userPrincipalName, name);
  await remove('c');
  assert.equal(entryOf('f').userPrincipalName, null);
  age(`p:${name.toUpperCase()}`, RESERVATION_MS + 1);
  await reconcile();
  assert.equal(entryOf('f').userPrincipalName, name.toUpperCase());
  assert.deepEqual(ledger.problems.of(entryOf('f')), []);
});

test('of several forests that wait for a name, the one that was trusted first gets it', async () => {
  const name = 'alice@example.net';
  const [corp, fabrikam, contoso] = [CORP, FABRIKAM, 'contoso.example.net'];
  for (const [i, forest] of [contoso, fabrikam].entries()) {
    const key = signingPublicKey(generateSigningKey());
    ledger.agents.trust({ ...key, forest, trustedAt: `2026-11-2${i}T10:00:00.000Z` });
  }
  await say(corp, 'a', 'one', name);
  await say(fabrikam, 'b', 'two', name);
  await say(contoso, 'c', 'three', name);
  await remove('a');
  age(`p:${name.toUpperCase()}`, RESERVATION_MS + 1);
  await reconcile();
  assert.deepEqual(
    ['b', 'c'].map(one => entryOf(one).userPrincipalName),
    [null, name],
  );
});

test('the previous userPrincipalName stands in for a refused one, until another user truly wants it', async () => {
  const [old, refused] = ['old@corp.example.com', `krbtgt@${REALM}`];
  await say(CORP, 'a', 'one', old);
  await say(CORP, 'a', 'one', refused);
  assert.equal(entryOf('a').userPrincipalName, old);
  assert.equal(ledger.problems.of(entryOf('a'))[0]?.code, 'protected-name');
  await say(CORP, 'b', 'two', old);
  assert.deepEqual(
    ['a', 'b'].map(one => entryOf(one).userPrincipalName),
    [null, old],
  );
});

test('removes a stand-in from before the upgrade that may not be a name', async () => {
  const guid = directory.add('one', `krbtgt@${REALM}`)!;
  const entry = newEntry({
    sourceAnchor: 'a',
    forest: CORP,
    objectGuid: '01234567-89ab-4def-8123-456789abcdef',
  });
  const has = { samAccountName: 'one', userPrincipalName: `krbtgt@${REALM}` };
  ledger.accounts.save({
    ...entry,
    ...has,
    managedGuid: guid,
    nonce: 'x',
    wantedName: 'one',
    wantedPrincipal: has.userPrincipalName,
  });
  ledger.names.touch(['p:KRBTGT@AADDS.EXAMPLE.NET']);
  await reconcile();
  assert.equal(directory.accounts.get(guid)?.principal, null);
});

test('an administrator frees a reserved name, and hands over a held one, but not within a forest', async () => {
  await say(CORP, 'a', 'alice');
  await say(FABRIKAM, 'f', 'alice');
  assert.throws(() => freeName(ledger, REALM, 'alice'), { code: 'name-held' });
  await remove('a');
  assert.match(
    freeName(ledger, REALM, 'alice').message,
    /'alice' is free; it is wanted by .*\(f of fabrikam/,
  );
  await reconcile();
  assert.equal(entryOf('f').samAccountName, 'alice');
  await say(CORP, 'b', 'alice');
  await say(CORP, 'c', 'alice');
  const give = (user: string, confirmed = true) =>
    giveName(ledger, REALM, { name: 'alice', user, confirmed });
  assert.throws(() => give('b', false), { code: 'confirmation-needed' });
  assert.throws(() => give('nobody'), { code: 'no-such-user' });
  give('b');
  await reconcile();
  assert.deepEqual(
    readName(ledger, REALM, 'alice').holders.map(one => one.anchor),
    ['b'],
  );
  assert.equal(entryOf('f').samAccountName, nameWithDigits('alice', 'f'));
  assert.throws(() => give('c'), { code: 'same-forest' });
  assert.deepEqual(
    ledger.audit.list().map(({ action }) => action),
    ['give-name', 'free-name'],
  );
});

/** A group of ours that is in the directory, or no longer is. */
function group(name: string | null, forest = CORP): void {
  const guid = directory.add(name ?? 'nobody', null) ?? null;
  const managedGuid = name === null ? null : guid;
  saveGroup(ledger, { forest, anchor: 'group' }, { hasName: name, wantedName: name, managedGuid });
}

test('a user who wants the name of a group gets five digits, and the name once the group releases it', async () => {
  group('Staff');
  const digits = nameWithDigits('staff', 'a');
  assert.equal(await say(CORP, 'a', 'staff', `staff@${REALM}`), digits);
  assert.equal(entryOf('a').userPrincipalName, null, 'it would be the group’s name to the KDC');
  const [problem] = ledger.problems.of(entryOf('a'));
  assert.deepEqual([problem?.kind, problem?.code], ['name', 'name-taken']);
  assert.match(problem!.reason, /Staff, a group of corp\.example\.com/);
  assert.equal(ledger.names.isAnyDue(Date.now() + 86_400_000), false, 'nobody asks in vain');
  directory.accounts.clear();
  directory.accounts.set(entryOf('a').managedGuid!, { name: digits, principal: null });
  ledger.names.touch(['a:STAFF']);
  group(null);
  await reconcile();
  assert.deepEqual(
    [entryOf('a').samAccountName, entryOf('a').userPrincipalName, ledger.problems.of(entryOf('a'))],
    ['staff', `staff@${REALM}`, []],
  );
});

test('a user who is renamed to the name of a group gets digits, whichever forest the group is from', async () => {
  group('Staff', FABRIKAM);
  assert.equal(await say(CORP, 'a', 'alice'), 'alice');
  assert.equal(await say(CORP, 'a', 'STAFF'), nameWithDigits('STAFF', 'a'));
  assert.equal(await say(CORP, 'a', 'alice'), 'alice');
});

test('shows a name as held by a group, does not free it, and does not hand it over within a forest', async () => {
  group('Staff');
  await say(CORP, 'a', 'staff');
  assert.deepEqual(readName(ledger, REALM, 'staff').group, { forest: CORP, anchor: 'group', name: 'Staff' });
  assert.throws(() => freeName(ledger, REALM, 'STAFF'), { code: 'name-held' });
  assert.throws(() => giveName(ledger, REALM, { name: 'staff', user: 'a', confirmed: true }), {
    code: 'same-forest',
    message: /Staff \(group of corp\.example\.com, a group\) has 'staff' before .* only a change on-premises/,
  });
});
