/**
 * The tables of a bulk book. A step of both stores' migrations, so it must never change. For each minute in which the number of objects
 * changed: the largest number, and the last one, which holds until the next. No column ever holds a secret.
 */
export const BULK_TABLES = `
  CREATE TABLE bulk_level (
    scope TEXT NOT NULL, kind TEXT NOT NULL, minute INTEGER NOT NULL, most INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (scope, kind, minute)
  ) WITHOUT ROWID;
  CREATE TABLE bulk_went (
    scope TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, minute INTEGER NOT NULL, objects INTEGER NOT NULL,
    PRIMARY KEY (scope, operation, kind, minute)
  ) WITHOUT ROWID;
  CREATE TABLE bulk_held (
    scope TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, anchor TEXT NOT NULL, change TEXT NOT NULL,
    since TEXT NOT NULL, approved INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, operation, kind, anchor)
  ) WITHOUT ROWID;
  CREATE TABLE bulk_shown (
    digest TEXT PRIMARY KEY, scope TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, shown_at TEXT NOT NULL,
    lines TEXT NOT NULL
  ) WITHOUT ROWID;
`;
