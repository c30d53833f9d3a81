/** What failed between us and a domain controller: a closed list that callers can decide on. */
export type ReplicationErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'closed'
  | 'aborted'
  | 'logon-failure'
  | 'access-denied'
  | 'not-a-dc'
  | 'other-directory'
  | 'protocol'
  | 'no-progress'
  | 'fault'
  | 'refused';

/** A failed call to a domain controller. The message is for a person and never holds a secret. */
export class ReplicationError extends Error {
  override readonly name = 'ReplicationError';
  readonly code: ReplicationErrorCode;
  /** The Windows error in the DC's answer, if there was one. */
  readonly werror: number | undefined;

  constructor(code: ReplicationErrorCode, message: string, options: ErrorOptions & { werror?: number } = {}) {
    super(message, options);
    this.code = code;
    this.werror = options.werror;
  }
}

/** Windows errors of DRS calls that the code decides on ([MS-ERREF] 2.2). */
export const Werror = {
  invalidParameter: 87,
  objectNotFound: 8333,
  schemaMismatch: 8418,
  notReplicated: 8420,
  badDistinguishedName: 8439,
  badNamingContext: 8440,
  accessDenied: 8453,
} as const;
