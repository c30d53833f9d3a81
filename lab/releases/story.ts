import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { stopDomain } from '@causeway/samba';
import { eventually } from '@causeway/service/testing';
import { labUp } from '../domains/lifecycle.ts';
import { labPath } from '../domains/state.ts';
import { DOMAINS, domainDirectory, type LabDomain, layoutOf } from '../domains/table.ts';
import { change, createUser, deleteUser, setPassword } from '../domains/users.ts';
import { changeOnPage } from '../places/password-page.ts';
import { runCliJson } from '../places/run-cli.ts';
import { Stage } from '../places/stage.ts';
import type { StageSettings } from '../places/stage-files.ts';
import { type Between, type ExchangeProxy, exchangeProxy } from './exchange-proxy.ts';

// A short story with records of each kind. A release is recorded with it, and today's release plays it beside a recorded one.

/** A forest of a few people, because the recording keeps all that they send. */
const RECORDED: LabDomain = {
  name: 'recorded',
  madeBy: 'lab',
  realm: 'RECORDED.EXAMPLE.COM',
  netbiosDomain: 'RECORDED',
  hostName: 'rec1',
  address: '127.0.0.13',
};
const DOMAIN_NAME = 'recorded.example.com';
const HEAD_INTERVAL_MS = 3_000;
const PATIENCE = { patienceMs: 120_000 };

/** Made-up passwords. They are in the recording, so that the sealed keys can be checked. */
export const PASSWORDS = {
  alice: 'Made-up.1.alice',
  aliceNext: 'Made-up.2.alice',
  bob: 'Made-up.1.bob',
  carol: 'Made-up.1.carol',
  dave: 'Made-up.1.dave',
  daveNext: 'Made-up.2.dave',
  erin: 'Made-up.1.erin',
  olga: 'Made-up.1.in-the-cloud',
};
export const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin'] as const;
type Name = (typeof PEOPLE)[number];
export const upn = (name: Name): string => `${name}@${DOMAIN_NAME}`;
const dn = (name: Name): string => `CN=${name},CN=Users,DC=recorded,DC=example,DC=com`;
/** A cloud-only user. */
const OLGA = 'olga@contoso.example';

/** The stage whose agents reach the tenant through a proxy. */
class ProxiedStage extends Stage {
  proxied: ExchangeProxy | undefined;
  override get tenantUrl(): string {
    return this.proxied?.url ?? super.tenantUrl;
  }
}

interface Entry {
  hasCredential: boolean;
  withdrawn: boolean;
  wantsEnabled: boolean;
  credentialSequence: number | null;
  deletedAt: string | null;
}

export interface Told {
  readonly stage: Stage;
  /** Addresses of the tenant: its own and the proxy's. */
  readonly urls: readonly string[];
  readonly exchanges: ExchangeProxy['exchanges'];
}

/**
 * Plays the story on a lab's domains. At the end only the tenant runs.
 * @param begin called when all are enrolled and paired, and no service but the tenant has run yet
 * @param end called with Connect and Domain Services stopped and the tenant running
 */
export async function playStory(
  settings: StageSettings,
  between: Between | undefined,
  { begin, end }: { begin?: (told: Told) => Promise<void>; end: (told: Told) => Promise<void> },
): Promise<void> {
  // A domain of a killed run would be in a network that nobody reaches.
  for (const domain of [RECORDED, DOMAINS.managed]) await stopDomain(layoutOf(domain));
  await labUp(() => {}, [RECORDED]);
  for (const place of [domainDirectory(DOMAINS.managed), labPath('places')])
    rmSync(place, { recursive: true, force: true });
  for (const name of PEOPLE) {
    await deleteUser(RECORDED, dn(name)).catch(() => {});
    await createUser(RECORDED, { sam: name, password: PASSWORDS[name] });
  }
  const stage = new ProxiedStage({ ...settings, forests: [RECORDED], headIntervalMs: HEAD_INTERVAL_MS });
  try {
    await stage.openTenant();
    await stage.createConnectorAccounts();
    const proxy = await exchangeProxy(stage.tenantUrl, between);
    const told = { stage, urls: [stage.tenantUrl, proxy.url], exchanges: proxy.exchanges };
    stage.proxied = proxy;
    await stage.enrolConnect();
    await stage.createDomain();
    await stage.pair();
    const { temporaryPassword } = await runCliJson<{ temporaryPassword: string }>([
      ...['tenant', 'user', 'create', OLGA, ...stage.remote],
    ]);
    assert.match(await changeOnPage(stage, OLGA, temporaryPassword, PASSWORDS.olga), /good from now on/);
    await begin?.(told);
    await stage.connect.start();
    await stage.domain.start();
    await play(stage, proxy);
    await stage.domain.stop();
    await stage.connect.stop();
    await stopDomain(layoutOf(DOMAINS.managed));
    await end(told);
  } finally {
    await stage.close();
    await stage.proxied?.close();
    await stopDomain(layoutOf(DOMAINS.managed));
    await stopDomain(layoutOf(RECORDED));
  }
}

async function play(stage: Stage, { exchanges }: ExchangeProxy): Promise<void> {
  const entryOf = async (user: string): Promise<Entry | undefined> =>
    (await stage.domainStatus<{ entry: Entry | null }>(user).catch(() => undefined))?.entry ?? undefined;
  const becomes = (user: string, what: (entry: Entry) => boolean): Promise<true> =>
    eventually(
      `${user} in the managed domain`,
      async () => {
        const entry = await entryOf(user);
        return entry !== undefined && what(entry);
      },
      PATIENCE,
    );
  for (const user of [...PEOPLE.map(upn), OLGA]) await becomes(user, ({ hasCredential }) => hasCredential);

  const before = (await entryOf(upn('alice')))!.credentialSequence!;
  await setPassword(RECORDED, dn('alice'), PASSWORDS.aliceNext);
  await becomes(upn('alice'), ({ credentialSequence }) => credentialSequence! > before);
  const replace = (name: Name, attributes: Record<string, string[]>) =>
    change(RECORDED, { dn: dn(name), change: 'modify', replace: attributes });
  await replace('bob', { userAccountControl: ['514'] });
  await becomes(upn('bob'), ({ wantsEnabled }) => !wantsEnabled);
  await setPassword(RECORDED, dn('dave'), PASSWORDS.daveNext, { mustChange: true });
  await becomes(upn('dave'), ({ withdrawn }) => withdrawn);
  // No record of the first release can hold that name.
  await replace('erin', {
    userPrincipalName: [`\u0007${upn('erin')}`],
    userAccountControl: ['514'],
  });
  await becomes(upn('erin'), ({ wantsEnabled }) => !wantsEnabled);
  await deleteUser(RECORDED, dn('carol'));
  await becomes(upn('carol'), ({ deletedAt }) => deletedAt !== null);

  // Waits for a head of all that, its receipt, and the head whose answer carries the receipt.
  const heads = () => exchanges.filter(({ path }) => path === '/api/v1/sync/head').length;
  const until = heads() + 4;
  await eventually('heads and receipts', async () => heads() >= until, PATIENCE);
}
