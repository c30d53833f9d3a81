import { createHash } from 'node:crypto';
import type { SQLOutputValue } from 'node:sqlite';
import { CausewayError } from '../causeway-error.ts';
import type { StateDatabase } from '../state-database.ts';
import {
  type BulkDecision,
  type BulkLine,
  type BulkList,
  type BulkOperation,
  creationLimit,
  decideBulk,
  deletionLimit,
  type HeldLine,
} from './bulk-decision.ts';
import { BulkTally } from './bulk-tally.ts';

/** A list that waits, as an administrator sees it. */
export interface ShownList extends BulkList {
  /** 32 hex digits that stand for exactly these lines. */
  digest: string;
  /** When the first of them was held, as ISO 8601. */
  since: string;
  lines: BulkLine[];
}

/** How a decision was made. */
export interface BulkOutcome<Line extends BulkLine> extends BulkDecision<Line> {
  limit: number;
  /** The number carried out within the window before. */
  went: number;
}

/** How many lists per scope are kept after they were shown. */
const KEPT_LISTS = 20;

/**
 * What a store remembers of bulk operations: how many objects each forest had, what was carried out, what is held, and which lists were
 * shown. Connect and Domain Services share it. The caller passes in the time.
 */
export class BulkBook {
  readonly #db: StateDatabase;
  readonly #tally: BulkTally;

  constructor(db: StateDatabase) {
    this.#db = db;
    this.#tally = new BulkTally(db);
  }

  /**
   * Decides which of all pending deletions may be carried out, and remembers which are held.
   * @param objects number of objects, including those that wait
   */
  decideDeletions<Line extends BulkLine>(
    { scope, kind }: Pick<BulkList, 'scope' | 'kind'>,
    pending: readonly Line[],
    { objects, threshold }: { objects: number; threshold: number },
    now: Date,
  ): BulkOutcome<Line> {
    this.noteObjects({ scope, kind }, objects, now);
    const limit = deletionLimit(threshold, this.#tally.most({ scope, kind }, now));
    return this.#decide({ scope, kind, operation: 'delete' }, pending, limit, now);
  }

  /**
   * The same for new accounts. Above the limit there is an alarm, and they wait if the administrator configured so.
   * @param objects number of objects, without the pending ones
   */
  decideCreations<Line extends BulkLine>(
    { scope, kind }: Pick<BulkList, 'scope' | 'kind'>,
    pending: readonly Line[],
    { objects, hold }: { objects: number; hold: boolean },
    now: Date,
  ): BulkOutcome<Line> {
    const list = { scope, kind, operation: 'create' } as const;
    const limit = creationLimit(Math.max(0, objects - this.went(list, now)));
    const outcome = this.#decide(list, pending, hold ? limit : Number.POSITIVE_INFINITY, now);
    return { ...outcome, limit };
  }

  /** Holds every pending line, however few there are. */
  decideAll<Line extends BulkLine>(list: BulkList, pending: readonly Line[], now: Date): BulkOutcome<Line> {
    return this.#decide(list, pending, -1, now);
  }

  /** Records how many objects there are: the base of the limit for 24 hours. */
  noteObjects(list: Pick<BulkList, 'scope' | 'kind'>, objects: number, now: Date): void {
    this.#tally.noteObjects(list, objects, now);
  }

  /** How many were carried out without approval within the window. */
  went(list: BulkList, now: Date): number {
    return this.#tally.went(list, now);
  }

  #decide<Line extends BulkLine>(
    list: BulkList,
    pending: readonly Line[],
    limit: number,
    now: Date,
  ): BulkOutcome<Line> {
    const known = this.#held(list);
    const went = this.went(list, now);
    const decision = decideBulk(pending, known, { went, limit });
    const gone = new Set(known.map(({ anchor }) => anchor));
    for (const { anchor } of pending) gone.delete(anchor);
    if (gone.size > 0 || decision.fresh.length > 0) {
      this.#db.transaction(() => {
        for (const anchor of gone) this.#drop(list, anchor);
        for (const line of decision.fresh) this.#hold(list, line, now);
      });
    }
    return { ...decision, limit, went };
  }

  /**
   * Records one that was carried out. Closes an approved line, and counts any other. Call it within the transaction that carries it out.
   */
  noteWent(list: BulkList, anchor: string, now: Date): void {
    const [line] = this.#rows(`SELECT approved FROM bulk_held ${OF_LIST} AND anchor = ?`, list, anchor);
    this.#drop(list, anchor);
    // Together with the deletion: a process that is killed afterwards must not leave the former base.
    const last = list.operation === 'delete' ? this.#tally.lastObjects(list) : undefined;
    if (last !== undefined) this.noteObjects(list, last - 1, now);
    if (line?.approved !== 1) this.#tally.noteWent(list, now);
  }

  /** What is held, and what is approved but not yet carried out. */
  lines(list: BulkList): BulkLine[] {
    return this.#held(list).map(({ anchor, change }) => ({ anchor, change }));
  }

  /** The lines that wait for an administrator. */
  held(list: BulkList): BulkLine[] {
    return this.#held(list)
      .filter(({ approved }) => !approved)
      .map(({ anchor, change }) => ({ anchor, change }));
  }

  /**
   * Forests with more new accounts than the limit: those of the window and those that wait.
   * @param objects counts the objects; called only if it may matter
   */
  growth(
    now: Date,
    objects: () => ReadonlyMap<string, number>,
  ): { forest: string; count: number; limit: number }[] {
    const scopes = new Set([...this.#tally.scopes('create', now), ...this.scopes('create')]);
    return [...scopes].sort().flatMap(forest => {
      const list = { scope: forest, operation: 'create', kind: 'user' } as const;
      const went = this.went(list, now);
      const count = went + this.countHeld(list);
      if (count <= creationLimit(0)) return [];
      const limit = creationLimit(Math.max(0, (objects().get(forest) ?? 0) - went));
      return count > limit ? [{ forest, count, limit }] : [];
    });
  }

  /** The forests for which something is held. */
  scopes(operation: BulkOperation): string[] {
    const sql = 'SELECT DISTINCT scope FROM bulk_held WHERE operation = ? ORDER BY scope';
    return this.#db.all(sql, operation).map(({ scope }) => String(scope));
  }

  /** Whether anything is held, or approved but not yet carried out. */
  isHolding({ scope, operation, kind }: BulkList): boolean {
    const sql = `SELECT EXISTS (SELECT 1 FROM bulk_held ${OF_LIST}) AS n`;
    return this.#number(sql, scope, operation, kind) === 1;
  }

  countHeld({ scope, operation, kind }: BulkList): number {
    const sql = `SELECT count(*) AS n FROM bulk_held ${OF_LIST} AND approved = 0`;
    return this.#number(sql, scope, operation, kind);
  }

  /** The list that waits. Keeps it, so that it can be approved by its digest. Undefined if nothing waits. */
  show(list: BulkList, now: Date): ShownList | undefined {
    const lines = this.held(list);
    if (lines.length === 0) return undefined;
    const { scope, operation, kind } = list;
    const digest = digestOf(list, lines);
    this.#db.transaction(() => {
      this.#db.run(
        'INSERT OR REPLACE INTO bulk_shown (digest, scope, operation, kind, shown_at, lines) VALUES (?, ?, ?, ?, ?, ?)',
        ...[digest, scope, operation, kind, now.toISOString(), JSON.stringify(lines)],
      );
      this.#db.run(
        `DELETE FROM bulk_shown WHERE scope = ?1 AND digest NOT IN
           (SELECT digest FROM bulk_shown WHERE scope = ?1 ORDER BY shown_at DESC LIMIT ${KEPT_LISTS})`,
        scope,
      );
    });
    const since = this.#rows(`SELECT min(since) AS since FROM bulk_held ${OF_LIST} AND approved = 0`, list);
    return { ...list, digest, since: String(since[0]!.since), lines };
  }

  /**
   * A list that was shown, with those of its lines that still hold.
   * @throws CausewayError 'no-such-list'
   */
  shown(digest: string): ShownList & { ceased: number } {
    const sql = 'SELECT scope, operation, kind, shown_at, lines FROM bulk_shown WHERE digest = ?';
    const row = this.#db.get(sql, digest);
    if (row === undefined) {
      const text = `no list that was shown has the digest '${digest}'`;
      throw new CausewayError('no-such-list', text);
    }
    const list = { scope: row.scope, operation: row.operation, kind: row.kind } as BulkList;
    const lines = JSON.parse(String(row.lines)) as BulkLine[];
    const now = new Map(this.held(list).map(({ anchor, change }) => [anchor, change]));
    const holding = lines.filter(({ anchor, change }) => now.get(anchor) === change);
    const ceased = lines.length - holding.length;
    return { ...list, digest, since: String(row.shown_at), lines: holding, ceased };
  }

  /**
   * Approves those lines of a shown list that still hold, and nothing else.
   * @throws CausewayError 'no-such-list'
   */
  approve(digest: string): ShownList & { ceased: number } {
    return this.#db.transaction(() => {
      const list = this.shown(digest);
      const { scope, operation, kind } = list;
      const sql = `UPDATE bulk_held SET approved = 1 ${OF_LIST} AND anchor = ? AND change = ?`;
      for (const { anchor, change } of list.lines) this.#db.run(sql, scope, operation, kind, anchor, change);
      return list;
    });
  }

  #held(list: BulkList): HeldLine[] {
    const sql = `SELECT anchor, change, approved FROM bulk_held ${OF_LIST} ORDER BY anchor`;
    return this.#rows(sql, list).map(row => ({
      anchor: String(row.anchor),
      change: String(row.change),
      approved: row.approved === 1,
    }));
  }

  #hold({ scope, operation, kind }: BulkList, { anchor, change }: BulkLine, now: Date): void {
    this.#db.run(
      `INSERT INTO bulk_held (scope, operation, kind, anchor, change, since) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET change = excluded.change, approved = 0`,
      ...[scope, operation, kind, anchor, change, now.toISOString()],
    );
  }

  #drop({ scope, operation, kind }: BulkList, anchor: string): void {
    this.#db.run(`DELETE FROM bulk_held ${OF_LIST} AND anchor = ?`, scope, operation, kind, anchor);
  }

  #rows(sql: string, { scope, operation, kind }: BulkList, ...more: string[]): Row[] {
    return this.#db.all(sql, scope, operation, kind, ...more);
  }

  #number(sql: string, ...values: (string | number)[]): number {
    return Number(this.#db.get(sql, ...values)!.n);
  }
}

type Row = Record<string, SQLOutputValue>;

const OF_LIST = 'WHERE scope = ? AND operation = ? AND kind = ?';

function digestOf({ scope, operation, kind }: BulkList, lines: readonly BulkLine[]): string {
  const text = JSON.stringify([
    ...[scope, operation, kind],
    lines.map(({ anchor, change }) => [anchor, change]),
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
