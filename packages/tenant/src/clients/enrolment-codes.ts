import { randomInt } from 'node:crypto';
import { digestOf } from '../tenancy/digest.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

const CODE_MINUTES = 60;
/** Letters and digits that people do not mix up; 26 of 31 are 128 bits. */
const CODE_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const CODE_LENGTH = 26;

/** What a code lets its bearer do. */
export interface CodeFor {
  readonly kind: 'connect' | 'domain';
  readonly name: string;
  readonly forests: readonly string[];
  /** Ids of the agents whose place it takes. */
  readonly replaces: readonly string[];
  readonly staging?: boolean;
  /** Which agent it promotes; absent for an enrolment. */
  readonly agent_id?: string;
}

/** Makes a code that works once, within the hour. Only its digest is stored. */
export async function insertCode(
  scope: TenantScope,
  { forests, replaces, ...what }: CodeFor,
): Promise<{ code: string; expiresAt: Date }> {
  const code = Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET[randomInt(CODE_ALPHABET.length)]).join(
    '',
  );
  const now = scope.clock.now();
  const expiresAt = new Date(now + CODE_MINUTES * 60_000);
  await scope.delete('enrolments').where('expires_at', '<', new Date(now)).execute();
  await scope
    .insert('enrolments', {
      ...what,
      code_digest: digestOf(code),
      forests: JSON.stringify(forests),
      replaces: JSON.stringify(replaces),
      created_at: new Date(now),
      expires_at: expiresAt,
    })
    .execute();
  return { code, expiresAt };
}
