import { type LdapConnection, LdapError, type RootDse, textOf } from '@causeway/ldap';

const DAY_MS = 24 * 60 * 60_000;
/** Of a forest that says nothing. */
const DEFAULT_DAYS = 60;
/** The shortest that a forest can have. */
const LEAST_DAYS = 2;

/**
 * Whether an import that began at a time, by the domain controller's clock, is too long ago for a delta: that would not tell of who was
 * deleted since and whose tombstone is gone, too. The limit is half of what a tombstone lives, because a deletion reaches the domain
 * controller some time after it was made somewhere else. A difference of clocks counts in both directions; a time that nobody kept is
 * too long ago.
 */
export async function outlivesTombstones(
  connection: LdapConnection,
  { currentTime, configurationNamingContext }: RootDse,
  time: Date | undefined,
): Promise<boolean> {
  if (currentTime === undefined) return false; // all domain controllers say it
  if (time === undefined) return true;
  const age = Math.abs(currentTime.getTime() - time.getTime());
  if (age < (LEAST_DAYS * DAY_MS) / 2) return false; // nothing more is asked, cycle after cycle
  return age >= ((await readTombstoneDays(connection, configurationNamingContext)) * DAY_MS) / 2;
}

/**
 * How many days a deleted object is there at least ([MS-ADTS] 3.1.1.5.5, 6.1.1.2.4.1.1): the shorter one of its life as a tombstone and,
 * with the recycle bin, as a deleted object. To Windows a value that is too short is 2 or 60 days, by its version. What the account may
 * not read looks like what nobody set.
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
