import { changes } from '../changes/change-signal.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** How soon a change by another process is seen. */
const POLL_MS = 200;

/** Waits until this process commits a change of the tenant or another process may have, at most `milliseconds`. */
export async function changed(scope: TenantScope, milliseconds: number, signal: AbortSignal): Promise<void> {
  const wake = new AbortController();
  const ring = (): void => wake.abort();
  changes.once(scope.tenantId, ring);
  try {
    await scope.clock.sleep(Math.min(milliseconds, POLL_MS), AbortSignal.any([signal, wake.signal]));
  } finally {
    changes.off(scope.tenantId, ring);
  }
}
