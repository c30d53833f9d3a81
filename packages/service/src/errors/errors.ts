import { CONNECT_ERRORS } from './connect-errors.ts';
import { DIRECTORY_ERRORS } from './directory-errors.ts';
import { DOMAIN_ERRORS } from './domain-errors.ts';
import type { ErrorEntry } from './error-entry.ts';
import { POWERSHELL_ERRORS } from './powershell-errors.ts';
import { SHARED_ERRORS } from './shared-errors.ts';
import { TENANT_ERRORS } from './tenant-errors.ts';

/** The tables of errors by the place that they are of, in the order in which they are documented. */
export const ERROR_TABLES = {
  shared: SHARED_ERRORS,
  directory: DIRECTORY_ERRORS,
  connect: CONNECT_ERRORS,
  tenant: TENANT_ERRORS,
  domain: DOMAIN_ERRORS,
  powershell: POWERSHELL_ERRORS,
} as const;

/** Every error by its code. A code stands in one of the tables. */
export const ERRORS = {
  ...SHARED_ERRORS,
  ...DIRECTORY_ERRORS,
  ...CONNECT_ERRORS,
  ...TENANT_ERRORS,
  ...DOMAIN_ERRORS,
  ...POWERSHELL_ERRORS,
} as const;

type Tables = typeof ERRORS;
/** Named, so that TypeScript says `keyof ErrorsInTables` of a code that stands in none of them. */
export interface ErrorsInTables extends Tables {}

/** A code of the tables. Whoever throws a new one adds it to the table of its place first. */
export type ErrorCode = keyof ErrorsInTables;

/**
 * Codes of the release before, and what they are called now. Until the next release an error that comes with one of them is read as if
 * it came with the new one.
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

/** What the tables say of a code; undefined for one that only another release or another program knows. */
export const errorEntry = (code: string): ErrorEntry | undefined =>
  Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode] : undefined;

/** A code that came from elsewhere, in this release's words. */
export const currentCode = (code: string): string =>
  Object.hasOwn(MERGED_CODES, code) ? MERGED_CODES[code as keyof typeof MERGED_CODES] : code;
