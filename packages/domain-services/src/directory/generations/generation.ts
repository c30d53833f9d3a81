import { z } from 'zod';
import type { StateBook } from '../../ledger/state-book.ts';

/** What the directory stores beside its accounts. Each generation succeeds the one before. */
export interface Generation {
  counter: number;
  /** Random, so that two directories or ledgers that went apart never agree. */
  value: string;
}

const Known = z.strictObject({
  counter: z.number(),
  value: z.string(),
  /** What the directory had before, as text. While `isWritten` is false, it may still have that. */
  before: z.string(),
  isWritten: z.boolean(),
});
export type KnownGeneration = z.infer<typeof Known>;

export const generationText = ({ counter, value }: Generation): string => `${counter} ${value}`;

/** @param text empty if there is none */
export function readGeneration(text: string): Generation | undefined {
  const [, counter, value] = /^(\d{1,15}) (\S+)$/.exec(text) ?? [];
  return counter === undefined || value === undefined ? undefined : { counter: Number(counter), value };
}

/** The last generation that the ledger knows; undefined before the first one. */
export function knownGeneration(state: StateBook): KnownGeneration | undefined {
  const text = state.get('generation');
  return text === undefined ? undefined : Known.parse(JSON.parse(text));
}

export const saveGeneration = (state: StateBook, known: KnownGeneration): void =>
  state.set('generation', JSON.stringify(known satisfies KnownGeneration));
