import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeSid } from '@causeway/ldap';
import { createLog } from '@causeway/service';
import { ShadowGroups } from '../directory/shadow-groups.ts';
import { Ledger } from '../ledger/ledger.ts';
import { saveGroup } from '../testing/group-rows.ts';
import { ShadowsPeer } from '../testing/shadows-peer.ts';
import { lookAtSids } from './look-at-sids.ts';

const FOREST = 'corp.example.com';
const DOMAIN = 'S-1-5-21-1-2-3';
const GUID = '11111111-2222-4333-8444-555555555555';
const GROUP = { forest: FOREST, anchor: 'group' };

/** A group in the directory with a SID in `sIDHistory`, and a ledger that does not know about that SID. */
function scene(sid: string) {
  const ledger = new Ledger(':memory:');
  ledger.confirmSid(DOMAIN, FOREST);
  const { directory } = new ShadowsPeer({
    users: 'OU=AADDC Users,DC=aadds,DC=example,DC=net',
    all: () => [[GUID, { sIDHistory: [encodeSid(sid)] }]],
    write: async () => ({ ok: true }),
    beforeChange: async () => {},
  });
  const domain = { realm: 'aadds.example.net', hostName: 'dc1', sid: 'S-1-5-21-7-8-9' };
  const log = createLog('domain', { write: () => {} });
  const look = () => lookAtSids({ ledger, directory, log }, new ShadowGroups(directory, domain));
  return { ledger, look, due: () => ledger.sids.due('all', 10) };
}

test('removes an sIDHistory that a lost ledger wrote, if a record that came before the look has no SID', async () => {
  const sid = `${DOMAIN}-1107`;
  const { ledger, look, due } = scene(sid);
  saveGroup(ledger, GROUP, { managedGuid: GUID, securityEnabled: false });
  ledger.sids.want(GROUP, null, null);
  assert.deepEqual(due(), []);
  assert.equal((await look()).differing, 1);
  const [one] = due();
  assert.deepEqual([one?.managedGuid, one?.wanted, one?.history], [GUID, null, sid]);
  ledger.sids.wroteHistory(GROUP, null);
  assert.deepEqual(due(), []);
  ledger.close();
});

test('keeps an sIDHistory from before confirmations existed while its domain is not confirmed', async () => {
  const sid = 'S-1-5-21-4-5-6-1107';
  const { ledger, look, due } = scene(sid);
  saveGroup(ledger, GROUP, { managedGuid: GUID });
  ledger.sids.want(GROUP, sid, 'S-1-5-21-4-5-6');
  assert.equal((await look()).differing, 0);
  assert.deepEqual(due(), []);
  ledger.close();
});
