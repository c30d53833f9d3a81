export type { Status, UserStatus } from './admin/status.ts';
export type { ListedAdministrator } from './administrators/administrators.ts';
export { domainCommands } from './commands/domain-commands.ts';
export { DomainConfiguration } from './configuration.ts';
export { type Created, type CreateOptions, createDomain } from './creation/create.ts';
export type { HeldList } from './ledger/held.ts';
export type { PublicDomainKeys } from './pairing/domain-keys.ts';
export { runDomain } from './run.ts';
