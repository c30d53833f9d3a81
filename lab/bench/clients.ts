import { NotYet, type Patience, timeUntil } from '@causeway/service/testing';
import type { SeededUser } from '../domains/seed.ts';
import { krb5ConfFile } from '../domains/table.ts';
import { tryKinit } from '../domains/try-password.ts';
import { signIn } from '../places/sign-in.ts';
import type { Scene } from './scene.ts';

/** Other people's clients. @returns undefined when the sign-in succeeds, otherwise the answer */
interface Clients {
  web(user: SeededUser, password: string): Promise<string | undefined>;
  kinit(user: SeededUser, password: string): Promise<string | undefined>;
}

/** Milliseconds until each client gets the expected answer. */
export interface Sample {
  readonly web: number;
  readonly kinit: number;
}

/** Clients of the tenant's web sign-in and of the managed domain. Namesakes of the two forests differ in the principal name. */
export async function openClients({ stage, managed }: Scene): Promise<Clients> {
  const party = await stage.registerApplication();
  const kerberos = { realm: managed.realm, krb5Conf: krb5ConfFile() };
  return {
    web: async ({ upn }, password) => {
      const led = await signIn(party, upn, password);
      return led.ok ? undefined : led.page;
    },
    kinit: async ({ upn }, password) => {
      const { ok, error } = await tryKinit({ user: upn, ...kerberos, password });
      return ok ? undefined : (error ?? 'refused');
    },
  };
}

/** Both clients retry, in parallel. */
export async function untilBoth(
  { web, kinit }: Clients,
  user: SeededUser,
  password: string,
  outcome: 'accepted' | 'refused',
  patience?: Patience,
): Promise<Sample> {
  const until = (where: string, ask: Clients['web']): Promise<number> => {
    const look = async () => {
      const refusal = await ask(user, password);
      if (outcome === 'refused') return refusal !== undefined;
      return refusal === undefined || new NotYet(refusal);
    };
    return timeUntil(`${user.upn} ${outcome} ${where}`, look, { lookMs: 50, ...patience });
  };
  const [first, second] = await Promise.all([until('at web sign-in', web), until('by kinit', kinit)]);
  return { web: first, kinit: second };
}
