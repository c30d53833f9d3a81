import { createHash, randomBytes } from 'node:crypto';
import type { AdminToken } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { Database } from './database.ts';

const DAY_MS = 86_400_000;
/** The shortest time between two updates of the last use. */
const USE_NOTED_MS = 60_000;

/** Named bearer tokens of 256 random bits. They are stored and looked up by digest only, so that no comparison reveals a token. */
export class AdminTokens {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @returns the token, which is stored nowhere. @throws CausewayError 'token-exists' */
  create(name: string, days: number): { token: string; expiresAt: string } {
    const now = this.#db.clock.now();
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now + days * DAY_MS).toISOString();
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM admin_token WHERE expires_at <= ?', new Date(now).toISOString());
      if (this.#db.get('SELECT 1 FROM admin_token WHERE name = ?', name)) {
        const text = `there is a token '${name}' already`;
        throw new CausewayError('token-exists', text);
      }
      this.#db.run(
        'INSERT INTO admin_token (name, digest, created_at, expires_at) VALUES (?, ?, ?, ?)',
        name,
        digestOf(token),
        new Date(now).toISOString(),
        expiresAt,
      );
    });
    return { token, expiresAt };
  }

  /** @returns the name of the token if it is valid now */
  find(token: string): string | undefined {
    const now = this.#db.clock.now();
    const row = this.#db.get<{ name: string; expiresAt: string; lastUsedAt: string | null }>(
      'SELECT name, expires_at AS expiresAt, last_used_at AS lastUsedAt FROM admin_token WHERE digest = ?',
      digestOf(token),
    );
    if (row === undefined || Date.parse(row.expiresAt) <= now) return undefined;
    if (row.lastUsedAt === null || now - Date.parse(row.lastUsedAt) >= USE_NOTED_MS)
      this.#db.run(
        'UPDATE admin_token SET last_used_at = ? WHERE name = ?',
        new Date(now).toISOString(),
        row.name,
      );
    return row.name;
  }

  list(): AdminToken[] {
    return this.#db.all<AdminToken>(
      `SELECT name, created_at AS createdAt, expires_at AS expiresAt, last_used_at AS lastUsedAt
       FROM admin_token ORDER BY name`,
    );
  }

  /** @throws CausewayError 'no-such-token' */
  revoke(name: string): void {
    if (this.#db.run('DELETE FROM admin_token WHERE name = ?', name) > 0) return;
    const known = this.list().map(token => `'${token.name}'`);
    throw new CausewayError(
      'no-such-token',
      `there is no token '${name}': ${known.length === 0 ? 'there is none at all' : `known are ${known.join(', ')}`}`,
    );
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
