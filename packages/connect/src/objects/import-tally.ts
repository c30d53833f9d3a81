import { isDeepStrictEqual } from 'node:util';
import type { ImportedObject } from '@causeway/active-directory';
import type { Run } from '../runs/run.ts';
import type { ConnectorStore } from '../store/store.ts';
import type { DecidedObject, DirectoryObject } from './merge.ts';

/**
 * Counts what an import brings and what follows from it. Imported objects are merged at once, so import and synchronization happen
 * together, yet they are two runs.
 */
export class ImportTally {
  readonly #import: Run;
  readonly #synchronization: Run;

  private constructor(importing: Run, synchronization: Run) {
    this.#import = importing;
    this.#synchronization = synchronization;
  }

  /** Runs the work inside both runs. If nothing could be imported, nothing was synchronized. */
  static async during<T>({ runs }: ConnectorStore, work: (tally: ImportTally) => Promise<T>): Promise<T> {
    const [importing, synchronizing] = [runs.begin('import'), runs.begin('synchronization')];
    const tally = new ImportTally(importing, synchronizing);
    try {
      const done = await runs.during(importing, () => work(tally));
      runs.end(synchronizing);
      return done;
    } catch (error) {
      runs.stop(synchronizing);
      throw error;
    }
  }

  /** Every object is imported again. */
  isFull(): void {
    this.#import.whole = true;
  }

  /** Every object is decided again. */
  isDecidedAnew(): void {
    this.#synchronization.whole = true;
  }

  /** @param withMembers the directory reported that members of the group were added or removed */
  merged(
    known: (DirectoryObject & Partial<DecidedObject>) | undefined,
    object: DecidedObject,
    withMembers = false,
  ): void {
    this.#import.count(whatOf(known, object, withMembers));
    this.decided(known, object);
  }

  /** Counts what the object becomes for the tenant. */
  decided(known: Partial<DecidedObject> | undefined, { desiredDigest }: DecidedObject): void {
    const before = known?.desiredDigest;
    const isSame = before === desiredDigest;
    this.#synchronization.count(
      isSame
        ? 'unchanged'
        : before === undefined
          ? 'adds'
          : desiredDigest === undefined
            ? 'deletes'
            : 'updates',
    );
  }

  /** Counts the objects that a full import did not meet. */
  gone({ gone, fromScope }: { gone: number; fromScope: number }): void {
    this.#import.count('deletes', gone);
    this.#synchronization.count('deletes', fromScope);
  }

  /** Counts an object of which at least one value was not accepted. */
  refused(
    object: Pick<ImportedObject, 'objectGuid' | 'distinguishedName'>,
    code: string,
    reason: string,
  ): void {
    this.#import.fail({ guid: object.objectGuid, dn: object.distinguishedName, code, reason });
  }
}

function whatOf(
  known: DirectoryObject | undefined,
  object: DirectoryObject,
  withMembers: boolean,
): 'adds' | 'updates' | 'deletes' | 'unchanged' {
  if (known === undefined || known.deleted) return object.deleted ? 'unchanged' : 'adds';
  if (object.deleted) return 'deletes';
  const isSame =
    !withMembers && known.dn === object.dn && isDeepStrictEqual(known.attributes, object.attributes);
  return isSame ? 'unchanged' : 'updates';
}
