import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { call } from '@causeway/api';
import {
  AAD_DC_ADMINISTRATORS,
  administrationRoutes,
  enrolmentRoutes,
  groupRoutes,
  managedDomainRoutes,
  userRoutes,
} from '@causeway/contract';
import {
  CLOUD_FOREST,
  domainFingerprint,
  generateSealingKey,
  generateSigningKey,
  openCredentialRecord,
  type SealingKey,
  sealingPublicKey,
  verifyRecord,
} from '@causeway/records';
import { sql } from 'kysely';
import { migrate } from '../database/migrations.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestAdministrator } from '../testing/test-tenant.ts';

/** A managed domain as it registers, with the secrets of its own machine. */
interface Domain {
  readonly realm: string;
  readonly sealing: SealingKey;
  readonly receiptKey: ReturnType<typeof generateSigningKey>['publicKey'];
  readonly fingerprint: string;
}

async function makeDomain(realm = 'AADDS.EXAMPLE.NET'): Promise<Domain> {
  const sealing = await generateSealingKey();
  const { publicKey: receiptKey } = generateSigningKey();
  const fingerprint = domainFingerprint(sealingPublicKey(sealing).publicKey, receiptKey.publicKey);
  return { realm, sealing, receiptKey, fingerprint };
}

const ALICE = 'alice@contoso.example';
let count = 0;

onEveryBackend('the keys of a managed domain', tenant => {
  let contoso: TestAdministrator;
  let agent: TestAgent;
  let ours: Domain;
  let passwords: number;
  let password: string;

  const register = ({ realm, sealing, receiptKey }: Domain, before?: Domain, by: TestAgent = agent) => {
    const replaces = before && { realm: before.realm, fingerprint: before.fingerprint };
    const key = sealingPublicKey(sealing);
    const body = { realm, netbiosDomain: 'AADDS', key, receiptKey, ...(replaces && { replaces }) };
    return call(by.send, managedDomainRoutes.registerDomainKey, { body });
  };
  const confirm = (fingerprint: string) =>
    call(contoso.send, managedDomainRoutes.trustDomain, { body: { fingerprint } });
  const confirmation = async () =>
    (await call(contoso.send, managedDomainRoutes.readConfirmation)).confirmation;
  const isConfirmed = async () => (await confirmation())!.confirmed !== null;
  /** Alice chooses another password. @returns what the feed shows of her then */
  const changeAlice = async (reader: TestAgent = agent) => {
    const next = `Pa$$w0rd.${++passwords}`;
    const form = { username: ALICE, password, 'new-password': next, repeated: next };
    const url = `${tenant().url}/t/${contoso.name}/password`;
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
    assert.equal(response.status, 200, await response.text());
    password = next;
    return readAlice(reader);
  };
  const readAlice = async (reader: TestAgent = agent) => {
    const { key } = await call(reader.send, managedDomainRoutes.readTenantKey);
    const { items } = await call(reader.send, managedDomainRoutes.readChanges, { query: { limit: 1000 } });
    const { id } = await call(contoso.send, administrationRoutes.getUser, { params: { id: ALICE } });
    const { accountRecord, credentialRecord } = items.find(({ userId }) => userId === id)!;
    const signer = { publicKey: key.publicKey, forests: new Set([CLOUD_FOREST]) };
    const verified = verifyRecord(accountRecord!, () => signer, { tenant: reader.tenantId });
    assert.ok(verified.ok && verified.record.kind === 'account');
    return { enabled: verified.record.enabled, credentialRecord, signer };
  };
  /** Whether the feed shows a password of Alice's that this domain can open. */
  const opens = async ({ sealing }: Domain) => {
    const { credentialRecord, signer } = await readAlice();
    if (credentialRecord === null) return false;
    const verified = verifyRecord(credentialRecord, () => signer, { tenant: agent.tenantId });
    assert.ok(verified.ok && verified.record.kind === 'credential');
    return (await openCredentialRecord(verified.record, sealing)).ok;
  };
  const missing = async () => {
    const query = { missing: 'legacy' as const };
    const { users } = await call(contoso.send, administrationRoutes.listUsers, { query });
    return users.map(user => user.userPrincipalName);
  };

  beforeEach(async () => {
    contoso = await tenant().createTenant(`contoso${++count}`);
    agent = await enrolAgent(tenant().url, contoso.send, 'domain');
    ours = await makeDomain();
    const body = { userPrincipalName: ALICE };
    const made = await call(contoso.send, userRoutes.createUser, { body });
    password = made.temporaryPassword;
    passwords = 0;
  });

  it('get no password before a member of AAD DC Administrators has confirmed them, and each changed one after that', async () => {
    assert.equal(await confirmation(), null);
    await assert.rejects(confirm(ours.fingerprint), { code: 'no-managed-domain' });
    await register(ours);
    assert.deepEqual(await confirmation(), {
      ...{ realm: ours.realm, fingerprint: ours.fingerprint, confirmed: null },
      owed: 2, // Alice and the administrator
    });
    const before = await changeAlice();
    assert.deepEqual([before.credentialRecord, before.enabled], [null, false]);
    assert.ok((await missing()).includes(ALICE));

    const { confirmed, owed } = await confirm(ours.fingerprint.toLowerCase().replaceAll('-', ' '));
    assert.deepEqual([confirmed?.by, owed], [`admin@${contoso.name}.example.net`, 2]);
    assert.equal((await readAlice()).credentialRecord, null, 'nothing is left to seal');
    const after = await changeAlice();
    assert.ok(after.enabled && (await opens(ours)));
    assert.equal((await confirmation())!.owed, 1);
    const lines = tenant()
      .log()
      .filter(({ msg }) => msg === 'managed domain keys confirmed');
    assert.equal(lines.at(-1)!.fingerprint, ours.fingerprint);
  });

  it('can be confirmed only by a member, and only with their own fingerprint', async () => {
    await register(ours);
    const member = { group: AAD_DC_ADMINISTRATORS, user: `admin@${contoso.name}.example.net` };
    await call(contoso.send, groupRoutes.removeGroupMember, { params: member });
    await assert.rejects(confirm(ours.fingerprint), { status: 403, code: 'not-aad-dc-administrator' });
    await call(contoso.send, groupRoutes.addGroupMember, { params: member, body: { user: member.user } });
    const body = { fingerprint: ours.fingerprint };
    await assert.rejects(call(agent.send, managedDomainRoutes.trustDomain, { body }), { status: 403 });

    const others = [
      (await makeDomain()).fingerprint,
      sealingPublicKey(ours.sealing).fingerprint,
      ours.receiptKey.fingerprint,
    ];
    const registered = new RegExp(`registered is ${ours.realm} with fingerprint ${ours.fingerprint}, not`);
    for (const other of others)
      await assert.rejects(confirm(other), {
        ...{ status: 409, code: 'fingerprint-differs', message: registered },
      });
    for (const none of ['', 'yes', ours.fingerprint.slice(0, -1), `${ours.fingerprint}-${ours.fingerprint}`])
      await assert.rejects(confirm(none), { code: 'bad-fingerprint' });
    assert.equal(await isConfirmed(), false);
    assert.equal((await changeAlice()).credentialRecord, null);
  });

  it('of a thief who enrols first with a stolen code get no password', async () => {
    const thief = await enrolAgent(tenant().url, contoso.send, 'domain', 'thief');
    const theirs = await makeDomain();
    await register(theirs, undefined, thief);
    assert.equal((await changeAlice(thief)).credentialRecord, null);
    await assert.rejects(register(ours, theirs), { status: 401 });
    // The fingerprint on the managed domain's own machine differs from the one at the tenant.
    await assert.rejects(confirm(ours.fingerprint), { code: 'fingerprint-differs' });
    assert.equal((await changeAlice(thief)).credentialRecord, null);

    await call(contoso.send, enrolmentRoutes.removeAgent, { params: { id: thief.id } });
    await call(contoso.send, managedDomainRoutes.withdrawDomain);
    agent = await enrolAgent(tenant().url, contoso.send, 'domain');
    await register(ours);
    assert.equal((await changeAlice()).credentialRecord, null);
    await confirm(ours.fingerprint);
    await changeAlice();
    assert.deepEqual([await opens(ours), await opens(theirs)], [true, false]);
  });

  it('cannot be confirmed if they replaced the keys that were shown', async () => {
    await register(ours);
    const shown = (await confirmation())!.fingerprint;
    // From an agent that took the domain's place, and can register what it likes.
    agent = await enrolAgent(tenant().url, contoso.send, 'domain', 'thief');
    const theirs = await makeDomain();
    await register(theirs, ours);
    await assert.rejects(confirm(shown), { code: 'fingerprint-differs' });
    await register(ours, theirs);
    const tried = await Promise.allSettled([confirm(shown), register(theirs, ours)]);
    assert.equal(tried[1].status, 'fulfilled');
    assert.deepEqual(await confirmation(), {
      ...{ realm: theirs.realm, fingerprint: theirs.fingerprint, confirmed: null },
      owed: 2,
    });
    assert.equal((await changeAlice()).credentialRecord, null);
  });

  it('stay confirmed only when the same keys are registered again', async () => {
    await register(ours);
    await confirm(ours.fingerprint);
    await changeAlice();
    await register({ ...ours, realm: ours.realm.toLowerCase() });
    assert.ok((await isConfirmed()) && (await opens(ours)));

    const { publicKey: receiptKey } = generateSigningKey();
    const others = [
      await makeDomain(),
      { ...ours, realm: 'AADDS2.EXAMPLE.NET' },
      {
        ...ours,
        receiptKey,
        fingerprint: domainFingerprint(sealingPublicKey(ours.sealing).publicKey, receiptKey.publicKey),
      },
    ];
    for (const other of others) {
      await register(other, ours);
      assert.equal(await isConfirmed(), false);
      assert.equal((await readAlice()).credentialRecord, null);
      assert.equal((await changeAlice()).credentialRecord, null);
      await register(ours, other);
      assert.equal(await isConfirmed(), false, 'the first one comes back as any other');
      await confirm(ours.fingerprint);
      await changeAlice();
      assert.ok(await opens(ours));
    }

    await call(contoso.send, managedDomainRoutes.withdrawDomain);
    await register(ours);
    assert.equal(await isConfirmed(), false);
    assert.equal((await changeAlice()).credentialRecord, null);
  });

  it('of a domain that comes back open no password that was revoked meanwhile', async () => {
    const theirs = await makeDomain();
    const ways = {
      'by replacing': () => register(ours, theirs),
      'after a withdrawal': async () => {
        await call(contoso.send, managedDomainRoutes.withdrawDomain);
        await register(ours);
      },
    };
    await register(ours);
    for (const [way, comesBack] of Object.entries(ways)) {
      await confirm(ours.fingerprint);
      assert.equal((await changeAlice()).enabled, true);
      await register(theirs, ours);
      await confirm(theirs.fingerprint);
      assert.equal((await changeAlice()).enabled, true);
      await comesBack();
      const { enabled, credentialRecord } = await readAlice();
      assert.deepEqual([enabled, credentialRecord], [false, null], `${way}: it has the password before`);
    }
  });

  it('that are not confirmed bring back no password that was reset', async () => {
    await register(ours);
    await confirm(ours.fingerprint);
    assert.equal((await changeAlice()).enabled, true);
    // As an upgrade leaves them.
    await sql`update managed_domains set confirmed_fingerprint = null where tenant_id = ${agent.tenantId}`.execute(
      tenant().running.database,
    );
    const params = { id: ALICE };
    password = (await call(contoso.send, userRoutes.resetPassword, { params })).temporaryPassword;
    assert.equal((await readAlice()).enabled, false);
    assert.equal(
      (await changeAlice()).enabled,
      false,
      'the password before the reset would open the account',
    );
    await confirm(ours.fingerprint);
    const enable = { params, body: { enabled: true } };
    await call(contoso.send, userRoutes.setUserEnabled, enable);
    assert.equal((await readAlice()).enabled, false);
    assert.equal((await changeAlice()).enabled, true);
  });

  it('from before the upgrade are unconfirmed: what was sealed to them stays, and nothing is added', async () => {
    const { database } = tenant().running;
    await register(ours);
    await confirm(ours.fingerprint);
    await changeAlice();
    await sql`alter table managed_domains
      drop column confirmed_fingerprint, drop column confirmed_at, drop column confirmed_by`.execute(
      database,
    );
    await sql`delete from causeway_migrations
      where name = 'keys of the managed domain that an administrator confirmed'`.execute(database);
    await migrate(database);

    assert.equal(await isConfirmed(), false);
    assert.ok((await opens(ours)) && (await readAlice()).enabled);
    await register(ours);
    assert.ok(await opens(ours), 'the same keys again');
    const changed = await changeAlice();
    assert.deepEqual([changed.credentialRecord, changed.enabled], [null, false]);
    await confirm(ours.fingerprint);
    await changeAlice();
    assert.ok(await opens(ours));
  });

  it('that a process of an earlier release registered do not inherit the confirmation of the previous ones', async () => {
    await register(ours);
    await confirm(ours.fingerprint);
    const theirs = await makeDomain();
    const { database } = tenant().running;
    // That release does not know the columns beside the keys.
    await sql`update managed_domains set key = ${JSON.stringify(sealingPublicKey(theirs.sealing))}::text::jsonb
      where tenant_id = ${agent.tenantId}`.execute(database);
    assert.equal(await isConfirmed(), false);
    assert.equal((await changeAlice()).credentialRecord, null);
  });
});
