import { after, before, describe } from 'node:test';
import type { TenantConfiguration } from '../configuration.ts';
import type { StartOptions } from '../start-tenant.ts';
import { type Backend, postgresUrl, startTestTenant, type TestTenant } from './test-tenant.ts';

/** One suite for every backend: the same tests on PGlite and, where DATABASE_URL names one, on PostgreSQL. */
export function onEveryBackend(
  title: string,
  suite: (tenant: () => TestTenant) => void,
  options: StartOptions = {},
  settings: Partial<TenantConfiguration> = {},
): void {
  const backends: Backend[] = postgresUrl === undefined ? ['pglite'] : ['pglite', 'postgres'];
  for (const backend of backends) {
    describe(`${title} (${backend})`, () => {
      let tenant: TestTenant | undefined;
      before(async () => {
        tenant = await startTestTenant(backend, options, settings);
      });
      after(() => tenant?.close());
      suite(() => tenant!);
    });
  }
}
