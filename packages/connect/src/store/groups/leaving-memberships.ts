import type { Database } from '../database.ts';
import { isNamed } from './members.ts';

/** How many memberships the tenant would lose if these objects left: the members of such groups, and the groups of such objects. */
export function countLeavingMemberships(db: Database, connector: string, anchors: readonly string[]): number {
  if (anchors.length === 0) return 0;
  const sql = `
    WITH leaving AS (SELECT value AS anchor FROM json_each(?1)),
      groups AS (SELECT l.id, o.anchor FROM group_list AS l JOIN connector_space AS o ON o.connector = l.connector AND o.guid = l.guid
        WHERE l.connector = ?2 AND o.desired_digest IS NOT NULL)
    SELECT count(*) AS n FROM (
      SELECT m.group_id, m.reference FROM leaving CROSS JOIN membership AS m ON m.reference = leaving.anchor
        WHERE m.group_id IN (SELECT id FROM groups) AND ${isNamed('?2')}
      UNION SELECT m.group_id, m.reference FROM membership AS m
        WHERE m.group_id IN (SELECT id FROM groups WHERE anchor IN (SELECT anchor FROM leaving)) AND ${isNamed('?2')})`;
  return db.get<{ n: number }>(sql, JSON.stringify(anchors), connector)!.n;
}
