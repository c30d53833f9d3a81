import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { createLog } from '@causeway/service';
import { HandClock } from '@causeway/service/testing';
import type { NamingContext } from '../apply/names/look-at-names.ts';
import { reconcileNames } from '../apply/names/reconcile-names.ts';
import { newEntry } from '../apply/plan.ts';
import { believePage } from '../groups/believe-page.ts';
import { Later } from '../groups/later.ts';
import { nameWithDigits } from '../names/made-up-name.ts';
import { DirectoryPeer } from '../testing/directory-peer.ts';
import { GroupsPeer } from '../testing/groups-peer.ts';
import { ForestPeer, type Group, Ledger } from '../testing/index.ts';
import { GroupKeeper } from '../upkeep/group-keeper.ts';
import { freeName, giveName, readName } from './name-commands.ts';

const REALM = 'AADDS.EXAMPLE.NET';
const domain = { realm: REALM, sid: 'S-1-5-21-7-8-9' };
const TENANT = randomUUID();
const corp = new ForestPeer(TENANT);
const fabrikam = new ForestPeer(TENANT, 'fabrikam.example.org');
const log = createLog('test', { write: () => {} });
const never = new AbortController().signal;
let clock: HandClock;
let ledger: Ledger;
let people: DirectoryPeer;
let peer: GroupsPeer;
let keeper: GroupKeeper;

beforeEach(() => {
  clock = new HandClock();
  ledger = new Ledger(':memory:', clock);
  for (const { publicKey, forest } of [corp, fabrikam])
    ledger.agents.trust({ ...publicKey, forest, trustedAt: ledger.timestamp() });
  people = new DirectoryPeer(REALM);
  peer = new GroupsPeer(() => [...people.accounts].map(([guid, { name }]) => [guid, name] as const));
  keeper = new GroupKeeper({
    ...{ ledger, log, directory: peer.directory as never },
    ...{ domainWhenUp: async () => domain, deletionThreshold: 500 },
  });
});
afterEach(() => ledger.close());

/** Runs the naming and the group keeper until nothing is left to do, with a minute between rounds. */
async function settle(): Promise<void> {
  const { directory, groups } = peer;
  const context = { ledger, directory, groups, domain, log, later: new Later(clock) };
  for (let round = 0; round < 3; round++) {
    await reconcileNames({ ledger, directory: people, domain, log } as unknown as NamingContext);
    await keeper.turn(context, never);
    await clock.pass(61_000);
  }
}

function believe(by: ForestPeer, group: Group, changes: Parameters<ForestPeer['groupRecord']>[1] = {}): void {
  const items = [by.groupItem(group, by.groupRecord(group, changes))];
  ledger.transaction(() => believePage({ ledger, tenant: TENANT, domain, log }, items));
}

/** Adds a user who has `wantedName` on-premises and `name` in the managed domain. */
async function hire(by: ForestPeer, anchor: string, wantedName: string, name = wantedName): Promise<void> {
  const { forest } = by;
  const managedGuid = people.add(name, null)!;
  const entry = newEntry({ sourceAnchor: anchor, forest, objectGuid: randomUUID() });
  ledger.accounts.save({ ...entry, managedGuid, nonce: 'x', accountSequence: 1, wantedName });
  ledger.names.save({ forest, anchor }, { ...bare, samAccountName: name });
  ledger.names.touch([`a:${wantedName.toUpperCase()}`]);
  await settle();
}
const bare = { userPrincipalName: null, keepsDigits: false, digitsKey: null };

const give = (user: string, confirmed = true) =>
  giveName(ledger, REALM, { name: 'sales', user, confirmed }).message;
const nameOf = (who: { anchor: string }): string | null =>
  ledger.accounts.withAnchor(who.anchor)[0]?.samAccountName ??
  ledger.groups.withAnchor(who.anchor)[0]?.hasName ??
  null;
const digits = ({ anchor }: { anchor: string }): string => nameWithDigits('sales', anchor);
const pat = { anchor: 'pat' };

test('an administrator moves a name from a user to a group and back', async () => {
  const sales = fabrikam.group('sales');
  await hire(corp, 'pat', 'sales');
  believe(fabrikam, sales);
  await settle();
  assert.deepEqual([nameOf(pat), nameOf(sales)], ['sales', digits(sales)]);
  assert.deepEqual(
    readName(ledger, REALM, 'sales').groupsWaiting?.map(({ anchor }) => anchor),
    [sales.anchor],
  );

  assert.throws(() => give(sales.anchor, false), {
    code: 'confirmation-needed',
    message: /from sales \(pat of /,
  });
  await settle();
  assert.deepEqual([nameOf(pat), nameOf(sales)], ['sales', digits(sales)]);

  assert.match(give(sales.anchor), /from sales \(pat of .* to sales.*, a group\)/);
  await settle();
  assert.deepEqual([nameOf(pat), nameOf(sales)], [digits(pat), 'sales']);
  assert.equal(peer.named('sales')?.guid, ledger.groups.withAnchor(sales.anchor)[0]!.managedGuid);
  assert.throws(() => freeName(ledger, REALM, 'sales'), {
    code: 'name-held',
    message: /name give sales/,
  });

  give('pat');
  await settle();
  assert.deepEqual([nameOf(pat), nameOf(sales)], ['sales', digits(sales)]);
  assert.deepEqual(
    ledger.audit.list().map(({ action }) => action),
    ['give-name', 'give-name'],
  );
});

test('an administrator moves a name from one group to another', async () => {
  const [ours, theirs] = [corp.group('sales'), fabrikam.group('sales')];
  believe(corp, ours);
  await settle();
  believe(fabrikam, theirs);
  await settle();
  assert.deepEqual([nameOf(ours), nameOf(theirs)], ['sales', digits(theirs)]);
  give(theirs.anchor);
  await settle();
  assert.deepEqual([nameOf(ours), nameOf(theirs)], [digits(ours), 'sales']);
});

test('a group keeps a given name until its forest renames it, then another user who wants the name gets it', async () => {
  const sales = fabrikam.group('sales');
  await hire(corp, 'pat', 'sales');
  believe(fabrikam, sales);
  await settle();
  give(sales.anchor);
  await settle();
  believe(fabrikam, sales, { sAMAccountName: 'marketing' });
  await settle();
  assert.deepEqual([nameOf(pat), nameOf(sales)], ['sales', 'marketing']);
  believe(fabrikam, sales, { sAMAccountName: 'sales' });
  await settle();
  assert.deepEqual([nameOf(pat), nameOf(sales)], ['sales', digits(sales)], 'a living holder keeps it');
});

test('nobody else takes a name while it passes from its holder to the group it was given to', async () => {
  const [sales, other] = [fabrikam.group('sales'), corp.group('sales')];
  await hire(corp, 'pat', 'sales');
  believe(fabrikam, sales);
  await settle();
  give(sales.anchor);
  await reconcileNames({ ledger, directory: people, domain, log } as unknown as NamingContext);
  assert.equal(nameOf(pat), digits(pat));
  await hire(corp, 'quin', 'sales', 'quin');
  believe(corp, other);
  await settle();
  assert.deepEqual([nameOf(sales), nameOf(other)], ['sales', digits(other)]);
  assert.notEqual(nameOf({ anchor: 'quin' }), 'sales');
});

test('gives a name only to a user or group of that name on-premises, and rejects an ambiguous one', async () => {
  const [sales, staff] = [fabrikam.group('sales'), fabrikam.group('staff')];
  await hire(corp, 'pat', 'sales');
  for (const one of [sales, staff]) believe(fabrikam, one);
  await settle();
  assert.throws(() => give(staff.anchor), { code: 'not-the-name' });
  assert.throws(() => give('sales'), { code: 'several-users', message: /pat of .*a group\)/ });
  assert.throws(() => give('nobody'), { code: 'no-such-user' });
  believe(fabrikam, sales, { deleted: true });
  assert.throws(() => give(sales.anchor), { code: 'no-such-user' });
  const protectedName = fabrikam.group('krbtgt');
  believe(fabrikam, protectedName);
  const asked = { name: 'krbtgt', user: protectedName.anchor, confirmed: true };
  assert.throws(() => giveName(ledger, REALM, asked), {
    code: 'not-the-name',
    message: /belongs to an account/,
  });
});
