import { statSync } from 'node:fs';
import type { z } from 'zod';
import { CausewayError } from './causeway-error.ts';
import { readPrivateFile, writePrivateFile } from './platform.ts';

/**
 * What administrators confirmed: a JSON file beside the keys, and kept like them. A database that is lost or restored takes none of it
 * back. Whoever can write the file can exchange the keys, too.
 *
 * INVARIANT: the file is the truth. It is read once, by the process that holds the state folder's lock, and written whole at every
 * change. One that cannot be read is an error: empty, it would ask for every confirmation again, or take the first one that comes.
 */
export class KeptFile<T> {
  readonly #path: string | undefined;
  #value: T | undefined;

  /**
   * @param path undefined keeps it in memory (tests)
   * @throws CausewayError 'confirmations-unreadable' or 'file-not-private'
   */
  constructor(path: string | undefined, schema: z.ZodType<T>) {
    this.#path = path;
    if (path !== undefined && isThere(path)) this.#value = read(path, schema);
  }

  /** Undefined: nothing was ever confirmed, or the file is lost. */
  get value(): T | undefined {
    return this.#value;
  }

  /** It is on the disk when this returns. @throws CausewayError 'disk-full' or 'disk-failed'; nothing changed then */
  keep(value: T): void {
    if (this.#path !== undefined) writePrivateFile(this.#path, `${JSON.stringify(value, null, 2)}\n`);
    this.#value = value;
  }
}

/** A folder that cannot be entered is an error, and not a file that is missing. */
const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

function read<T>(path: string, schema: z.ZodType<T>): T {
  const text = readPrivateFile(path);
  let problem: string;
  try {
    const result = schema.safeParse(JSON.parse(text));
    if (result.success) return result.data;
    problem = result.error.issues
      .map(({ path: at, message }) => `${at.map(String).join('.') || 'the file'}: ${message}`)
      .join('; ');
  } catch {
    problem = 'it is no JSON';
  }
  throw new CausewayError(
    'confirmations-unreadable',
    `'${path}' says which keys were confirmed here, and it cannot be read: ${problem.slice(0, 1000)}`,
  );
}
