export { domainCommands } from './commands/domain-commands.ts';
export { DomainConfiguration } from './configuration.ts';
export { type Created, type CreateOptions, createDomain } from './creation/create.ts';
export type { PublicDomainKeys } from './pairing/domain-keys.ts';
export { runDomain } from './run.ts';
