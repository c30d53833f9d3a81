const EPOCH_DIFFERENCE_MS = 11_644_473_600_000n;

/** A FILETIME ([MS-DTYP] 2.3.3): 100-nanosecond intervals since 1601-01-01 UTC. */
export type Filetime = bigint;

/** `accountExpires` and similar attributes: 0 and this mean never. */
export const FILETIME_NEVER: Filetime = 0x7fff_ffff_ffff_ffffn;

export function filetimeToDate(filetime: Filetime): Date {
  return new Date(Number(filetime / 10_000n - EPOCH_DIFFERENCE_MS));
}

/** A FILETIME ([MS-DTYP] 2.3.3) as ISO 8601 text; null for never, and for times beyond the year 9999, which amount to the same. */
export function filetimeToIso(filetime: bigint): string | null {
  if (filetime >= FILETIME_NEVER) return null;
  const date = filetimeToDate(filetime);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? null : date.toISOString();
}

export function dateToFiletime(date: Date): Filetime {
  return (BigInt(date.getTime()) + EPOCH_DIFFERENCE_MS) * 10_000n;
}

/** The last DSTIME that a Date can hold: 8.64 * 10^15 ms after 1970. */
export const MAX_DSTIME = 8_651_644_473_600n;

/** DSTIME ([MS-DRSR] 5.51): seconds since 1601-01-01 UTC, used in replication metadata. */
export function dstimeToDate(seconds: bigint): Date {
  return new Date(Number(seconds * 1000n - EPOCH_DIFFERENCE_MS));
}

/** The time in whole seconds, rounded down. */
export function dateToDstime(date: Date): bigint {
  return (BigInt(date.getTime()) + EPOCH_DIFFERENCE_MS) / 1000n;
}
