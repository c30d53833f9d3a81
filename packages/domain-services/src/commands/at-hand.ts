import { domainStatus } from '@causeway/samba';
import { CausewayError, callLocally, describeError, lockState, printResult } from '@causeway/service';
import { type Command, execute } from '../admin/administration.ts';
import { adoptBlocks, applyBlocks } from '../apply/blocks.ts';
import { type DomainConfiguration, limitsOf, loadDomainConfiguration } from '../configuration.ts';
import { requireCreated } from '../creation/creation.ts';
import { ManagedDirectory } from '../directory/managed-directory.ts';
import { Ledger } from '../ledger/ledger.ts';
import { openDomainKeys, publicDomainKeys } from '../pairing/domain-keys.ts';
import { placesOf } from '../places.ts';
import { openTenant, requireEnrolment } from '../registration/identity.ts';
import type { CommandFlags } from './command-options.ts';

/** Asks the running service, or, when none runs, does the same on its ledger. @param work gives what the service would answer */
export async function askOrDo<T>(
  configuration: DomainConfiguration,
  method: 'GET' | 'POST',
  path: string,
  work: (opened: Opened) => T | Promise<T>,
  body?: unknown,
): Promise<T> {
  try {
    return (await callLocally(configuration.stateDirectory, 'domain', method, path, body)) as T;
  } catch (error) {
    if (!(error instanceof CausewayError) || error.code !== 'not-running') throw error;
  }
  const places = placesOf(configuration);
  const lock = lockState(places.stateDirectory, places.domain.directory);
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

/** Shows what the running service answers; where none runs, what the ledger says. */
export async function look<T>(
  flags: CommandFlags,
  path: string,
  read: (opened: Opened) => T,
  lines: (value: T) => string[],
): Promise<void> {
  const value = await askOrDo(loadDomainConfiguration(flags), 'GET', path, read);
  printResult(flags.json, value, () => lines(value));
}

/** Has a command carried out, and prints what was done. */
export async function perform(flags: CommandFlags, command: Command): Promise<void> {
  const work = (opened: Opened) =>
    execute({ ...opened, applyBlocks: () => applyOnce(opened) }, opened.send, command);
  const result = await askOrDo(loadDomainConfiguration(flags), 'POST', '/commands', work, command);
  printResult(flags.json, result, () => [result.message]);
}

/** Where no service runs, the managed domain may: what its accounts say of blocks is heard first, as at the service's start. */
async function applyOnce({ ledger, places }: Opened): Promise<string | undefined> {
  if (!domainStatus(places.domain).running) return undefined;
  const directory = new ManagedDirectory(places.domain);
  try {
    await adoptBlocks({ ledger, directory });
    return await applyBlocks({ ledger, directory });
  } catch (error) {
    return describeError(error);
  } finally {
    await directory.close();
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
