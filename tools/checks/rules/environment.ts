import { isPackage, lineOf } from '../project.ts';
import type { Rule } from '../rule.ts';

/** Reading one; `...process.env` passes all of them on to a program. */
const READING = /(?<!\.\.\.)\bprocess\.env\b/g;

export const ENVIRONMENT: Rule = {
  name: 'environment',
  says: 'In the packages, environment variables are read by `service`, by configurations and by commands.',
  permissions: [
    { who: 'packages/service/src/*.ts', because: 'what every service shares, its settings among that' },
    { who: 'packages/*/src/configuration.ts', because: 'a setting of a service' },
    { who: 'packages/*/src/commands/*.ts', because: 'an option of a command' },
    { who: 'packages/*/src/**/*-{command,options}.ts', because: 'an option of a command' },
    { who: 'packages/powershell/src/install.ts', because: 'PowerShell says there where its modules are' },
  ],
  find: ({ files }) =>
    files
      .filter(file => isPackage(file) && !file.isTest)
      .flatMap(file =>
        [...file.code.matchAll(READING)].map(match => ({
          who: file.path,
          at: `${file.path}:${lineOf(file, match.index)}`,
          why: 'process.env is read outside of configurations and commands: hand the value in',
        })),
      ),
};
