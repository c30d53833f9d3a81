import type { Database } from './database.ts';

/** The managed domain's keys that an administrator has confirmed. */
export interface ConfirmedKey {
  /** Of both. */
  fingerprint: string;
  keyId: string;
  publicKey: string;
  receiptKey: string;
  realm: string;
  confirmedAt: string;
}

export function confirmedKey(db: Database): ConfirmedKey | undefined {
  return db.get<ConfirmedKey & Record<string, unknown>>(
    'SELECT fingerprint, key_id AS keyId, public_key AS publicKey, receipt_key AS receiptKey, realm, confirmed_at AS confirmedAt FROM pairing',
  );
}

export function confirmKey(db: Database, key: Omit<ConfirmedKey, 'confirmedAt'>): void {
  db.run(
    `INSERT OR REPLACE INTO pairing (id, fingerprint, key_id, public_key, receipt_key, realm, confirmed_at)
     VALUES (1, ?, ?, ?, ?, ?, ?)`,
    key.fingerprint,
    key.keyId,
    key.publicKey,
    key.receiptKey,
    key.realm,
    db.timestamp(),
  );
}

export function withdrawKey(db: Database): boolean {
  return db.run('DELETE FROM pairing') > 0;
}
