/** What failed, for callers to decide on. The message is for people. */
export type LdapErrorCode =
  | 'unreachable' // no connection could be made
  | 'closed' // a connection was open and has ended
  | 'timeout'
  | 'certificate' // the server's certificate is expired, of another CA or for another name
  | 'invalid-credentials'
  | 'access-denied'
  | 'constraint'
  | 'no-such-object'
  | 'no-such-attribute'
  | 'already-exists' // an object, an attribute or one of its values
  | 'syntax' // a DN, a filter or a value that the server cannot read
  | 'busy' // try again later
  | 'limit' // more came than the client or the server allows
  | 'critical-extension' // the server does not know a control, or not on this channel
  | 'unwilling'
  | 'protocol' // bytes that are no LDAP, or an answer that does not fit its question
  | 'other';

export class LdapError extends Error {
  override readonly name = 'LdapError';
  readonly code: LdapErrorCode;
  /** resultCode of RFC 4511 A.1, if the server answered at all. */
  readonly resultCode: number | undefined;
  /** The server's own diagnostic text. */
  readonly diagnostic: string | undefined;

  constructor(
    code: LdapErrorCode,
    message: string,
    detail: { cause?: unknown; resultCode?: number; diagnostic?: string } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.resultCode = detail.resultCode;
    this.diagnostic = detail.diagnostic;
  }
}

const RESULT_CODES: Record<number, readonly [LdapErrorCode, string]> = {
  1: ['other', 'operations error'],
  2: ['protocol', 'protocol error'],
  3: ['limit', 'time limit exceeded'],
  4: ['limit', 'size limit exceeded'],
  7: ['unwilling', 'authentication method not supported'],
  8: ['unwilling', 'stronger authentication required: use ldaps'],
  10: ['unwilling', 'referral: the object is kept by another server'],
  11: ['limit', 'administrative limit exceeded'],
  12: ['critical-extension', 'a control is not available here'],
  13: ['unwilling', 'confidentiality required: use ldaps'],
  16: ['no-such-attribute', 'no such attribute or value'],
  17: ['syntax', 'undefined attribute type'],
  18: ['syntax', 'inappropriate matching'],
  19: ['constraint', 'constraint violation'],
  20: ['already-exists', 'the attribute or value exists already'],
  21: ['syntax', 'invalid attribute syntax'],
  32: ['no-such-object', 'no such object'],
  34: ['syntax', 'invalid DN syntax'],
  48: ['invalid-credentials', 'inappropriate authentication'],
  49: ['invalid-credentials', 'invalid credentials'],
  50: ['access-denied', 'insufficient access rights'],
  51: ['busy', 'the server is busy: try again'],
  52: ['busy', 'the server is unavailable: try again'],
  53: ['unwilling', 'the server is unwilling to perform it'],
  64: ['constraint', 'naming violation'],
  65: ['constraint', 'object class violation'],
  66: ['constraint', 'not allowed on an object with children'],
  67: ['constraint', 'not allowed on the naming attribute'],
  68: ['already-exists', 'the object exists already'],
  69: ['constraint', 'object class modification refused'],
  71: ['unwilling', 'affects several servers'],
};

/** `data NNN` in Active Directory's diagnostic text for a rejected bind: the underlying Win32 error. */
const BIND_REFUSALS: Record<string, string> = {
  '525': 'no such user',
  '52e': 'wrong name or password',
  '530': 'not at this hour',
  '531': 'not from this machine',
  '532': 'the password has expired',
  '533': 'the account is disabled',
  '701': 'the account has expired',
  '773': 'the password must be changed first',
  '775': 'the account is locked out',
};

const MAX_DIAGNOSTIC = 500;

/**
 * The error for a result other than success.
 *
 * @param what the request, in words: `modify of 'CN=…'`
 */
export function resultError(what: string, resultCode: number, diagnosticText: string): LdapError {
  const [code, meaning] = RESULT_CODES[resultCode] ?? ['other', `result code ${resultCode}`];
  const diagnostic = diagnosticText
    .replaceAll(/[\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_DIAGNOSTIC);
  const refusal = BIND_REFUSALS[/\bdata ([0-9a-f]{3,})\b/i.exec(diagnostic)?.[1]?.toLowerCase() ?? ''];
  const reason = code === 'invalid-credentials' && refusal ? `${meaning}, ${refusal}` : meaning;
  const said = diagnostic === '' ? '' : ` (the server said: ${diagnostic})`;
  return new LdapError(code, `${what} failed: ${reason}${said}`, { resultCode, diagnostic });
}

const CERTIFICATE_PROBLEM =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|ERROR_IN_CERT|CRL_|PATH_LENGTH)/;

/** The error for a socket or TLS failure while connecting to `peer`. */
export function connectError(peer: string, cause: unknown): LdapError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (CERTIFICATE_PROBLEM.test(code)) {
    const advice =
      code === 'CERT_HAS_EXPIRED'
        ? 'it has expired: renew it on the server'
        : code === 'ERR_TLS_CERT_ALTNAME_INVALID'
          ? `it is for another name: use the name that it carries (${message})`
          : `it was not issued by the given CA (${code}): give the file of the CA that issued it`;
    return new LdapError('certificate', `the certificate of ${peer} is not accepted, ${advice}`, { cause });
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return new LdapError('protocol', `${peer} does not speak TLS (${code}): is this the ldaps port`, {
      cause,
    });
  }
  return new LdapError(
    'unreachable',
    `cannot connect to ${peer} (${code || message}): check address, port and that the server runs`,
    { cause },
  );
}
