import { setTimeout as delay } from 'node:timers/promises';
import { type SeededUser, seededUsers } from '../domains/seed.ts';
import { krb5ConfFile, randomPassword } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import { disableUser, setPassword } from '../domains/users.ts';
import { signIn } from '../places/sign-in.ts';
import type { Ground } from './ground.ts';
import { median, percentile } from './numbers.ts';
import type { Measurement } from './row.ts';
import { eventually } from './wait.ts';

const SAMPLES = 24;
/** Connect asks twice a second: changes come at any moment between. */
const POLL_MS = 500;
const MINUTE = 60_000;

interface Sample {
  readonly web: number;
  readonly kinit: number;
}

/** From the domain controller's answer to an administrator, to somebody else's client being let in or turned away. */
export async function measureLatency(ground: Ground): Promise<Measurement[]> {
  const party = await ground.stage.registerApplication();
  const { realm } = ground.managed;
  const web = async (user: SeededUser, password: string): Promise<boolean> =>
    (await signIn(party, user.upn, password)).ok;
  const kinit = async ({ sam }: SeededUser, password: string): Promise<boolean> =>
    (await tryKinit({ user: sam.slice(0, 20), realm, password, krb5Conf: krb5ConfFile() })).ok;

  const users = seededUsers()
    .filter(user => user.kind === 'plain')
    .slice(0, SAMPLES);
  const changed: Sample[] = [];
  const disabled: Sample[] = [];
  ground.report(`changing ${users.length} passwords, one after the other`);
  const passwords = new Map<SeededUser, string>();
  for (const user of users) {
    const password = randomPassword();
    passwords.set(user, password);
    await delay(Math.random() * POLL_MS);
    await setPassword(ground.onprem, user.sam, password);
    changed.push(
      await both(
        eventually(`${user.sam} at web sign-in`, () => web(user, password)),
        eventually(`${user.sam} by kinit`, () => kinit(user, password)),
      ),
    );
  }
  ground.report(`disabling ${users.length} people, one after the other`);
  for (const user of users) {
    const password = passwords.get(user)!;
    await delay(Math.random() * POLL_MS);
    await disableUser(ground.onprem, user.sam);
    disabled.push(
      await both(
        eventually(`${user.sam} refused at web sign-in`, async () => !(await web(user, password))),
        eventually(`${user.sam} refused by kinit`, async () => !(await kinit(user, password))),
      ),
    );
  }
  const original = (minutes: number) => ({
    yardstick: minutes * MINUTE,
    against: `the original: ${minutes} minutes`,
  });
  return [
    ...rows(
      'password change to web sign-in',
      changed.map(s => s.web),
      1000,
      original(2),
    ),
    ...rows(
      'password change to kinit',
      changed.map(s => s.kinit),
      2000,
      original(20),
    ),
    ...rows(
      'disabled to refused at web sign-in',
      disabled.map(s => s.web),
      5000,
      original(30),
    ),
    ...rows(
      'disabled to refused by kinit',
      disabled.map(s => s.kinit),
      5000,
      original(30),
    ),
  ];
}

async function both(web: Promise<number>, kinit: Promise<number>): Promise<Sample> {
  const [first, second] = await Promise.all([web, kinit]);
  return { web: first, kinit: second };
}

/** The median for information, the 95th percentile with its budget. */
function rows(
  name: string,
  values: readonly number[],
  budgetMs: number,
  original: { yardstick: number; against: string },
): Measurement[] {
  return [
    { name: `${name}, p50`, value: median(values), unit: 'ms', ...original },
    {
      name: `${name}, p95`,
      value: percentile(values, 0.95),
      unit: 'ms',
      ...original,
      budget: { of: 'value', atMost: budgetMs },
    },
  ];
}
