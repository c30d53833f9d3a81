import { CONNECT_ERRORS } from './connect-errors.ts';
import { DIRECTORY_ERRORS } from './directory-errors.ts';
import { DOMAIN_ERRORS } from './domain-errors.ts';
import type { ErrorEntry } from './error-entry.ts';
import { POWERSHELL_ERRORS } from './powershell-errors.ts';
import { SHARED_ERRORS } from './shared-errors.ts';
import { TENANT_ERRORS } from './tenant-errors.ts';

/** The tables of errors by place, in the order of the documentation. */
export const ERROR_TABLES = {
  shared: SHARED_ERRORS,
  directory: DIRECTORY_ERRORS,
  connect: CONNECT_ERRORS,
  tenant: TENANT_ERRORS,
  domain: DOMAIN_ERRORS,
  powershell: POWERSHELL_ERRORS,
} as const;

/** Every error by its code. Each code is in one table only. */
export const ERRORS = {
  ...SHARED_ERRORS,
  ...DIRECTORY_ERRORS,
  ...CONNECT_ERRORS,
  ...TENANT_ERRORS,
  ...DOMAIN_ERRORS,
  ...POWERSHELL_ERRORS,
} as const;

type Tables = typeof ERRORS;
/** Named, so that TypeScript's message for an unknown code says `keyof ErrorsInTables`. */
export interface ErrorsInTables extends Tables {}

/** A code of the tables. Before you throw a new one, add it to its place's table. */
export type ErrorCode = keyof ErrorsInTables;

/**
 * Codes of the previous release, and their current names. Until the next release, an error with an old code is read as one with the new
 * code.
 */
export const MERGED_CODES = {
  'ambiguous-user': 'several-users',
  'ca-unreadable': 'file-unreadable',
  'configuration-invalid': 'bad-configuration',
  'database-newer': 'database-too-new',
  'database-unreachable': 'database-unavailable',
  'fingerprint-invalid': 'bad-fingerprint',
  'local-api': 'answer-too-large',
  'no-lag': 'nothing-to-accept',
  'no-member': 'no-such-member',
  'no-restore': 'nothing-to-accept',
  'no-such-place': 'bad-request',
  'parameter-invalid': 'bad-parameter',
  'parameter-twice': 'bad-parameter',
  'redirect-uri': 'bad-redirect-uri',
  'run-or-list': 'options-conflict',
  'several-forests': 'several-users',
  'time-invalid': 'bad-time',
  'unknown-fingerprint': 'no-such-key',
  'unknown-list': 'no-such-list',
  'unknown-sid': 'no-such-sid',
  'unknown-user': 'no-such-user',
  'user-not-found': 'no-such-user',
  'user-or-group': 'options-conflict',
} as const satisfies Readonly<Record<string, ErrorCode>>;

/** The table's entry for a code; undefined for one that only another release or program knows. */
export const errorEntry = (code: string): ErrorEntry | undefined =>
  Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;

/** A code from elsewhere under its name in this release. */
export const currentCode = (code: string): string =>
  Object.hasOwn(MERGED_CODES, code) ? MERGED_CODES[code as keyof typeof MERGED_CODES] : code;
