import type { ErrorTable } from './error-entry.ts';

/** Errors about domain controllers of a forest, the connector account, and the commands that talk to them. */
export const DIRECTORY_ERRORS = {
  'access-denied': {
    status: 502,
    means: "The domain controller denied the connector's account a read.",
    todo: 'Grant the account the rights that the message names, for example by creating it again:\n  causeway connect account create --server DC --ca FILE --admin ADMINISTRATOR --password-out FILE\nThen check:\n  causeway doctor',
  },
  cancelled: {
    status: 400,
    means: 'You pressed Ctrl-C at the question for a password.',
    todo: 'Run the command again.',
  },
  'account-names-refused': {
    status: 400,
    means: "The forest's schema does not have the attribute that `accountNames` names.",
    todo: 'Extend the schema, or set `accountNames` back to `sAMAccountName`, then restart Connect. docs/account-names.md says more.',
  },
  'condition-refused': {
    status: 400,
    means: 'The scope or `extensions` names an attribute that Connect cannot import or must not use.',
    todo: 'Remove the attribute from `scope` or `extensions`, then restart Connect. docs/scope.md says which attributes can be used.',
  },
  'connector-account': {
    status: 502,
    means: "The domain controller rejects the connector account's name or password.",
    todo: 'Check the name and the password file in the configuration, and whether the account is locked or expired. To set a new password:\n  causeway connect account create --server DC --ca FILE --admin ADMINISTRATOR --password-out FILE --reset-password',
  },
  'directory-unchecked': {
    status: 400,
    retry: 'later',
    means:
      'No domain controller answered, so Connect cannot tell whether the configuration names the right forests. The code is still unused.',
    todo: 'Make a domain controller reachable, then enrol again. To enrol without the check:\n  causeway connect enrol --unchecked --code-file FILE',
  },
  'domain-controller-certificate': {
    status: 502,
    retry: 'later',
    means: "Connect does not trust the domain controller's certificate.",
    todo: "Set the connector's `caFile` to the CA that issued it, and `server` (or `serverName`) to a name that the certificate carries. Renew an expired certificate.",
  },
  'domain-controller-closed': {
    status: 502,
    retry: 'later',
    means: 'The domain controller closed the connection.',
    todo: 'Nothing, if it restarts: Connect retries. Otherwise read its event log.',
  },
  'domain-controller-timeout': {
    status: 502,
    retry: 'later',
    means: 'The domain controller does not answer in time.',
    todo: "Check its load and the network. Connect retries. `timeoutMs` in Connect's configuration is how long it waits.",
  },
  'domain-controller-unreachable': {
    status: 502,
    retry: 'later',
    means: 'Connect cannot connect to the domain controller.',
    todo: 'Check that it runs, its name, and that no firewall blocks the ports:\n  causeway doctor\nConnect retries. Another one in `domainControllers` takes over.',
  },
  'password-missing': {
    status: 400,
    means: 'The command needs a password, and there is no terminal to ask at.',
    todo: 'Pass a file that only you can read:\n  --password-file FILE\n  --admin-password-file FILE',
  },
  'password-unknown': {
    status: 400,
    means: 'The connector account exists, and the password file does not hold its password.',
    todo: 'Name the file that holds the password with --password-out, or set a new password:\n  causeway connect account create --server DC --ca FILE --admin ADMINISTRATOR --password-out FILE --reset-password',
  },
  'read-only-domain-controller': {
    status: 502,
    retry: 'later',
    means: 'The domain controller is read-only (RODC) and has only some of the passwords.',
    todo: "Set the connector's `server` to a writable domain controller.",
  },
  'wrong-directory': {
    status: 502,
    retry: 'later',
    means:
      'The domain controller serves another directory than the one of this connector. Nothing was read from it.',
    todo: 'Correct `server` in the configuration. If the directory was really rebuilt, name the new one:\n  causeway connect repin CONNECTOR',
  },
} as const satisfies ErrorTable;
