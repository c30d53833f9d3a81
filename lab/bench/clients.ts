import type { SeededUser } from '../domains/seed.ts';
import { krb5ConfFile } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import { signIn } from '../places/sign-in.ts';
import type { Scene } from './scene.ts';
import { eventually, type Patience } from './wait.ts';

/** Somebody else's clients. @returns whether they are let in */
interface Clients {
  web(user: SeededUser, password: string): Promise<boolean>;
  kinit(user: SeededUser, password: string): Promise<boolean>;
}

/** Milliseconds until each client says what was waited for. */
export interface Sample {
  readonly web: number;
  readonly kinit: number;
}

/** Clients of the tenant's web sign-in and of the managed domain; a person's names of both forests differ in the principal name. */
export async function openClients({ stage, managed }: Scene): Promise<Clients> {
  const party = await stage.registerApplication();
  const kerberos = { realm: managed.realm, krb5Conf: krb5ConfFile() };
  return {
    web: async ({ upn }, password) => (await signIn(party, upn, password)).ok,
    kinit: async ({ upn }, password) => (await tryKinit({ user: upn, ...kerberos, password })).ok,
  };
}

/** Both clients try again and again, beside each other. */
export async function untilBoth(
  { web, kinit }: Clients,
  user: SeededUser,
  password: string,
  outcome: 'accepted' | 'refused',
  patience?: Patience,
): Promise<Sample> {
  const wanted = outcome === 'accepted';
  const [first, second] = await Promise.all([
    eventually(
      `${user.upn} ${outcome} at web sign-in`,
      async () => (await web(user, password)) === wanted,
      patience,
    ),
    eventually(
      `${user.upn} ${outcome} by kinit`,
      async () => (await kinit(user, password)) === wanted,
      patience,
    ),
  ]);
  return { web: first, kinit: second };
}
