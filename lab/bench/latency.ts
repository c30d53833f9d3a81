import { setTimeout as delay } from 'node:timers/promises';
import { type SeededUser, seededUsers } from '../domains/seed.ts';
import { randomPassword } from '../domains/table.ts';
import { disableUser, enableUser, setPassword } from '../domains/users.ts';
import { openClients, type Sample, untilBoth } from './clients.ts';
import { type Measurement, percentiles } from './measure/row.ts';
import type { Scene } from './scene.ts';

const SAMPLES = 24;
const TRIAL_SAMPLES = 2;
/** Connect polls several times a second, and changes come at any moment between. */
const POLL_MS = 500;
const MINUTE = 60_000;

/** From the domain controller's answer to an administrator, until other people's clients sign in or are rejected. */
export async function measureLatency(scene: Scene): Promise<Measurement[]> {
  const { ground } = scene;
  const forest = scene.forests[0]!;
  const clients = await openClients(scene);
  const users = seededUsers(forest)
    .filter(user => user.kind === 'plain')
    .slice(0, ground.trial ? TRIAL_SAMPLES : SAMPLES);
  const changed: Sample[] = [];
  const disabled: Sample[] = [];
  ground.report(`changing ${users.length} passwords, one after the other`);
  const passwords = new Map<SeededUser, string>();
  for (const user of users) {
    const password = randomPassword();
    passwords.set(user, password);
    await delay(Math.random() * POLL_MS);
    await setPassword(forest, user.sam, password);
    changed.push(await untilBoth(clients, user, password, 'accepted'));
  }
  ground.report(`disabling ${users.length} people, one after the other`);
  for (const user of users) {
    const password = passwords.get(user)!;
    await delay(Math.random() * POLL_MS);
    await disableUser(forest, user.sam);
    disabled.push(await untilBoth(clients, user, password, 'refused'));
  }
  ground.report('enabling them again');
  for (const user of users) await enableUser(forest, user.sam);
  for (const user of users) await untilBoth(clients, user, passwords.get(user)!, 'accepted');
  const original = (minutes: number) => ({
    yardstick: minutes * MINUTE,
    against: `the original: ${minutes} minutes`,
  });
  return [
    ...percentiles(
      'password change to web sign-in',
      changed.map(s => s.web),
      1000,
      original(2),
    ),
    ...percentiles(
      'password change to kinit',
      changed.map(s => s.kinit),
      2000,
      original(20),
    ),
    ...percentiles(
      'disabled to refused at web sign-in',
      disabled.map(s => s.web),
      5000,
      original(30),
    ),
    ...percentiles(
      'disabled to refused by kinit',
      disabled.map(s => s.kinit),
      5000,
      original(30),
    ),
  ];
}
