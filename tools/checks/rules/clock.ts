import { isPackage, lineOf } from '../project.ts';
import type { Rule } from '../rule.ts';
import { READING_A_CLOCK } from './purity.ts';

/** Reads the machine's clock, or waits by it. A default is allowed, because a caller can pass in another clock. */
const MACHINES = new RegExp(
  String.raw`${READING_A_CLOCK.source}|\brealClock\.|\bset(?:Timeout|Interval)\b|\bAbortSignal\.timeout\b|(?<!\.)\bsleep\(`,
  'g',
);

export const CLOCK: Rule = {
  name: 'clock',
  says: "What decides or waits goes by the clock that it is handed. Only `service`, commands and what another program or machine judges by its own clock read the machine's.",
  permissions: [
    { who: 'packages/service/src/clock.ts', because: 'it is what is handed in' },
    { who: 'packages/service/src/lifecycle.ts', because: 'how the clock sleeps, and the end of a process' },
    { who: 'packages/service/src/log.ts', because: 'when a line was written, and a pipe that is full' },
    { who: 'packages/service/src/state-lock.ts', because: 'the lock comes before the state and its clock' },
    { who: 'packages/*/src/commands/*.ts', because: 'somebody waits at a terminal' },
    { who: 'packages/active-directory/src/commands.ts', because: 'somebody waits at a terminal' },
    { who: 'packages/connect/src/doctor/gather-facts.ts', because: 'a command of its own' },
    { who: 'packages/active-directory/src/replication/transport.ts', because: "a socket's timeout" },
    { who: 'packages/ldap/src/transport.ts', because: "a socket's timeout" },
    { who: 'packages/ldap/src/exchange.ts', because: "a socket's timeout" },
    {
      who: 'packages/active-directory/src/replication/drs-session.ts',
      because: 'a domain controller compares it with its own clock',
    },
    { who: 'packages/api/src/call/transport.ts', because: 'the tenant says how long its token counts' },
    {
      who: 'packages/tenant/src/sign-in/oidc-provider.ts',
      because: "oidc-provider compares it with the machine's clock",
    },
    { who: 'packages/samba/src/certificates.ts', because: "openssl goes by the machine's clock" },
    { who: 'packages/samba/src/domain-process.ts', because: 'Samba takes its time' },
    { who: 'packages/samba/src/ports.ts', because: 'Samba takes its time' },
    { who: 'packages/samba/src/processes.ts', because: 'Samba takes its time' },
    { who: 'packages/samba/src/run-tool.ts', because: 'a tool that does not end' },
    { who: 'packages/powershell/src/sdk.ts', because: 'a build that does not end' },
    {
      who: 'packages/domain-services/src/creation/creation.ts',
      because: 'shown only, and there is no ledger yet whose clock it could be',
    },
  ],
  find: ({ files }) =>
    files
      .filter(file => isPackage(file) && !file.isTest)
      .flatMap(file =>
        [...file.code.matchAll(MACHINES)].map(match => ({
          who: file.path,
          at: `${file.path}:${lineOf(file, match.index)}`,
          why: `${match[0]} goes by the machine's clock: take the one of the store, the ledger or the scope, or let the caller hand one in`,
        })),
      ),
};
