import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { EMPTY_PROFILE, type FeedItem, type Profile } from '@causeway/contract';
import {
  bucketOf,
  generateSealingKey,
  peekRecord,
  profileDigest,
  summarizeBucket,
  summarizeForest,
} from '@causeway/records';
import { createLog } from '@causeway/service';
import type { Values } from '../directory/attributes.ts';
import { compareHead } from '../heads/compare-head.ts';
import { Ledger } from '../ledger/ledger.ts';
import { trustOf } from '../pairing/trust.ts';
import { AccountsPeer } from '../testing/accounts-peer.ts';
import { ForestPeer, type Person } from '../testing/index.ts';
import { ManagerKeeper } from '../upkeep/manager-keeper.ts';
import { applyItems } from './apply.ts';
import { prepareItems } from './prepare.ts';

// A user's profile is the forest's word. A tenant can withhold it, which shows, and can put nothing else in its place.

const folder = mkdtempSync(join(tmpdir(), 'causeway-profiles-'));
const ledgers: Ledger[] = [];
after(() => {
  for (const one of ledgers) one.close();
  rmSync(folder, { recursive: true });
});
const tenant = randomUUID();
const sealingKey = await generateSealingKey();
const log = createLog('test', { write: () => {} });
const corp = new ForestPeer(tenant);

let directory: AccountsPeer;
let ledger: Ledger;
beforeEach(() => {
  directory = new AccountsPeer('AADDS.EXAMPLE.NET');
  ledger = new Ledger(join(folder, `${randomUUID()}.db`));
  ledgers.push(ledger);
  ledger.agents.trust({ ...corp.publicKey, forest: corp.forest, trustedAt: new Date().toISOString() });
});

const OLD: Profile = { ...EMPTY_PROFILE, displayName: 'Alice', mail: 'alice@corp.example.com', city: 'Oslo' };
const NEW: Profile = { ...OLD, displayName: 'Alice Brown', city: undefined, state: 'Viken' };

const signed = (person: Person, profile: Profile, changes: { enabled?: boolean } = {}): string =>
  corp.account(person, { ...changes, profileDigest: profileDigest(profile) });

/** Applies what the tenant shows of a user. */
async function show(person: Person, record: string, profile: FeedItem['profile']): Promise<void> {
  const context = {
    ...{ ledger, tenant, sealingKey, log, trust: trustOf(ledger), ldbModify: undefined as never },
    domain: { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' },
    directory: directory as never,
  };
  const item = { userId: randomUUID(), ...corp.item(person, record, null), ...(profile && { profile }) };
  assert.deepEqual(await applyItems(context, await prepareItems(context, [item])), []);
}

const entryOf = (person: Person) => ledger.accounts.withAnchor(person.anchor)[0]!;
const stored = (person: Person): Values => directory.stored.get(entryOf(person).managedGuid!)!;
const described = (person: Person) => {
  const values = stored(person);
  return ['displayName', 'mail', 'l', 'st'].map(name => values[name]?.[0]);
};
const AS_OLD = ['Alice', 'alice@corp.example.com', 'Oslo', undefined];
const AS_NEW = ['Alice Brown', 'alice@corp.example.com', undefined, 'Viken'];

/** Whether the managed domain differs from a head of the forest, and whether anything explains that. */
function compared(person: Person, record: string): { differs: boolean; explained: boolean } {
  const { sequence } = peekRecord(record)!;
  const entry = { anchor: person.anchor, accountSequence: sequence, credentialSequence: 0 };
  const bucket = bucketOf(person.anchor);
  const { buckets } = summarizeForest(number => summarizeBucket(number === bucket ? [entry] : []));
  const head = { sequence: sequence + 1, time: new Date().toISOString(), buckets };
  const found = compareHead(undefined, head, ledger.heads.ours(corp.forest), new Date().toISOString());
  return { differs: found.differences.length > 0, explained: found.explained.length > 0 };
}
const WHOLE = { differs: false, explained: false };
const LACKING = { differs: true, explained: false };
const problem = (person: Person) =>
  ledger.problems.one({ forest: corp.forest, anchor: person.anchor }, 'profile');

test('writes a profile that fits its record, and then lacks nothing', async () => {
  const alice = corp.person('alice');
  const record = signed(alice, OLD);
  await show(alice, record, OLD);
  assert.deepEqual(described(alice), AS_OLD);
  assert.deepEqual([compared(alice, record), problem(alice)], [WHOLE, undefined]);
  const next = signed(alice, NEW);
  await show(alice, next, NEW);
  assert.deepEqual(described(alice), AS_NEW);
  assert.deepEqual(compared(alice, next), WHOLE);
});

const BOB: Profile = { ...EMPTY_PROFILE, displayName: 'Bob', mail: 'bob@corp.example.com' };

for (const [lie, shown] of [
  ['withholds the profile', undefined],
  ['shows the previous profile beside a new record', OLD],
  ['shows another user’s profile', BOB],
  ['changes one value', { ...NEW, mail: 'mallory@corp.example.com' }],
  ['adds a value', { ...NEW, jobTitle: 'Domain administrator' }],
  ['omits a value', { ...NEW, mail: null }],
  ['omits every value', EMPTY_PROFILE],
] as const) {
  test(`a tenant that ${lie} changes no values: state applies, the head differs unexplained, the right one is written later`, async () => {
    const alice = corp.person('alice');
    await show(alice, signed(alice, OLD), OLD);
    const record = signed(alice, NEW, { enabled: false });
    await show(alice, record, shown);
    assert.deepEqual(described(alice), AS_OLD);
    assert.equal(entryOf(alice).wantsEnabled, false, 'state waits for no profile');
    assert.deepEqual(compared(alice, record), LACKING);
    assert.equal(problem(alice)?.code, 'profile-withheld');
    await show(alice, record, shown);
    assert.deepEqual([described(alice), compared(alice, record)], [AS_OLD, LACKING]);
    await show(alice, record, NEW);
    assert.deepEqual(described(alice), AS_NEW);
    assert.deepEqual([compared(alice, record), problem(alice)], [WHOLE, undefined]);
  });
}

test('a new user whose profile is withheld gets an account without one, and counts as not arrived', async () => {
  const alice = corp.person('alice');
  const record = signed(alice, OLD);
  await show(alice, record, BOB);
  assert.deepEqual(described(alice), [undefined, undefined, undefined, undefined]);
  assert.deepEqual(compared(alice, record), LACKING);
  await show(alice, record, OLD);
  assert.deepEqual([described(alice), compared(alice, record)], [AS_OLD, WHOLE]);
});

test('accepts nothing older while a profile is withheld, whatever profile comes with it', async () => {
  const alice = corp.person('alice');
  const old = signed(alice, OLD);
  await show(alice, old, OLD);
  const record = signed(alice, NEW, { enabled: false });
  await show(alice, record, undefined);
  await show(alice, old, OLD);
  assert.equal(entryOf(alice).wantsEnabled, false);
  assert.deepEqual(compared(alice, record), LACKING);
});

test('a complete user stays complete when the record is sent again without the profile, or with another one', async () => {
  const alice = corp.person('alice');
  const record = signed(alice, NEW);
  await show(alice, record, NEW);
  for (const again of [undefined, OLD]) {
    await show(alice, record, again);
    assert.deepEqual([described(alice), compared(alice, record), problem(alice)], [AS_NEW, WHOLE, undefined]);
  }
});

test('a previous release’s record takes the profile from the tenant, and removes nothing that it does not know', async () => {
  const alice = corp.person('alice');
  await show(alice, signed(alice, OLD), OLD);
  const before = corp.account(alice);
  await show(alice, before, { ...EMPTY_PROFILE, displayName: 'Anything' });
  assert.deepEqual(described(alice), ['Anything', undefined, 'Oslo', undefined]);
  assert.deepEqual(compared(alice, before), WHOLE);
});

test('writes a manager while the manager has an account, removes it with the account, and writes the next one', async () => {
  const writes: string[][] = [];
  const write = async ({ guid, values }: { guid: string; values: { manager: string[] } }) => {
    writes.push([`<GUID=${guid}>`, ...values.manager]);
    return { ok: true };
  };
  let isLoading = false;
  const keeper = new ManagerKeeper({
    ledger,
    log,
    directory: { write },
    isLoading: () => isLoading,
  } as never);
  const turn = async () => {
    writes.length = 0;
    await keeper.turn(new AbortController().signal);
    return [...writes];
  };
  const [alice, boss, other] = [corp.person('alice'), corp.person('boss'), corp.person('other')];
  const managed = (who: Person) => `<GUID=${entryOf(who).managedGuid}>`;
  const under = (who: Person): Profile => ({ ...OLD, manager: who.anchor });

  await show(alice, signed(alice, under(boss)), under(boss));
  assert.deepEqual(await turn(), [], 'nobody is there yet');
  await show(boss, signed(boss, BOB), BOB);
  isLoading = true;
  assert.deepEqual(await turn(), [], 'pages of the feed go first');
  isLoading = false;
  assert.deepEqual(await turn(), [[managed(alice), managed(boss)]]);
  assert.deepEqual(await turn(), [], 'once');

  ledger.accounts.save({ ...entryOf(boss), managedGuid: null });
  assert.deepEqual(await turn(), [[managed(alice)]]);
  ledger.accounts.save({ ...entryOf(boss), managedGuid: randomUUID() });
  assert.deepEqual(await turn(), [[managed(alice), managed(boss)]]);

  await show(other, signed(other, BOB), BOB);
  await show(alice, signed(alice, under(other)), under(boss));
  assert.deepEqual(await turn(), [], 'not the forest’s word');
  await show(alice, signed(alice, under(other)), under(other));
  assert.deepEqual(await turn(), [[managed(alice), managed(other)]]);

  ledger.managers.nothingIsWritten();
  assert.deepEqual(await turn(), [[managed(alice), managed(other)]], 'a directory that was restored');
  await show(alice, signed(alice, OLD), OLD);
  assert.deepEqual([await turn(), stored(alice).manager], [[], []], 'taken away with the profile');
});
