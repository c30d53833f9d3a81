export { tenantCommands } from './commands/tenant-commands.ts';
export { TenantConfiguration } from './configuration.ts';
export { type RunningTenant, startTenant, tenantService } from './start-tenant.ts';
