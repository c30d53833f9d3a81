export { listUsers } from '../commands/user-commands.ts';
export { openDatabase } from '../database/open-database.ts';
export { Browser, RelyingParty } from './browser.ts';
export { runTenantCommand, spawnTenant } from './run-command.ts';
export { type TenantGroup, TenantPlace, type TenantSnapshot } from './tenant-place.ts';
export { enrolAgent } from './test-agent.ts';
export { makeDatabase } from './test-tenant.ts';
