export { tenantCommands } from './commands/tenant-commands.ts';
