const EPOCH_DIFFERENCE_MS = 11_644_473_600_000n;
/** `accountExpires` of an account that never does ([MS-ADTS] 3.1.1.1.5). */
export const FILETIME_NEVER = 0x7fff_ffff_ffff_ffffn;

/** A FILETIME ([MS-DTYP] 2.3.3) as ISO 8601 text; null for never and for times beyond the year 9999, which are as good as never. */
export function filetimeToIso(filetime: bigint): string | null {
  if (filetime >= FILETIME_NEVER) return null;
  const date = new Date(Number(filetime / 10_000n - EPOCH_DIFFERENCE_MS));
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? null : date.toISOString();
}
