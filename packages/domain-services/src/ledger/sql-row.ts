import type { SQLOutputValue } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;

/** The row of one user or group. Its parameters are the forest and the anchor. */
export const OF_PERSON = 'WHERE forest = ? AND anchor = ?';

/** Reads a column that may be null. */
export const text = (value: SQLOutputValue | undefined): string | null =>
  value == null ? null : String(value);
export const number = (value: SQLOutputValue | undefined): number | null =>
  value == null ? null : Number(value);
