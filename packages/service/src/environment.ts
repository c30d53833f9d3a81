/** An environment variable that the program reads. */
interface Variable {
  /** What reads it. */
  readonly readBy: string;
  /** Its purpose, and the default without it. */
  readonly means: string;
}

/** Every environment variable that the program reads. `docs/reference/environment.md` is generated from it. */
export const ENVIRONMENT_VARIABLES = {
  CAUSEWAY_TENANT_URL: {
    readBy: '`causeway tenant …`, `causeway doctor`',
    means: "The tenant service's address, instead of `--tenant`.",
  },
  CAUSEWAY_TOKEN_FILE: {
    readBy: '`causeway tenant …`, `causeway doctor`',
    means: "The file with an administrator's token, instead of `--token-file`.",
  },
  CAUSEWAY_CA_FILE: {
    readBy: '`causeway tenant …`, `causeway doctor`',
    means: "The PEM file of the CA that issued the tenant's certificate, instead of `--ca`.",
  },
  CAUSEWAY_PASSWORD: {
    readBy: '`causeway replicate`',
    means:
      'The password of `--account`, if `--password-file` names no file. Without either, the command asks at the terminal.',
  },
  DATABASE_URL: {
    readBy: '`causeway tenant run`',
    means: "The tenant's database, if the configuration has no `databaseUrl`.",
  },
  CAUSEWAY_LOG_LEVEL: {
    readBy: 'every service; `causeway connect …` where no service runs',
    means:
      'The least severe level that is logged: `trace`, `debug`, `info`, `warn`, `error` or `fatal`. A service logs from `info`, a command from `error`.',
  },
  CAUSEWAY_DEBUG: {
    readBy: 'every command',
    means: 'If it is set, an error is shown with its stack.',
  },
  SUDO_USER: {
    readBy: '`causeway domain …`',
    means: 'The administrator behind `sudo`. The audit trail of Domain Services names them.',
  },
  CAUSEWAY_CONNECT: {
    readBy: 'the [ADSync PowerShell module](../powershell.md)',
    means:
      "The path of the local socket of Connect's admin API. Without it, the module looks in the usual place.",
  },
  CAUSEWAY_CRASH_AT: {
    readBy: 'every service',
    means:
      'For tests: `NAME` or `NAME:N` ends the process, as `kill -9` does, when it passes the named point for the first or the Nth time. Never set it in production.',
  },
} as const satisfies Record<string, Variable>;

/** The value of an environment variable; undefined if it is not set, or empty. */
export function environment(name: keyof typeof ENVIRONMENT_VARIABLES): string | undefined {
  return process.env[name] || undefined;
}
