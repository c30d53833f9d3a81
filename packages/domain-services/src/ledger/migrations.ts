import { BULK_TABLES } from '@causeway/service';

/** The steps to the ledger's tables; `user_version` counts those that were taken. No column ever holds a secret. */
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
  -- The names that an account has in the directory (null: none), and those that its forest wants for it (null: none that can be
  -- written). Names are equal where their name_key is. An account from before wants what it has, until its record comes again.
  DROP INDEX accounts_user_principal_name;
  DROP INDEX accounts_sam_account_name;
  ALTER TABLE accounts ADD COLUMN has_name TEXT;
  ALTER TABLE accounts ADD COLUMN has_principal TEXT;
  ALTER TABLE accounts ADD COLUMN wanted_name TEXT;
  ALTER TABLE accounts ADD COLUMN wanted_principal TEXT;
  UPDATE accounts SET wanted_name = sam_account_name, wanted_principal = user_principal_name;
  UPDATE accounts SET has_name = sam_account_name, has_principal = user_principal_name
    WHERE managed_guid IS NOT NULL OR nonce IS NOT NULL;
  ALTER TABLE accounts DROP COLUMN sam_account_name;
  ALTER TABLE accounts DROP COLUMN user_principal_name;
  CREATE INDEX accounts_has_name ON accounts (name_key(has_name));
  CREATE INDEX accounts_has_principal ON accounts (name_key(has_principal));
  CREATE INDEX accounts_wanted_name ON accounts (name_key(wanted_name));
  CREATE INDEX accounts_wanted_principal ON accounts (name_key(wanted_principal));
  -- Of an account whose name is made with digits: the key of that name; and whether it keeps the digits.
  ALTER TABLE accounts ADD COLUMN digits_key TEXT;
  ALTER TABLE accounts ADD COLUMN keeps_digits INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX accounts_digits_key ON accounts (digits_key) WHERE digits_key IS NOT NULL;
  -- The record's SID is not in sIDHistory, though the record is written.
  ALTER TABLE accounts ADD COLUMN sid_refused INTEGER NOT NULL DEFAULT 0;
  -- objectGUID of the account that was there last: finds its tombstone.
  ALTER TABLE accounts ADD COLUMN last_managed_guid TEXT;
  UPDATE accounts SET last_managed_guid = managed_guid;

  -- The forest that a name belongs to; since when nobody of it wants it any more: then it is reserved.
  CREATE TABLE names (slot TEXT PRIMARY KEY, forest TEXT NOT NULL, released_at TEXT) STRICT, WITHOUT ROWID;
  CREATE INDEX names_released_at ON names (released_at) WHERE released_at IS NOT NULL;
  -- The to-do list: names that may have to change hands, with the time of the next try in milliseconds since 1970.
  CREATE TABLE names_due (key TEXT PRIMARY KEY, tries INTEGER NOT NULL, try_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX names_due_try_at ON names_due (try_at);
  CREATE TRIGGER names_due_of_account AFTER UPDATE ON accounts
    WHEN new.wanted_name IS NOT old.wanted_name OR new.wanted_principal IS NOT old.wanted_principal
      OR new.forest <> old.forest OR (new.deleted_at IS NULL) <> (old.deleted_at IS NULL)
  BEGIN
    DELETE FROM names_due WHERE key IN ('a:' || name_key(old.wanted_name), 'p:' || name_key(old.wanted_principal),
      'a:' || name_key(new.wanted_name), 'p:' || name_key(new.wanted_principal),
      'a:' || name_key(new.has_name), 'p:' || name_key(new.has_principal));
    INSERT INTO names_due SELECT DISTINCT column1, 0, 0 FROM (VALUES
      ('a:' || name_key(old.wanted_name)), ('p:' || name_key(old.wanted_principal)),
      ('a:' || name_key(new.wanted_name)), ('p:' || name_key(new.wanted_principal)),
      ('a:' || name_key(new.has_name)), ('p:' || name_key(new.has_principal))) WHERE column1 IS NOT NULL;
  END;
  INSERT INTO names_due SELECT DISTINCT key, 0, 0 FROM (
    SELECT 'a:' || name_key(wanted_name) AS key FROM accounts WHERE deleted_at IS NULL
    UNION SELECT 'p:' || name_key(wanted_principal) FROM accounts WHERE deleted_at IS NULL) WHERE key IS NOT NULL;

  -- Problems of names and SIDs stand beside those of records.
  CREATE TABLE problems_of_kinds (
    anchor TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('account', 'credential', 'name', 'sid')),
    outcome TEXT NOT NULL CHECK (outcome IN ('refused', 'waiting', 'failed')),
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    acceptable TEXT,
    sequence INTEGER NOT NULL,
    since TEXT NOT NULL,
    at TEXT NOT NULL,
    forest TEXT,
    PRIMARY KEY (anchor, kind)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO problems_of_kinds
    SELECT anchor, kind, outcome, code, reason, acceptable, sequence, since, at, forest FROM problems;
  DROP TABLE problems;
  ALTER TABLE problems_of_kinds RENAME TO problems;
  -- Records that were refused for a name or a SID come again.
  UPDATE state SET value = '' WHERE name = 'cursor';
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
  `
  -- Accounts that were made while people could change their own passwords in the managed domain: the to-do list of its denial.
  CREATE TABLE own_changes_due (anchor TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  INSERT INTO own_changes_due SELECT anchor FROM accounts WHERE managed_guid IS NOT NULL OR nonce IS NOT NULL;
  `,
  `
  -- A person is forest and anchor: of two forests that say one anchor each has a person of its own.
  CREATE TABLE people (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    object_guid TEXT NOT NULL,
    account_sequence INTEGER,
    credential_sequence INTEGER,
    order_version INTEGER,
    order_time INTEGER,
    order_invocation_id TEXT,
    has_credential INTEGER NOT NULL DEFAULT 0,
    withdrawn INTEGER NOT NULL DEFAULT 0,
    wants_enabled INTEGER NOT NULL DEFAULT 0,
    wanted_name TEXT,
    wanted_principal TEXT,
    has_name TEXT,
    has_principal TEXT,
    keeps_digits INTEGER NOT NULL DEFAULT 0,
    digits_key TEXT,
    sid_refused INTEGER NOT NULL DEFAULT 0,
    nonce TEXT,
    managed_guid TEXT,
    last_managed_guid TEXT,
    delete_sequence INTEGER,
    accepted TEXT,
    account_at TEXT,
    credential_at TEXT,
    deleted_at TEXT,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO people SELECT forest, anchor, object_guid, account_sequence, credential_sequence, order_version, order_time,
    order_invocation_id, has_credential, withdrawn, wants_enabled, wanted_name, wanted_principal, has_name, has_principal,
    keeps_digits, digits_key, sid_refused, nonce, managed_guid, last_managed_guid, delete_sequence, accepted, account_at,
    credential_at, deleted_at FROM accounts ORDER BY forest, anchor;
  CREATE TABLE own_changes_of_people (
    forest TEXT NOT NULL, anchor TEXT NOT NULL, PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO own_changes_of_people SELECT forest, anchor FROM own_changes_due JOIN accounts USING (anchor);
  DROP TABLE own_changes_due;
  ALTER TABLE own_changes_of_people RENAME TO own_changes_due;
  -- Its indexes and triggers go with it.
  DROP TABLE accounts;
  ALTER TABLE people RENAME TO accounts;
  -- Administrators look for an anchor alone.
  CREATE INDEX accounts_anchor ON accounts (anchor);
  CREATE UNIQUE INDEX accounts_managed_guid ON accounts (managed_guid) WHERE managed_guid IS NOT NULL;
  CREATE INDEX accounts_delete ON accounts (delete_sequence) WHERE delete_sequence IS NOT NULL;
  CREATE INDEX accounts_intent ON accounts (nonce) WHERE nonce IS NOT NULL AND managed_guid IS NULL;
  CREATE INDEX accounts_bucket ON accounts (forest, bucket_of(anchor), anchor);
  CREATE INDEX accounts_has_name ON accounts (name_key(has_name));
  CREATE INDEX accounts_has_principal ON accounts (name_key(has_principal));
  CREATE INDEX accounts_wanted_name ON accounts (name_key(wanted_name));
  CREATE INDEX accounts_wanted_principal ON accounts (name_key(wanted_principal));
  CREATE INDEX accounts_digits_key ON accounts (digits_key) WHERE digits_key IS NOT NULL;
  CREATE TRIGGER forest_bucket_of_new_account AFTER INSERT ON accounts BEGIN
    DELETE FROM forest_bucket WHERE forest = new.forest AND bucket = bucket_of(new.anchor);
  END;
  CREATE TRIGGER forest_bucket_of_account AFTER UPDATE ON accounts
    WHEN new.account_sequence IS NOT old.account_sequence
      OR new.credential_sequence IS NOT old.credential_sequence OR new.has_credential <> old.has_credential
      OR new.withdrawn <> old.withdrawn
      OR new.managed_guid IS NOT old.managed_guid OR new.deleted_at IS NOT old.deleted_at
  BEGIN
    DELETE FROM forest_bucket WHERE forest = new.forest AND bucket = bucket_of(new.anchor);
  END;
  CREATE TRIGGER forest_bucket_of_gone_account AFTER DELETE ON accounts BEGIN
    DELETE FROM forest_bucket WHERE forest = old.forest AND bucket = bucket_of(old.anchor);
  END;
  CREATE TRIGGER names_due_of_account AFTER UPDATE ON accounts
    WHEN new.wanted_name IS NOT old.wanted_name OR new.wanted_principal IS NOT old.wanted_principal
      OR (new.deleted_at IS NULL) <> (old.deleted_at IS NULL)
  BEGIN
    DELETE FROM names_due WHERE key IN ('a:' || name_key(old.wanted_name), 'p:' || name_key(old.wanted_principal),
      'a:' || name_key(new.wanted_name), 'p:' || name_key(new.wanted_principal),
      'a:' || name_key(new.has_name), 'p:' || name_key(new.has_principal));
    INSERT INTO names_due SELECT DISTINCT column1, 0, 0 FROM (VALUES
      ('a:' || name_key(old.wanted_name)), ('p:' || name_key(old.wanted_principal)),
      ('a:' || name_key(new.wanted_name)), ('p:' || name_key(new.wanted_principal)),
      ('a:' || name_key(new.has_name)), ('p:' || name_key(new.has_principal))) WHERE column1 IS NOT NULL;
  END;

  -- Whose a problem is is the record's word, or the tenant's, where nobody believed signed it. What was refused because it is of another
  -- forest than the anchor's, and what no forest is known of, comes again with the feed, as somebody's own.
  CREATE TABLE problems_of_people (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('account', 'credential', 'name', 'sid')),
    verified INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('refused', 'waiting', 'failed')),
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    acceptable TEXT,
    sequence INTEGER NOT NULL,
    since TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (forest, anchor, kind)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO problems_of_people
    SELECT forest, anchor, kind, 1, outcome, code, reason, acceptable, sequence, since, at FROM problems
    WHERE forest IS NOT NULL AND code NOT IN ('other-forest-pinned', 'relabelled', 'record-mismatch');
  DROP TABLE problems;
  ALTER TABLE problems_of_people RENAME TO problems;
  CREATE INDEX problems_anchor ON problems (anchor);
  UPDATE state SET value = '' WHERE name = 'cursor';
  `,
  `
  -- Whom the tenant proposes as administrators of the managed domain; accepted_*: the object that was accepted here, and as whom.
  CREATE TABLE administrators (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    added_at TEXT NOT NULL,
    called_by_tenant TEXT NOT NULL,
    since TEXT NOT NULL,
    accepted_guid TEXT,
    accepted_name TEXT,
    accepted_at TEXT,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Whom administrators keep out, by forest and anchor: with or without an account. The account is due while change is not applied.
  CREATE TABLE blocks (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    since TEXT NOT NULL,
    reason TEXT,
    set_by TEXT,
    lifted_at TEXT,
    change INTEGER NOT NULL DEFAULT 1,
    applied INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Password orders of a forest that was restored: in which of its lives. 0: in its first.
  ALTER TABLE accounts ADD COLUMN order_epoch INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- The largest sequence that was ever believed of a forest: it outlives the records.
  CREATE TABLE newest (forest TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO newest SELECT forest, max(sequence) FROM (
    SELECT forest, max(coalesce(account_sequence, 0), coalesce(credential_sequence, 0), coalesce(delete_sequence, 0)) AS sequence
      FROM accounts
    UNION ALL SELECT forest, sequence FROM problems WHERE verified
    UNION ALL SELECT forest, sequence FROM heads) GROUP BY forest;
  -- Of the newest account and credential records that were believed: the same sequence with another text is no such record. Null until
  -- the record of before comes again.
  ALTER TABLE accounts ADD COLUMN account_digest TEXT;
  ALTER TABLE accounts ADD COLUMN credential_digest TEXT;
  `,
  `
  -- On-premises SIDs: sid is what the account record says and is not refused, written the SID whose group has the person as its member. A
  -- domain's SIDs are written once an administrator has confirmed whose they are.
  ALTER TABLE domain_sids ADD COLUMN confirmed_at TEXT;
  CREATE TABLE shadows (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    sid TEXT,
    domain_sid TEXT,
    written TEXT,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX shadows_due ON shadows (forest, anchor) WHERE sid IS NOT written;
  CREATE INDEX shadows_written ON shadows (written) WHERE written IS NOT NULL;
  CREATE TRIGGER shadow_of_gone_account AFTER UPDATE OF managed_guid ON accounts WHEN new.managed_guid IS NULL BEGIN
    UPDATE shadows SET sid = NULL, domain_sid = NULL WHERE forest = new.forest AND anchor = new.anchor;
  END;
  `,
  `
  -- Accounts that were made before each said whose it is: the to-do list of that.
  CREATE TABLE marks_due (
    forest TEXT NOT NULL, anchor TEXT NOT NULL, PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO marks_due SELECT forest, anchor FROM accounts WHERE managed_guid IS NOT NULL OR nonce IS NOT NULL;
  `,
  `
  -- Accounts that were found in the directory, and of whom no record came yet; who had an account that is there again.
  CREATE INDEX accounts_unclaimed ON accounts (forest, anchor) WHERE managed_guid IS NOT NULL AND account_sequence IS NULL;
  CREATE INDEX accounts_last_managed_guid ON accounts (last_managed_guid) WHERE managed_guid IS NULL AND last_managed_guid IS NOT NULL;
  INSERT INTO state SELECT 'adoptedAt', strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE EXISTS (SELECT 1 FROM accounts);
  `,
  `
  -- Accounts that somebody closed by hand in the managed domain, and whether an administrator wants them repaired.
  CREATE TABLE closed_by_hand (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('disabled', 'deleted')),
    since TEXT NOT NULL,
    repair INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- When an account expires, as it was written: FILETIME. Null until the record of before comes again: the service reads
  -- everything once more at its start, as where it announces something new.
  ALTER TABLE accounts ADD COLUMN account_expires TEXT;
  DELETE FROM state WHERE name = 'announced';
  CREATE TABLE closed_by_hand_so (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('disabled', 'deleted', 'expired')),
    since TEXT NOT NULL,
    repair INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO closed_by_hand_so SELECT forest, anchor, what, since, repair FROM closed_by_hand;
  DROP TABLE closed_by_hand;
  ALTER TABLE closed_by_hand_so RENAME TO closed_by_hand;
  `,
  `
  -- sIDHistory goes by the rule of the groups: history is the SID that stands in it. Null: none, or one from before anybody was asked, which
  -- stays until an administrator has said whose the domain is. Several forests may bring the SIDs of one domain; it is confirmed for one.
  ALTER TABLE shadows ADD COLUMN history TEXT;
  DROP TRIGGER shadow_of_gone_account;
  CREATE TRIGGER shadow_of_gone_account AFTER UPDATE OF managed_guid ON accounts WHEN new.managed_guid IS NULL BEGIN
    UPDATE shadows SET sid = NULL, domain_sid = NULL, history = NULL WHERE forest = new.forest AND anchor = new.anchor;
  END;
  CREATE TABLE domains_of_forests (
    sid TEXT NOT NULL,
    forest TEXT NOT NULL,
    pinned_at TEXT NOT NULL,
    confirmed_at TEXT,
    declined_at TEXT,
    PRIMARY KEY (sid, forest)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO domains_of_forests SELECT sid, forest, pinned_at, confirmed_at, NULL FROM domain_sids;
  DROP TABLE domain_sids;
  ALTER TABLE domains_of_forests RENAME TO domain_sids;
  -- Whose SID another forest had brought before waits for no acceptance any more: the record comes again.
  UPDATE state SET value = '' WHERE name = 'cursor'
    AND EXISTS (SELECT 1 FROM problems WHERE kind = 'sid' AND code = 'other-forest-sid');
  DELETE FROM problems WHERE kind = 'sid' AND code = 'other-forest-sid';
  `,
  `
  -- Groups of forests, and who is in them (ADR 14). sequence is that of the newest record that was believed; null: the group was found in the
  -- directory, and no record of it has come. written_sequence is that of the record that the directory has. deleted_sequence is that of the
  -- newest deletion, and outlives it: of slices that are older nothing counts.
  CREATE TABLE groups (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    object_guid TEXT NOT NULL,
    sequence INTEGER,
    digest TEXT,
    wanted_name TEXT,
    display_name TEXT,
    mail TEXT,
    object_sid TEXT,
    security_enabled INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    deleted_sequence INTEGER,
    written_sequence INTEGER,
    has_name TEXT,
    nonce TEXT,
    managed_guid TEXT,
    last_managed_guid TEXT,
    accepted TEXT,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX groups_managed ON groups (managed_guid) WHERE managed_guid IS NOT NULL;
  CREATE INDEX groups_last_managed ON groups (last_managed_guid) WHERE managed_guid IS NULL AND last_managed_guid IS NOT NULL;
  CREATE INDEX groups_has_name ON groups (name_key(has_name)) WHERE has_name IS NOT NULL;
  CREATE INDEX groups_wanted_name ON groups (name_key(wanted_name)) WHERE wanted_name IS NOT NULL;
  CREATE INDEX groups_object_sid ON groups (object_sid) WHERE object_sid IS NOT NULL;
  CREATE INDEX groups_leaving ON groups (forest, anchor) WHERE deleted = 1 AND managed_guid IS NOT NULL;
  CREATE INDEX groups_due ON groups (forest, anchor) WHERE sequence IS NOT written_sequence;
  CREATE INDEX shadows_sid ON shadows (sid) WHERE sid IS NOT NULL;

  -- The live slices of the members of groups, also of groups whose record has not come.
  CREATE TABLE slices (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    prefix TEXT NOT NULL,
    object_guid TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (forest, anchor, prefix)
  ) STRICT, WITHOUT ROWID;

  -- Who is in which group: sequence is that of the slice that says so; null: none does any more. written is the objectGUID of the member that
  -- the group has in the directory. due: 1: what is written may not be what is to be; 2: that is being written, and nothing has changed since.
  CREATE TABLE memberships (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    key TEXT NOT NULL,
    reference TEXT NOT NULL,
    sequence INTEGER,
    written TEXT,
    due INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (forest, anchor, key, reference)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX memberships_due ON memberships (forest, anchor, key, reference) WHERE due > 0;
  CREATE INDEX memberships_reference ON memberships (reference, forest);
  CREATE INDEX memberships_written ON memberships (written) WHERE written IS NOT NULL;

  -- What the newest head says of groups, as JSON, and what came of comparing heads with the groups of the ledger. Null where it says nothing.
  ALTER TABLE heads ADD COLUMN groups TEXT;
  ALTER TABLE heads ADD COLUMN group_comparison TEXT;

  -- The sequence of the newest deletion that was believed, whether it is carried out or waits; it outlives the deletion.
  ALTER TABLE accounts ADD COLUMN deleted_sequence INTEGER;
  UPDATE accounts SET deleted_sequence = coalesce(delete_sequence, account_sequence)
    WHERE delete_sequence IS NOT NULL OR deleted_at IS NOT NULL;
  CREATE TRIGGER deletion_of_account AFTER UPDATE OF delete_sequence, account_sequence, deleted_at ON accounts
    WHEN coalesce(new.delete_sequence, CASE WHEN new.deleted_at IS NOT NULL THEN new.account_sequence END, 0)
      > coalesce(new.deleted_sequence, 0) BEGIN
    UPDATE accounts SET deleted_sequence = coalesce(new.delete_sequence, new.account_sequence)
      WHERE forest = new.forest AND anchor = new.anchor;
  END;
  CREATE TRIGGER deletion_of_new_account AFTER INSERT ON accounts
    WHEN coalesce(new.delete_sequence, CASE WHEN new.deleted_at IS NOT NULL THEN new.account_sequence END, 0) > 0 BEGIN
    UPDATE accounts SET deleted_sequence = coalesce(new.delete_sequence, new.account_sequence)
      WHERE forest = new.forest AND anchor = new.anchor;
  END;

  -- Whatever a membership depends on makes it due. The links of an object that is gone are gone with it. With a + no index is looked up by
  -- the forest, which is that of nearly all rows.
  CREATE TRIGGER memberships_of_account AFTER UPDATE OF managed_guid, deleted_sequence, delete_sequence ON accounts
    WHEN new.managed_guid IS NOT old.managed_guid OR new.deleted_sequence IS NOT old.deleted_sequence
      OR new.delete_sequence IS NOT old.delete_sequence BEGIN
    UPDATE memberships SET written = NULL, due = 1
      WHERE written = old.managed_guid AND new.managed_guid IS NOT old.managed_guid;
    UPDATE memberships SET due = 1 WHERE reference = new.anchor AND +forest = new.forest;
    UPDATE memberships SET due = 1 WHERE reference IN
      (SELECT sid FROM shadows WHERE forest = new.forest AND anchor = new.anchor AND sid IS NOT NULL);
  END;
  CREATE TRIGGER memberships_of_new_account AFTER INSERT ON accounts WHEN new.managed_guid IS NOT NULL BEGIN
    UPDATE memberships SET due = 1 WHERE reference = new.anchor AND +forest = new.forest;
  END;
  CREATE TRIGGER memberships_of_group AFTER UPDATE OF managed_guid, deleted_sequence, deleted, object_sid ON groups
    WHEN new.managed_guid IS NOT old.managed_guid OR new.deleted_sequence IS NOT old.deleted_sequence
      OR new.deleted <> old.deleted OR new.object_sid IS NOT old.object_sid BEGIN
    UPDATE memberships SET written = NULL, due = 1
      WHERE written = old.managed_guid AND new.managed_guid IS NOT old.managed_guid;
    UPDATE memberships SET written = NULL, due = 1 WHERE forest = new.forest AND anchor = new.anchor
      AND new.managed_guid IS NOT old.managed_guid;
    UPDATE memberships SET due = 1 WHERE reference = new.anchor AND +forest = new.forest;
    UPDATE memberships SET due = 1 WHERE reference IN (old.object_sid, new.object_sid);
  END;
  CREATE TRIGGER memberships_of_new_group AFTER INSERT ON groups WHEN new.managed_guid IS NOT NULL BEGIN
    UPDATE memberships SET due = 1 WHERE reference = new.anchor AND +forest = new.forest;
    UPDATE memberships SET due = 1 WHERE reference = new.object_sid;
  END;
  CREATE TRIGGER memberships_of_sid AFTER UPDATE OF sid ON shadows WHEN new.sid IS NOT old.sid BEGIN
    UPDATE memberships SET due = 1 WHERE reference IN (old.sid, new.sid);
  END;
  CREATE TRIGGER memberships_of_new_sid AFTER INSERT ON shadows WHEN new.sid IS NOT NULL BEGIN
    UPDATE memberships SET due = 1 WHERE reference = new.sid;
  END;
  -- A dot stands behind the hyphen: these are the SIDs of the domain.
  CREATE TRIGGER memberships_of_domain AFTER UPDATE OF confirmed_at ON domain_sids
    WHEN new.confirmed_at IS NOT old.confirmed_at BEGIN
    UPDATE memberships SET due = 1 WHERE reference > new.sid || '-' AND reference < new.sid || '.';
  END;
  CREATE TRIGGER memberships_of_new_domain AFTER INSERT ON domain_sids WHEN new.confirmed_at IS NOT NULL BEGIN
    UPDATE memberships SET due = 1 WHERE reference > new.sid || '-' AND reference < new.sid || '.';
  END;

  -- Groups and slices of their members have problems, too, each slice its own: prefix is the slice's, and empty of all else. Which kinds there
  -- are is the program's to say.
  CREATE TABLE problems_of_all (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    kind TEXT NOT NULL,
    prefix TEXT NOT NULL,
    verified INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('refused', 'waiting', 'failed')),
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    acceptable TEXT,
    sequence INTEGER NOT NULL,
    since TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (forest, anchor, kind, prefix)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO problems_of_all
    SELECT forest, anchor, kind, '', verified, outcome, code, reason, acceptable, sequence, since, at FROM problems;
  DROP TABLE problems;
  ALTER TABLE problems_of_all RENAME TO problems;
  CREATE INDEX problems_anchor ON problems (anchor);
  `,
  `
  -- On-premises SIDs of groups stand in the table of people's: no anchor is both. history = '': the group came back with whatever its
  -- tombstone had. A group that is gone without a deletion keeps what it is to have: it is made anew without a record.
  ALTER TABLE shadows ADD COLUMN is_group INTEGER NOT NULL DEFAULT 0;
  CREATE TRIGGER shadow_of_new_group AFTER INSERT ON groups
    WHEN NOT EXISTS (SELECT 1 FROM accounts WHERE forest = new.forest AND anchor = new.anchor)
  BEGIN
    UPDATE shadows SET is_group = 1 WHERE forest = new.forest AND anchor = new.anchor;
  END;
  CREATE TRIGGER shadow_of_distribution_group AFTER UPDATE OF security_enabled ON groups WHEN new.security_enabled = 0 BEGIN
    UPDATE shadows SET sid = NULL, domain_sid = NULL WHERE forest = new.forest AND anchor = new.anchor AND is_group = 1;
  END;
  CREATE TRIGGER shadow_of_gone_group AFTER UPDATE OF managed_guid, deleted ON groups WHEN new.managed_guid IS NULL BEGIN
    UPDATE shadows SET history = NULL, sid = CASE WHEN new.deleted = 0 THEN sid END,
      domain_sid = CASE WHEN new.deleted = 0 THEN domain_sid END
      WHERE forest = new.forest AND anchor = new.anchor AND is_group = 1;
  END;
  CREATE TRIGGER shadow_of_restored_group AFTER UPDATE OF managed_guid ON groups
    WHEN new.managed_guid IS NOT NULL AND old.managed_guid IS NULL AND old.last_managed_guid IS NOT NULL
  BEGIN
    UPDATE shadows SET history = '' WHERE forest = new.forest AND anchor = new.anchor AND is_group = 1;
  END;
  -- A name that a group lets go of may be a person's.
  CREATE TRIGGER names_due_of_group AFTER UPDATE OF has_name ON groups
    WHEN old.has_name IS NOT NULL AND name_key(new.has_name) IS NOT name_key(old.has_name)
  BEGIN
    DELETE FROM names_due WHERE key = 'a:' || name_key(old.has_name);
    INSERT INTO names_due (key, tries, try_at) VALUES ('a:' || name_key(old.has_name), 0, 0);
  END;
  CREATE TRIGGER names_due_of_gone_group AFTER DELETE ON groups WHEN old.has_name IS NOT NULL BEGIN
    DELETE FROM names_due WHERE key = 'a:' || name_key(old.has_name);
    INSERT INTO names_due (key, tries, try_at) VALUES ('a:' || name_key(old.has_name), 0, 0);
  END;
  `,
  `
  -- Groups of the tenant's own name people of forests as FOREST/ANCHOR.
  CREATE TRIGGER memberships_of_account_in_cloud_group AFTER UPDATE OF managed_guid, delete_sequence ON accounts
    WHEN new.managed_guid IS NOT old.managed_guid OR new.delete_sequence IS NOT old.delete_sequence BEGIN
    UPDATE memberships SET due = 1 WHERE reference = new.forest || '/' || new.anchor AND +forest = '(cloud-only)';
  END;
  CREATE TRIGGER memberships_of_new_account_in_cloud_group AFTER INSERT ON accounts WHEN new.managed_guid IS NOT NULL BEGIN
    UPDATE memberships SET due = 1 WHERE reference = new.forest || '/' || new.anchor AND +forest = '(cloud-only)';
  END;
  `,
  `
  -- Groups of whose record, or of whose members, the tenant is to be told what became of them: all of which something has changed since it was
  -- told. id grows with each change.
  CREATE TABLE unreported_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    UNIQUE (forest, anchor)
  ) STRICT;
  INSERT INTO unreported_groups (forest, anchor) SELECT forest, anchor FROM groups;
  CREATE TRIGGER unreported_group AFTER UPDATE OF sequence, written_sequence, managed_guid ON groups
    WHEN new.sequence IS NOT old.sequence OR new.written_sequence IS NOT old.written_sequence OR new.managed_guid IS NOT old.managed_guid BEGIN
    DELETE FROM unreported_groups WHERE forest = new.forest AND anchor = new.anchor;
    INSERT INTO unreported_groups (forest, anchor) VALUES (new.forest, new.anchor);
  END;
  CREATE TRIGGER unreported_new_group AFTER INSERT ON groups
    WHEN new.sequence IS NOT NULL BEGIN
    DELETE FROM unreported_groups WHERE forest = new.forest AND anchor = new.anchor;
    INSERT INTO unreported_groups (forest, anchor) VALUES (new.forest, new.anchor);
  END;
  CREATE TRIGGER unreported_slice AFTER INSERT ON slices BEGIN
    DELETE FROM unreported_groups WHERE forest = new.forest AND anchor = new.anchor;
    INSERT INTO unreported_groups (forest, anchor) VALUES (new.forest, new.anchor);
  END;
  CREATE TRIGGER unreported_membership AFTER UPDATE OF written ON memberships
    WHEN new.written IS NOT old.written BEGIN
    DELETE FROM unreported_groups WHERE forest = new.forest AND anchor = new.anchor;
    INSERT INTO unreported_groups (forest, anchor) VALUES (new.forest, new.anchor);
  END;
  CREATE TRIGGER unreported_new_problem AFTER INSERT ON problems
    WHEN new.kind IN ('group', 'members') OR new.kind IN ('name', 'sid')
      AND EXISTS (SELECT 1 FROM groups WHERE forest = new.forest AND anchor = new.anchor) BEGIN
    DELETE FROM unreported_groups WHERE forest = new.forest AND anchor = new.anchor;
    INSERT INTO unreported_groups (forest, anchor) VALUES (new.forest, new.anchor);
  END;
  CREATE TRIGGER unreported_problem AFTER UPDATE OF code, reason, sequence ON problems
    WHEN (new.code IS NOT old.code OR new.reason IS NOT old.reason OR new.sequence IS NOT old.sequence)
      AND (new.kind IN ('group', 'members') OR new.kind IN ('name', 'sid')
      AND EXISTS (SELECT 1 FROM groups WHERE forest = new.forest AND anchor = new.anchor)) BEGIN
    DELETE FROM unreported_groups WHERE forest = new.forest AND anchor = new.anchor;
    INSERT INTO unreported_groups (forest, anchor) VALUES (new.forest, new.anchor);
  END;
  CREATE TRIGGER unreported_past_problem AFTER DELETE ON problems
    WHEN old.kind IN ('group', 'members') OR old.kind IN ('name', 'sid')
      AND EXISTS (SELECT 1 FROM groups WHERE forest = old.forest AND anchor = old.anchor) BEGIN
    DELETE FROM unreported_groups WHERE forest = old.forest AND anchor = old.anchor;
    INSERT INTO unreported_groups (forest, anchor) VALUES (old.forest, old.anchor);
  END;
  `,
  `
  -- To whom an administrator gave an account name, a person or a group: of a person and a group that want one name, and of two groups.
  CREATE TABLE given_names (
    slot TEXT PRIMARY KEY,
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- The digests of a forest's groups as heads tell of them: gone with any change of a group or slice, until the next comparison needs them.
  CREATE TABLE group_buckets (forest TEXT PRIMARY KEY, buckets TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER group_buckets_of_new_group AFTER INSERT ON groups BEGIN
    DELETE FROM group_buckets WHERE forest = new.forest;
  END;
  CREATE TRIGGER group_buckets_of_group AFTER UPDATE ON groups BEGIN
    DELETE FROM group_buckets WHERE forest IN (old.forest, new.forest);
  END;
  CREATE TRIGGER group_buckets_of_gone_group AFTER DELETE ON groups BEGIN
    DELETE FROM group_buckets WHERE forest = old.forest;
  END;
  CREATE TRIGGER group_buckets_of_new_slice AFTER INSERT ON slices BEGIN
    DELETE FROM group_buckets WHERE forest = new.forest;
  END;
  CREATE TRIGGER group_buckets_of_slice AFTER UPDATE ON slices BEGIN
    DELETE FROM group_buckets WHERE forest IN (old.forest, new.forest);
  END;
  CREATE TRIGGER group_buckets_of_gone_slice AFTER DELETE ON slices BEGIN
    DELETE FROM group_buckets WHERE forest = old.forest;
  END;
  `,
  `
  -- A group that is made anew, or restored, before anybody looked is in the group of its SID no more.
  DROP TRIGGER shadow_of_restored_group;
  CREATE TRIGGER shadow_of_restored_group AFTER UPDATE OF managed_guid ON groups
    WHEN new.managed_guid IS NOT NULL AND old.managed_guid IS NULL AND old.last_managed_guid IS NOT NULL
  BEGIN
    UPDATE shadows SET history = '', written = nullif(written, sid)
      WHERE forest = new.forest AND anchor = new.anchor AND is_group = 1;
  END;
  `,
  `
  -- Who is to be whose manager: by anchors, as their forest says it. What is written is told by the accounts of both in the directory; it is
  -- looked at again when the word of the forest or one of the accounts changes.
  CREATE TABLE managers (
    forest TEXT NOT NULL,
    anchor TEXT NOT NULL,
    wanted TEXT,
    account TEXT,
    written TEXT,
    due INTEGER NOT NULL,
    PRIMARY KEY (forest, anchor)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX managers_wanted ON managers (forest, wanted) WHERE wanted IS NOT NULL;
  CREATE INDEX managers_due ON managers (forest, anchor) WHERE due = 1;
  CREATE TRIGGER managers_of_new_account AFTER INSERT ON accounts WHEN new.managed_guid IS NOT NULL BEGIN
    UPDATE managers SET due = 1 WHERE forest = new.forest AND (anchor = new.anchor OR wanted = new.anchor);
  END;
  CREATE TRIGGER managers_of_account AFTER UPDATE OF managed_guid ON accounts
    WHEN new.managed_guid IS NOT old.managed_guid BEGIN
    UPDATE managers SET due = 1 WHERE forest = new.forest AND (anchor = new.anchor OR wanted = new.anchor);
  END;
  `,
  `
  CREATE INDEX memberships_leaving ON memberships (forest, anchor, key, reference) WHERE due > 0 AND written IS NOT NULL;
  `,
  `
  -- SQLite read all managers of the forest for each account, with OR between the two, and with the forest first in the index.
  DROP INDEX managers_wanted;
  CREATE INDEX managers_wanted ON managers (wanted) WHERE wanted IS NOT NULL;
  DROP TRIGGER managers_of_new_account;
  CREATE TRIGGER managers_of_new_account AFTER INSERT ON accounts WHEN new.managed_guid IS NOT NULL BEGIN
    UPDATE managers SET due = 1 WHERE forest = new.forest AND anchor = new.anchor;
    UPDATE managers SET due = 1 WHERE wanted = new.anchor AND +forest = new.forest;
  END;
  DROP TRIGGER managers_of_account;
  CREATE TRIGGER managers_of_account AFTER UPDATE OF managed_guid ON accounts
    WHEN new.managed_guid IS NOT old.managed_guid BEGIN
    UPDATE managers SET due = 1 WHERE forest = new.forest AND anchor = new.anchor;
    UPDATE managers SET due = 1 WHERE wanted = new.anchor AND +forest = new.forest;
  END;
  `,
];
