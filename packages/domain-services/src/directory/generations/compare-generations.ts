import { type Generation, generationText, type KnownGeneration } from './generation.ts';

/**
 * `together`: ledger and directory were never apart. `directory-older`: the directory was restored, so it may lack what the ledger says is
 * written. `ledger-older`: the ledger is new, was restored, or belongs to another directory.
 */
export type Reunion = 'together' | 'directory-older' | 'ledger-older';

/**
 * Whether the ledger and the directory have seen the same changes. The ledger records a generation before the directory has it, so a kill
 * in between leaves the directory with the previous one. No generation gets a counter that either of the two has had. The side with the
 * smaller counter is the older one. If two equal counters differ, the directory counts as older, which costs most and loses nothing.
 */
export function compareGenerations(
  known: KnownGeneration | undefined,
  found: Generation | undefined,
): Reunion {
  const text = found ? generationText(found) : '';
  if (known === undefined) return found ? 'ledger-older' : 'together';
  if (text === generationText(known) || (!known.isWritten && text === known.before)) return 'together';
  return found && found.counter > known.counter ? 'ledger-older' : 'directory-older';
}
