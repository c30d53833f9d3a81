export type { ListedAdministrator } from './administrators.ts';
export { domainCommands } from './commands.ts';
export { DomainConfiguration } from './configuration.ts';
export { type Created, type CreateOptions, createDomain } from './create.ts';
export type { PublicDomainKeys } from './domain-keys.ts';
export { runDomain } from './domain-service.ts';
export type { HeldList } from './held.ts';
export type { Status, UserStatus } from './status.ts';
