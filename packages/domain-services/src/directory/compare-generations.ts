import { type Generation, generationText, type KnownGeneration } from '../ledger/generation.ts';

/**
 * `together`: ledger and directory were never apart. `directory-older`: the directory was restored, so what the ledger says is written
 * need not be. `ledger-older`: the ledger is new, was restored, or is another directory's.
 */
export type Reunion = 'together' | 'directory-older' | 'ledger-older';

/**
 * Whether the ledger and the directory have seen the same. The ledger puts down a generation before the directory has it, so that a
 * kill in between leaves the directory with the one before. A generation is never drawn with a counter that either of the two has had:
 * the smaller counter is the older side, and of two equal ones that differ the directory is taken for it, which costs most and loses
 * nothing.
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
