import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { guidOf, imported, person, testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { checkRoots, DirectoryGuard } from './directory-guard.ts';

const peer = await ProvisioningPeer.listen();
after(() => peer.close());

const CORP = {
  namingContext: 'DC=corp,DC=example,DC=com',
  forest: 'corp.example.com',
  domainSid: 'S-1-5-21-1-2-3',
  domainGuid: guidOf(0xc0),
};
const FABRIKAM = {
  namingContext: 'DC=fabrikam,DC=example,DC=org',
  forest: 'fabrikam.example.org',
  domainSid: 'S-1-5-21-4-5-6',
  domainGuid: guidOf(0xfa),
};

function guarded() {
  const context = testContext(peer);
  return { context, guard: new DirectoryGuard(context.connector, context.store) };
}

test('pins the directory at the first contact, and accepts the same one from then on', () => {
  const { context, guard } = guarded();
  assert.equal(context.store.pin.get(), undefined);
  guard.check(CORP);
  const { pinnedAt, ...pinned } = context.store.pin.get()!;
  assert.deepEqual(pinned, CORP);
  assert.ok(pinnedAt);
  guard.check({ ...CORP, namingContext: 'dc=CORP,dc=example,dc=com' });
  assert.equal(context.store.pin.get()!.pinnedAt, pinnedAt);
});

test('rejects a directory that differs in any pinned value, and shows both and what to do', () => {
  const { context, guard } = guarded();
  guard.check(CORP);
  for (const change of [
    { domainSid: FABRIKAM.domainSid },
    { domainGuid: FABRIKAM.domainGuid },
    { namingContext: FABRIKAM.namingContext },
    { forest: FABRIKAM.forest },
  ]) {
    assert.throws(() => guard.check({ ...CORP, ...change }), {
      code: 'wrong-directory',
      message:
        /'127\.0\.0\.1' of connector 'corp\.example\.com'.*pinned: .*S-1-5-21-1-2-3.*answered: .*repin 'corp\.example\.com'/s,
    });
  }
  assert.equal(context.store.pin.get()!.domainSid, CORP.domainSid);
});

test('recognizes the directory by the objects of the connector space before anything is pinned', () => {
  const { context, guard } = guarded();
  const stranger = person(9, { objectSid: 'S-1-5-21-4-5-6-1105' });
  imported(context, person(1), person(2), stranger, person(3, { objectSid: '' }));
  assert.throws(() => guard.check(FABRIKAM), { code: 'wrong-directory', message: /S-1-5-21-1-2-3\n/ });
  assert.throws(() => guard.check({ ...CORP, namingContext: FABRIKAM.namingContext }), {
    code: 'wrong-directory',
  });
  guard.check(CORP);
  assert.equal(context.store.pin.get()!.domainGuid, CORP.domainGuid);
});

test('rejects a forest or domain other than the configured one before it signs in', () => {
  const { context } = guarded();
  const { connector } = context;
  checkRoots(connector, CORP);
  assert.throws(() => checkRoots(connector, FABRIKAM), {
    code: 'wrong-directory',
    message:
      /configured: +forest corp\.example\.com\n +answered: .*forest fabrikam\.example\.org\n.*'server'/,
  });
  const child = { namingContext: 'DC=emea,DC=corp,DC=example,DC=com', forest: CORP.forest };
  checkRoots({ ...connector, domain: 'emea.corp.example.com' }, child);
  for (const configured of [
    { domain: 'emea.corp.example.com' },
    { namingContext: 'DC=emea,DC=corp,DC=example,DC=com' },
  ]) {
    assert.throws(() => checkRoots({ ...connector, ...configured }, CORP), {
      code: 'wrong-directory',
      message: /configured: +domain emea\.corp\.example\.com/,
    });
  }
});
