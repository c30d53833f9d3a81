import { statSync } from 'node:fs';
import type { z } from 'zod';
import { CausewayError } from './causeway-error.ts';
import { readPrivateFile, writePrivateFile } from './platform.ts';

/**
 * What administrators confirmed: a JSON file beside the keys, and protected like them. It survives the loss or restore of a database.
 * Whoever can write the file can also replace the keys.
 *
 * INVARIANT: the file is authoritative. The process that holds the state folder's lock reads it once, and writes it whole at every change.
 * An unreadable file is an error: treated as empty, it would ask for every confirmation again, or accept the first key that comes.
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

  /** The value is on the disk when this returns. @throws CausewayError 'disk-full' or 'disk-failed', and then nothing has changed */
  keep(value: T): void {
    if (this.#path !== undefined) writePrivateFile(this.#path, `${JSON.stringify(value, null, 2)}\n`);
    this.#value = value;
  }
}

/** A folder that cannot be entered is an error; it is not the same as a missing file. */
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
