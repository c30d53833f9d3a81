import { describeError, isDiskError } from '@causeway/service';
import { cannotStore } from '../samba-connection.ts';
import type { Write, WriteResult } from '../write.ts';
import type { LdbModify } from './ldb-modify.ts';
import { renderLdif } from './ldif.ts';

/** Fewer writes go one by one over LDAP: they take no longer than a start of `ldbmodify`. */
export const BULK_FROM = 50;
/** A batch that failed this often is not tried again: its objects are written one by one. */
const MAX_TRIES = 4;
/** `ldbmodify` names the first line after the change that failed. */
const FAILED_BEFORE_LINE = /at block before line (\d+)/;
/** Its exit code is LDAP's result code. Samba's database returns this one when its disk rejects a write. */
const DISK_TROUBLE = /^ldbmodify \S+ ended with 2: .*IO Error -> Protocol error/s;

/**
 * Writes a batch by `ldbmodify` straight into the database, ten times faster than over LDAP: one transaction, all
 * of it or nothing. The change that fails is left out and the rest written again, so it costs itself alone. A small
 * batch goes over LDAP.
 *
 * @param one writes a single change over LDAP, and says why it fails
 * @param slow called with a batch that has to be written one by one, and why
 * @returns a result for every write, in their order
 * @throws CausewayError 'disk-full', 'disk-failed' or 'directory-unavailable' when the directory accepts no write at all
 */
export async function writeInBulk(
  ldbModify: LdbModify,
  writes: readonly Write[],
  one: (write: Write) => Promise<WriteResult>,
  slow: (writes: number, reason: string) => void,
): Promise<WriteResult[]> {
  const results = new Map<Write, WriteResult>();
  const isSmall = writes.length < BULK_FROM;
  let rest = isSmall ? [] : [...writes];
  let singles = isSmall ? [...writes] : [];
  for (let tries = 0; rest.length > 0; tries++) {
    const failure = await writeBatch(ldbModify, rest);
    if (failure === undefined) {
      for (const write of rest) results.set(write, { ok: true });
      break;
    }
    const index = tries < MAX_TRIES ? failure.index : -1;
    if (index === -1) slow(rest.length, failure.reason);
    const failed = index === -1 ? rest : [rest[index]!];
    singles = [...singles, ...failed];
    rest = rest.filter(write => !failed.includes(write));
  }
  for (const write of singles) results.set(write, await one(write));
  return writes.map(write => results.get(write)!);
}

/** @returns undefined when all is written; else nothing is, and `index` is the change that failed, or -1 */
async function writeBatch(
  ldbModify: LdbModify,
  writes: readonly Write[],
): Promise<{ index: number; reason: string } | undefined> {
  const { ldif, firstLines } = renderLdif(writes);
  try {
    await ldbModify.write(ldif);
    return undefined;
  } catch (error) {
    if (isDiskError(error)) throw error;
    const reason = describeError(error);
    if (DISK_TROUBLE.test(reason)) throw cannotStore(error as Error, ldbModify.directory);
    const line = Number(FAILED_BEFORE_LINE.exec(reason)?.[1] ?? Number.NaN);
    return { index: firstLines.findLastIndex(first => first < line), reason };
  } finally {
    ldif.fill(0);
  }
}
