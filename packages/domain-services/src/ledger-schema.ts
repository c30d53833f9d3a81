import { BULK_TABLES } from '@causeway/service';

/** The ledger's tables; `user_version` counts the steps that were taken. No column ever holds a secret. */
export const LEDGER_STEPS: readonly string[] = [
  `
  CREATE TABLE accounts (
    anchor TEXT PRIMARY KEY,
    forest TEXT NOT NULL,
    object_guid TEXT NOT NULL,
    account_sequence INTEGER,
    credential_sequence INTEGER,
    order_version INTEGER,
    order_time INTEGER,
    order_invocation_id TEXT,
    has_credential INTEGER NOT NULL DEFAULT 0,
    wants_enabled INTEGER NOT NULL DEFAULT 0,
    user_principal_name TEXT NOT NULL,
    sam_account_name TEXT NOT NULL,
    nonce TEXT,
    managed_guid TEXT,
    delete_sequence INTEGER,
    accepted TEXT,
    account_at TEXT,
    credential_at TEXT,
    deleted_at TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX accounts_managed_guid ON accounts (managed_guid) WHERE managed_guid IS NOT NULL;
  CREATE INDEX accounts_user_principal_name ON accounts (user_principal_name COLLATE NOCASE);
  CREATE INDEX accounts_sam_account_name ON accounts (sam_account_name COLLATE NOCASE);
  CREATE INDEX accounts_delete ON accounts (delete_sequence) WHERE delete_sequence IS NOT NULL;
  CREATE INDEX accounts_intent ON accounts (nonce) WHERE nonce IS NOT NULL AND managed_guid IS NULL;

  CREATE TABLE problems (
    anchor TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('account', 'credential')),
    outcome TEXT NOT NULL CHECK (outcome IN ('refused', 'waiting', 'failed')),
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    acceptable TEXT,
    sequence INTEGER NOT NULL,
    since TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (anchor, kind)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE trusted_agents (
    key_id TEXT NOT NULL,
    forest TEXT NOT NULL,
    public_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    trusted_at TEXT NOT NULL,
    PRIMARY KEY (key_id, forest)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;

  CREATE TABLE outbox (id INTEGER PRIMARY KEY, report TEXT NOT NULL) STRICT;

  CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE domain_sids (sid TEXT PRIMARY KEY, forest TEXT NOT NULL, pinned_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  -- What of each forest the managed domain has, in digests of buckets (docs/formats.md): a bucket that changed has no
  -- row until the next comparison needs it.
  CREATE TABLE forest_bucket (
    forest TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    digest BLOB NOT NULL,
    accounts INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    PRIMARY KEY (forest, bucket)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX accounts_bucket ON accounts (forest, bucket_of(anchor), anchor);
  CREATE TRIGGER forest_bucket_of_new_account AFTER INSERT ON accounts BEGIN
    DELETE FROM forest_bucket WHERE forest = new.forest AND bucket = bucket_of(new.anchor);
  END;
  CREATE TRIGGER forest_bucket_of_account AFTER UPDATE ON accounts
    WHEN new.forest <> old.forest OR new.account_sequence IS NOT old.account_sequence
      OR new.credential_sequence IS NOT old.credential_sequence OR new.has_credential <> old.has_credential
      OR new.managed_guid IS NOT old.managed_guid OR new.deleted_at IS NOT old.deleted_at
  BEGIN
    DELETE FROM forest_bucket WHERE forest IN (old.forest, new.forest) AND bucket = bucket_of(new.anchor);
  END;
  CREATE TRIGGER forest_bucket_of_gone_account AFTER DELETE ON accounts BEGIN
    DELETE FROM forest_bucket WHERE forest = old.forest AND bucket = bucket_of(old.anchor);
  END;

  -- The newest head of each forest, and what came of comparing heads with the ledger.
  CREATE TABLE heads (
    forest TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    time TEXT NOT NULL,
    accounts INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    buckets TEXT NOT NULL,
    received_at TEXT NOT NULL,
    comparison TEXT
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE problems ADD COLUMN forest TEXT;
  `,
  `
  -- The account has no credential, because a withdrawal says so: it counts in heads as a credential does.
  ALTER TABLE accounts ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
  DROP TRIGGER forest_bucket_of_account;
  CREATE TRIGGER forest_bucket_of_account AFTER UPDATE ON accounts
    WHEN new.forest <> old.forest OR new.account_sequence IS NOT old.account_sequence
      OR new.credential_sequence IS NOT old.credential_sequence OR new.has_credential <> old.has_credential
      OR new.withdrawn <> old.withdrawn
      OR new.managed_guid IS NOT old.managed_guid OR new.deleted_at IS NOT old.deleted_at
  BEGIN
    DELETE FROM forest_bucket WHERE forest IN (old.forest, new.forest) AND bucket = bucket_of(new.anchor);
  END;
  `,
  `
  -- What waits for an administrator, and what counts together with it. What a release before held goes on waiting.
  ${BULK_TABLES}
  INSERT INTO bulk_held (scope, operation, kind, anchor, change, since)
    SELECT forest, 'delete', 'user', anchor, delete_sequence, strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM accounts
    WHERE delete_sequence IS NOT NULL
      AND EXISTS (SELECT 1 FROM state WHERE name = 'deletesStopped' AND value <> '');
  DELETE FROM state WHERE name IN ('approvedDeletes', 'deletesStopped');
  `,
];
