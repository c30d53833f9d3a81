import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { Ledger } from '../ledger/ledger.ts';
import { confirmSid, listSids, unconfirmSid } from './sid-commands.ts';

const [CORP, FABRIKAM] = ['corp.example.com', 'fabrikam.example.org'];
const SID = 'S-1-5-21-1-2-3';
const OWN = 'S-1-5-21-9-9-9';
let ledger: Ledger;

beforeEach(() => {
  ledger?.close();
  ledger = new Ledger(':memory:');
  ledger.state.set('cursor', '17');
});
after(() => ledger.close());

const confirm = (sid: string, forest: string) =>
  confirmSid({ ledger, domainSids: async () => [OWN] }, { sid, forest });
const brings = (forest: string) => ledger.sids.want({ forest, anchor: 'anyone' }, `${SID}-1105`, SID);
const said = () =>
  listSids(ledger, 'all').domains.map(({ forest, confirmedAt, declinedAt }) => [
    forest,
    confirmedAt !== null ? 'yes' : declinedAt !== null ? 'no' : 'not asked',
  ]);

test('confirming a domain’s SID for one forest declines it for every other forest', async () => {
  brings(FABRIKAM);
  brings(CORP);
  assert.deepEqual(said(), [
    [CORP, 'not asked'],
    [FABRIKAM, 'not asked'],
  ]);
  await confirm(SID, 'Corp.Example.com');
  assert.deepEqual(said(), [
    [CORP, 'yes'],
    [FABRIKAM, 'no'],
  ]);
  // The feed restarts, because the decision changes which users are refused.
  assert.equal(ledger.state.get('cursor'), '');
  await assert.rejects(confirm(SID, FABRIKAM), {
    code: 'other-forest-sid',
    message: /is confirmed as a domain of corp\.example\.com.*causeway domain sids unconfirm S-1-5-21-1-2-3/s,
  });
  unconfirmSid(ledger, { sid: SID });
  await confirm(SID, FABRIKAM);
  assert.deepEqual(said(), [
    [CORP, 'no'],
    [FABRIKAM, 'yes'],
  ]);
});

test('does not restart the feed for a domain that only one forest brings, and records a no', async () => {
  brings(CORP);
  assert.match(unconfirmSid(ledger, { sid: SID }).message, /open nothing/);
  assert.deepEqual(said(), [[CORP, 'no']]);
  await confirm(SID, CORP);
  assert.deepEqual([said(), ledger.state.get('cursor')], [[[CORP, 'yes']], '17']);
});

test('confirms no forest for the managed domain’s own SID, or for a SID that is not a domain’s', async () => {
  await assert.rejects(confirm(OWN, CORP), { code: 'own-sid' });
  for (const sid of ['S-1-5-32', 'S-1-5-21-1-2-3-1105', 'S-1-5-21-1-2'])
    await assert.rejects(confirm(sid, CORP), { code: 'bad-sid' });
  assert.throws(() => unconfirmSid(ledger, { sid: SID }), { code: 'no-such-sid' });
});
