import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call } from '@causeway/api';
import {
  administrationRoutes,
  type DomainReport,
  type FeedItem,
  managedDomainRoutes,
  type PublicKey,
  synchronizationRoutes,
  type UserStatus,
  userRoutes,
} from '@causeway/contract';
import { EncryptionType, ntHash, stringToKey } from '@causeway/credentials';
import {
  type AccountRecord,
  CLOUD_FOREST,
  type CredentialRecord,
  domainFingerprint,
  generateSealingKey,
  generateSigningKey,
  openCredentialRecord,
  type SealingKey,
  sealingPublicKey,
  verifyRecord,
} from '@causeway/records';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import { accountItem, person } from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestAdministrator } from '../testing/test-tenant.ts';

const REALM = 'AADDS.EXAMPLE.NET';

onEveryBackend('cloud-only users', tenant => {
  let contoso: TestAdministrator;
  let connect: TestAgent;
  let domain: TestAgent;
  let tenantKey: PublicKey;
  let recipient: SealingKey;

  const create = (userPrincipalName: string, more: { mailNickname?: string; displayName?: string } = {}) =>
    call(contoso.send, userRoutes.createUser, { body: { userPrincipalName, ...more } });
  const status = (id: string): Promise<UserStatus> =>
    call(contoso.send, administrationRoutes.getUser, { params: { id } });
  const missing = async (): Promise<string[]> => {
    const query = { missing: 'legacy' as const };
    const { users } = await call(contoso.send, administrationRoutes.listUsers, { query });
    return users.map(user => user.userPrincipalName);
  };
  const { publicKey: receiptKey } = generateSigningKey();
  /** @param before the domain that it replaces */
  const register = (key: SealingKey, before?: SealingKey) => {
    const body = { realm: REALM, netbiosDomain: 'AADDS', key: sealingPublicKey(key), receiptKey };
    const other = before && sealingPublicKey(before).publicKey;
    const replaces = other && { realm: REALM, fingerprint: domainFingerprint(other, receiptKey.publicKey) };
    return call(domain.send, managedDomainRoutes.registerDomainKey, {
      body: { ...body, ...(replaces && { replaces }) },
    });
  };
  const confirm = (key: SealingKey) => {
    const fingerprint = domainFingerprint(sealingPublicKey(key).publicKey, receiptKey.publicKey);
    return call(contoso.send, managedDomainRoutes.trustDomain, { body: { fingerprint } });
  };
  const item = async (id: string): Promise<FeedItem> => {
    const { items } = await call(domain.send, managedDomainRoutes.readChanges, { query: { limit: 1000 } });
    return items.find(({ userId }) => userId === id)!;
  };
  /** A record of the feed as Domain Services verifies it: signed by the tenant's own key, for cloud-only users only. */
  const believed = <R>(record: string | null): R => {
    const signer = { publicKey: tenantKey.publicKey, forests: new Set([CLOUD_FOREST]) };
    const trust = (keyId: string) => (keyId === tenantKey.keyId ? signer : undefined);
    const result = verifyRecord(record!, trust, { tenant: domain.tenantId });
    assert.ok(result.ok, result.ok ? '' : result.detail);
    return result.record as R;
  };
  const change = async (name: string, password: string, next: string): Promise<void> => {
    const form = { username: name, password, 'new-password': next, repeated: next };
    const url = `${tenant().url}/t/contoso/password`;
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
    assert.equal(response.status, 200, await response.text());
  };
  const report = (anchor: string, sequence: number, outcome: DomainReport['outcome']) =>
    call(domain.send, managedDomainRoutes.reportApplied, {
      body: {
        reports: [
          {
            ...{ sourceAnchor: anchor, kind: 'credential' as const, sequence, outcome, reason: null },
            at: new Date().toISOString(),
          },
        ],
      },
    });

  before(async () => {
    contoso = await tenant().createTenant('contoso');
    connect = await enrolAgent(tenant().url, contoso.send, 'connect');
    domain = await enrolAgent(tenant().url, contoso.send, 'domain');
    tenantKey = (await call(domain.send, managedDomainRoutes.readTenantKey)).key;
    recipient = await generateSealingKey();
  });

  it('are signed by the tenant in their current state: without a SID, disabled while no password is sealed', async () => {
    const made = await create('alice@contoso.example', { displayName: 'Alice', mailNickname: 'alice.k' });
    const first = await item(made.id);
    assert.deepEqual([first.origin, first.forest, first.sourceAnchor], ['cloud', null, made.id]);
    assert.equal(first.profile?.displayName, 'Alice');
    assert.equal(first.credentialRecord, null);
    const record = believed<AccountRecord>(first.accountRecord);
    const { userPrincipalName, sAMAccountName, objectSid, objectGuid, enabled, deleted } = record;
    assert.deepEqual(
      { userPrincipalName, sAMAccountName, objectSid, objectGuid, enabled, deleted },
      {
        ...{ userPrincipalName: 'alice@contoso.example', sAMAccountName: 'alice.k', objectSid: null },
        ...{ objectGuid: made.id, enabled: false, deleted: false },
      },
    );
    const readAfter = (after: string) =>
      call(domain.send, managedDomainRoutes.readChanges, { query: { after, limit: 1000 } });
    const { cursor } = await readAfter('');
    await change('alice@contoso.example', made.temporaryPassword, 'Pa$$w0rd.first');
    const second = await item(made.id);
    const changed = believed<AccountRecord>(second.accountRecord);
    assert.ok(changed.sequence > record.sequence);
    assert.deepEqual([changed.enabled, second.credentialRecord], [false, null], 'no managed domain yet');
    const moved = (await readAfter(cursor)).items.map(({ userId }) => userId);
    assert.deepEqual(moved, [made.id]);
  });

  it('get no name that is taken, and none that cannot be an account', async () => {
    await assert.rejects(create('ALICE@contoso.example'), { code: 'user-exists' });
    await assert.rejects(create('a+b@contoso.example'), { code: 'bad-mail-nickname' });
    await assert.rejects(create(`${'x'.repeat(65)}@contoso.example`), { code: 'bad-mail-nickname' });
    await create('a+b@contoso.example', { mailNickname: 'a-b' });
    await assert.rejects(create('c@contoso.example', { mailNickname: 'krb/tgt' }), { code: 'bad-request' });
  });

  it('are the only users that an administrator can change here: a synchronized user is changed on-premises', async () => {
    const synchronized = person(1);
    const body = { forest: FOREST, changes: [accountItem(connect, synchronized)] };
    await call(connect.send, synchronizationRoutes.exportObjects, { body });
    const params = { id: synchronized.upn };
    const refused = { code: 'synchronized-user' };
    await assert.rejects(call(contoso.send, userRoutes.resetPassword, { params }), refused);
    await assert.rejects(call(contoso.send, userRoutes.deleteUser, { params }), refused);
    const disabling = call(contoso.send, userRoutes.setUserEnabled, { params, body: { enabled: false } });
    await assert.rejects(disabling, refused);
    const own = { id: 'admin@contoso.example.net' };
    await assert.rejects(call(contoso.send, userRoutes.deleteUser, { params: own }), { code: 'own-account' });
    const other = call(contoso.send, userRoutes.deleteUser, { params: { id: 'nobody@contoso.example' } });
    await assert.rejects(other, { code: 'no-such-user' });
  });

  it('have legacy credentials only of passwords that they chose while there was a confirmed managed domain', async () => {
    await register(recipient);
    await confirm(recipient);
    const alice = await status('alice@contoso.example');
    assert.equal((await item(alice.id)).credentialRecord, null, 'set before');
    assert.ok((await missing()).includes('alice@contoso.example'));

    await change('alice@contoso.example', 'Pa$$w0rd.first', 'Pa$$w0rd.second');
    const shown = await item(alice.id);
    const record = believed<CredentialRecord>(shown.credentialRecord);
    assert.deepEqual(
      [record.sourceAnchor, record.objectGuid, record.mustChange],
      [alice.id, alice.id, false],
    );
    const { version, originatingInvocationId } = record.passwordOrder;
    assert.equal(originatingInvocationId, domain.tenantId);
    assert.ok(version >= (Date.now() - Date.UTC(2020, 0, 1)) / 1000 - 60, 'in seconds since 2020');
    const opened = await openCredentialRecord(record, recipient);
    assert.ok(opened.ok);
    const salt = `${REALM}alice.k`;
    const { keys = [] } = opened.kerberosKeys ?? {};
    assert.equal(opened.kerberosKeys?.salt, salt);
    const expected: [number, Uint8Array][] = [EncryptionType.aes256, EncryptionType.aes128].map(type => [
      type,
      stringToKey(type, 'Pa$$w0rd.second', salt),
    ]);
    assert.ok(Buffer.from(opened.ntHash).equals(ntHash('Pa$$w0rd.second')), 'the NT hash');
    assert.ok(
      expected.every(([type, key], i) => keys[i]?.enctype === type && Buffer.from(key).equals(keys[i].key)),
      'the AES keys',
    );
    assert.equal((await status(alice.id)).legacy.outcome, null);
    assert.ok((await missing()).includes('alice@contoso.example'), 'not applied yet');
    await report(alice.id, record.sequence, 'applied');
    assert.equal((await status(alice.id)).legacy.outcome, 'applied');
    assert.equal((await missing()).includes('alice@contoso.example'), false);
  });

  it('lose their legacy credentials with a reset, and the account there is disabled until the change', async () => {
    const before = believed<AccountRecord>(
      (await item((await status('alice@contoso.example')).id)).accountRecord,
    );
    const reset = await call(contoso.send, userRoutes.resetPassword, {
      params: { id: 'alice@contoso.example' },
    });
    const shown = await item(reset.id);
    const record = believed<AccountRecord>(shown.accountRecord);
    assert.deepEqual([record.enabled, shown.credentialRecord], [false, null]);
    assert.ok(record.sequence > before.sequence);
    const temporary = await status(reset.id);
    const { mustChange, legacy } = temporary;
    assert.deepEqual([mustChange, legacy.outcome, legacy.appliedAt], [true, null, null]);
    await change('alice@contoso.example', reset.temporaryPassword, 'Pa$$w0rd.third');
    const credential = believed<CredentialRecord>((await item(reset.id)).credentialRecord);
    const changed = await status(reset.id);
    const versions = [temporary, changed].map(user => user.credential!.passwordOrder!.version);
    assert.equal(credential.passwordOrder.version, versions[1]);
    assert.ok(versions[1]! > versions[0]!);
  });

  it('have no password, no NT hash and no Kerberos key in database or log', async () => {
    const kept = (await tenant().dump()) + JSON.stringify(tenant().log());
    for (const password of ['Pa$$w0rd.first', 'Pa$$w0rd.second', 'Pa$$w0rd.third']) {
      const salt = `${REALM}alice.k`;
      const keys = [EncryptionType.aes256, EncryptionType.aes128].map(type =>
        stringToKey(type, password, salt),
      );
      for (const secret of [Buffer.from(password), ntHash(password), ...keys].map(bytes =>
        Buffer.from(bytes),
      )) {
        for (const form of [
          secret.toString('hex'),
          secret.toString('base64url'),
          secret.toString('latin1'),
        ]) {
          assert.equal(kept.toLowerCase().includes(form.toLowerCase()), false);
        }
      }
    }
  });

  it('lose what was sealed to a managed domain that has another key now, or is withdrawn', async () => {
    const { id } = await status('alice@contoso.example');
    await register(recipient);
    assert.notEqual((await item(id)).credentialRecord, null, 'the same domain again');
    const other = await generateSealingKey();
    await register(other, recipient);
    await confirm(other);
    assert.equal((await item(id)).credentialRecord, null);
    await change('alice@contoso.example', 'Pa$$w0rd.third', 'Pa$$w0rd.fourth');
    assert.notEqual((await item(id)).credentialRecord, null);
    await call(contoso.send, managedDomainRoutes.withdrawDomain);
    assert.equal((await item(id)).credentialRecord, null);
    await change('alice@contoso.example', 'Pa$$w0rd.fourth', 'Pa$$w0rd.fifth');
    assert.equal((await item(id)).credentialRecord, null);
    const again = call(contoso.send, managedDomainRoutes.withdrawDomain);
    await assert.rejects(again, { code: 'no-managed-domain' });
  });

  it('are disabled, enabled and deleted by signed records, and deletion frees their name', async () => {
    const { id } = await status('alice@contoso.example');
    const enabled = async () => believed<AccountRecord>((await item(id)).accountRecord).enabled;
    const set = (value: boolean) =>
      call(contoso.send, userRoutes.setUserEnabled, { params: { id }, body: { enabled: value } });
    await register(recipient);
    await confirm(recipient);
    await change('alice@contoso.example', 'Pa$$w0rd.fifth', 'Pa$$w0rd.sixth');
    await set(false);
    assert.equal(await enabled(), false);
    await set(true);
    assert.equal(await enabled(), true);
    await call(contoso.send, userRoutes.deleteUser, { params: { id } });
    const record = believed<AccountRecord>((await item(id)).accountRecord);
    assert.deepEqual([record.deleted, record.enabled], [true, false]);
    assert.equal((await status(id)).credential, null);
    const again = await create('alice@contoso.example');
    assert.notEqual(again.id, id);
  });

  it('from before the tenant signed any are signed when a managed domain is registered', async () => {
    const { id } = await status('admin@contoso.example.net');
    await tenant()
      .running.database.updateTable('users')
      .set({ account_record: null, account_sequence: null, changed_seq: null })
      .where('id', '=', id)
      .execute();
    assert.equal(await item(id), undefined);
    await register(recipient);
    const record = believed<AccountRecord>((await item(id)).accountRecord);
    assert.deepEqual([record.sAMAccountName, record.enabled], ['admin', false]);
  });

  it('change one password once, however many try at the same time', async () => {
    const made = await create('dora@contoso.example');
    const form = (next: string) => ({
      ...{ username: 'dora@contoso.example', password: made.temporaryPassword },
      ...{ 'new-password': next, repeated: next },
    });
    const url = `${tenant().url}/t/contoso/password`;
    const answers = await Promise.all(
      ['Pa$$w0rd.a', 'Pa$$w0rd.b', 'Pa$$w0rd.c'].map(next =>
        fetch(url, { method: 'POST', body: new URLSearchParams(form(next)) }),
      ),
    );
    assert.deepEqual(answers.map(answer => answer.status).sort(), [200, 400, 400]);
  });
});
