import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { holdsDomain, readDomain } from '@causeway/samba';
import { CausewayError, writePrivateFile } from '@causeway/service';
import { z } from 'zod';
import type { DomainConfiguration } from '../configuration.ts';
import type { Places } from '../places.ts';

/** A setting that Samba ignores. It tells a domain that this creation made from somebody else's. */
export const CREATION_SETTING = 'causeway:creation';

/** What `create` is to make. It is written before anything else, so that an interrupted creation is recognized. */
const Creation = z.strictObject({
  /** Also in the domain's own settings: a domain without it is not ours. */
  id: z.uuid(),
  realm: z.string(),
  netbiosDomain: z.string(),
  hostName: z.string(),
  address: z.string(),
  directory: z.string(),
  completedAt: z.iso.datetime().nullable(),
});
export type Creation = z.infer<typeof Creation>;

/**
 * The creation that was interrupted here, or a new one of which nothing is written yet.
 * @throws CausewayError 'domain-exists' or 'other-creation': nothing is adopted or overwritten that this did not make
 */
export function planCreation(places: Places, configuration: DomainConfiguration): Creation {
  const { realm, netbiosDomain, hostName, address } = configuration;
  const { directory } = places.domain;
  const wanted = { realm, netbiosDomain, hostName, address, directory };
  const begun = readCreation(places);
  if (begun === undefined) {
    refuseOccupied(directory);
    return { id: randomUUID(), ...wanted, completedAt: null };
  }
  if (begun.completedAt !== null) {
    throw new CausewayError(
      'domain-exists',
      `the managed domain ${begun.realm} was made here at ${begun.completedAt}`,
    );
  }
  const different = Object.entries(wanted).find(([name, value]) => begun[name as keyof Creation] !== value);
  if (different) {
    throw new CausewayError(
      'other-creation',
      `a creation was cut off here with ${different[0]} '${begun[different[0] as keyof Creation]}', now it says '${different[1]}'`,
    );
  }
  if (holdsDomain(places.domain)) refuseStranger(places, begun);
  else refuseOccupied(directory);
  return begun;
}

/** Records that the creation has begun: from here on parts of the domain may exist. */
export function beginCreation(places: Places, creation: Creation): void {
  saveCreation(places, creation);
}

/** Records that the domain is complete. */
export function completeCreation(places: Places, creation: Creation): void {
  saveCreation(places, { ...creation, completedAt: new Date().toISOString() });
}

/** @throws CausewayError 'no-domain' unless the domain here is complete and ours */
export function requireCreated(places: Places): Creation {
  const creation = readCreation(places);
  if (!creation?.completedAt || !holdsDomain(places.domain)) {
    throw new CausewayError('no-domain', `no complete managed domain in '${places.stateDirectory}'`);
  }
  refuseStranger(places, creation);
  return creation;
}

function readCreation(places: Places): Creation | undefined {
  if (!existsSync(places.creation)) return undefined;
  return Creation.parse(JSON.parse(readFileSync(places.creation, 'utf8')));
}

function saveCreation(places: Places, creation: Creation): void {
  writePrivateFile(places.creation, `${JSON.stringify(creation, null, 2)}\n`);
}

function refuseStranger(places: Places, creation: Creation): void {
  if (readDomain(places.domain).extraSettings?.[CREATION_SETTING] === creation.id) return;
  throw new CausewayError(
    'domain-exists',
    `the domain in '${places.domain.directory}' was not made from '${places.stateDirectory}': it is left as it is`,
  );
}

function refuseOccupied(directory: string): void {
  if (!existsSync(directory) || readdirSync(directory).length === 0) return;
  throw new CausewayError(
    'domain-exists',
    `'${directory}' is not empty and was not made by this command: it is left as it is`,
  );
}
