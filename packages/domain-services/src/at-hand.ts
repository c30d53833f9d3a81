import { CausewayError, lockState } from '@causeway/service';
import { type DomainConfiguration, limitsOf } from './configuration.ts';
import { requireCreated } from './creation.ts';
import { openDomainKeys, publicDomainKeys } from './domain-keys.ts';
import { openTenant, requireEnrolment } from './identity.ts';
import { Ledger } from './ledger.ts';
import { placesOf } from './places.ts';

/** The answer of the running service; nothing when none runs. */
export async function running<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'not-running') return undefined;
    throw error;
  }
}

/** Works on the ledger of a service that does not run. */
export async function withLedger<T>(
  configuration: DomainConfiguration,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const lock = lockState(configuration.stateDirectory);
  try {
    const opened = await open(configuration);
    try {
      return await work(opened);
    } finally {
      opened.ledger.close();
    }
  } finally {
    lock.release();
  }
}

export type Opened = Awaited<ReturnType<typeof open>>;

async function open(configuration: DomainConfiguration) {
  const places = placesOf(configuration);
  requireCreated(places);
  const enrolment = requireEnrolment(places);
  const keys = publicDomainKeys(await openDomainKeys(places));
  const send = await openTenant(places, configuration.tenant, enrolment);
  const { realm } = configuration;
  const limits = limitsOf(configuration);
  return { ledger: new Ledger(places.ledger), send, places, enrolment, keys, realm, limits };
}
