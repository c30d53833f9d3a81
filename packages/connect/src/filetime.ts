import { FILETIME_NEVER, filetimeToDate } from '@causeway/wire';

/** A FILETIME ([MS-DTYP] 2.3.3) as ISO 8601 text; null for never and for times beyond the year 9999, which are as good as never. */
export function filetimeToIso(filetime: bigint): string | null {
  if (filetime >= FILETIME_NEVER) return null;
  const date = filetimeToDate(filetime);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? null : date.toISOString();
}
