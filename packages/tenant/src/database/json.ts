import { sql } from 'kysely';

/** A JSON parameter, bound as text so that both database drivers pass it alike. */
export function json(value: unknown): ReturnType<typeof sql> {
  return sql`${JSON.stringify(value)}::text::jsonb`;
}
