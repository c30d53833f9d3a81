import { changes } from '../changes/change-signal.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';

/** Another process's change is seen after that. */
const POLL_MS = 200;

/** Waits until this process has committed a change of the tenant, no longer than `milliseconds`, and until another process may have. */
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
