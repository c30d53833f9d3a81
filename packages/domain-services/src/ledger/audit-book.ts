import type { StateDatabase } from '@causeway/service';

/** Every action of the audit trail, and what it says happened. Administrators cause most of them; the service does some by itself. */
export const AUDIT_ACTIONS = {
  accept: 'An administrator accepted a user whose object was replaced.',
  'accept-administrator':
    'An administrator of this machine accepted somebody whom the tenant proposes as an administrator.',
  'remove-administrator': 'An administrator of this machine took that back.',
  'administrator-ended':
    'It ended by itself: the person was deleted, is another object now, or is not proposed any more.',
  'adopt-accounts':
    'The ledger took over accounts that only the directory had, or let go of some that only the ledger had.',
  'adopt-block': 'The ledger took over a block that only the account itself said.',
  'allow-creations': 'An administrator approved a list of new users that was held.',
  'allow-deletes': 'An administrator approved a list of deletions that was held.',
  block: 'An administrator blocked a user in the managed domain.',
  unblock: 'An administrator lifted that.',
  'confirm-sid': "An administrator confirmed that a domain's SID belongs to a forest.",
  'unconfirm-sid': 'An administrator took that back.',
  'delete-unclaimed': 'An administrator had an account or group deleted of which no record comes any more.',
  'free-name': 'An administrator freed a name that was reserved.',
  'give-name': 'An administrator handed a name over.',
  'made-anew': 'An account came back, could not be restored, and was created again with another SID.',
  'pin-tenant-key': "The tenant's own key was seen for the first time, and is trusted.",
  'trust-tenant': "An administrator confirmed the tenant's own key.",
  'put-right': 'The service undid that somebody renamed or moved an account by hand.',
  repair: 'An administrator had a change by hand undone.',
  register: 'The managed domain was registered at the tenant again.',
  reunite:
    'One of ledger and directory was restored or lost; the other one is believed, and everything is read again.',
  'trust-agent': "An administrator confirmed a Connect's signing key for a forest.",
  'untrust-agent': 'An administrator took that back.',
} as const;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

export interface AuditEntry {
  at: string;
  action: string;
  subject: string;
  detail: string;
}

/** What administrators did, and what needed one. */
export class AuditBook {
  readonly #database: StateDatabase;

  constructor(database: StateDatabase) {
    this.#database = database;
  }

  add({ action, subject, detail }: Omit<AuditEntry, 'at'> & { action: AuditAction }): void {
    this.#database.run(
      'INSERT INTO audit (at, action, subject, detail) VALUES (?, ?, ?, ?)',
      ...[this.#database.timestamp(), action, subject, detail],
    );
  }

  list(limit = 50): AuditEntry[] {
    return this.#database
      .all('SELECT at, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?', limit)
      .map(row => ({
        at: String(row.at),
        action: String(row.action),
        subject: String(row.subject),
        detail: String(row.detail),
      }));
  }
}
