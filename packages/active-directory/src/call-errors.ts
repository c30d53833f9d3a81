import { LdapError, type LdapErrorCode } from '@causeway/ldap';
import { ReplicationError, type ReplicationErrorCode } from './replication/replication-error.ts';

/**
 * What the codes of a failed call to a domain controller mean, and what the administrator does about them. For commands that talk to a
 * domain controller themselves. Connect words most of them itself.
 */
export const CALL_ERRORS: Readonly<
  Record<LdapErrorCode | ReplicationErrorCode, { readonly means: string; readonly todo: string }>
> = {
  aborted: { means: 'The call was ended before its answer came.', todo: 'Run the command again.' },
  'access-denied': {
    means: 'The domain controller denies the account this read or write.',
    todo: 'Use an account that has the right. For a connector account, grant what it lacks:\n  causeway connect account create --server DC --ca FILE --admin ADMINISTRATOR --password-out FILE',
  },
  'already-exists': {
    means: 'The object or value exists already.',
    todo: 'Use another name, or the object that is there.',
  },
  busy: {
    means: 'The domain controller is busy or starting.',
    todo: 'Wait a minute, then run the command again.',
  },
  certificate: {
    means: "The domain controller's certificate is not trusted.",
    todo: 'Name the CA that issued it with --ca FILE, and the server by a name that the certificate carries. Renew an expired certificate.',
  },
  closed: {
    means: 'The domain controller closed the connection.',
    todo: 'Run the command again. If it happens again, read the event log of the domain controller.',
  },
  constraint: {
    means: 'The directory rejects the value, for example a password that is too weak.',
    todo: 'Change the value that the message names.',
  },
  'critical-extension': {
    means: 'The domain controller does not know a control, or not on this connection.',
    todo: 'Use a domain controller of Windows Server 2016 or later, or Samba 4.16 or later.',
  },
  fault: {
    means: 'The domain controller failed in the call.',
    todo: 'Read its event log. Name another domain controller if you have one.',
  },
  'invalid-credentials': {
    means: "The domain controller rejects the account's name or password.",
    todo: 'Check both, and whether the account is locked, disabled or expired.',
  },
  limit: {
    means: 'The answer is larger than a limit of the domain controller or of Causeway.',
    todo: 'Ask for less at a time.',
  },
  'logon-failure': {
    means: "The domain controller rejects the account's name or password.",
    todo: 'Check both, and whether the account is locked, disabled or expired.',
  },
  'no-progress': {
    means: 'The domain controller sends the same page of changes again and again.',
    todo: 'Name another domain controller, and check the replication of this one:\n  repadmin /showrepl',
  },
  'no-such-attribute': {
    means: 'The object has no such attribute or value.',
    todo: 'Check the name of the attribute.',
  },
  'no-such-object': {
    means: 'The directory has no such object, or does not show it to the account.',
    todo: "Check the distinguished name and the account's rights.",
  },
  'not-a-dc': {
    means: 'The server is no domain controller.',
    todo: 'Check the name and port of --server.',
  },
  other: { means: 'The domain controller answered with an error of its own.', todo: 'Read its event log.' },
  'other-directory': {
    means: 'The domain controller serves another directory than the one that is expected.',
    todo: 'Check the name of --server.',
  },
  protocol: {
    means: 'The server does not speak the protocol, or sends what does not fit the question.',
    todo: 'Check name and port of the server: LDAP over TLS is on port 636.',
  },
  refused: {
    means: 'The domain controller refuses to replicate.',
    todo: 'Do what the message says. To see the state of its replication:\n  repadmin /showrepl',
  },
  syntax: {
    means: 'The domain controller cannot read a name, filter or value.',
    todo: 'Check the text that the message names.',
  },
  timeout: {
    means: 'The domain controller does not answer in time.',
    todo: 'Check its load and the network, then run the command again.',
  },
  unreachable: {
    means: 'No connection to the domain controller comes about.',
    todo: 'Check that it runs, its name, and that no firewall blocks the ports:\n  causeway doctor',
  },
  unwilling: {
    means: 'The domain controller does not do this, or not on this connection.',
    todo: 'Do what the message says: most often the write needs another domain controller or TLS.',
  },
};

/** What the administrator does about a failed call; undefined for every other error. */
export const callTodo = (error: unknown): string | undefined =>
  error instanceof LdapError || error instanceof ReplicationError ? CALL_ERRORS[error.code].todo : undefined;
