import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { ACCEPTED_RECORDS, type DomainStatus as Status } from '@causeway/contract';
import { eventually } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, randomPassword } from '../domains/table.ts';
import { createUser, deleteUser, setPassword } from '../domains/users.ts';
import { type Lie, type RecordingProxy, recordingProxy } from '../peers/recording-proxy.ts';
import { allArrives } from '../places/all-arrives.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { runCli } from '../places/run-cli.ts';

// A tenant that withholds something is found out: Domain Services raises the alarm, and Connect says who is missing. The tenant is real. A
// proxy between it and the other two leaves things out.

const stage = await freshStage();
const onprem = DOMAINS.onprem;
const { dnsDomain } = describeDomain(onprem);
const run = randomBytes(2).toString('hex');
const SILENCE_MS = 8_000;
let trials: Trials;
const proxies: RecordingProxy[] = [];

/** What is left out now. */
let toDomain: Lie = () => undefined;
let toConnect: Lie = () => undefined;
const honest = (): void => {
  toDomain = () => undefined;
  toConnect = () => undefined;
};

interface Item {
  sourceAnchor: string;
  accountRecord: string | null;
  credentialRecord: string | null;
}

/** The feed with changed items; null leaves one out. */
const feed =
  (change: (item: Item, name: string) => Item | null): Lie =>
  (_method, path, answer) => {
    if (!path.startsWith('/api/v1/domain/changes')) return undefined;
    const page = answer as { items: Item[] };
    const items = page.items.flatMap(item => change(item, principalName(item)) ?? []);
    return { ...page, items };
  };

function principalName({ accountRecord }: Item): string {
  const payload = Buffer.from(accountRecord?.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(payload) as { userPrincipalName: string }).userPrincipalName;
}

interface ConnectStatus {
  connectors: {
    arrival: {
      state: string;
      alarm: string | null;
      completeAsOf: string | null;
      accounts: { arrived: number; all: number };
      credentials: { arrived: number; all: number };
      missing: { user: string; what: string; refused: string | null; reason?: string }[];
      reads?: string[];
    };
  }[];
  events: { level: string; text: string }[];
}

const here = async () => (await stage.domainStatus<Status>()).arrivals[0]!;
const there = async () => (await stage.connectStatus<ConnectStatus>()).connectors[0]!.arrival;

/** Whether Kerberos in the managed domain accepts the password. */
const signsIn = async (who: { sam: string }, password: string) =>
  (await trials.kerberos(who, password)) !== undefined;

async function make(name: string) {
  const user = { sam: `${name}.${run}`, upn: `${name}.${run}@${dnsDomain}`, password: randomPassword() };
  await createUser(onprem, user);
  return user;
}

before(async () => {
  trials = new Trials(await stage.openWeb());
  await stage.createDomain();
  const through = async (lie: Lie) => {
    const proxy = await recordingProxy(stage.tenantUrl, lie);
    proxies.push(proxy);
    return { url: proxy.url };
  };
  const quick = { headIntervalMs: 500, silenceMs: SILENCE_MS };
  const [domain, connect] = [
    await through((...answer) => toDomain(...answer)),
    await through((...answer) => toConnect(...answer)),
  ];
  await stage.connect.stop();
  stage.configure('connect', { tenant: connect, ...quick });
  stage.configure('domain', { tenant: domain, ...quick, differenceMs: 2_000 });
  await stage.connect.start();
  await stage.domain.start();
  await stage.pair();
  await stage.forcePasswordSync();
});

after(async () => {
  await stage.close();
  for (const proxy of proxies) await proxy.close();
});

/** The next test begins with an honest tenant, even after a failure. */
afterEach(honest);

test('with an honest tenant everything is complete, and all three places show how many of how many', async () => {
  await allArrives(stage);
  const domain = await here();
  const connect = await there();
  assert.ok(domain.head!.accounts >= 25 && domain.head!.credentials >= 20);
  assert.deepEqual(
    [connect.accounts.arrived, connect.accounts.all],
    [domain.here.accounts, domain.head!.accounts],
  );
  assert.equal(connect.credentials.arrived, connect.credentials.all);
  const { stdout } = await runCli(['tenant', 'status', ...stage.remote]);
  const line = `${domain.here.accounts} of ${domain.head!.accounts} accounts`;
  assert.ok(stdout.includes(line), stdout);
  assert.match(stdout, /complete as of 20/);
});

test('the managed domain signs what it reads once Connect has signed that it accepts such a receipt', async () => {
  await eventually('the receipt that says it', async () => (await there()).reads !== undefined);
  assert.deepEqual((await there()).reads, ACCEPTED_RECORDS);
});

test('withholding one user raises the alarm, and Connect names the user', async () => {
  const name = `alice.${run}@${dnsDomain}`;
  toDomain = feed((item, who) => (who === name ? null : item));
  const alice = await make('alice');
  const bob = await make('bob');
  await eventually('bob in the managed domain', () => signsIn(bob, bob.password));
  await eventually('the alarm', async () => (await here()).alarm?.kind === 'differs');
  await eventually('her name', async () => (await there()).state === 'differs');
  const arrival = await there();
  assert.deepEqual(
    arrival.missing.map(({ user, what }) => `${user} ${what}`),
    [`${alice.upn} account`, `${alice.upn} credential`],
  );
  assert.equal(arrival.accounts.all - arrival.accounts.arrived, 1);
  // Between a head and its comparison there is a moment without an alarm.
  await eventually('the alarm in words', async () => {
    const { stdout } = await runCli(['domain', 'status', '--config', stage.configOf('domain')]);
    return /ALARM: not everything that the forest gave to the tenant came here/.test(stdout);
  });
  const connect = await runCli(['connect', 'status', '--config', stage.configOf('connect')]);
  assert.match(connect.stdout, new RegExp(`not there: ${alice.upn.replaceAll('.', '\\.')}, account`));
  assert.match(stage.readLog('domain'), /ALARM/);

  honest();
  await setPassword(onprem, alice.sam, alice.password); // moves her to the end of the feed
  await allArrives(stage);
  assert.ok(await signsIn(alice, alice.password));
});

test('an old record served in the place of a new one is found out', async () => {
  const carol = await make('carol');
  await eventually('carol in the managed domain', () => signsIn(carol, carol.password));
  await allArrives(stage);
  let old: string | null | undefined;
  toDomain = feed((item, who) => {
    if (who !== carol.upn) return item;
    old ??= item.credentialRecord; // never her current one: the test asks for the feed first
    return { ...item, credentialRecord: old };
  });
  await stage.trustConnect();
  await eventually('the old record', async () => old !== undefined);
  await setPassword(onprem, carol.sam, randomPassword());
  await eventually('the alarm', async () => (await here()).alarm?.kind === 'differs');
  await eventually('her name', async () =>
    (await there()).missing.some(({ user, what }) => user === carol.upn && what === 'credential'),
  );
  assert.equal((await there()).missing.length, 1);
  honest();
  await setPassword(onprem, carol.sam, randomPassword());
  await allArrives(stage);
});

test('a withheld deletion is found out', async () => {
  const dave = await make('dave');
  await eventually('dave in the managed domain', () => signsIn(dave, dave.password));
  await allArrives(stage);
  // A deletion that is signed again has no name.
  const anchors = new Set<string>();
  toDomain = feed((item, who) => {
    if (who === dave.upn) anchors.add(item.sourceAnchor);
    return anchors.has(item.sourceAnchor) ? null : item;
  });
  await deleteUser(onprem, dave.sam);
  await eventually('the alarm', async () => (await here()).alarm?.kind === 'differs');
  await eventually('his name', async () =>
    (await there()).missing.some(({ what, reason }) => what === 'not deleted' && reason !== undefined),
  );
  const [left, ...others] = (await there()).missing;
  assert.deepEqual([left!.user, others], [dave.upn, []]);
  assert.equal(left!.reason, 'deleted here, still in the managed domain; the tenant withholds the deletion');
  assert.ok(await signsIn(dave, dave.password));
  honest();
  await stage.trustConnect();
  await allArrives(stage);
  assert.equal(await signsIn(dave, dave.password), false);
});

test('a tenant that shows no head, or an old one, counts as silent, and Connect learns that too', async () => {
  let frozen: unknown;
  toDomain = (method, path, answer) => {
    if (method !== 'GET' || !path.startsWith('/api/v1/domain/heads')) return undefined;
    frozen ??= answer;
    return frozen;
  };
  await eventually('the alarm', async () => (await here()).alarm?.kind === 'silent');
  await eventually('the alarm at Connect', async () => (await there()).state === 'silent');
  toDomain = (_method, path) => (path.startsWith('/api/v1/domain/heads') ? { heads: [] } : undefined);
  assert.equal((await here()).state, 'silent');
  honest();
  await allArrives(stage);
});

test('a tenant that passes on no receipts counts as silent at Connect', async () => {
  toConnect = (_method, path) => (path === '/api/v1/sync/head' ? { receipt: null } : undefined);
  await eventually('the alarm', async () => (await there()).state === 'silent');
  assert.equal((await here()).alarm, null);
  // The event comes with the next head, perhaps later than the status.
  await eventually('the event', async () => {
    const { events } = await stage.connectStatus<ConnectStatus>();
    return events.some(({ level, text }) => level === 'error' && /ALARM: .*no receipt/.test(text));
  });
  honest();
  await allArrives(stage);
});
