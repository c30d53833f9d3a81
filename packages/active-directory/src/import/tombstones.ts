import { type LdapConnection, LdapError, type RootDse, textOf } from '@causeway/ldap';

const DAY_MS = 24 * 60 * 60_000;
/** If the forest sets nothing. */
const DEFAULT_DAYS = 60;
/** The shortest lifetime that a forest can have. */
const LEAST_DAYS = 2;

/**
 * Whether an import that began at this time, by the domain controller's clock, is too old for a delta. Such a delta would miss objects that
 * were deleted since and whose tombstones have expired. The limit is half of a tombstone's lifetime, because a deletion takes time to reach
 * this domain controller. A difference of clocks counts in both directions. An unknown time is too old.
 */
export async function outlivesTombstones(
  connection: LdapConnection,
  { currentTime, configurationNamingContext }: RootDse,
  time: Date | undefined,
): Promise<boolean> {
  if (currentTime === undefined) return false; // every domain controller reports it
  if (time === undefined) return true;
  const age = Math.abs(currentTime.getTime() - time.getTime());
  if (age < (LEAST_DAYS * DAY_MS) / 2) return false; // saves a search per cycle
  return age >= ((await readTombstoneDays(connection, configurationNamingContext)) * DAY_MS) / 2;
}

/**
 * For how many days a deleted object exists at least ([MS-ADTS] 3.1.1.5.5, 6.1.1.2.4.1.1): the shorter of its lifetimes as a tombstone and,
 * with the recycle bin, as a deleted object. Windows reads a value that is too small as 2 or 60 days, depending on its version. A value
 * that the account may not read looks like one that was never set.
 */
async function readTombstoneDays(
  connection: LdapConnection,
  configurationNamingContext: string,
): Promise<number> {
  const attributes = ['tombstoneLifetime', 'msDS-DeletedObjectLifetime'];
  const dn = `CN=Directory Service,CN=Windows NT,CN=Services,${configurationNamingContext}`;
  const [entry] = await connection.search(dn, { scope: 'base', attributes }).catch(nothingIfRefused);
  const days = attributes.flatMap(name => {
    const text = entry && textOf(entry, name);
    return text !== undefined && /^\d{1,9}$/.test(text) ? [Number(text)] : [];
  });
  return days.length === 0 ? DEFAULT_DAYS : Math.max(LEAST_DAYS, Math.min(...days));
}

function nothingIfRefused(error: unknown): [] {
  if (error instanceof LdapError && error.resultCode !== undefined) return [];
  throw error;
}
