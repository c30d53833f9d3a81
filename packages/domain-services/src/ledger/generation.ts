import { z } from 'zod';
import type { StateBook } from './state-book.ts';

/** What stands in the directory beside its accounts: each one is the successor of the one before. */
export interface Generation {
  counter: number;
  /** Random, so that two directories or ledgers that went apart never agree. */
  value: string;
}

const Known = z.strictObject({
  counter: z.number(),
  value: z.string(),
  /** What the directory had before, as text: it has that still where `isWritten` is false, perhaps. */
  before: z.string(),
  isWritten: z.boolean(),
});
export type KnownGeneration = z.infer<typeof Known>;

export const generationText = ({ counter, value }: Generation): string => `${counter} ${value}`;

/** @param text empty where there is none */
export function readGeneration(text: string): Generation | undefined {
  const [, counter, value] = /^(\d{1,15}) (\S+)$/.exec(text) ?? [];
  return counter === undefined || value === undefined ? undefined : { counter: Number(counter), value };
}

/** The generation that the ledger knows last; undefined before the first one. */
export function knownGeneration(state: StateBook): KnownGeneration | undefined {
  const text = state.get('generation');
  return text === undefined ? undefined : Known.parse(JSON.parse(text));
}

export const saveGeneration = (state: StateBook, known: KnownGeneration): void =>
  state.set('generation', JSON.stringify(known satisfies KnownGeneration));
