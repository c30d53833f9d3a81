import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, beforeEach, test } from 'node:test';
import { encodeGuid, encodeSid } from '@causeway/ldap';
import { createLog } from '@causeway/service';
import { GroupsPeer } from '../testing/groups-peer.ts';
import { ForestPeer, type Group, Ledger } from '../testing/index.ts';
import { lookAtSids } from '../upkeep/look-at-sids.ts';
import { adoptGroups } from './adopt-groups.ts';
import { believePage } from './believe-page.ts';
import { Later } from './later.ts';
import { writeGroups } from './write-groups.ts';

const TENANT = randomUUID();
const domain = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-7-8-9' };
const corp = new ForestPeer(TENANT);
const log = createLog('test', { write: () => {} });

let ledger: Ledger;
let peer: GroupsPeer;

function openLedger(): Ledger {
  const opened = new Ledger(':memory:');
  opened.agents.trust({ ...corp.publicKey, forest: corp.forest, trustedAt: opened.timestamp() });
  // The confirmation is kept in a file beside the keys, which is not lost with a ledger.
  opened.confirmSid(corp.domainSid, corp.forest);
  return opened;
}

beforeEach(() => {
  ledger?.close();
  ledger = openLedger();
  peer = new GroupsPeer();
});
after(() => ledger.close());

const loseLedger = () => {
  ledger.close();
  ledger = openLedger();
};
const adopt = () => adoptGroups({ ledger, groups: peer.groups, log });
const entryOf = ({ anchor }: Group) => ledger.groups.of({ forest: corp.forest, anchor });

function believe(group: Group, ...records: string[]): void {
  const items = records.map(record => corp.groupItem(group, record));
  ledger.transaction(() => believePage({ ledger, tenant: TENANT, domain, log }, items));
}

/** Believes records of a group and writes it. @returns its objectGUID in the directory */
async function written(group: Group, ...records: string[]): Promise<string> {
  believe(group, ...records);
  const { directory, groups } = peer;
  const context = { ledger, directory, groups, domain, log, later: new Later(ledger.clock) };
  await writeGroups(context, [entryOf(group)!]);
  return peer.named(group.name)!.guid;
}

/** What `lookAtSids` finds when each of these groups has its own on-premises SID. */
function lookAtSidsOf(groups: readonly [guid: string, sid: string][]) {
  const entries = groups.map(([guid, sid]) => ({
    dn: '',
    attributes: { objectGUID: [encodeGuid(guid)], sIDHistory: [encodeSid(sid)] },
  }));
  const directory = { users: '', use: (work: (ldap: object) => unknown) => work({ search: () => entries }) };
  const list = async () => groups.map(([guid, sid]) => ({ sid, members: [guid] }));
  return lookAtSids({ ledger, directory: directory as never, log }, { list });
}

test('after a lost ledger, knows groups and their SIDs before anything is written, and their records take nothing away', async () => {
  const [staff, gone] = [corp.group('Staff'), corp.group('Gone')];
  const record = corp.groupRecord(staff);
  const shadows: [string, string][] = [
    [await written(staff, record), staff.sid],
    [await written(gone, corp.groupRecord(gone)), gone.sid],
  ];
  loseLedger();
  await adopt();
  const { managedGuid, securityEnabled, sequence } = entryOf(staff)!;
  assert.deepEqual([managedGuid, securityEnabled, sequence], [shadows[0]![0], true, null]);
  assert.deepEqual(await lookAtSidsOf(shadows), { differing: 0, ofNobody: [] });
  const toClose = () => ledger.sids.due('all', 10).filter(one => one.wanted === null);
  assert.deepEqual(toClose(), []);
  believe(staff, record);
  assert.deepEqual(toClose(), []);
  assert.equal(ledger.sids.isWritten(staff.sid), true);
});

test('gives a distribution group that is found in the directory no SID to keep', async () => {
  const news = corp.group('News');
  const guid = await written(news, corp.groupRecord(news, { securityEnabled: false }));
  loseLedger();
  await adopt();
  assert.deepEqual([entryOf(news)?.managedGuid, entryOf(news)?.securityEnabled], [guid, false]);
});

test('does not take over a group without a mark of this program or without its nonce', async () => {
  const staff = corp.group('Staff');
  const guid = await written(staff, corp.groupRecord(staff));
  const { values } = peer.stored.get(guid)!;
  peer.stored.get(guid)!.values = { ...values, 'mS-DS-ConsistencyGuid': [] };
  peer.stored.set(randomUUID(), { name: 'other', members: new Set(), values: { groupType: ['8'] } });
  loseLedger();
  await adopt();
  assert.deepEqual(ledger.groups.allManaged(), []);
});

test('does not look again when ledger and directory know each other', async () => {
  const staff = corp.group('Staff');
  await written(staff, corp.groupRecord(staff));
  loseLedger();
  ledger.state.set('adoptedAt', ledger.timestamp());
  await adopt();
  assert.equal(entryOf(staff), undefined);
});
