import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, beforeEach, it } from 'node:test';
import { type CallError, call, callLocally, httpSend, type Send, serviceIn } from '@causeway/api';
import {
  ACCEPTS_HEADER,
  administrationRoutes,
  administratorRoutes,
  CLOUD_RECEIPT,
  managedDomainRoutes,
  readAccepts,
  tenantLocalRoutes,
  userRoutes,
} from '@causeway/contract';
import {
  CLOUD_FOREST,
  domainFingerprint,
  generateSealingKey,
  generateSigningKey,
  peekRecord,
  type ReceiptFields,
  type SigningKey,
  sealingPublicKey,
  signReceipt,
} from '@causeway/records';
import { applyObject } from '../testing/apply.ts';
import { backUp } from '../testing/back-up.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { Browser, RelyingParty } from '../testing/browser.ts';
import { FOREST } from '../testing/forest.ts';
import { nextSequence, person } from '../testing/people.ts';
import { runTenantCommand } from '../testing/run-command.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import type { TestAdministrator } from '../testing/test-tenant.ts';

const REDIRECT = 'https://portal.example.net/callback';
type Older = NonNullable<ReceiptFields['older']>[number];

/** A cloud-only user with the current password. */
interface Cloud {
  readonly id: string;
  readonly upn: string;
  password: string;
}

let count = 0;

onEveryBackend('cloud-only users whom the managed domain has newer', tenant => {
  let contoso: TestAdministrator;
  let admin: Send;
  let domain: TestAgent;
  let receiptKey: SigningKey;
  let fingerprint: string;
  let party: RelyingParty;
  let passwords = 0;

  const confirm = () => call(admin, managedDomainRoutes.trustDomain, { body: { fingerprint } });
  const getToken = async (administrator = `admin@${contoso.name}.example.net`): Promise<Send> => {
    const service = serviceIn(tenant().stateDirectory, 'tenant');
    const body = { tenant: contoso.name, administrator };
    const { token } = await callLocally(service, tenantLocalRoutes.createToken, { body });
    return httpSend({ url: tenant().url }, async () => token);
  };
  const change = async (who: Cloud): Promise<void> => {
    const next = `Made-up horse ${++passwords}!`;
    const form = { username: who.upn, password: who.password, 'new-password': next, repeated: next };
    const url = `${tenant().url}/t/${contoso.name}/password`;
    const response = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
    assert.equal(response.status, 200, await response.text());
    who.password = next;
  };
  const make = async (name: string): Promise<Cloud> => {
    const upn = `${name}@contoso.example`;
    const made = await call(admin, userRoutes.createUser, { body: { userPrincipalName: upn } });
    const who = { id: made.id, upn, password: made.temporaryPassword };
    await change(who);
    return who;
  };
  const act = (what: 'deleteUser' | 'disableUser' | 'resetPassword', { upn }: Cloud) =>
    what === 'disableUser'
      ? call(admin, userRoutes.setUserEnabled, { params: { id: upn }, body: { enabled: false } })
      : call(admin, userRoutes[what], { params: { id: upn } });
  /** What a managed domain that read the feed now would have of a user. */
  const known = async ({ id }: { id: string }): Promise<Older> => {
    const { items } = await call(domain.send, managedDomainRoutes.readChanges, { query: { limit: 1000 } });
    const { accountRecord, credentialRecord } = items.find(({ userId }) => userId === id)!;
    const { sequence, account } = peekRecord(accountRecord!)!;
    const credential = credentialRecord === null ? undefined : peekRecord(credentialRecord.split('~')[0]!);
    return [id, sequence, credential?.sequence ?? 0, account!.deleted];
  };
  const receiptOf = (older: readonly Older[], changes: Partial<ReceiptFields> = {}, key = receiptKey) =>
    signReceipt(key, {
      ...{ tenant: domain.tenantId, forest: CLOUD_FOREST, sequence: nextSequence() },
      ...{ time: new Date().toISOString(), headSequence: 0, headTime: null },
      ...{ completeAsOf: null, alarmSince: null, accounts: 3, credentials: 3 },
      ...{ differing: [], listed: 0, entries: [], notWritten: [], reads: [], newest: 1 },
      older,
      ...changes,
    });
  const put = (receipt: string, by = domain) =>
    call(by.send, managedDomainRoutes.putReceipt, { body: { forest: null, receipt } });
  const status = () => call(admin, administrationRoutes.getTenantStatus);
  const named = async () =>
    (await status()).newerInDomain?.people.map(({ userPrincipalName, what }) => [userPrincipalName, what]);
  const signIn = async (who: Cloud): Promise<Browser> => {
    const browser = new Browser();
    assert.ok(await party.signIn(browser, who.upn, who.password));
    return browser;
  };
  const isSignedIn = async (browser: Browser): Promise<boolean> =>
    (await party.begin(browser)).page.status === 0;

  before(() => {
    count = 0;
  });

  beforeEach(async () => {
    contoso = await tenant().createTenant(`contoso${++count}`);
    admin = contoso.send;
    domain = await enrolAgent(tenant().url, admin, 'domain');
    receiptKey = generateSigningKey();
    const key = sealingPublicKey(await generateSealingKey());
    fingerprint = domainFingerprint(key.publicKey, receiptKey.publicKey.publicKey);
    const body = {
      realm: 'AADDS.EXAMPLE.NET',
      netbiosDomain: 'AADDS',
      key,
      receiptKey: receiptKey.publicKey,
    };
    await call(domain.send, managedDomainRoutes.registerDomainKey, { body });
    await confirm();
    const app = { name: 'portal', redirectUris: [REDIRECT] };
    const { issuer, clientId } = await call(admin, administrationRoutes.registerApplication, { body: app });
    party = await RelyingParty.discover(issuer, clientId, REDIRECT);
  });

  it('are listed after a restore, and their sessions and tokens end once; no user is disabled', async () => {
    const [ann, bob, cid, dot] = [await make('ann'), await make('bob'), await make('cid'), await make('dot')];
    await call(admin, administratorRoutes.addAdministrator, { body: { user: ann.upn } });
    const restore = await backUp(tenant().running.database);
    const monday = { ...ann };
    await change(ann);
    await act('deleteUser', bob);
    await act('disableUser', cid);
    const older = [await known(ann), await known(bob), await known(cid), await known(dot)];
    await restore();
    assert.equal(await named(), undefined);
    const annAsAdministrator = await getToken(ann.upn);
    const sessions = new Map<Cloud, Browser>();
    for (const who of [monday, bob, cid, dot]) sessions.set(who, await signIn(who));

    const first = receiptOf(older);
    await put(first);
    const found = [
      [ann.upn, 'password'],
      [bob.upn, 'deleted'],
      [cid.upn, 'account'],
    ];
    assert.deepEqual(await named(), found);
    const open = async () => Promise.all([...sessions.values()].map(isSignedIn));
    assert.deepEqual(await open(), [false, false, false, true]);
    await assert.rejects(call(annAsAdministrator, administrationRoutes.getTenantStatus), { status: 401 });
    const logged = tenant()
      .log()
      .filter(({ tenant: name, named: people }) => name === contoso.name && people !== undefined);
    assert.deepEqual(
      logged.map(({ level, named: people }) => [level, people]),
      [[50, [ann.upn, bob.upn, cid.upn]]],
    );

    for (const who of sessions.keys()) sessions.set(who, await signIn(who));
    for (const again of [first, receiptOf(older), receiptOf(older.slice(1))]) await put(again);
    assert.deepEqual(await open(), [true, true, true, true], 'once, and they may sign in as before');
    assert.deepEqual(await named(), found);
    assert.equal((await status()).disabled, 0);

    await change(monday);
    await act('deleteUser', bob);
    await act('disableUser', cid);
    const session = await signIn(monday);
    await put(first);
    assert.equal(await named(), undefined, 'each is put right');
    assert.equal(await isSignedIn(session), true, 'an old receipt that is shown again ends nothing');
  });

  it('are found once more after another restore, and when something else is newer', async () => {
    const ann = await make('ann');
    const restore = await backUp(tenant().running.database);
    const monday = { ...ann };
    await change(ann);
    const tuesday = await known(ann);
    await act('deleteUser', ann);
    const wednesday = await known(ann);
    for (const round of [1, 2]) {
      await restore();
      for (const [said, what] of [
        [tuesday, 'password'],
        [wednesday, 'deleted'],
      ] as const) {
        const session = await signIn(monday);
        await put(receiptOf([said]));
        assert.equal(await isSignedIn(session), false, `${what} ${round}`);
        assert.deepEqual(await named(), [[ann.upn, what]]);
      }
    }
  });

  it('stay listed while only the account was signed again, because the managed domain has another password', async () => {
    const ann = await make('ann');
    const restore = await backUp(tenant().running.database);
    await change(ann);
    const older = await known(ann);
    await restore();
    await put(receiptOf([older]));
    const enabled = (is: boolean) =>
      call(admin, userRoutes.setUserEnabled, { params: { id: ann.upn }, body: { enabled: is } });
    await enabled(false);
    await enabled(true);
    assert.deepEqual(await named(), [[ann.upn, 'password']]);
    await act('resetPassword', ann);
    assert.equal(await named(), undefined);
    await put(receiptOf([older]));
    assert.equal(await named(), undefined, 'its account is disabled there until the password is changed');
  });

  it('come only from a receipt that the confirmed key signed, for this tenant and its own users', async () => {
    const ann = await make('ann');
    const [, account, credential] = await known(ann);
    const newer: Older = [ann.id, account + 1, credential + 1, false];
    const session = await signIn(ann);
    const ofForest = { forest: FOREST, headSequence: 1, headTime: new Date().toISOString() };
    const lies = [
      receiptOf([newer], {}, generateSigningKey()),
      receiptOf([newer], {}, domain.signingKey),
      receiptOf([newer], { tenant: 'another' }),
      receiptOf([], { ...ofForest, older: undefined, entries: [[ann.id, account + 1, 0]] }),
      `${receiptOf([newer]).slice(0, -4)}AAAA`,
    ];
    for (const lie of lies)
      await assert.rejects(put(lie), { code: 'statement-mismatch', message: /not believed/ });
    // The route for receipts of forests rejects it, whichever forest the body names.
    for (const forest of [FOREST, CLOUD_FOREST])
      await assert.rejects(
        call(domain.send, managedDomainRoutes.putReceipt, { body: { forest, receipt: receiptOf([newer]) } }),
        (error: CallError) => error.status === 400,
      );

    const who = person(1);
    const connect = await enrolAgent(tenant().url, admin, 'connect');
    await applyObject(connect, who);
    const { id: synchronized } = await call(admin, administrationRoutes.getUser, { params: { id: who.upn } });
    const gone = await make('gone');
    await act('deleteUser', gone);
    const another = await tenant().createTenant(`fabrikam${count}`);
    const elsewhere = await call(another.send, userRoutes.createUser, {
      body: { userPrincipalName: 'x@f.example' },
    });
    const [most, nobody] = [Number.MAX_SAFE_INTEGER, '8d6f5a1e-0000-4000-8000-000000000001'];
    await put(
      receiptOf([
        [ann.id, account, credential, false],
        [ann.id, account - 1, 0, true],
        ...[synchronized, gone.id, elsewhere.id, nobody].map(id => [id, most, most, true] as const),
      ]),
    );
    // Another agent has taken the place of the domain's, and has not registered.
    const stranger = await enrolAgent(tenant().url, admin, 'domain', 'stranger');
    await put(receiptOf([newer]), stranger);
    assert.equal(await named(), undefined);
    assert.equal((await call(another.send, administrationRoutes.getTenantStatus)).newerInDomain, undefined);
    assert.equal(await isSignedIn(session), true);
  });

  it('wait for the confirmation of the keys, and end with the domain', async () => {
    const ann = await make('ann');
    const [, account, credential] = await known(ann);
    const newer = receiptOf([[ann.id, account + 1, credential, false]]);
    const session = await signIn(ann);
    const other = generateSigningKey().publicKey;
    const { domain: registered } = await call(admin, managedDomainRoutes.readDomain);
    const register = (key: typeof other, replaces: string) =>
      call(domain.send, managedDomainRoutes.registerDomainKey, {
        body: {
          ...{ realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', key: registered!.key, receiptKey: key },
          replaces: { realm: 'AADDS.EXAMPLE.NET', fingerprint: replaces },
        },
      });
    const fingerprintOf = (key: typeof other) => domainFingerprint(registered!.key.publicKey, key.publicKey);
    await register(other, fingerprint);
    await put(newer);
    await register(receiptKey.publicKey, fingerprintOf(other));
    await put(newer);
    assert.equal(await named(), undefined);
    assert.equal(await isSignedIn(session), true);
    await confirm();
    const [, present] = await known(ann);
    await put(receiptOf([[ann.id, present + 1, 0, false]]));
    assert.deepEqual(await named(), [[ann.upn, 'account']]);
    await call(admin, managedDomainRoutes.withdrawDomain);
    assert.equal(await named(), undefined);
  });

  it('are shown by the command, and each answer asks the managed domain for them', async () => {
    const people = [];
    for (let n = 0; n < 3; n++) people.push(await make(`user${n}`));
    const said = await Promise.all(people.map(known));
    await put(receiptOf(said.map(([id, account], n) => [id, account + 1, 0, n === 1] as const)));
    const file = join(tenant().stateDirectory, 'token');
    const administrator = ['--admin', `admin@${contoso.name}.example.net`];
    const state = ['--state', tenant().stateDirectory, '--token-out', file];
    await runTenantCommand(['token', contoso.name, ...administrator, ...state]);
    const run = (...words: string[]) =>
      runTenantCommand(['status', ...words, '--tenant', tenant().url, '--token-file', file]);
    const { stdout } = await run();
    assert.match(stdout, /^NEWER IN THE MANAGED DOMAIN: .* of 3 cloud-only people/);
    assert.match(stdout, /user1@contoso\.example was deleted/);
    const json = JSON.parse((await run('--json')).stdout) as Awaited<ReturnType<typeof status>>;
    assert.deepEqual(json.newerInDomain, (await status()).newerInDomain);
    const { headers } = await fetch(`${tenant().url}/api/v1/status`);
    assert.ok(readAccepts(headers.get(ACCEPTS_HEADER))!.includes(CLOUD_RECEIPT));
  });
});
