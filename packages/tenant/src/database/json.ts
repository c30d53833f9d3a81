import { sql } from 'kysely';

/** A JSON parameter, bound as text so that both database drivers hand it over alike. */
export function json(value: unknown): ReturnType<typeof sql> {
  return sql`${JSON.stringify(value)}::text::jsonb`;
}
