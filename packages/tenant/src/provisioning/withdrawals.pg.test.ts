import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { agentSend, call, type Send } from '@causeway/api';
import {
  administrationRoutes,
  managedDomainRoutes,
  type ObjectChange,
  synchronizationRoutes,
} from '@causeway/contract';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import {
  accountItem,
  credentialItem,
  nextSequence,
  order,
  type Person,
  person,
  seal,
  withdrawalItem,
} from '../testing/people.ts';
import { provisioningOf, says } from '../testing/provisioning.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';

const OTHER_FOREST = 'fabrikam.example.org';

onEveryBackend('withdrawals', tenant => {
  let admin: Send;
  let connect: TestAgent;
  let domain: TestAgent;
  let number = 0;

  const { objects, credentials, withdraw } = provisioningOf(() => connect);
  const someone = async (): Promise<Person> => {
    const who = person(++number);
    await objects(accountItem(connect, who));
    return who;
  };
  /** A password from a Connect that has no managed domain to seal it to. */
  const unsealed = async (who: Person, version: number, sequence?: number) => ({
    ...(await credentialItem(who, `P${version}`, order(version))),
    ...(sequence !== undefined && { sequence }),
  });
  const sealed = async (who: Person, version: number, sequence = nextSequence()) =>
    credentialItem(
      who,
      `P${version}`,
      order(version),
      await seal(connect, who, `P${version}`, order(version), sequence),
    );
  const hasPassword = async (who: Person): Promise<boolean> => {
    const user = await call(admin, administrationRoutes.getUser, { params: { id: who.upn } });
    return user.credential !== null;
  };
  const feedItem = async (who: Person, send = domain.send) => {
    const { items } = await call(send, managedDomainRoutes.readChanges, { query: { limit: 1000 } });
    return items.find(item => item.sourceAnchor === who.anchor)!;
  };

  before(async () => {
    admin = (await tenant().createTenant('contoso')).send;
    connect = await enrolAgent(tenant().url, admin, 'connect', 'connect', [FOREST, OTHER_FOREST]);
    domain = await enrolAgent(tenant().url, admin, 'domain');
  });

  it('take the password away, and appear in place of the credential record', async () => {
    const who = await someone();
    await credentials(await sealed(who, 1));
    const item = withdrawalItem(connect, who, order(2));
    assert.deepEqual(await withdraw(item), ['applied']);
    assert.equal(await hasPassword(who), false);
    assert.equal((await feedItem(who)).credentialRecord, item.record);
    assert.deepEqual(await withdraw(item), ['unchanged']);
    const { sequence } = JSON.parse(Buffer.from(item.record.split('.')[1]!, 'base64url').toString());
    for (const version of [3, 4])
      assert.deepEqual(await withdraw(withdrawalItem(connect, who, order(version), { sequence })), [
        'older-sequence',
      ]);
    assert.equal((await feedItem(who)).credentialRecord, item.record);
  });

  it('appear as null to a Domain Services that announces nothing', async () => {
    const who = await someone();
    const credential = await sealed(who, 1);
    await credentials(credential);
    const older = agentSend({ url: tenant().url }, { ...domain, clientId: domain.id, accepts: [] });
    const before = await feedItem(who, older);
    assert.deepEqual(before, await feedItem(who), 'the records of the first release are shown to all');
    await withdraw(withdrawalItem(connect, who, order(2)));
    assert.deepEqual(await feedItem(who, older), { ...before, credentialRecord: null });
    await objects(accountItem(connect, { ...who, upn: null }));
    const shown = await feedItem(who, older);
    assert.deepEqual([shown.accountRecord, shown.credentialRecord], [null, null]);
    assert.ok((await feedItem(who)).accountRecord, 'a version that came later');
  });

  it('keep out older passwords afterwards, by sequence and by order', async () => {
    const who = await someone();
    const replayed = await sealed(who, 9);
    await credentials(await sealed(who, 1));
    await withdraw(withdrawalItem(connect, who, order(2)));
    assert.deepEqual(await credentials(replayed), ['older-sequence']);
    assert.deepEqual(await credentials(await sealed(who, 1)), ['older-password-order']);
    assert.deepEqual(await credentials(await unsealed(who, 1, nextSequence())), ['older-password-order']);
    assert.equal(await hasPassword(who), false);
    assert.deepEqual(await credentials(await sealed(who, 3)), ['applied']);
    assert.equal(await hasPassword(who), true);
  });

  it('let the same password return only with a larger sequence', async () => {
    for (const make of [sealed, unsealed]) {
      const who = await someone();
      const before = await make(who, 2, nextSequence());
      await withdraw(withdrawalItem(connect, who, order(2)));
      assert.deepEqual(await credentials(before), ['older-sequence']);
      assert.deepEqual(await credentials(await unsealed(who, 2)), ['older-sequence'], 'says no sequence');
      assert.deepEqual(await credentials(await make(who, 2, nextSequence())), ['applied']);
      assert.equal(await hasPassword(who), true);
    }
  });

  it('are not replaced by older ones, and the newest outlasts a password without a record', async () => {
    const who = await someone();
    const replayed = withdrawalItem(connect, who, order(5));
    const item = withdrawalItem(connect, who, order(2));
    await withdraw(item);
    assert.deepEqual(await credentials(await unsealed(who, 3, nextSequence())), ['applied']);
    assert.deepEqual(await withdraw(replayed, withdrawalItem(connect, who, order(2))), [
      'older-sequence',
      'older-password-order',
    ]);
    assert.equal(await hasPassword(who), true);
    assert.equal((await feedItem(who)).credentialRecord, item.record, 'the managed domain has the old one');
    assert.deepEqual(await credentials(await sealed(who, 3)), ['applied']);
    assert.match((await feedItem(who)).credentialRecord!, /~/);
  });

  it('are kept for a user without a password, and past a deletion', async () => {
    const who = await someone();
    const replayed = await sealed(who, 9);
    assert.deepEqual(await withdraw(withdrawalItem(connect, who, order(4))), ['applied']);
    assert.deepEqual(await credentials(await sealed(who, 3), replayed), [
      'older-password-order',
      'older-sequence',
    ]);
    await objects(accountItem(connect, who, { deleted: true }));
    assert.deepEqual(await withdraw(withdrawalItem(connect, who, order(5))), ['unknown-user']);
    await objects(accountItem(connect, who));
    assert.deepEqual(await credentials(replayed), ['older-sequence']);
  });

  it('are rejected for another user, forest, tenant or signer, and when invalid', async () => {
    const [who, other] = [await someone(), await someone()];
    const stranger = await enrolAgent(tenant().url, admin, 'connect', 'another', ['other.example.com']);
    const moved = { ...withdrawalItem(connect, other, order(2)), sourceAnchor: who.anchor };
    const again = { ...who, guid: person(7777).guid };
    const credential = await sealed(who, 2);
    assert.deepEqual(
      await withdraw(
        moved,
        withdrawalItem({ ...connect, tenantId: stranger.id }, who, order(2)),
        withdrawalItem(stranger, who, order(2)),
        withdrawalItem(connect, who, order(2), { forest: OTHER_FOREST }),
        withdrawalItem(connect, again, order(2)),
        { sourceAnchor: who.anchor, record: credential.record! },
        { sourceAnchor: who.anchor, record: `${withdrawalItem(connect, who, order(2)).record}~AAAA` },
      ),
      [...Array(6).fill('record-mismatch'), 'invalid'],
    );
    const foreign = {
      forest: OTHER_FOREST,
      changes: [withdrawalItem(connect, who, order(2), { forest: OTHER_FOREST })],
    };
    const reply = await call(connect.send, synchronizationRoutes.exportWithdrawals, { body: foreign });
    assert.deepEqual(says(reply), ['unknown-user'], 'of that forest');
    const { record } = withdrawalItem(connect, who, order(2));
    assert.deepEqual(await credentials({ ...credential, record }), ['record-mismatch']);
    const put = { ...accountItem(connect, who), record } as ObjectChange;
    assert.deepEqual(await objects(put), ['record-mismatch']);
  });
});
