import { keepGoing, type Log, Trouble } from '@causeway/service';
import { sql } from 'kysely';
import type { Installation } from '../tenancy/installation.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { type Digest, digestFrom, digitsOf } from './digests.ts';
import { slices } from './slices.ts';

const HOUR_MS = 3_600_000;

/** One bucket of a forest. */
interface Bucket {
  readonly forest: string;
  readonly bucket: number;
}
/** By `keyOf`. */
type Digests = Map<string, Bucket & { readonly digest: Digest }>;

const keyOf = ({ forest, bucket }: Bucket): string => `${forest} ${bucket}`;

/** Checks every hour, until the signal, that all tenants' digests match their rows. */
export function keepDigests(installation: Installation, log: Log, signal: AbortSignal): Promise<void> {
  return keepGoing({
    signal,
    clock: installation.clock,
    pauseMs: HOUR_MS,
    firstWaitMs: 60_000,
    lastWaitMs: HOUR_MS,
    trouble: new Trouble(reason =>
      log.warn({ reason }, 'cannot check the digests that Connects compare with'),
    ),
    async turn() {
      for (const scope of await installation.tenants()) {
        const buckets = (await checkDigests(scope, signal)).length;
        if (buckets === 0) continue;
        log.warn({ tenant: scope.tenantName, buckets }, 'corrected digests that did not match their users');
      }
    },
  });
}

/**
 * Makes a tenant's digests again, a slice of its users at a time, and corrects those that were wrong. It locks nothing meanwhile:
 * it leaves a bucket that changed while it was read for the next time.
 * @returns what was wrong
 */
export async function checkDigests(scope: TenantScope, signal: AbortSignal): Promise<Bucket[]> {
  const kept = await readKept(scope);
  const made = await makeDigests(scope, signal);
  if (!made) return [];
  const wrong: Bucket[] = [];
  for (const [key, { forest, bucket }] of new Map([...kept, ...made])) {
    const [was, is] = [kept, made].map(digests => digests.get(key)?.digest ?? 0n);
    if (was !== is && (await correct(scope, { forest, bucket }, was!, is!))) wrong.push({ forest, bucket });
  }
  return wrong;
}

async function readKept(scope: TenantScope): Promise<Digests> {
  const rows = await scope.select('line_digests').select(['forest', 'bucket', 'digest']).execute();
  return new Map(rows.map(row => [keyOf(row), { ...row, digest: digestFrom(row.digest) }]));
}

/** @returns undefined when the signal stopped it */
async function makeDigests(scope: TenantScope, signal: AbortSignal): Promise<Digests | undefined> {
  const digests: Digests = new Map();
  for await (const slice of slices(scope)) {
    if (signal.aborted) return undefined;
    const { rows } = await scope.run<Bucket & { digest: string }>(
      tenantId => sql`
        select forest, causeway_bucket(source_anchor) as bucket, bit_xor(causeway_line_digest(causeway_line(source_anchor,
          account_sequence, credential_sequence, encapsulation_id, cloud_credential, order_epoch, order_version, order_time, order_invocation_id))) as digest
        from users where tenant_id = ${tenantId} and origin = 'synchronized' and deleted_at is null and ${slice}
        group by 1, 2`,
    );
    for (const { digest, ...bucket } of rows) {
      const key = keyOf(bucket);
      digests.set(key, { ...bucket, digest: (digests.get(key)?.digest ?? 0n) ^ digestFrom(digest) });
    }
  }
  return digests;
}

/**
 * INVARIANT: corrects only a digest that is still the same as before its users were read: a change of a user changes it.
 * @returns whether it corrected it
 */
async function correct(scope: TenantScope, bucket: Bucket, was: Digest, is: Digest): Promise<boolean> {
  const digest = digitsOf(is);
  const { numInsertedOrUpdatedRows } = await scope
    .insert('line_digests', { ...bucket, digest })
    .onConflict(conflict =>
      conflict
        .columns(['tenant_id', 'forest', 'bucket'])
        .doUpdateSet({ digest })
        .where('line_digests.digest', '=', digitsOf(was)),
    )
    .executeTakeFirst();
  return Boolean(numInsertedOrUpdatedRows);
}
