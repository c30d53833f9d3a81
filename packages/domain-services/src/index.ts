export { domainCommands } from './commands/domain-commands.ts';
export { DomainConfiguration } from './configuration.ts';
export { type Created, type CreateOptions, createDomain } from './creation/create.ts';
export { AUDIT_ACTIONS, type AuditAction } from './ledger/audit-book.ts';
export type { PublicDomainKeys } from './pairing/domain-keys.ts';
export { runDomain } from './run.ts';
