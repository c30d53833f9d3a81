import { BULK_TABLES } from '@causeway/service';

/** The schema, step by step. A released step never changes; a change is a new step at the end. */
export const MIGRATIONS: readonly string[] = [
  `
  -- Where each channel of each connector stands: cookies, the last USN, the DC's invocation id, times of the last cycles.
  CREATE TABLE cursor (
    connector TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (connector, name)
  ) WITHOUT ROWID;

  -- The connector space. What is desired and what the tenant acknowledged are digests: where they differ is work to do.
  CREATE TABLE connector_space (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    anchor TEXT NOT NULL,
    dn TEXT NOT NULL,
    object_classes TEXT NOT NULL,
    attributes TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    scope_reason TEXT,
    desired_digest TEXT,
    exported_digest TEXT,
    exported_sequence INTEGER,
    exported_at TEXT,
    generation INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (connector, guid)
  ) WITHOUT ROWID;
  CREATE INDEX connector_space_pending ON connector_space (connector, guid)
    WHERE desired_digest IS NOT exported_digest;
  CREATE INDEX connector_space_anchor ON connector_space (connector, anchor);

  -- What is known of each user's password: the order that the tenant acknowledged, never the password.
  CREATE TABLE password_state (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    version INTEGER,
    originating_time INTEGER,
    originating_invocation_id TEXT,
    acknowledged_at TEXT,
    recipient_key_id TEXT,
    status TEXT NOT NULL,
    detail TEXT,
    must_change INTEGER NOT NULL DEFAULT 0,
    full_pass INTEGER,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (connector, guid)
  ) WITHOUT ROWID;
  CREATE INDEX password_state_must_change ON password_state (connector, guid) WHERE must_change = 1;

  -- Everything that is tried again: soon (a retry) or seldom and at every change (quarantined).
  CREATE TABLE retry_queue (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('object', 'password')),
    quarantined INTEGER NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    since TEXT NOT NULL,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (connector, guid, kind)
  ) WITHOUT ROWID;
  CREATE INDEX retry_queue_due ON retry_queue (connector, kind, next_at);

  -- Whose legacy credentials the managed domain has not got, because its key is not confirmed.
  CREATE TABLE owed (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (connector, guid)
  ) WITHOUT ROWID;

  CREATE TABLE full_pass (
    id INTEGER PRIMARY KEY,
    connector TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    started_at TEXT,
    read_at TEXT,
    completed_at TEXT,
    users INTEGER NOT NULL DEFAULT 0
  );

  CREATE TABLE pairing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT NOT NULL,
    key_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    realm TEXT NOT NULL,
    confirmed_at TEXT NOT NULL
  );

  CREATE TABLE sequence (id INTEGER PRIMARY KEY CHECK (id = 1), last INTEGER NOT NULL);
  INSERT INTO sequence VALUES (1, 0);

  CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    event_id INTEGER NOT NULL,
    level TEXT NOT NULL,
    connector TEXT,
    text TEXT NOT NULL
  );
  CREATE INDEX event_at ON event (at);
  `,
  `
  -- What an administrator set for a connector, and the identifiers by which the admin API names it. The tenant's is one too.
  CREATE TABLE connector (
    name TEXT PRIMARY KEY,
    identifier TEXT NOT NULL UNIQUE,
    partition_id TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    modified_at TEXT NOT NULL,
    password_sync INTEGER NOT NULL DEFAULT 1,
    global_parameters TEXT NOT NULL DEFAULT '[]',
    partition_parameters TEXT NOT NULL DEFAULT '[]'
  ) WITHOUT ROWID;

  -- The scheduler's settings and the instance's identity.
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- What became of each user's password, attempt by attempt. Ascending in time.
  CREATE TABLE password_log (
    id INTEGER PRIMARY KEY,
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    at TEXT NOT NULL,
    status TEXT NOT NULL,
    detail TEXT
  );
  CREATE INDEX password_log_object ON password_log (connector, guid);

  -- Tokens of the admin API, as SHA-256 digests.
  CREATE TABLE admin_token (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    last_used_at TEXT
  ) WITHOUT ROWID;

  -- Users that are sent anew on behalf of a forced full pass are counted by it.
  CREATE INDEX password_state_full_pass ON password_state (connector, full_pass) WHERE full_pass IS NOT NULL;
  `,
  `
  -- The key that signs the managed domain's receipts; a pairing without it is made again.
  DROP TABLE pairing;
  CREATE TABLE pairing (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fingerprint TEXT NOT NULL,
    key_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    receipt_key TEXT NOT NULL,
    realm TEXT NOT NULL,
    confirmed_at TEXT NOT NULL
  );

  -- The sequence of the credential record that the tenant acknowledged last.
  ALTER TABLE password_state ADD COLUMN record_sequence INTEGER;

  -- What of a forest the tenant has, in digests of buckets (docs/formats.md): a bucket that changed has no row until
  -- the next head needs it.
  CREATE TABLE head_bucket (
    connector TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    digest BLOB NOT NULL,
    accounts INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    PRIMARY KEY (connector, bucket)
  ) WITHOUT ROWID;
  CREATE INDEX connector_space_bucket
    ON connector_space (connector, bucket_of(anchor), anchor, exported_sequence) WHERE exported_digest IS NOT NULL;
  CREATE TRIGGER head_bucket_of_new_object AFTER INSERT ON connector_space WHEN new.exported_digest IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket = bucket_of(new.anchor);
  END;
  CREATE TRIGGER head_bucket_of_object
    AFTER UPDATE OF anchor, exported_digest, exported_sequence ON connector_space
    WHEN new.anchor <> old.anchor OR new.exported_sequence IS NOT old.exported_sequence
      OR (new.exported_digest IS NULL) <> (old.exported_digest IS NULL)
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket IN (bucket_of(old.anchor), bucket_of(new.anchor));
  END;
  CREATE TRIGGER head_bucket_of_gone_object AFTER DELETE ON connector_space WHEN old.exported_digest IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = old.connector AND bucket = bucket_of(old.anchor);
  END;
  CREATE TRIGGER head_bucket_of_new_password AFTER INSERT ON password_state WHEN new.record_sequence IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket_of(anchor) FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_password AFTER UPDATE OF record_sequence ON password_state
    WHEN new.record_sequence IS NOT old.record_sequence
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket_of(anchor) FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_gone_password AFTER DELETE ON password_state WHEN old.record_sequence IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = old.connector AND bucket =
      (SELECT bucket_of(anchor) FROM connector_space AS o WHERE o.connector = old.connector AND o.guid = old.guid);
  END;

  -- The newest receipt of each connector's forest, as the managed domain signed it, and when it came.
  CREATE TABLE receipt (
    connector TEXT PRIMARY KEY,
    receipt TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    received_at TEXT NOT NULL
  );
  `,
  `
  -- Asked once, when a full pass begins; to keep it costs every user of every pass.
  DROP INDEX password_state_full_pass;
  `,
  `
  -- A forced full pass writes everybody's row, in the order in which replication brings them: rows that lie in that order are written
  -- a page at a time. By GUID, as they lay, each was on a page of its own.
  CREATE TABLE password_state_in_order (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    version INTEGER,
    originating_time INTEGER,
    originating_invocation_id TEXT,
    acknowledged_at TEXT,
    recipient_key_id TEXT,
    record_sequence INTEGER,
    status TEXT NOT NULL,
    detail TEXT,
    must_change INTEGER NOT NULL DEFAULT 0,
    full_pass INTEGER,
    updated_at TEXT NOT NULL,
    UNIQUE (connector, guid)
  );
  INSERT INTO password_state_in_order (connector, guid, version, originating_time, originating_invocation_id, acknowledged_at,
      recipient_key_id, record_sequence, status, detail, must_change, full_pass, updated_at)
    SELECT connector, guid, version, originating_time, originating_invocation_id, acknowledged_at,
      recipient_key_id, record_sequence, status, detail, must_change, full_pass, updated_at
    FROM password_state ORDER BY connector, record_sequence;
  DROP TABLE password_state;
  ALTER TABLE password_state_in_order RENAME TO password_state;
  CREATE INDEX password_state_must_change ON password_state (connector, guid) WHERE must_change = 1;
  CREATE TRIGGER head_bucket_of_new_password AFTER INSERT ON password_state WHEN new.record_sequence IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket_of(anchor) FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_password AFTER UPDATE OF record_sequence ON password_state
    WHEN new.record_sequence IS NOT old.record_sequence
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket_of(anchor) FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_gone_password AFTER DELETE ON password_state WHEN old.record_sequence IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = old.connector AND bucket =
      (SELECT bucket_of(anchor) FROM connector_space AS o WHERE o.connector = old.connector AND o.guid = old.guid);
  END;

  -- One person's log is asked for by a person, seldom: it is looked for. To keep an index of it costs every user of every pass a page.
  DROP INDEX password_log_object;
  `,
  `
  -- Who is to be in the tenant is counted at every look at a pass: without it, each of a forest's objects is read.
  CREATE INDEX connector_space_in_scope ON connector_space (connector) WHERE desired_digest IS NOT NULL;
  `,
  `
  -- Of everybody whose password is sent the row is looked up. By GUID, with the rows in it, the tree was seven pages deep and each
  -- person on a page of the own; now they lie in the order in which replication brings them, and know their bucket.
  DROP TRIGGER head_bucket_of_new_password;
  DROP TRIGGER head_bucket_of_password;
  DROP TRIGGER head_bucket_of_gone_password;
  CREATE TABLE connector_space_in_order (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    anchor TEXT NOT NULL,
    dn TEXT NOT NULL,
    object_classes TEXT NOT NULL,
    attributes TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0,
    scope_reason TEXT,
    desired_digest TEXT,
    exported_digest TEXT,
    exported_sequence INTEGER,
    exported_at TEXT,
    generation INTEGER NOT NULL DEFAULT 0,
    bucket INTEGER NOT NULL AS (bucket_of(anchor)) STORED,
    UNIQUE (connector, guid)
  );
  INSERT INTO connector_space_in_order (connector, guid, anchor, dn, object_classes, attributes, deleted, scope_reason,
      desired_digest, exported_digest, exported_sequence, exported_at, generation)
    SELECT o.connector, o.guid, anchor, dn, object_classes, attributes, deleted, scope_reason,
      desired_digest, exported_digest, exported_sequence, exported_at, generation
    FROM connector_space AS o LEFT JOIN password_state AS p ON p.connector = o.connector AND p.guid = o.guid
    ORDER BY o.connector, p.rowid;
  DROP TABLE connector_space;
  ALTER TABLE connector_space_in_order RENAME TO connector_space;
  CREATE INDEX connector_space_pending ON connector_space (connector, guid)
    WHERE desired_digest IS NOT exported_digest;
  CREATE INDEX connector_space_anchor ON connector_space (connector, anchor);
  CREATE INDEX connector_space_in_scope ON connector_space (connector) WHERE desired_digest IS NOT NULL;
  CREATE INDEX connector_space_bucket
    ON connector_space (connector, bucket, anchor, exported_sequence, guid) WHERE exported_digest IS NOT NULL;
  CREATE TRIGGER head_bucket_of_new_object AFTER INSERT ON connector_space WHEN new.exported_digest IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket = new.bucket;
  END;
  CREATE TRIGGER head_bucket_of_object
    AFTER UPDATE OF anchor, exported_digest, exported_sequence ON connector_space
    WHEN new.anchor <> old.anchor OR new.exported_sequence IS NOT old.exported_sequence
      OR (new.exported_digest IS NULL) <> (old.exported_digest IS NULL)
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket IN (old.bucket, new.bucket);
  END;
  CREATE TRIGGER head_bucket_of_gone_object AFTER DELETE ON connector_space WHEN old.exported_digest IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = old.connector AND bucket = old.bucket;
  END;
  CREATE TRIGGER head_bucket_of_new_password AFTER INSERT ON password_state WHEN new.record_sequence IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_password AFTER UPDATE OF record_sequence ON password_state
    WHEN new.record_sequence IS NOT old.record_sequence
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_gone_password AFTER DELETE ON password_state WHEN old.record_sequence IS NOT NULL BEGIN
    DELETE FROM head_bucket WHERE connector = old.connector AND bucket =
      (SELECT bucket FROM connector_space AS o WHERE o.connector = old.connector AND o.guid = old.guid);
  END;
  `,
  `
  -- Which directory each connector reads, as it was when it was met first: no other one is read under the connector's name.
  CREATE TABLE directory_pin (
    connector TEXT PRIMARY KEY,
    domain_sid TEXT NOT NULL,
    domain_guid TEXT NOT NULL,
    naming_context TEXT NOT NULL,
    forest TEXT NOT NULL,
    pinned_at TEXT NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- Why the tenant has no password of a user, where that was withdrawn. Who should be so for long is read again, once.
  ALTER TABLE password_state ADD COLUMN withdrawn TEXT;
  INSERT OR IGNORE INTO retry_queue (connector, guid, kind, quarantined, code, reason, attempts, since, next_at)
    SELECT o.connector, o.guid, 'password', 0, 'withdrawal', 'read again: its password may have to be withdrawn', 0,
      strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0
    FROM connector_space AS o LEFT JOIN password_state AS p ON p.connector = o.connector AND p.guid = o.guid
    WHERE o.exported_digest IS NOT NULL AND o.desired_digest IS NOT NULL
      AND (p.must_change = 1 OR CAST(o.attributes ->> '$.userAccountControl' AS INTEGER) & 0x40000 <> 0);
  `,
  `
  -- What waits for an administrator, and what counts together with it. What a release before held goes on waiting.
  ${BULK_TABLES}
  INSERT INTO bulk_held (scope, operation, kind, anchor, change, since)
    SELECT o.connector, 'delete', 'user', anchor, guid, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    FROM connector_space AS o JOIN cursor AS c ON c.connector = o.connector AND c.name = 'deletes-suppressed'
    WHERE desired_digest IS NULL AND exported_digest IS NOT NULL;
  DELETE FROM cursor WHERE name = 'deletes-suppressed';
  `,
  `
  -- In which life of a restored forest the acknowledged order of a password is (0: the first), and what waits for an
  -- administrator's word that the forest was restored.
  ALTER TABLE password_state ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE restore_held (
    connector TEXT NOT NULL,
    kind TEXT NOT NULL,
    guid TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (connector, kind, guid)
  ) WITHOUT ROWID;
  `,
  `
  -- Whom a comparison with another place had signed anew, also by their deletion: how often, when last, and when an alarm named them.
  CREATE TABLE said_anew (
    connector TEXT NOT NULL,
    anchor TEXT NOT NULL,
    times INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    alarmed_at INTEGER,
    PRIMARY KEY (connector, anchor)
  ) WITHOUT ROWID;

  -- Whom another place has and nobody knows here: the directory is asked.
  CREATE TABLE stranger (
    connector TEXT NOT NULL,
    anchor TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    PRIMARY KEY (connector, anchor)
  ) WITHOUT ROWID;

  -- The password goes again, although it was acknowledged.
  ALTER TABLE password_state ADD COLUMN anew INTEGER NOT NULL DEFAULT 0;

  -- Beside each bucket of a head that of its lines (docs/formats.md, Comparing), once somebody compares: of whatever changes both.
  DROP TABLE head_bucket;
  CREATE TABLE head_bucket (
    connector TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    digest BLOB NOT NULL,
    accounts INTEGER NOT NULL,
    credentials INTEGER NOT NULL,
    lines BLOB,
    PRIMARY KEY (connector, bucket)
  ) WITHOUT ROWID;
  DROP TRIGGER head_bucket_of_new_password;
  DROP TRIGGER head_bucket_of_password;
  DROP TRIGGER head_bucket_of_gone_password;
  CREATE TRIGGER head_bucket_of_new_password AFTER INSERT ON password_state
    WHEN new.record_sequence IS NOT NULL OR new.version IS NOT NULL OR new.withdrawn IS NOT NULL
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_password
    AFTER UPDATE OF record_sequence, epoch, version, originating_time, originating_invocation_id, withdrawn, recipient_key_id ON password_state
    WHEN new.record_sequence IS NOT old.record_sequence OR new.epoch IS NOT old.epoch OR new.version IS NOT old.version
      OR new.originating_time IS NOT old.originating_time OR new.withdrawn IS NOT old.withdrawn
      OR new.originating_invocation_id IS NOT old.originating_invocation_id
      OR (new.recipient_key_id IS NULL) <> (old.recipient_key_id IS NULL)
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket =
      (SELECT bucket FROM connector_space AS o WHERE o.connector = new.connector AND o.guid = new.guid);
  END;
  CREATE TRIGGER head_bucket_of_gone_password AFTER DELETE ON password_state
    WHEN old.record_sequence IS NOT NULL OR old.version IS NOT NULL OR old.withdrawn IS NOT NULL
  BEGIN
    DELETE FROM head_bucket WHERE connector = old.connector AND bucket =
      (SELECT bucket FROM connector_space AS o WHERE o.connector = old.connector AND o.guid = old.guid);
  END;
  `,
  `
  -- Deletions that the tenant acknowledged, for a while.
  CREATE TABLE deletion (
    connector TEXT NOT NULL,
    anchor TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    name TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (connector, anchor)
  ) WITHOUT ROWID;
  CREATE INDEX deletion_at ON deletion (connector, at);
  `,
  `
  -- Objects of a kind. What there was before are users; heads and all that is counted of them stay theirs.
  ALTER TABLE connector_space ADD COLUMN kind TEXT NOT NULL DEFAULT 'user' CHECK (kind IN ('user', 'group'));
  DROP INDEX connector_space_pending;
  DROP INDEX connector_space_in_scope;
  DROP INDEX connector_space_bucket;
  -- Of each member of a slice it is asked whether it is in scope: the rows are ten times as long as the answer.
  DROP INDEX connector_space_anchor;
  CREATE INDEX connector_space_anchor ON connector_space (connector, anchor, desired_digest IS NOT NULL);
  DROP TRIGGER head_bucket_of_new_object;
  DROP TRIGGER head_bucket_of_object;
  DROP TRIGGER head_bucket_of_gone_object;
  CREATE INDEX connector_space_pending ON connector_space (connector, kind, guid)
    WHERE desired_digest IS NOT exported_digest;
  CREATE INDEX connector_space_in_scope ON connector_space (connector, kind) WHERE desired_digest IS NOT NULL;
  CREATE INDEX connector_space_bucket ON connector_space (connector, bucket, anchor, exported_sequence, guid)
    WHERE exported_digest IS NOT NULL AND kind = 'user';
  CREATE INDEX connector_space_group ON connector_space (connector, guid) WHERE kind = 'group';
  CREATE INDEX connector_space_primary_group ON connector_space (connector, attributes ->> '$.primaryGroupID')
    WHERE kind = 'user' AND attributes ->> '$.primaryGroupID' NOT IN ('513', '514', '515');
  CREATE TRIGGER head_bucket_of_new_object AFTER INSERT ON connector_space
    WHEN new.exported_digest IS NOT NULL AND new.kind = 'user'
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket = new.bucket;
  END;
  CREATE TRIGGER head_bucket_of_object
    AFTER UPDATE OF anchor, exported_digest, exported_sequence ON connector_space
    WHEN new.kind = 'user' AND (new.anchor <> old.anchor OR new.exported_sequence IS NOT old.exported_sequence
      OR (new.exported_digest IS NULL) <> (old.exported_digest IS NULL))
  BEGIN
    DELETE FROM head_bucket WHERE connector = new.connector AND bucket IN (old.bucket, new.bucket);
  END;
  CREATE TRIGGER head_bucket_of_gone_object AFTER DELETE ON connector_space
    WHEN old.exported_digest IS NOT NULL AND old.kind = 'user'
  BEGIN
    DELETE FROM head_bucket WHERE connector = old.connector AND bucket = old.bucket;
  END;

  -- Of each group: how many members it has, and whether its list is to be read whole, and why. 'rid' is the last part of its SID.
  CREATE TABLE group_list (
    id INTEGER PRIMARY KEY,
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    rid INTEGER,
    members INTEGER NOT NULL DEFAULT 0,
    to_read TEXT,
    next_read_at INTEGER NOT NULL DEFAULT 0,
    UNIQUE (connector, guid)
  );
  CREATE INDEX group_list_rid ON group_list (connector, rid);

  -- Members as the directory has them, in scope or not, by key and reference (docs/formats.md, Slices): in the list, by their primary
  -- group, or both. One that is neither stays until the slice that tells of it is signed anew. 'missed': whole reads in a row without it.
  CREATE TABLE membership (
    group_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    reference TEXT NOT NULL,
    listed INTEGER NOT NULL DEFAULT 0,
    by_primary INTEGER NOT NULL DEFAULT 0,
    missed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (group_id, key, reference)
  ) WITHOUT ROWID;
  CREATE INDEX membership_reference ON membership (reference);
  CREATE INDEX membership_missed ON membership (group_id) WHERE missed > 0;

  -- The slices of each group: together they cover all keys, without overlap, but for those that were divided, which stay until all parts
  -- are acknowledged. 'dirty' counts up with each reason to sign the slice anew.
  CREATE TABLE slice (
    group_id INTEGER NOT NULL,
    prefix TEXT NOT NULL,
    sequence INTEGER,
    dirty INTEGER NOT NULL,
    divided INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL DEFAULT 0,
    problem TEXT,
    PRIMARY KEY (group_id, prefix)
  ) WITHOUT ROWID;
  CREATE INDEX slice_dirty ON slice (group_id, prefix) WHERE dirty > 0;
  CREATE INDEX slice_tried ON slice (next_at, group_id) WHERE dirty > 0 AND attempts > 0;

  ALTER TABLE stranger ADD COLUMN kind TEXT NOT NULL DEFAULT 'user';

  -- Restored objects: of which groups the directory shows them as members is to be asked.
  CREATE TABLE member_to_look_up (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    PRIMARY KEY (connector, guid)
  ) WITHOUT ROWID;
  `,
  // Scope: the containers of objects, the container that decided about each, and objects that are to leave because the rules changed (1:
  // waits for an administrator, 2: goes).
  `
  CREATE TABLE container (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    parent TEXT,
    dn TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (connector, guid)
  ) WITHOUT ROWID;
  ALTER TABLE connector_space ADD COLUMN place TEXT;
  ALTER TABLE connector_space ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE connector_space ADD COLUMN is_member INTEGER;
  -- Groups by which people are in scope, nested ones too: their lists are read although the tenant may not have them.
  CREATE TABLE scope_group (
    connector TEXT NOT NULL,
    guid TEXT NOT NULL,
    PRIMARY KEY (connector, guid)
  ) WITHOUT ROWID;
  CREATE INDEX connector_space_leaving ON connector_space (connector, kind, guid) WHERE leaving > 0;
  `,
  `
  -- What each run did: an import, a synchronization, an export, a cycle of passwords. Runs that found nothing are one row; 'looks' counts them.
  CREATE TABLE run (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    connector TEXT NOT NULL,
    kind TEXT NOT NULL,
    whole INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    result TEXT NOT NULL,
    problem TEXT,
    looks INTEGER NOT NULL,
    adds INTEGER NOT NULL,
    updates INTEGER NOT NULL,
    deletes INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    errors INTEGER NOT NULL
  );
  CREATE INDEX run_connector ON run (connector, kind, number);

  -- Objects that a run failed with: names and reasons, never anything of a password.
  CREATE TABLE run_error (
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    guid TEXT NOT NULL,
    dn TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (run, guid)
  ) WITHOUT ROWID;
  `,
  // Whose passwords are synchronized (0: sent, 1: none sent, the last one kept, 2: withdrawn), and whose are to be withdrawn because of
  // what (1: the directory, 2: the rules).
  `
  ALTER TABLE connector_space ADD COLUMN passwords INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE connector_space ADD COLUMN withdrawing INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX connector_space_withdrawing ON connector_space (connector, kind, guid) WHERE withdrawing > 0;
  `,
  // What names a user's account in the managed domain (0: sAMAccountName, 1: mailNickname), and the name that waits for an administrator.
  `
  ALTER TABLE connector_space ADD COLUMN named_by INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE connector_space ADD COLUMN new_name TEXT;
  CREATE INDEX connector_space_new_name ON connector_space (connector, kind, guid) WHERE new_name IS NOT NULL;
  `,
];
