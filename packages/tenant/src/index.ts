export { tenantCommands } from './commands/tenant-commands.ts';
export { TenantConfiguration } from './configuration.ts';
