import { isPackage, lineOf } from '../project.ts';
import type { Rule } from '../rule.ts';

/** Reads one. `...process.env` passes all of them on to a program. */
const READING = /(?<!\.\.\.)\b(?<all>process\.env)\b|\benvironment\('/g;

/** Through the table of `service`, so that the reference lists it. */
const TABLE = 'environment()';
const DIRECTLY = 'process.env';

export const ENVIRONMENT: Rule = {
  name: 'environment',
  says: 'In the packages, environment variables are read by `environment()` of `service`, which has a table of them, in `service`, in configurations and in commands.',
  permissions: [
    { who: 'packages/service/src/*.ts', what: TABLE, because: 'what every service shares' },
    { who: 'packages/*/src/configuration.ts', what: TABLE, because: 'a setting of a service' },
    { who: 'packages/*/src/commands/*.ts', what: TABLE, because: 'an option of a command' },
    { who: 'packages/*/src/**/*-options.ts', what: TABLE, because: 'an option of a command' },
    { who: 'packages/service/src/environment.ts', what: DIRECTLY, because: 'it is the table' },
    { who: 'packages/service/src/configuration.ts', what: DIRECTLY, because: 'a configuration names it' },
    { who: 'packages/service/src/platform.ts', what: DIRECTLY, because: 'Windows says there where data lie' },
    {
      who: 'packages/powershell/src/install.ts',
      what: DIRECTLY,
      because: 'PowerShell: where its modules are',
    },
  ],
  find: ({ files }) =>
    files
      .filter(file => isPackage(file) && !file.isTest)
      .flatMap(file =>
        [...file.code.matchAll(READING)].map(match => ({
          who: file.path,
          what: match.groups?.all ?? TABLE,
          at: `${file.path}:${lineOf(file, match.index)}`,
          why: match.groups?.all
            ? "process.env is read past the table of environment variables: call environment() of @causeway/service, and add the variable to its table if it isn't there"
            : 'an environment variable is read outside of configurations and commands: hand the value in',
        })),
      ),
};
