import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HandClock } from '@causeway/service/testing';
import { importStep } from '../objects/import-step.ts';
import { testContext } from '../testing/fixtures.ts';
import { ProvisioningPeer } from '../testing/provisioning-peer.ts';
import { ScriptedDirectory } from '../testing/scripted-directory.ts';
import { clockDifference } from './clock.ts';

const peer = await ProvisioningPeer.listen();
const directory = await ScriptedDirectory.listen();
after(() => Promise.all([peer.close(), directory.close()]));

const generalized = (time: number) => `${new Date(time).toISOString().replace(/\D/g, '').slice(0, 14)}.0Z`;

test("a clock far from the domain controller's raises one alarm and holds up nothing", async () => {
  const clock = new HandClock();
  const context = testContext(peer, {}, clock);
  const alarms = () => context.store.events.last(50).filter(({ text }) => /machine's clock/.test(text));
  const imports = async (aheadSeconds: number) => {
    directory.self.currentTime = [generalized(clock.now() - aheadSeconds * 1000)];
    await using ldap = await directory.connect();
    const { full } = await importStep(context, ldap, 'DC=corp,DC=example,DC=com');
    return [typeof full, clockDifference(context)?.aheadSeconds, alarms().length];
  };
  assert.deepEqual(await imports(300), ['boolean', undefined, 0]);
  assert.deepEqual(await imports(302), ['boolean', 302, 1]);
  const { since } = clockDifference(context)!;
  assert.match(alarms()[0]!.text, /^ALARM: .* 302 seconds ahead of that of the domain controller/);
  await clock.pass(60_000);
  assert.deepEqual(await imports(-3600), ['boolean', -3600, 1]);
  assert.equal(clockDifference(context)!.since, since);
  directory.self.currentTime = ['no time'];
  await using ldap = await directory.connect();
  await importStep(context, ldap, 'DC=corp,DC=example,DC=com');
  assert.equal(clockDifference(context)!.aheadSeconds, -3600, 'who says nothing ends no alarm');
  assert.deepEqual(await imports(0), ['boolean', undefined, 2]);
  assert.equal(alarms()[0]!.level, 'info');
});
