import { ANEW, STRANGER } from './comparing/marks.ts';
import type { Database } from './database.ts';
import { OtherDomains } from './directory/other-domains.ts';
import {
  type DecidedSpaceObject,
  leavingNumber,
  namedByNumber,
  type ObjectKind,
  passwordsNumber,
  type SpaceObject,
  toObject,
  withdrawingNumber,
} from './space-object.ts';

/** The row is of an object that the tenant acknowledged, not of a stranger. */
const ACKNOWLEDGED = 'exported_sequence IS NOT NULL';

const PENDING = {
  delete: `desired_digest IS NULL AND exported_digest IS NOT NULL AND ${ACKNOWLEDGED} AND leaving = 0`,
  stranger: `desired_digest IS NULL AND exported_digest IS NOT NULL AND NOT ${ACKNOWLEDGED}`,
  create: 'desired_digest IS NOT NULL AND exported_digest IS NULL',
} as const;

/** The objects of one kind in a connector's domain. */
export class ConnectorSpace {
  readonly kind: ObjectKind;
  /** The same objects in the forest's other domains. */
  readonly elsewhere: OtherDomains;
  readonly #db: Database;
  readonly #connector: string;
  /** Condition for the kind, with a literal: the indexes of one kind require it. */
  readonly #own: string;

  /** @param others the forest's other connectors */
  constructor(db: Database, connector: string, kind: ObjectKind, others: readonly string[] = []) {
    this.#db = db;
    this.#connector = connector;
    this.kind = kind;
    this.elsewhere = new OtherDomains(db, others);
    this.#own = `connector = ? AND kind = '${kind}'`;
  }

  get(guid: string): SpaceObject | undefined {
    const sql = `SELECT * FROM connector_space WHERE ${this.#own} AND guid = ?`;
    return toObject(this.#db.get(sql, this.#connector, guid));
  }

  /** Finds an object by any name that people use: userPrincipalName, sAMAccountName, anchor, DN or objectGUID. */
  find(name: string): SpaceObject | undefined {
    const row =
      this.#db.get(
        `SELECT * FROM connector_space WHERE ${this.#own} AND (guid = lower(?) OR anchor = ?)`,
        this.#connector,
        name,
        name,
      ) ??
      this.#db.get(
        `SELECT * FROM connector_space WHERE ${this.#own} AND lower(?) IN (lower(dn),
           lower(attributes ->> '$.sAMAccountName'), lower(attributes ->> '$.userPrincipalName'))
         ORDER BY desired_digest IS NULL LIMIT 1`,
        this.#connector,
        name,
      );
    return toObject(row);
  }

  /** Writes what the directory says and what follows from it. What was exported stays. */
  put(object: DecidedSpaceObject, generation: number): void {
    this.#db.run(
      `INSERT INTO connector_space (connector, kind, guid, anchor, dn, object_classes, attributes, deleted, scope_reason,
         desired_digest, place, leaving, is_member, passwords, withdrawing, named_by, new_name, generation)
       VALUES (?, '${this.kind}', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET anchor = excluded.anchor, dn = excluded.dn, object_classes = excluded.object_classes,
         attributes = excluded.attributes, deleted = excluded.deleted, scope_reason = excluded.scope_reason,
         desired_digest = excluded.desired_digest, place = excluded.place, leaving = excluded.leaving,
         is_member = excluded.is_member, passwords = excluded.passwords, withdrawing = excluded.withdrawing,
         named_by = excluded.named_by, new_name = excluded.new_name, generation = excluded.generation
         WHERE kind = excluded.kind`,
      this.#connector,
      object.guid,
      object.anchor,
      object.dn,
      JSON.stringify(object.objectClasses),
      JSON.stringify(object.attributes),
      Number(object.deleted),
      object.scopeReason ?? null,
      object.desiredDigest ?? null,
      object.place ?? null,
      leavingNumber(object.leaving ?? 'no'),
      object.isMember === undefined ? null : Number(object.isMember),
      passwordsNumber(object.passwords ?? 'sent'),
      withdrawingNumber(object.withdrawing ?? 'no'),
      namedByNumber(object.namedBy ?? 'sAMAccountName'),
      object.newName ?? null,
      generation,
    );
  }

  /** Objects that are to leave because the rules changed, waiting or approved. */
  listLeaving(): { guid: string; anchor: string }[] {
    return this.#db.all<{ guid: string; anchor: string }>(
      `SELECT guid, anchor FROM connector_space WHERE ${this.#own} AND leaving > 0 AND exported_digest IS NOT NULL ORDER BY guid`,
      this.#connector,
    );
  }

  /** For each object, whether it was in a group of the scope at the last look. */
  scopeMemberships(): { guid: string; anchor: string; is_member: number | null }[] {
    const sql = `SELECT guid, anchor, is_member FROM connector_space WHERE ${this.#own} AND deleted = 0`;
    return this.#db.all<{ guid: string; anchor: string; is_member: number | null }>(sql, this.#connector);
  }

  /** The SIDs of all objects, with their identifiers. */
  bySid(): Map<string, { guid: string; anchor: string }> {
    const sql = `SELECT attributes ->> '$.objectSid' AS sid, guid, anchor FROM connector_space WHERE ${this.#own} AND deleted = 0`;
    const rows = this.#db.all<{ sid: string | null; guid: string; anchor: string }>(sql, this.#connector);
    return new Map(rows.flatMap(({ sid, guid, anchor }) => (sid === null ? [] : [[sid, { guid, anchor }]])));
  }

  /** Releases an object whose leaving an administrator approved. */
  letGo(guid: string): void {
    this.#db.run(
      `UPDATE connector_space SET desired_digest = NULL, leaving = 2 WHERE ${this.#own} AND guid = ? AND leaving = 1`,
      ...[this.#connector, guid],
    );
  }

  /** Removes rows that stand for nothing: deleted in the directory and not in the tenant. @returns their GUIDs */
  removeForgotten(): string[] {
    return this.#db
      .all<{ guid: string }>(
        `DELETE FROM connector_space WHERE ${this.#own} AND deleted = 1 AND exported_digest IS NULL AND desired_digest IS NULL
         RETURNING guid`,
        this.#connector,
      )
      .map(({ guid }) => guid);
  }

  /** Marks what a full import did not meet as deleted. @returns the objects marked */
  markUnseenDeleted(generation: number): Pick<SpaceObject, 'guid' | 'anchor'>[] {
    return this.#db.all<{ guid: string; anchor: string }>(
      `UPDATE connector_space SET deleted = 1, desired_digest = NULL, leaving = 0, scope_reason = 'not found by a full import'
       WHERE ${this.#own} AND generation <> ? AND deleted = 0 RETURNING guid, anchor`,
      this.#connector,
      generation,
    );
  }

  /** Objects whose copy in the tenant differs from what it should be, except those that wait for their next attempt. */
  pending(operation: 'upsert' | 'delete', after: string, limit: number, now: number): SpaceObject[] {
    return this.#db
      .all(
        `SELECT * FROM connector_space AS o
         WHERE ${this.#own} AND guid > ? AND desired_digest IS NOT exported_digest
           AND desired_digest IS ${operation === 'delete' ? '' : 'NOT'} NULL AND ${this.elsewhere.isTeller(operation)}
           AND NOT EXISTS (SELECT 1 FROM retry_queue AS r WHERE r.connector = o.connector AND r.guid = o.guid
             AND r.kind = 'object' AND r.next_at > ?)
         ORDER BY guid LIMIT ?`,
        this.#connector,
        after,
        now,
        limit,
      )
      .map(row => toObject(row)!);
  }

  /** What the tenant should have from this connector, whatever was sent so far. In the order of anchors, from one on or after it. */
  wanted(anchor: string, limit: number, which: 'from' | 'behind' = 'behind'): SpaceObject[] {
    return this.#db
      .all(
        `SELECT * FROM connector_space AS o WHERE ${this.#own} AND anchor ${which === 'from' ? '>=' : '>'} ?
           AND desired_digest IS NOT NULL AND ${this.elsewhere.isTeller('upsert')} ORDER BY anchor LIMIT ?`,
        ...[this.#connector, anchor, limit],
      )
      .map(row => toObject(row)!);
  }

  countPending(operation: 'upsert' | 'delete'): number {
    return this.#count(
      `desired_digest IS NOT exported_digest AND desired_digest IS ${operation === 'delete' ? '' : 'NOT'} NULL
         AND ${this.elsewhere.isTeller(operation)}`,
    );
  }

  /**
   * Everything that waits for its export, whether its next attempt is due or not: deletions that the directory reported, deletions of
   * strangers, or users whom the tenant has from no domain yet.
   */
  listPending(what: keyof typeof PENDING): { guid: string; anchor: string }[] {
    const { elsewhere } = this;
    const isOurs =
      what === 'create'
        ? `${elsewhere.isTeller('upsert')} AND ${elsewhere.isNew()}`
        : elsewhere.isTeller('delete');
    return this.#db.all<{ guid: string; anchor: string }>(
      `SELECT guid, anchor FROM connector_space AS o WHERE ${this.#own} AND desired_digest IS NOT exported_digest
         AND ${PENDING[what]} AND ${isOurs} ORDER BY guid`,
      this.#connector,
    );
  }

  acknowledgeExport(guid: string, digest: string | undefined, sequence: number): void {
    this.#db.run(
      `UPDATE connector_space SET exported_digest = ?1, exported_sequence = ?, exported_at = ?, leaving = iif(?1 IS NULL, 0, leaving)
       WHERE ${this.#own} AND guid = ?`,
      digest ?? null,
      sequence,
      this.#db.timestamp(),
      this.#connector,
      guid,
    );
  }

  /** Another place lost the account, so it is signed and exported again. */
  sayAnew(guid: string): void {
    this.#db.run(
      `UPDATE connector_space SET exported_digest = '${ANEW}' || exported_digest
       WHERE ${this.#own} AND guid = ? AND exported_sequence IS NOT NULL AND exported_digest NOT LIKE '${ANEW}%'`,
      this.#connector,
      guid,
    );
  }

  /** Adds an object that another place has but the forest has not. Its deletion is to be exported, and waits like any other. */
  putStranger(guid: string, anchor: string): void {
    this.#db.run(
      `INSERT INTO connector_space (connector, kind, guid, anchor, dn, object_classes, attributes, deleted, scope_reason,
         exported_digest)
       VALUES (?, '${this.kind}', ?, ?, '', '[]', '{}', 1, 'not in the directory', '${STRANGER}')
       ON CONFLICT DO UPDATE SET exported_digest = excluded.exported_digest, exported_sequence = NULL
         WHERE kind = excluded.kind AND desired_digest IS NULL AND exported_digest IS NULL`,
      this.#connector,
      guid,
      anchor,
    );
  }

  count(): number {
    return this.#count('deleted = 0');
  }

  countInScopeExported(): number {
    return this.#count('desired_digest IS NOT NULL AND exported_digest IS NOT NULL');
  }

  countInTenantSpace(): number {
    return this.#count('(desired_digest IS NOT NULL OR exported_digest IS NOT NULL)');
  }

  countInScope(): number {
    return this.#count('desired_digest IS NOT NULL');
  }

  countExported(): number {
    return this.#count(`exported_digest IS NOT NULL AND ${ACKNOWLEDGED}`);
  }

  /** Every object, one page at a time, for a full synchronization. */
  list(after: string, limit: number): SpaceObject[] {
    const sql = `SELECT * FROM connector_space WHERE ${this.#own} AND guid > ? ORDER BY guid LIMIT ?`;
    return this.#db.all(sql, this.#connector, after, limit).map(row => toObject(row)!);
  }

  /** Finds by distinguished name, ignoring case. A present object is preferred to a deleted one. */
  findByDn(dn: string): SpaceObject | undefined {
    const sql = `SELECT * FROM connector_space WHERE ${this.#own} AND lower(dn) = lower(?) ORDER BY deleted LIMIT 1`;
    return toObject(this.#db.get(sql, this.#connector, dn));
  }

  findByAnchor(anchor: string): SpaceObject | undefined {
    const sql = `SELECT * FROM connector_space WHERE ${this.#own} AND anchor = ? ORDER BY deleted LIMIT 1`;
    return toObject(this.#db.get(sql, this.#connector, anchor));
  }

  /** Some objects that the directory has, or that the tenant has or should have, in the order of GUIDs. */
  slice(side: 'directory' | 'tenant', start: number, count: number): SpaceObject[] {
    const condition =
      side === 'directory' ? 'deleted = 0' : '(desired_digest IS NOT NULL OR exported_digest IS NOT NULL)';
    const sql = `SELECT * FROM connector_space WHERE ${this.#own} AND ${condition} ORDER BY guid LIMIT ? OFFSET ?`;
    return this.#db.all(sql, this.#connector, count, start).map(row => toObject(row)!);
  }

  #count(condition: string): number {
    return this.#db.get<{ n: number }>(
      `SELECT count(*) AS n FROM connector_space AS o WHERE ${this.#own} AND ${condition}`,
      this.#connector,
    )!.n;
  }
}
