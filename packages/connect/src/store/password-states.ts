import { inEpoch, type PasswordOrder } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { Database } from './database.ts';
import type { PasswordLog, PasswordStatus } from './password-log.ts';

export interface PasswordState {
  guid: string;
  /** The order of the password that the tenant acknowledged last. */
  acknowledged: PasswordOrder | undefined;
  acknowledgedAt: string | undefined;
  /** That order is a withdrawal's: the tenant has no password. */
  withdrawn: boolean;
  /** Another place lost it, so it is sent again when it is read. */
  anew: boolean;
  /** The managed domain's key that the acknowledged record was sealed to; undefined without a record. */
  recipientKeyId: string | undefined;
  status: PasswordStatus;
  detail: string | undefined;
  /** A temporary password: it waits until its user has changed it. */
  mustChange: boolean;
  /** The forced full pass that sent it last. */
  fullPass: number | undefined;
  updatedAt: string;
}

export class PasswordStates {
  readonly #db: Database;
  readonly #connector: string;
  readonly #log: PasswordLog;

  constructor(db: Database, connector: string, log: PasswordLog) {
    this.#db = db;
    this.#connector = connector;
    this.#log = log;
  }

  get(guid: string): PasswordState | undefined {
    const row = this.#db.get(
      'SELECT * FROM password_state WHERE connector = ? AND guid = ?',
      this.#connector,
      guid,
    );
    return row && toState(row);
  }

  acknowledge(
    guid: string,
    ack: {
      order: PasswordOrder;
      recipientKeyId: string | undefined;
      /** The tenant already had this password and keeps its record of it. */
      keepsRecord?: boolean;
      /** The sequence of the record sent along. */
      recordSequence: number | undefined;
      status: PasswordStatus;
      detail: string | undefined;
      fullPass: number | undefined;
    },
  ): void {
    const now = this.#db.timestamp();
    this.#db.run(
      `INSERT INTO password_state (connector, guid, epoch, version, originating_time, originating_invocation_id,
         acknowledged_at, recipient_key_id, record_sequence, status, detail, must_change, full_pass, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
       ON CONFLICT DO UPDATE SET epoch = excluded.epoch, version = excluded.version, originating_time = excluded.originating_time,
         originating_invocation_id = excluded.originating_invocation_id, acknowledged_at = excluded.acknowledged_at,
         recipient_key_id = iif(?, recipient_key_id, excluded.recipient_key_id),
         record_sequence = coalesce(excluded.record_sequence, record_sequence),
         status = excluded.status, detail = excluded.detail, must_change = 0, withdrawn = NULL, anew = 0, full_pass = coalesce(excluded.full_pass, full_pass), updated_at = excluded.updated_at`,
      this.#connector,
      guid,
      ack.order.epoch ?? 0,
      ack.order.version,
      ack.order.originatingTime,
      ack.order.originatingInvocationId,
      now,
      ack.recipientKeyId ?? null,
      ack.recordSequence ?? null,
      ack.status,
      ack.detail ?? null,
      ack.fullPass ?? null,
      now,
      Number(ack.keepsRecord ?? false),
    );
    this.#log.add(guid, ack.status, ack.detail, now);
  }

  /** Notes that the tenant acknowledged that it no longer has a password of this user. */
  withdraw(
    guid: string,
    {
      order,
      ...ack
    }: {
      order: PasswordOrder;
      recordSequence: number;
      reason: WithdrawalReason;
      detail: string;
      fullPass: number | undefined;
    },
  ): void {
    const now = this.#db.timestamp();
    this.#db.run(
      `INSERT INTO password_state (connector, guid, version, originating_time, originating_invocation_id,
         acknowledged_at, record_sequence, withdrawn, must_change, status, detail, full_pass, updated_at, epoch)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8 = 'must-change', 'FilteredByTarget', ?9, ?10, ?6, ?11)
       ON CONFLICT DO UPDATE SET epoch = excluded.epoch, version = excluded.version, originating_time = excluded.originating_time,
         originating_invocation_id = excluded.originating_invocation_id, acknowledged_at = excluded.acknowledged_at,
         recipient_key_id = NULL, record_sequence = excluded.record_sequence, withdrawn = excluded.withdrawn,
         must_change = excluded.must_change, status = excluded.status, detail = excluded.detail, anew = 0,
         full_pass = coalesce(excluded.full_pass, full_pass), updated_at = excluded.updated_at`,
      ...[this.#connector, guid, order.version, order.originatingTime, order.originatingInvocationId],
      ...[now, ack.recordSequence, ack.reason, ack.detail, ack.fullPass ?? null, order.epoch ?? 0],
    );
    this.#log.add(guid, 'FilteredByTarget', ack.detail, now);
  }

  /** Notes the present state without changing what was acknowledged. */
  note(guid: string, status: PasswordStatus, detail: string, mustChange: boolean = false): void {
    const now = this.#db.timestamp();
    this.#log.add(guid, status, detail, now);
    this.#db.run(
      `INSERT INTO password_state (connector, guid, status, detail, must_change, updated_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET status = excluded.status, detail = excluded.detail,
         must_change = excluded.must_change, updated_at = excluded.updated_at`,
      this.#connector,
      guid,
      status,
      detail,
      Number(mustChange),
      now,
    );
  }

  /**
   * Starts over with a user who came from another domain of the forest. From now on everything about their password has this epoch, and so
   * is newer than what the former domain said.
   */
  begin(guid: string, epoch: number): void {
    this.remove(guid);
    const sql = `INSERT INTO password_state (connector, guid, epoch, status, detail, updated_at)
      VALUES (?, ?, ?, 'Unknown', 'came from another domain of the forest: the password is to be read', ?)`;
    this.#db.run(sql, this.#connector, guid, epoch, this.#db.timestamp());
  }

  /** Another place lost what was acknowledged: it is sent again when the password is read. The caller asks for that read. */
  sayAnew(guid: string): void {
    this.#db.run(
      'UPDATE password_state SET anew = 1 WHERE connector = ? AND guid = ?',
      this.#connector,
      guid,
    );
  }

  remove(guid: string): void {
    this.#db.run('DELETE FROM password_state WHERE connector = ? AND guid = ?', this.#connector, guid);
  }

  countAcknowledged(): number {
    return this.#count('acknowledged_at IS NOT NULL AND withdrawn IS NULL');
  }

  countWithLegacy(): number {
    return this.#count('recipient_key_id IS NOT NULL');
  }

  /** Counts the users that a forced full pass has sent. */
  countOfPass(fullPass: number): number {
    return this.#db.get<{ n: number }>(
      'SELECT count(*) AS n FROM password_state WHERE connector = ? AND full_pass = ?',
      this.#connector,
      fullPass,
    )!.n;
  }

  countMustChange(): number {
    return this.#count('must_change = 1');
  }

  listMustChange(limit: number): PasswordState[] {
    return this.#db
      .all(
        'SELECT * FROM password_state WHERE connector = ? AND must_change = 1 LIMIT ?',
        this.#connector,
        limit,
      )
      .map(toState);
  }

  #count(condition: string): number {
    return this.#db.get<{ n: number }>(
      `SELECT count(*) AS n FROM password_state WHERE connector = ? AND ${condition}`,
      this.#connector,
    )!.n;
  }
}

function toState(row: Record<string, unknown>): PasswordState {
  return {
    guid: row.guid as string,
    acknowledged: toOrder(row),
    acknowledgedAt: (row.acknowledged_at as string | null) ?? undefined,
    withdrawn: row.withdrawn !== null,
    anew: row.anew === 1,
    recipientKeyId: (row.recipient_key_id as string | null) ?? undefined,
    status: row.status as PasswordStatus,
    detail: (row.detail as string | null) ?? undefined,
    mustChange: row.must_change === 1,
    fullPass: (row.full_pass as number | null) ?? undefined,
    updatedAt: row.updated_at as string,
  };
}

/** Reads the order from a row of `password_state`. */
export function toOrder(row: Record<string, unknown>): PasswordOrder | undefined {
  if (row.version === null) return undefined;
  const order = {
    version: row.version as number,
    originatingTime: row.originating_time as number,
    originatingInvocationId: row.originating_invocation_id as string,
  };
  return inEpoch(order, row.epoch as number);
}
