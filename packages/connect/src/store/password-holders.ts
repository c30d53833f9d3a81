import type { PasswordOrder } from '@causeway/credentials';
import type { WithdrawalReason } from '@causeway/records';
import type { PasswordScope } from '../scope/rules.ts';
import { isSmartCardOnly } from '../user-account-control.ts';
import type { Database } from './database.ts';
import { toOrder } from './password-states.ts';
import { passwordsOfNumber } from './space-object.ts';

/** A user whose password replication brought, and what the tenant has of it. */
export interface PasswordHolder {
  guid: string;
  anchor: string;
  dn: string;
  isInetOrgPerson: boolean;
  /** The tenant should have the user. */
  inScope: boolean;
  /** The tenant has the user. */
  exported: boolean;
  /** The lowest epoch of anything said about the password. */
  epoch: number;
  /** The order of the password that the tenant acknowledged last. */
  acknowledged: PasswordOrder | undefined;
  /** Why the tenant has no password of that order: it acknowledged a withdrawal. */
  withdrawn: WithdrawalReason | undefined;
  /** At the last reading, the directory's password was a temporary one. */
  mustChange: boolean;
  /** No password of the account works: it signs in by smart card only. */
  smartCard: boolean;
  /** What the scope decides about the user's passwords. */
  passwords: PasswordScope;
  /** The acknowledged password goes again, because another place lost it. */
  anew: boolean;
  /** The forced full pass that sent it last. */
  fullPass: number | undefined;
  /** The user's legacy credentials are owed to the managed domain. */
  owed: boolean;
}

/** One look-up for everything a decision needs, because a full pass decides about every user. */
export class PasswordHolders {
  readonly #db: Database;
  readonly #connector: string;

  constructor(db: Database, connector: string) {
    this.#db = db;
    this.#connector = connector;
  }

  get(guid: string): PasswordHolder | undefined {
    const row = this.#db.get(
      `SELECT o.anchor, o.dn, o.desired_digest IS NOT NULL AS in_scope, o.exported_digest IS NOT NULL AS exported,
         o.passwords, o.object_classes LIKE '%"inetorgperson"%' AS inet_org_person,
         p.epoch, p.version, p.originating_time, p.originating_invocation_id, p.full_pass, p.withdrawn, p.must_change, p.anew,
         o.attributes ->> '$.userAccountControl' AS user_account_control, w.guid IS NOT NULL AS owed
       FROM connector_space AS o
         LEFT JOIN password_state AS p ON p.connector = o.connector AND p.guid = o.guid
         LEFT JOIN owed AS w ON w.connector = o.connector AND w.guid = o.guid
       WHERE o.connector = ? AND o.kind = 'user' AND o.guid = ?`,
      this.#connector,
      guid,
    );
    return (
      row && {
        guid,
        anchor: row.anchor as string,
        dn: row.dn as string,
        isInetOrgPerson: row.inet_org_person === 1,
        inScope: row.in_scope === 1,
        exported: row.exported === 1,
        epoch: (row.epoch as number | null) ?? 0,
        acknowledged: toOrder(row),
        withdrawn: (row.withdrawn as WithdrawalReason | null) ?? undefined,
        mustChange: row.must_change === 1,
        smartCard: isSmartCardOnly(Number(row.user_account_control ?? 0)),
        passwords: passwordsOfNumber(row.passwords),
        anew: row.anew === 1,
        fullPass: (row.full_pass as number | null) ?? undefined,
        owed: row.owed === 1,
      }
    );
  }
}
