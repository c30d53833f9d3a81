import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { EMPTY_PROFILE, type FeedItem } from '@causeway/contract';
import { CLOUD_FOREST, generateSealingKey, type PublicKeyInfo, sealingPublicKey } from '@causeway/records';
import type { LedgerEntry } from '../ledger/account-book.ts';
import type { Trust } from '../pairing/trust.ts';
import { isSamePerson, personOf } from '../person.ts';
import { ForestPeer, type Person } from '../testing/index.ts';
import { type Decision, decide } from './decide.ts';
import { confirmedSid } from './on-premises-sid.ts';
import { isRepeat, type Parts, planDeletion, planWrite, rememberWithdrawal } from './plan.ts';
import { verifyItem } from './verified-item.ts';

const TENANT = randomUUID();
const DOMAIN = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-9-9-9' };
const RECIPIENT: PublicKeyInfo = sealingPublicKey(await generateSealingKey());
const corp = new ForestPeer(TENANT);
const other = new ForestPeer(TENANT, 'other.example.org');
/** The tenant itself, with its own key. */
const cloud = new ForestPeer(TENANT, CLOUD_FOREST);
const trust: Trust = keyId =>
  [corp, other, cloud]
    .filter(({ publicKey }) => publicKey.keyId === keyId)
    .map(({ publicKey, forest }) => ({ publicKey: publicKey.publicKey, forests: new Set([forest]) }))[0];

/** Domain SIDs that an administrator has confirmed. */
const confirmedSids: Record<string, string> = {
  [corp.domainSid]: corp.forest,
  [other.domainSid]: other.forest,
};

type Shown = Partial<FeedItem> & { sourceAnchor: string };

/** Decides on an item that a tenant shows, where the ledger has this entry and no other. */
function decideItem(entry: LedgerEntry | undefined, shown: Shown): Decision {
  const item: FeedItem = {
    ...{ userId: randomUUID(), origin: 'synchronized', profile: EMPTY_PROFILE },
    forest: shown.origin === 'cloud' ? null : corp.forest,
    ...{ accountRecord: null, credentialRecord: null },
    ...shown,
  };
  const known = entry && isSamePerson(entry, personOf(item)) ? entry : undefined;
  return decide(known, verifyItem(item, trust, TENANT), DOMAIN, sid => confirmedSids[sid]);
}

const codes = ({ account, credential }: Decision) =>
  [account, credential].map(one => ('code' in one ? one.code : one.kind));

const NAMES = { samAccountName: 'name', userPrincipalName: null, keepsDigits: false, digitsKey: null };

/** The ledger's entry after the decision has been written. */
function written(entry: LedgerEntry | undefined, { account, credential }: Decision): LedgerEntry | undefined {
  if (account.kind === 'delete' || account.kind === 'bury') {
    return planDeletion(entry, account.record, new Date());
  }
  const parts: Parts = {
    account:
      account.kind === 'upsert'
        ? {
            record: account.record,
            sidRefused: account.sid !== undefined,
            sid: null,
            profile: EMPTY_PROFILE,
            names: NAMES,
          }
        : undefined,
    credential:
      credential.kind === 'write'
        ? { record: credential.record, secret: { ntHash: new Uint8Array(16) } }
        : undefined,
  };
  if (credential.kind === 'withdraw') parts.withdrawal = credential.record;
  if (credential.kind === 'remember') return rememberWithdrawal(entry, credential.record);
  if (!parts.account && !parts.credential && !parts.withdrawal) return entry;
  const context = {
    users: 'OU=AADDC Users,DC=example',
    now: new Date(),
    random: (length: number) => new Uint8Array(length),
    descriptor: new Uint8Array(),
    newNonce: randomUUID,
    blockOf: () => undefined,
  };
  const { next } = planWrite(entry, parts, context);
  return { ...next, managedGuid: next.managedGuid ?? randomUUID() };
}

/** A user whose account and first password are written. */
async function writtenPerson(name = 'alice', forest = corp): Promise<{ person: Person; entry: LedgerEntry }> {
  const person = forest.person(name);
  const credentialRecord = await forest.credential(person, 'One', 5, RECIPIENT);
  const shown = forest.item(person, forest.account(person), credentialRecord);
  const entry = written(undefined, decideItem(undefined, shown))!;
  return { person, entry };
}

test('writes a new user with account and credential', async () => {
  const person = corp.person('alice');
  const credentialRecord = await corp.credential(person, 'One', 1, RECIPIENT);
  const shown = { sourceAnchor: person.anchor, accountRecord: corp.account(person), credentialRecord };
  assert.deepEqual(codes(decideItem(undefined, shown)), ['upsert', 'write']);
});

test('a group’s anchor is never a user’s, whoever signs it', async () => {
  const person = corp.person('alice');
  const credentialRecord = await corp.credential(person, 'One', 1, RECIPIENT);
  const item = { ...corp.item(person, corp.account(person), credentialRecord), profile: EMPTY_PROFILE };
  const verified = verifyItem({ userId: randomUUID(), ...item }, trust, TENANT);
  const decision = decide(undefined, verified, DOMAIN, () => undefined, true);
  assert.deepEqual(codes(decision), ['retyped', 'retyped']);
});

test('the same records again change nothing', async () => {
  const person = corp.person('alice');
  const credentialRecord = await corp.credential(person, 'One', 1, RECIPIENT);
  const shown = { sourceAnchor: person.anchor, accountRecord: corp.account(person), credentialRecord };
  const entry = written(undefined, decideItem(undefined, shown));
  assert.deepEqual(codes(decideItem(entry, shown)), ['unchanged', 'unchanged']);
});

test('a password or withdrawal that is signed again is a repeat; a new one, or a change of the account, is not', async () => {
  const { person, entry } = await writtenPerson();
  const { anchor: sourceAnchor } = person;
  const repeats = (known: LedgerEntry | undefined, shown: Omit<Shown, 'sourceAnchor'>) =>
    isRepeat(known, decideItem(known, { sourceAnchor, ...shown }));
  const password = (version: number) => corp.credential(person, 'One', version, RECIPIENT);
  const newcomer = { accountRecord: corp.account(person), credentialRecord: await password(5) };
  assert.equal(repeats(undefined, newcomer), false);
  assert.equal(repeats(entry, { credentialRecord: await password(5) }), true);
  assert.equal(repeats(entry, { credentialRecord: await password(4) }), true, 'it is refused');
  assert.equal(repeats(entry, { credentialRecord: await password(6) }), false);
  assert.equal(repeats(entry, { accountRecord: corp.account(person, { enabled: false }) }), false);
  assert.equal(repeats(entry, deletionOf(person, entry.accountSequence! + 1)), false);
  const withdrawal = () => ({ credentialRecord: corp.withdrawal(person, 6) });
  assert.equal(repeats(entry, withdrawal()), false);
  const withdrawn = written(entry, decideItem(entry, { sourceAnchor, ...withdrawal() }))!;
  assert.equal(repeats(withdrawn, withdrawal()), true);
  assert.equal(repeats(withdrawn, { credentialRecord: await password(6) }), false, 'it opens the account');
  assert.equal(repeats(undefined, withdrawal()), false);
});

test('rejects another text with the same sequence as older: account, deletion, credential and withdrawal', async () => {
  const { person, entry } = await writtenPerson();
  const { accountSequence, credentialSequence: sequence } = entry;
  const account = { sequence: accountSequence! };
  for (const changes of [{ enabled: false }, { deleted: true, enabled: false }]) {
    const accountRecord = corp.account(person, { ...account, ...changes });
    const shown = { sourceAnchor: person.anchor, accountRecord };
    assert.deepEqual(codes(decideItem(entry, shown)), ['older-sequence', 'absent']);
  }
  const records = [
    await corp.credential(person, 'Other', 5, RECIPIENT, { sequence: sequence! }),
    await corp.credential(person, 'Newer', 6, RECIPIENT, { sequence: sequence! }),
    corp.withdrawal(person, 6, { sequence: sequence! }),
  ];
  for (const credentialRecord of records) {
    const shown = { sourceAnchor: person.anchor, credentialRecord };
    assert.deepEqual(codes(decideItem(entry, shown)), ['absent', 'older-sequence']);
  }
  const gone = written(entry, decideItem(entry, deletionOf(person, accountSequence! + 1)))!;
  const returned = corp.account(person, { sequence: accountSequence! + 1 });
  assert.deepEqual(codes(decideItem(gone, { sourceAnchor: person.anchor, accountRecord: returned })), [
    'older-sequence',
    'absent',
  ]);
  assert.deepEqual(codes(decideItem(gone, deletionOf(person, accountSequence! + 1))), ['delete', 'absent']);
  // A ledger of the previous release has no digests, so it takes what comes for the record that it has.
  const before = { ...entry, accountDigest: null, credentialDigest: null };
  const shown = { sourceAnchor: person.anchor, accountRecord: corp.account(person, account) };
  assert.deepEqual(codes(decideItem(before, shown)), ['unchanged', 'absent']);
});

const deletionOf = (person: Person, sequence: number): Shown => ({
  sourceAnchor: person.anchor,
  accountRecord: corp.account(person, { sequence, deleted: true, enabled: false }),
});

test('rejects a record signed with a key that nobody confirmed', () => {
  const stranger = new ForestPeer(TENANT);
  const person = stranger.person('alice');
  const shown = { sourceAnchor: person.anchor, accountRecord: stranger.account(person) };
  assert.deepEqual(codes(decideItem(undefined, shown)), ['unknown-signer', 'absent']);
});

test('once a key is no longer trusted, the records believed before change nothing, and no others are believed', async () => {
  const person = corp.person('alice');
  const credentialRecord = await corp.credential(person, 'One', 5, RECIPIENT);
  const shown = corp.item(person, corp.account(person), credentialRecord);
  const entry = written(undefined, decideItem(undefined, shown))!;
  const gone = written(entry, decideItem(entry, deletionOf(person, entry.accountSequence! + 1)))!;
  const nobody: Trust = () => undefined;
  const without = (known: LedgerEntry | undefined, said: Shown) => {
    const common = { userId: randomUUID(), origin: 'synchronized', profile: EMPTY_PROFILE } as const;
    const item = { ...common, forest: corp.forest, accountRecord: null, credentialRecord: null, ...said };
    return codes(decide(known, verifyItem(item, nobody, TENANT), DOMAIN, sid => confirmedSids[sid]));
  };
  const unknown = ['unknown-signer', 'unknown-signer'];
  assert.deepEqual(without(entry, shown), ['unchanged', 'unchanged']);
  assert.deepEqual(without(undefined, shown), unknown);
  // A record that was believed but is not written, or not any more, is needed again and is not believed.
  assert.deepEqual(without({ ...entry, managedGuid: null, hasCredential: false }, shown), unknown);
  assert.deepEqual(without({ ...entry, accountDigest: null, credentialDigest: null }, shown), unknown);
  const next = { accountRecord: corp.account(person, { sequence: 99 }), credentialRecord: null };
  assert.deepEqual(without(entry, { ...shown, ...next }), ['unknown-signer', 'absent']);
  const deletion = { ...deletionOf(person, entry.accountSequence! + 1), credentialRecord: null };
  assert.deepEqual(without(gone, deletion), ['unchanged', 'absent']);
  assert.deepEqual(without(entry, deletion), ['unknown-signer', 'absent']);
  assert.deepEqual(without(gone, shown)[0], 'unknown-signer');
});

test('rejects a record that differs from what was signed: names changed, re-addressed, re-sealed', async () => {
  const { person, entry } = await writtenPerson();
  const [header, , signature] = corp.account(person).split('.');
  const stranger = new ForestPeer(TENANT);
  const ownPayload = stranger.account(person, { userPrincipalName: 'bob@corp.example.com' }).split('.')[1];
  const accountRecord = `${header}.${ownPayload}.${signature}`;
  const genuine = (await corp.credential(person, 'Two', 6, RECIPIENT)).split('.');
  const ownCipher = (await stranger.credential(person, 'Tenant', 9, RECIPIENT)).split('.');
  const credentialRecord = `${genuine[0]}.${ownCipher[1]}.${genuine[2]}`;
  const shown = { sourceAnchor: person.anchor, accountRecord, credentialRecord };
  assert.deepEqual(codes(decideItem(entry, shown)), ['bad-signature', 'bad-signature']);
});

test('rejects a record version that only the tenant says is read here, and still writes the password beside it', async () => {
  const { person, entry } = await writtenPerson();
  const accountRecord = corp.ofNewerVersion(corp.account(person));
  const credentialRecord = await corp.credential(person, 'Two', 6, RECIPIENT);
  const shown = { sourceAnchor: person.anchor, accountRecord, credentialRecord };
  assert.deepEqual(codes(decideItem(entry, shown)), ['unsupported-version', 'write']);
});

test('rejects an account record and a credential of another user', async () => {
  const { person, entry } = await writtenPerson();
  const bob = corp.person('bob');
  const credentialRecord = await corp.credential(bob, 'Bob', 9, RECIPIENT);
  const shown = { sourceAnchor: person.anchor, accountRecord: corp.account(bob), credentialRecord };
  assert.deepEqual(codes(decideItem(entry, shown)), ['record-mismatch', 'record-mismatch']);
});

test('rejects an account record in the place of a credential record', async () => {
  const { person, entry } = await writtenPerson();
  const shown = { sourceAnchor: person.anchor, credentialRecord: corp.account(person) };
  assert.deepEqual(codes(decideItem(entry, shown)), ['absent', 'wrong-kind']);
});

test('rejects a record made for another tenant', () => {
  const elsewhere = new ForestPeer(randomUUID());
  const person = corp.person('alice');
  Object.assign(elsewhere, { signingKey: corp.signingKey });
  const shown = { sourceAnchor: person.anchor, accountRecord: elsewhere.account(person) };
  assert.deepEqual(codes(decideItem(undefined, shown)), ['other-tenant', 'absent']);
});

test("a key signs for its own forest only, whatever another forest's user is called", async () => {
  const { person, entry } = await writtenPerson();
  const accountRecord = other.account(person, { forest: 'corp.example.com' });
  assert.deepEqual(codes(decideItem(entry, { sourceAnchor: person.anchor, accountRecord })), [
    'other-forest',
    'absent',
  ]);
});

test('a withdrawal removes the credential once, and disables the account until another credential comes', async () => {
  const { person, entry } = await writtenPerson();
  const shown = { sourceAnchor: person.anchor, credentialRecord: corp.withdrawal(person, 6) };
  const decision = decideItem(entry, shown);
  assert.deepEqual(codes(decision), ['absent', 'withdraw']);
  const withdrawn = written(entry, decision)!;
  assert.deepEqual(
    [withdrawn.hasCredential, withdrawn.withdrawn, withdrawn.wantsEnabled],
    [false, true, true],
  );
  assert.deepEqual(codes(decideItem(withdrawn, shown)), ['absent', 'unchanged']);
  const credentialRecord = await corp.credential(person, 'Six', 6, RECIPIENT);
  const again = decideItem(withdrawn, { sourceAnchor: person.anchor, credentialRecord });
  assert.deepEqual(codes(again), ['absent', 'write'], 'of equal orders the larger sequence decides');
  const restored = written(withdrawn, again)!;
  assert.deepEqual([restored.hasCredential, restored.withdrawn], [true, false]);
  assert.deepEqual(codes(decideItem(restored, shown)), ['absent', 'older-sequence'], 'replayed');
});

test('rejects a credential replayed after a withdrawal, by sequence and by order', async () => {
  const { person, entry } = await writtenPerson();
  const replayed = await corp.credential(person, 'Nine', 9, RECIPIENT);
  const decision = decideItem(entry, {
    sourceAnchor: person.anchor,
    credentialRecord: corp.withdrawal(person, 6),
  });
  const withdrawn = written(entry, decision);
  const show = (credentialRecord: string) =>
    codes(decideItem(withdrawn, { sourceAnchor: person.anchor, credentialRecord }));
  assert.deepEqual(show(replayed), ['absent', 'older-sequence']);
  assert.deepEqual(show(await corp.credential(person, 'Five', 5, RECIPIENT)), [
    'absent',
    'older-password-order',
  ]);
  assert.deepEqual(show(corp.withdrawal(person, 5)), ['absent', 'older-password-order']);
});

test('remembers a withdrawal without an account, and accepts no older credential when the account comes', async () => {
  const person = corp.person('alice');
  const replayed = await corp.credential(person, 'Nine', 9, RECIPIENT);
  const credentialRecord = corp.withdrawal(person, 6);
  const alone = decideItem(undefined, { sourceAnchor: person.anchor, credentialRecord });
  assert.deepEqual(codes(alone), ['absent', 'remember']);
  const entry = written(undefined, alone);
  const accountRecord = corp.account(person);
  const show = (record: string) =>
    decideItem(entry, { sourceAnchor: person.anchor, accountRecord, credentialRecord: record });
  assert.deepEqual(codes(show(replayed)), ['upsert', 'older-sequence']);
  const decision = show(credentialRecord);
  assert.deepEqual(codes(decision), ['upsert', 'withdraw']);
  assert.equal(written(entry, decision)!.withdrawn, true);
  const stolen = other.account(person);
  const pinned = decideItem(entry, { sourceAnchor: person.anchor, accountRecord: stolen });
  assert.deepEqual(codes(pinned), ['record-mismatch', 'absent']);
});

test('rejects a forged withdrawal, one of another user, forest, tenant or object, and one with trailing data', async () => {
  const { person, entry } = await writtenPerson();
  const elsewhere = new ForestPeer(randomUUID());
  Object.assign(elsewhere, { signingKey: corp.signingKey });
  const stranger = new ForestPeer(TENANT);
  const [header, payload, signature] = corp.withdrawal(person, 6).split('.');
  const [, changed] = corp.withdrawal(person, 7, { reason: 'scope' }).split('.');
  const encapsulation = (await corp.credential(person, 'Six', 6, RECIPIENT)).split('~')[1];
  const lies: [string, string][] = [
    [corp.withdrawal(corp.person('bob'), 6), 'record-mismatch'],
    [corp.withdrawal({ ...person, objectGuid: randomUUID() }, 6), 'anchor-moved'],
    [other.withdrawal(person, 6), 'record-mismatch'],
    [other.withdrawal(person, 6, { forest: corp.forest }), 'other-forest'],
    [elsewhere.withdrawal(person, 6), 'other-tenant'],
    [stranger.withdrawal(person, 6), 'unknown-signer'],
    [`${header}.${changed}.${signature}`, 'bad-signature'],
    [`${header}.${payload}.${signature}~${encapsulation}`, 'bad-signature'],
  ];
  for (const [credentialRecord, code] of lies) {
    const decision = decideItem(entry, { sourceAnchor: person.anchor, credentialRecord });
    assert.deepEqual(codes(decision), ['absent', code]);
    assert.ok(!('acceptable' in decision.credential) || decision.credential.acceptable === null);
  }
  const inPlace = { sourceAnchor: person.anchor, accountRecord: corp.withdrawal(person, 6) };
  assert.deepEqual(codes(decideItem(entry, inPlace)), ['wrong-kind', 'absent']);
  const relabelled = {
    ...{ sourceAnchor: person.anchor, origin: 'cloud' as const },
    credentialRecord: corp.withdrawal(person, 6),
  };
  assert.deepEqual(codes(decideItem(entry, relabelled)), ['absent', 'relabelled']);
});

test('users of two forests with the same anchor are two users, whoever comes first', async () => {
  const { person, entry } = await writtenPerson();
  const first = await shownBy(corp, person);
  const second = await shownBy(other, person);
  assert.deepEqual(codes(decideItem(entry, second)), ['upsert', 'write']);
  const theirs = written(undefined, decideItem(undefined, second))!;
  assert.equal(theirs.forest, other.forest);
  assert.deepEqual(codes(decideItem(theirs, first)), ['upsert', 'write']);
  assert.deepEqual(codes(decideItem(theirs, second)), ['unchanged', 'unchanged']);
});

test('rejects every kind of record of one forest for another forest’s user with the same anchor', async () => {
  const { person, entry } = await writtenPerson();
  for (const [accountRecord, credentialRecord] of [
    [other.account(person), null],
    [other.account(person, { enabled: false }), null],
    [other.account(person, { deleted: true }), null],
    [null, await other.credential(person, 'Nine', 9, RECIPIENT)],
    [null, other.withdrawal(person, 9)],
  ] as const) {
    const found = codes(decideItem(entry, { sourceAnchor: person.anchor, accountRecord, credentialRecord }));
    assert.deepEqual(new Set(found), new Set(['record-mismatch', 'absent']));
    // Shown as that forest's own, it is about another user, who is not known yet.
    const shown = { sourceAnchor: person.anchor, forest: other.forest, accountRecord, credentialRecord };
    const own = codes(decideItem(entry, shown));
    assert.ok(!own.includes('write') && !own.includes('withdraw') && !own.includes('delete'), String(own));
  }
});

test('rejects older records', async () => {
  const person = corp.person('alice');
  const old = {
    sourceAnchor: person.anchor,
    accountRecord: corp.account(person),
    credentialRecord: await corp.credential(person, 'One', 1, RECIPIENT),
  };
  const recent = {
    sourceAnchor: person.anchor,
    accountRecord: corp.account(person, { enabled: false }),
    credentialRecord: await corp.credential(person, 'Two', 2, RECIPIENT),
  };
  const entry = written(undefined, decideItem(undefined, recent));
  assert.deepEqual(codes(decideItem(entry, old)), ['older-sequence', 'older-sequence']);
});

test('holds an older password in a newer record until it is accepted', async () => {
  const { person, entry } = await writtenPerson();
  const credentialRecord = await corp.credential(person, 'Zero', 4, RECIPIENT);
  const shown = { sourceAnchor: person.anchor, credentialRecord };
  const { credential } = decideItem(entry, shown);
  assert.ok(credential.kind === 'waiting' && credential.code === 'older-password-order');
  const accepted = { ...entry, accepted: credential.acceptable };
  assert.deepEqual(codes(decideItem(accepted, shown)), ['absent', 'write']);
});

/** A forest that was restored after all of these passwords were written, and whose restore its administrator accepted. */
async function restoredForest(...versions: number[]) {
  const forest = new ForestPeer(TENANT, corp.forest);
  const keys = [forest.publicKey];
  const trusted: Trust = keyId =>
    keys
      .filter(key => key.keyId === keyId)
      .map(({ publicKey }) => ({ publicKey, forests: new Set([forest.forest]) }))[0];
  const decided = (entry: LedgerEntry | undefined, shown: Shown) => {
    const item: FeedItem = {
      ...{ userId: randomUUID(), origin: 'synchronized', profile: EMPTY_PROFILE, forest: forest.forest },
      ...{ accountRecord: null, credentialRecord: null },
      ...shown,
    };
    return decide(entry, verifyItem(item, trusted, TENANT), DOMAIN, () => undefined);
  };
  const person = forest.person('alice');
  let entry: LedgerEntry | undefined;
  for (const version of versions) {
    const credentialRecord = await forest.credential(person, `P${version}`, version, RECIPIENT);
    entry = written(entry, decided(entry, forest.item(person, forest.account(person), credentialRecord)));
  }
  const before = await forest.credential(person, 'before', 20, RECIPIENT);
  forest.epoch = 1_795_437_727_000_008;
  return { forest, person, entry: entry!, decided, before };
}

test('writes a restored forest’s older password unasked, and accepts nothing from before the restore after it', async () => {
  const { forest, person, entry, decided, before } = await restoredForest(5, 9);
  const older = await forest.credential(person, 'P3', 3, RECIPIENT);
  const decision = decided(entry, { sourceAnchor: person.anchor, credentialRecord: older });
  assert.deepEqual(codes(decision), ['absent', 'write']);
  const then = written(entry, decision)!;
  assert.deepEqual([then.passwordOrder?.epoch, then.passwordOrder?.version], [forest.epoch, 3]);
  const replayed = decided(then, { sourceAnchor: person.anchor, credentialRecord: before });
  assert.deepEqual(codes(replayed), ['absent', 'older-sequence']);
  forest.epoch = 0; // a Connect that has lost its state, and reads what it read before
  const late = await forest.credential(person, 'P10', 10, RECIPIENT);
  const { credential } = decided(then, { sourceAnchor: person.anchor, credentialRecord: late });
  assert.ok(credential.kind === 'waiting' && credential.code === 'older-password-order');
  assert.match(credential.acceptable ?? '', /^order:10\//);
});

test('a reset with must-change after the restore withdraws every password written before it', async () => {
  const { forest, person, entry, decided } = await restoredForest(5, 9);
  const withdrawal = { sourceAnchor: person.anchor, credentialRecord: forest.withdrawal(person, 4) };
  const decision = decided(entry, withdrawal);
  assert.deepEqual(codes(decision), ['absent', 'withdraw']);
  const then = written(entry, decision)!;
  const own = await forest.credential(person, 'own', 5, RECIPIENT);
  assert.deepEqual(codes(decided(then, { sourceAnchor: person.anchor, credentialRecord: own })), [
    'absent',
    'write',
  ]);
});

test('an anchor with another objectGUID waits, and starts afresh once it is accepted', async () => {
  const { person, entry } = await writtenPerson();
  const again = { ...person, objectGuid: randomUUID() };
  const shown = {
    sourceAnchor: person.anchor,
    accountRecord: corp.account(again),
    credentialRecord: await corp.credential(again, 'New', 1, RECIPIENT),
  };
  const decision = decideItem(entry, shown);
  assert.deepEqual(codes(decision), ['anchor-moved', 'anchor-moved']);
  assert.ok(decision.account.kind === 'waiting' && decision.account.acceptable !== null);
  const accepted = { ...entry, accepted: decision.account.acceptable };
  const once = decideItem(accepted, shown);
  assert.deepEqual(codes(once), ['upsert', 'write']);
  const credentialAlone = decideItem(accepted, { ...shown, accountRecord: null });
  assert.deepEqual(codes(credentialAlone), ['absent', 'anchor-moved']);
  assert.equal(written(accepted, once)?.passwordOrder?.version, 1);
});

test('rejects a synchronized user shown as cloud-only, known or not', async () => {
  const { person, entry } = await writtenPerson();
  const shown = {
    sourceAnchor: person.anchor,
    origin: 'cloud' as const,
    credentialRecord: await corp.credential(person, 'Two', 9, RECIPIENT),
  };
  assert.deepEqual(codes(decideItem(entry, shown)), ['absent', 'relabelled']);
  assert.deepEqual(codes(decideItem(undefined, shown)), ['absent', 'relabelled']);
});

test('the tenant’s own word creates, changes, disables and deletes a cloud-only user', async () => {
  const { person, entry } = await writtenPerson('carla', cloud);
  assert.equal(entry.forest, CLOUD_FOREST);
  const shown = {
    ...{ sourceAnchor: person.anchor, origin: 'cloud' as const },
    accountRecord: cloud.account(person, { enabled: false }),
    credentialRecord: await cloud.credential(person, 'Two', 6, RECIPIENT),
  };
  assert.deepEqual(codes(decideItem(entry, shown)), ['upsert', 'write']);
  const accountRecord = cloud.account(person, { deleted: true });
  const deletion = { sourceAnchor: person.anchor, origin: 'cloud' as const, accountRecord };
  assert.deepEqual(codes(decideItem(entry, deletion)), ['delete', 'absent']);
});

test('rejects an item without a forest, and a cloud-only user shown with a forest', async () => {
  const { person, entry } = await writtenPerson();
  const accountRecord = corp.account(person);
  const nameless = { sourceAnchor: person.anchor, forest: null, accountRecord };
  assert.deepEqual(codes(decideItem(entry, nameless)), ['relabelled', 'absent']);
  const carla = cloud.person('carla');
  for (const forest of [corp.forest, null]) {
    const origin = forest === null ? 'synchronized' : 'cloud';
    const shown = {
      sourceAnchor: carla.anchor,
      origin,
      forest,
      accountRecord: cloud.account(carla),
    } as const;
    assert.deepEqual(codes(decideItem(undefined, shown)), ['relabelled', 'absent']);
  }
});

test('the tenant’s own key changes no user of a forest, under either label', async () => {
  const { person, entry } = await writtenPerson();
  const records = {
    accountRecord: cloud.account({ ...person, sid: null }),
    credentialRecord: await cloud.credential(person, 'Tenant', 9, RECIPIENT),
  };
  const shown = { sourceAnchor: person.anchor, ...records };
  assert.deepEqual(codes(decideItem(entry, shown)), ['relabelled', 'relabelled']);
  // Not even after an administrator has accepted something else for the same user.
  const accepting = { ...entry, accepted: `pin:${CLOUD_FOREST}/${person.objectGuid}` };
  assert.deepEqual(codes(decideItem(accepting, shown)), ['relabelled', 'relabelled']);
  // Shown as cloud-only, it is about another user, who is created.
  const made = written(undefined, decideItem(entry, { ...shown, origin: 'cloud' }))!;
  assert.equal(made.forest, CLOUD_FOREST);
  assert.notEqual(made.managedGuid, entry.managedGuid);
});

test('the tenant’s own key signs for no forest, and no forest signs for a cloud-only user', async () => {
  const forest = 'corp.example.com';
  const person = corp.person('mallory');
  const forged = cloud.account(person, { forest });
  const credentialRecord = await cloud.credential(person, 'Tenant', 9, RECIPIENT, { forest });
  const shown = { sourceAnchor: person.anchor, accountRecord: forged, credentialRecord };
  assert.deepEqual(codes(decideItem(undefined, shown)), ['other-forest', 'other-forest']);

  const carla = cloud.person('carla');
  const accountRecord = corp.account(carla, { forest: CLOUD_FOREST });
  const claimed = { sourceAnchor: carla.anchor, origin: 'cloud' as const, accountRecord };
  assert.deepEqual(codes(decideItem(undefined, claimed)), ['other-forest', 'absent']);
});

test('a cloud-only user never becomes a forest’s user, though a forest may use the same anchor for somebody else', async () => {
  const { person, entry } = await writtenPerson('carla', cloud);
  const accountRecord = corp.account({ ...person, sid: 'S-1-5-21-1-22-333-1999' });
  const posing = { sourceAnchor: person.anchor, forest: null, accountRecord };
  for (const origin of ['cloud', 'synchronized'] as const)
    assert.deepEqual(codes(decideItem(entry, { ...posing, origin })), ['relabelled', 'absent'], origin);
  const another = decideItem(entry, { ...posing, forest: corp.forest });
  assert.deepEqual(codes(another), ['upsert', 'absent']);
  assert.equal(written(undefined, another)!.forest, corp.forest);
  const own = { sourceAnchor: person.anchor, accountRecord: cloud.account(person) };
  assert.deepEqual(codes(decideItem(entry, own)), ['relabelled', 'absent'], 'shown as synchronized');
});

test('a name that must not be written affects the name alone: the account is still created and disabled', async () => {
  const { person, entry } = await writtenPerson();
  const names: { sAMAccountName?: string | null; userPrincipalName?: string | null }[] = [
    ...['krbtgt', 'DC1$', 'Doe, Jane', null].map(sAMAccountName => ({ sAMAccountName })),
    ...['Krbtgt@aadds.example.net', 'no spaces@corp.example.com', null].map(userPrincipalName => ({
      userPrincipalName,
    })),
  ];
  for (const changes of names) {
    const mallory = corp.person('mallory');
    const made = { sourceAnchor: mallory.anchor, accountRecord: corp.account(mallory, changes) };
    assert.deepEqual(codes(decideItem(undefined, made)), ['upsert', 'absent']);
    const accountRecord = corp.account(person, { ...changes, enabled: false });
    const decision = decideItem(entry, { sourceAnchor: person.anchor, accountRecord });
    assert.equal(written(entry, decision)?.wantsEnabled, false);
  }
});

test('writes no SID of the managed domain, no built-in and no privileged one, but everything else', () => {
  const person = corp.person('mallory');
  for (const objectSid of [`${DOMAIN.sid}-1105`, 'S-1-5-32-544', 'S-1-5-18', `${corp.domainSid}-512`]) {
    const accountRecord = corp.account(person, { objectSid });
    const { account } = decideItem(undefined, { sourceAnchor: person.anchor, accountRecord });
    assert.ok(account.kind === 'upsert' && account.sid?.code === 'protected-sid', objectSid);
  }
});

test('writes a SID once its domain is confirmed for the forest, and never one of another forest’s domain', () => {
  const mallory = other.person('mallory');
  const show = (objectSid: string) => {
    const accountRecord = other.account(mallory, { objectSid });
    const { account } = decideItem(undefined, other.item(mallory, accountRecord, null));
    assert.ok(account.kind === 'upsert');
    const confirmed = confirmedSid(account.record, sid => confirmedSids[sid]);
    return [account.sid?.code, confirmed === objectSid ? 'written' : confirmed];
  };
  assert.deepEqual(show(corp.person('alice').sid!), ['other-forest-sid', null]);
  assert.deepEqual(show(`${other.domainSid}-1105`), [undefined, 'written']);
  // A forest has several domains, and nobody has confirmed this one. It may be a member machine's own.
  assert.deepEqual(show('S-1-5-21-4-5-6-1105'), [undefined, null]);
  assert.deepEqual(show('S-1-5-32-1105'), ['protected-sid', null]);
});

test('writes a written record again once an administrator confirms its SID’s domain for another forest', () => {
  const mallory = other.person('mallory');
  const accountRecord = other.account(mallory, { objectSid: corp.person('alice').sid });
  const shown = other.item(mallory, accountRecord, null);
  const entry = written(undefined, decideItem(undefined, shown));
  assert.deepEqual(codes(decideItem(entry, shown)), ['unchanged', 'absent']);
  confirmedSids[corp.domainSid] = other.forest;
  const decision = decideItem(entry, shown);
  assert.ok(decision.account.kind === 'upsert' && decision.account.sid === undefined);
  const accepted = written(entry, decision);
  assert.deepEqual(codes(decideItem(accepted, shown)), ['unchanged', 'absent']);
  confirmedSids[corp.domainSid] = corp.forest;
  const { account } = decideItem(accepted, shown);
  assert.ok(account.kind === 'upsert' && account.sid?.code === 'other-forest-sid');
  const deletion = other.item(mallory, other.account(mallory, { deleted: true }), null);
  const buried = { ...written(undefined, decideItem(undefined, deletion))!, sidRefused: true };
  assert.deepEqual(codes(decideItem(buried, deletion)), ['unchanged', 'absent']);
});

test('rejects a credential without an account', async () => {
  const person = corp.person('alice');
  const credentialRecord = await corp.credential(person, 'One', 1, RECIPIENT);
  const shown = { sourceAnchor: person.anchor, credentialRecord };
  assert.deepEqual(codes(decideItem(undefined, shown)), ['absent', 'no-account']);
});

test('deletes nobody whom the tenant shows without records, or with a deletion that no trusted key signed', async () => {
  const { person, entry } = await writtenPerson();
  assert.deepEqual(codes(decideItem(entry, { sourceAnchor: person.anchor })), ['absent', 'absent']);
  const stranger = new ForestPeer(TENANT);
  const accountRecord = stranger.account(person, { deleted: true });
  const decision = decideItem(entry, { sourceAnchor: person.anchor, accountRecord });
  assert.deepEqual(codes(decision), ['unknown-signer', 'absent']);
});

test('records signed before a deletion do not bring the user back, records signed after it do', async () => {
  const { person, entry } = await writtenPerson();
  const before = { sourceAnchor: person.anchor, accountRecord: corp.account(person) };
  const deletion = { sourceAnchor: person.anchor, accountRecord: corp.account(person, { deleted: true }) };
  const after = { sourceAnchor: person.anchor, accountRecord: corp.account(person) };
  const decision = decideItem(entry, deletion);
  assert.deepEqual(codes(decision), ['delete', 'absent']);
  const pending = written(entry, decision);
  assert.deepEqual(codes(decideItem(pending, before)), ['older-sequence', 'absent']);
  assert.deepEqual(codes(decideItem(pending, after)), ['upsert', 'absent']);
  const unknown = decideItem(undefined, deletion);
  assert.deepEqual(codes(unknown), ['bury', 'absent']);
  assert.deepEqual(codes(decideItem(written(undefined, unknown), before)), ['older-sequence', 'absent']);
});

const PLAN_CONTEXT = {
  ...{ users: 'OU=AADDC Users,DC=example', now: new Date(), newNonce: randomUUID },
  blockOf: () => undefined,
  ...{ random: (length: number) => new Uint8Array(length), descriptor: new Uint8Array() },
};

test('a newer password lifts a lockout, the same one sent again does not', async () => {
  const { person, entry } = await writtenPerson();
  for (const [version, lifts] of [
    [5, false],
    [6, true],
  ] as const) {
    const shown = forest(person, await corp.credential(person, `Sent.${version}`, version, RECIPIENT));
    const { credential } = decideItem(entry, shown);
    assert.ok(credential.kind === 'write');
    const secret = { ntHash: new Uint8Array(16) };
    const { write } = planWrite(entry, { credential: { record: credential.record, secret } }, PLAN_CONTEXT);
    assert.equal('lockoutTime' in write.values, lifts, `version ${version}`);
  }
  corp.epoch = 9; // the forest was restored: the same password is the same one
  const shown = forest(person, await corp.credential(person, 'Sent.5', 5, RECIPIENT));
  corp.epoch = 0;
  const { credential } = decideItem(entry, shown);
  assert.ok(credential.kind === 'write');
  const secret = { ntHash: new Uint8Array(16) };
  const { write } = planWrite(entry, { credential: { record: credential.record, secret } }, PLAN_CONTEXT);
  assert.equal('lockoutTime' in write.values, false);
});

test('in a restored directory, the password that it lacked lifts the lockout', async () => {
  const { person, entry } = await writtenPerson();
  const restored = { ...entry, hasCredential: false }; // as the ledger puts it down: nothing is written
  const shown = forest(person, await corp.credential(person, 'Sent.5', 5, RECIPIENT));
  const { credential } = decideItem(restored, shown);
  assert.ok(credential.kind === 'write');
  const secret = { ntHash: new Uint8Array(16) };
  const { write } = planWrite(restored, { credential: { record: credential.record, secret } }, PLAN_CONTEXT);
  assert.deepEqual(write.values.lockoutTime, ['0']);
});

/** A forest's user with a password, as an honest tenant shows them. */
async function shownBy(peer: ForestPeer, person: Person): Promise<Shown> {
  return peer.item(person, peer.account(person), await peer.credential(person, 'Six', 6, RECIPIENT));
}

function forest(person: Person, credentialRecord: string) {
  return { sourceAnchor: person.anchor, accountRecord: corp.account(person), credentialRecord };
}
