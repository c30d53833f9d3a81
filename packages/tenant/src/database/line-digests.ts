// SQL of a released migration, so it never changes. docs/formats.md, *Comparing*, defines a line and its digest.

/** `users` has one line per synchronized user who is not deleted. */
const LINES = (rows: string): string => `
  select tenant_id, forest, source_anchor, causeway_line(source_anchor, account_sequence, credential_sequence,
    encapsulation_id, cloud_credential, order_epoch, order_version, order_time, order_invocation_id) as line
  from ${rows} where origin = 'synchronized' and deleted_at is null`;

const DIGESTS = (lines: string): string => `
  select tenant_id, forest, causeway_bucket(source_anchor), bit_xor(causeway_line_digest(line))
  from (${lines}) as lines group by 1, 2, 3`;

/** Runs once per statement, and in the order of the buckets, so that two statements never deadlock. */
const keeping = (event: 'insert' | 'update' | 'delete', tables: string, changed: string): string[] => [
  `create function causeway_digest_${event}() returns trigger language plpgsql as $$
    begin
      insert into line_digests (tenant_id, forest, bucket, digest) ${DIGESTS(changed)} order by 1, 2, 3
      on conflict (tenant_id, forest, bucket) do update set digest = line_digests.digest # excluded.digest;
      return null;
    end $$`,
  `create trigger users_digest_${event} after ${event} on users referencing ${tables}
    for each statement execute function causeway_digest_${event}()`,
];

export const LINE_DIGESTS: readonly string[] = [
  // Anchors sort as bytes, the order in which Connect reads them.
  'alter table users alter column source_anchor type text collate "C"',
  `create function causeway_bucket(anchor text) returns integer language sql stable parallel safe as $$
    select get_byte(sha256(convert_to(anchor, 'UTF8')), 0) $$`,
  `create function causeway_line(anchor text, account_sequence bigint, credential_sequence bigint, encapsulation_id bigint,
      cloud_credential text, order_epoch bigint, order_version bigint, order_time bigint, order_invocation_id uuid)
    returns text language sql stable parallel safe as $$
    select anchor || ' ' || coalesce(account_sequence, 0) || ' '
      || case when encapsulation_id is not null or (order_version is not null and cloud_credential is null)
        then coalesce(credential_sequence, 0) else 0 end || ' '
      || case when order_epoch > 0 and order_version is not null then 'e' || order_epoch || '.' else '' end
      || coalesce(order_version || '.' || order_time || '.' || order_invocation_id, '-')
      || case when order_version is not null and cloud_credential is null then ' withdrawn' else ' open' end $$`,
  `create function causeway_line_digest(line text) returns bit(128) language sql stable parallel safe as $$
    select ('x' || encode(substr(sha256(convert_to(line, 'UTF8')), 1, 16), 'hex'))::bit(128) $$`,
  // Forces the index by anchor, whatever statistics PostgreSQL has: PGlite never gathers any.
  `create function causeway_slice_end(tenant uuid, after text, size integer) returns text language sql stable
    set enable_sort = off as $$
    select source_anchor from users where tenant_id = tenant and source_anchor > after
    order by source_anchor offset size - 1 limit 1 $$`,
  // Half of each page stays free for updates in place: a change of a digest touches no index.
  `create table line_digests (
    tenant_id uuid not null references tenants,
    forest text not null,
    bucket smallint not null,
    digest bit(128) not null,
    primary key (tenant_id, forest, bucket)) with (fillfactor = 50)`,
  `insert into line_digests (tenant_id, forest, bucket, digest) ${DIGESTS(LINES('users'))}`,
  ...keeping('insert', 'new table as after', LINES('after')),
  ...keeping('delete', 'old table as before', LINES('before')),
  // A line that did not change appears twice.
  ...keeping(
    'update',
    'old table as before new table as after',
    `select tenant_id, forest, source_anchor, line from (${LINES('before')} union all ${LINES('after')}) as sides
    group by 1, 2, 3, 4 having count(*) = 1`,
  ),
];
