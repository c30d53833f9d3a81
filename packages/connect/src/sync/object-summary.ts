import type { ExportSummary } from '../objects/export-step.ts';
import type { ImportSummary } from '../objects/import-step.ts';

/** What a cycle did with objects. */
export type ObjectSummary = ImportSummary & ExportSummary;

/** The summary of a Connect that stages. */
export const NO_EXPORT: ExportSummary = {
  upserted: 0,
  deleted: 0,
  refused: 0,
  retried: 0,
  suppressedDeletes: 0,
  suppressedCreations: 0,
  slices: 0,
};

/** The summary of a cycle of passwords only. */
export const NO_OBJECTS: ObjectSummary = {
  imported: 0,
  full: false,
  ...NO_EXPORT,
};
