import { type LdapConnection, textOf } from '@causeway/ldap';
import { baseDn, type DomainPlace, readDomain } from '@causeway/samba';
import type { Ledger } from '../ledger/ledger.ts';
import { ldbSearch, ldbWrite, type Shown } from './ldb/ldb-tools.ts';

/**
 * How far the pool of free RIDs is raised above everything that was seen of it. So many may have been issued since. Microsoft's
 * instructions for a restored forest use the same number.
 */
const MARGIN = 100_000;
const LOW_HALF = 0xffff_ffffn;

const managerDn = (base: string): string => `CN=RID Manager$,CN=System,${base}`;

/** Remembers the first RID that was not issued yet, which a restored directory no longer knows. */
export async function noteRids(ledger: Ledger, ldap: LdapConnection, base: string): Promise<void> {
  const attributes = ['rIDAvailablePool'];
  const [manager] = await ldap.search(managerDn(base), { scope: 'base', attributes });
  const pool = manager && textOf(manager, 'rIDAvailablePool');
  if (pool !== undefined) note(ledger, Number(BigInt(pool) & LOW_HALF));
}

function note(ledger: Ledger, free: number): void {
  if (free > seen(ledger)) ledger.state.set('freeRids', String(free));
}

const seen = (ledger: Ledger): number => Number(ledger.state.get('freeRids') ?? 0);

/**
 * Removes from a restored directory the RIDs that may have been issued before, so that no new account gets the SID of a user who was
 * created after the backup. The domain controller draws a pool from the raised ones at the next account. It need not run.
 * @throws Error when the directory shows no pools
 */
export async function raiseRids(ledger: Ledger, place: DomainPlace): Promise<void> {
  const base = baseDn(readDomain(place));
  const [manager] = await ldbSearch(place, managerDn(base), { scope: 'base', filter: '(objectClass=*)' }, [
    'rIDAvailablePool',
  ]);
  const [free, last] = poolOf(manager, 'rIDAvailablePool');
  const raised = Math.max(free, seen(ledger)) + MARGIN;
  if (raised >= last) throw new Error(`the managed domain has no RIDs left: ${free} of ${last} are used`);
  const sets = await ldbSearch(place, `OU=Domain Controllers,${base}`, { filter: '(objectClass=rIDSet)' }, [
    'rIDAllocationPool',
    'rIDPreviousAllocationPool',
  ]);
  const replace = (name: string, value: string) => `replace: ${name}\n${name}: ${value}\n-\n`;
  const changes = [
    `dn: ${managerDn(base)}\nchangetype: modify\n${replace('rIDAvailablePool', `${raised}-${last}`)}`,
    ...sets.map(set => {
      // A pool that is used up, with none behind it.
      const [first, end] = poolOf(set, set.has('rIDPreviousAllocationPool') ? PREVIOUS : ALLOCATED);
      const pool = `${first}-${end}`;
      return `dn: ${set.get('dn')![0]}\nchangetype: modify\n${replace(ALLOCATED, pool)}${replace(PREVIOUS, pool)}${replace('rIDNextRID', String(end))}`;
    }),
  ];
  await ldbWrite(place, `${changes.join('\n')}\n`);
  note(ledger, raised);
}

const ALLOCATED = 'rIDAllocationPool';
const PREVIOUS = 'rIDPreviousAllocationPool';

function poolOf(object: Shown | undefined, attribute: string): [number, number] {
  const text = object?.get(attribute)?.[0] ?? '';
  const [, first, last] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined)
    throw new Error(`a pool of RIDs expected in ${attribute}, got '${text}'`);
  return [Number(first), Number(last)];
}
