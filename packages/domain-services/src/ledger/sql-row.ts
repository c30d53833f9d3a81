import type { SQLOutputValue } from 'node:sqlite';

export type Row = Record<string, SQLOutputValue>;

/** A column that may be null. */
export const text = (value: SQLOutputValue | undefined): string | null =>
  value == null ? null : String(value);
export const number = (value: SQLOutputValue | undefined): number | null =>
  value == null ? null : Number(value);
