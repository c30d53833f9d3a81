import { askOrDo as askAtHand, serviceIn } from '@causeway/api';
import { type CallInput, type Done, type ReplyOf, domainRoutes as routes } from '@causeway/contract';
import { domainStatus } from '@causeway/samba';
import { describeError, lockState, printResult } from '@causeway/service';
import { type AdminContext, adminHandlers } from '../admin/handlers.ts';
import { adoptBlocks, applyBlocks } from '../apply/blocks.ts';
import { type DomainConfiguration, limitsOf, loadDomainConfiguration } from '../configuration.ts';
import { requireCreated } from '../creation/creation.ts';
import { ManagedDirectory } from '../directory/managed-directory.ts';
import { domainSids } from '../directory/shadow-groups.ts';
import { Ledger } from '../ledger/ledger.ts';
import { openDomainKeys, publicDomainKeys } from '../pairing/domain-keys.ts';
import { placesOf } from '../places.ts';
import { openTenant, requireIdentity } from '../registration/identity.ts';
import { registerAgain } from '../registration/register.ts';
import type { CommandFlags } from './command-options.ts';

export type RouteName = keyof typeof routes;
export type Input<N extends RouteName> = CallInput<(typeof routes)[N]>;
export type Reply<N extends RouteName> = ReplyOf<(typeof routes)[N]>;

/** Asks the running service. Where none runs, the command takes its place: the same handler answers, on the same ledger. */
export async function askOrDo<N extends RouteName>(
  configuration: DomainConfiguration,
  name: N,
  input: Input<N>,
): Promise<Reply<N>> {
  const service = serviceIn(configuration.stateDirectory, 'domain');
  const asked = await askAtHand<typeof routes, N, undefined>(
    { service, routes },
    name,
    input,
    async answer => {
      const places = placesOf(configuration);
      const lock = lockState(places.stateDirectory, places.domain.directory);
      try {
        const opened = await open(configuration);
        try {
          return await answer(adminHandlers(opened), undefined);
        } finally {
          opened.ledger.close();
        }
      } finally {
        lock.release();
      }
    },
  );
  return asked.result;
}

/** Routes that carry out a decision and answer with a message. */
type Decision = { [N in RouteName]: Reply<N> extends Done ? N : never }[RouteName];

/** Shows the answer of the running service; where none runs, what the ledger says. */
export async function look<N extends RouteName>(
  flags: CommandFlags,
  name: N,
  input: Input<N>,
  lines: (value: Reply<N>) => string[],
): Promise<void> {
  const value = await askOrDo(loadDomainConfiguration(flags), name, input);
  printResult(flags.json, value, () => lines(value));
}

/** Carries out a decision, and prints what was done. */
export async function perform<N extends Decision>(
  flags: CommandFlags,
  name: N,
  body: Input<N>['body'],
): Promise<void> {
  const result: Done = await askOrDo(loadDomainConfiguration(flags), name, { body } as Input<N>);
  printResult(flags.json, result, () => [result.message]);
}

/**
 * Applies the blocks where no service runs but the managed domain may. Reads first what its accounts say about blocks, as the service does
 * at its start.
 */
async function applyOnce({
  ledger,
  places,
}: Pick<AdminContext, 'ledger' | 'places'>): Promise<string | undefined> {
  if (!domainStatus(places.domain).running) return undefined;
  const directory = new ManagedDirectory(places.domain, ledger);
  try {
    await adoptBlocks({ ledger, directory });
    return await applyBlocks({ ledger, directory });
  } catch (error) {
    return describeError(error);
  } finally {
    await directory.close();
  }
}

async function domainSidsOnce({
  ledger,
  places,
}: Pick<AdminContext, 'ledger' | 'places'>): Promise<string[]> {
  const directory = new ManagedDirectory(places.domain, ledger);
  try {
    return await domainSids(directory);
  } finally {
    await directory.close();
  }
}

async function open(configuration: DomainConfiguration): Promise<AdminContext> {
  const places = placesOf(configuration);
  requireCreated(places);
  const enrolment = requireIdentity(places);
  const keys = publicDomainKeys(await openDomainKeys(places));
  const send = await openTenant(places, configuration.tenant, enrolment);
  const { realm } = configuration;
  const limits = limitsOf(configuration);
  const ledger = new Ledger(places.ledger, undefined, places.confirmed);
  return {
    ...{ ledger, send, places, enrolment, keys, realm, limits },
    onPremisesSids: configuration.onPremisesSids,
    domainSids: () => domainSidsOnce({ ledger, places }),
    applyBlocks: () => applyOnce({ ledger, places }),
    register: async request => {
      await registerAgain({ ledger, places, configuration, keys }, request);
    },
  };
}
