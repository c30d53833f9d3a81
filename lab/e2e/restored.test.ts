import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { ConnectUserStatus } from '@causeway/contract';
import { domainStatus, stopDomain } from '@causeway/samba';
import { eventually as lookUntil } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { enableRecycleBin, reanimateUser, restoreFromBin } from '../domains/restore.ts';
import {
  DOMAINS,
  describeDomain,
  domainDirectory,
  type LabDomain,
  layoutOf,
  randomPassword,
} from '../domains/table.ts';
import { createUser, deleteUser, renameUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';

// People who were deleted by mistake and restored: from a tombstone, which has lost its password, and from a recycle bin.

/** A forest for this file alone, because a recycle bin cannot be switched off again. */
const binned: LabDomain = {
  name: 'binned',
  madeBy: 'lab',
  realm: 'BINNED.EXAMPLE.COM',
  netbiosDomain: 'BINNED',
  hostName: 'bin1',
  address: '127.0.0.12',
};
const corp = DOMAINS.onprem;
const forests: LabDomain[] = [corp, binned];
const stage = await freshStage({ forests });
const run = randomBytes(2).toString('hex');
let trials: Trials;

const eventually = (what: string, look: () => Promise<boolean>) =>
  lookUntil(what, look, { patienceMs: 60_000 });

interface Someone {
  forest: LabDomain;
  sam: string;
  upn: string;
  password: string;
}

const made: Someone[] = [];

async function make(forest: LabDomain, name: string): Promise<Someone> {
  const sam = `${name}.${run}`;
  const who = { forest, sam, upn: `${sam}@${describeDomain(forest).dnsDomain}`, password: randomPassword() };
  made.push(who);
  await createUser(forest, who);
  await works(who);
  return who;
}

const works = async (who: Someone): Promise<void> => {
  await eventually(`${who.upn} at web sign-in`, () => trials.web(who, who.password));
  await eventually(`${who.sam} in the managed domain`, async () => {
    return (await trials.kerberos(who, who.password)) !== undefined;
  });
};

const isGone = (who: Someone) =>
  eventually(`${who.upn} is gone`, async () => {
    if (await trials.web(who, who.password)) return false;
    return (await trials.kerberos(who, who.password)) === undefined;
  });

const status = (who: Someone) => stage.connectStatus<ConnectUserStatus>(who.sam);

async function remove(who: Someone): Promise<void> {
  await deleteUser(who.forest, who.sam);
  await isGone(who);
}

/** Gives a restored person a password and a name, as an administrator does. */
async function renew(who: Someone): Promise<void> {
  who.password = randomPassword();
  await setPassword(who.forest, who.sam, who.password);
}

const cycleErrors = async (): Promise<(string | null)[]> => {
  const { connectors } = await stage.connectStatus<{ connectors: { lastError: string | null }[] }>();
  return connectors.map(({ lastError }) => lastError);
};
const fullImports = (): number => stage.readLog('connect').split('full import of').length;

before(async () => {
  await enableRecycleBin(binned);
  trials = new Trials(await stage.openAll());
});

after(async () => {
  await stage.close();
  if (domainStatus(layoutOf(binned)).running) await stopDomain(layoutOf(binned));
  rmSync(domainDirectory(binned), { recursive: true, force: true });
  for (const { forest, sam } of made) if (forest !== binned) await deleteUser(forest, sam).catch(() => {});
});

test('a reanimated tombstone returns with its current names, and reports that it has no password', async () => {
  const tomb = await make(corp, 'tomb');
  const { objectGuid } = await status(tomb);
  await renameUser(corp, tomb.sam, { upn: `other.${tomb.upn}` });
  await remove(tomb);
  const before = fullImports();
  await reanimateUser(corp, tomb.sam);
  // The deletion removed the userPrincipalName, so the account name stands in for it.
  await eventually(
    'it is back',
    async () => (await status(tomb).catch(() => undefined))?.export.state === 'current',
  );
  const back = await status(tomb);
  assert.equal(back.objectGuid, objectGuid);
  assert.equal(back.synchronized, true);
  await eventually('the reason', async () =>
    /no password.*the next reset brings it/.test((await status(tomb)).password?.detail ?? ''),
  );
  assert.equal(await trials.web(tomb, tomb.password), false);
  await renew(tomb);
  await works(tomb);
  assert.equal(fullImports(), before);
});

test('a user from the recycle bin has the old password at once, although no password changed', async () => {
  const bin = await make(binned, 'bin');
  await remove(bin);
  const before = fullImports();
  await restoreFromBin(binned, bin.sam);
  await works(bin);
  assert.equal(fullImports(), before);
});

test('a user deleted and restored within a moment stays, as the directory has them', async () => {
  const [quick, tomb] = [await make(binned, 'quick'), await make(corp, 'quicktomb')];
  await deleteUser(binned, quick.sam);
  await restoreFromBin(binned, quick.sam);
  await deleteUser(corp, tomb.sam);
  await reanimateUser(corp, tomb.sam);
  await renew(tomb);
  await works(quick);
  await works(tomb);
});

test('a user deleted and restored while Connect is stopped stays, too', async () => {
  const [bin, tomb] = [await make(binned, 'off'), await make(corp, 'offtomb')];
  await stage.connect.stop();
  await deleteUser(binned, bin.sam);
  await restoreFromBin(binned, bin.sam);
  await deleteUser(corp, tomb.sam);
  await reanimateUser(corp, tomb.sam);
  await renew(tomb);
  await stage.connect.start();
  await works(bin);
  await works(tomb);
  assert.deepEqual(await cycleErrors(), [null, null]);
});

test('a user deleted before Connect stopped, and restored meanwhile, comes back', async () => {
  const bin = await make(binned, 'later');
  await remove(bin);
  await stage.connect.stop();
  await restoreFromBin(binned, bin.sam);
  await stage.connect.start();
  await works(bin);
});
