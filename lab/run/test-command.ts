import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { findSdk, MISSING_SDK } from '@causeway/powershell';
import { domainStatus } from '@causeway/samba';
import { Command } from 'commander';
import { labDown, labUp } from '../domains/lifecycle.ts';
import { seedDomain, TEST_USERS } from '../domains/seed.ts';
import { DOMAINS, labForests, layoutOf } from '../domains/table.ts';
import { installPwsh, pwshFolder } from '../powershell/pwsh.ts';
import { withProgress } from '../progress.ts';
import { startPostgres, type ThrowAwayPostgres } from './postgres.ts';
import { isLong, needsDotnet, TEST_KINDS, type TestKind, testFiles } from './test-files.ts';
import { besideEachOther, gathered, laned, runTests } from './test-run.ts';

/** `causeway test`: all tests, with what they need. */
export function testCommand(): Command {
  return new Command('test')
    .description(
      'run every test: with Node alone, on PostgreSQL, in a real PowerShell, and end to end on real domains',
    )
    .option('--only <text>', 'only test files whose path holds this text')
    .option(
      '--all',
      'also what takes long: every benchmark with few people, drills of lost places, random histories',
    )
    .action(async (options: { only?: string; all?: boolean }) => {
      if (!(await runAll(options))) process.exitCode = 1;
    });
}

async function runAll({ only, all }: { only?: string; all?: boolean }): Promise<boolean> {
  const kinds = TEST_KINDS.filter(kind => !isLong(kind) || all);
  const wanted = kinds.flatMap(kind => testFiles(kind, only));
  const leftOut = (await findSdk()) === undefined ? wanted.filter(needsDotnet) : [];
  const files = (kind: TestKind) =>
    kinds.includes(kind) ? testFiles(kind, only).filter(file => !leftOut.includes(file)) : [];
  const [unit, postgres, model, dotnet] = [files('unit'), files('postgres'), files('model'), files('dotnet')];
  // The longest come first, so that no lane ends alone with one.
  const e2e = [...files('long'), ...files('e2e')];
  if (wanted.length === 0) throw new Error(`no test file's path holds "${only}"`);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
  // A lab that somebody else started stays up.
  const labWasUp = labForests.some(domain => domainStatus(layoutOf(domain)).running);
  let database: ThrowAwayPostgres | undefined;
  try {
    if (postgres.length + model.length + e2e.length > 0) {
      await withProgress(async report => {
        report('starting a PostgreSQL of our own');
        database = await startPostgres();
        if (e2e.length === 0) return;
        await labUp(report);
        await seedDomain(DOMAINS.onprem, { users: TEST_USERS, report });
      });
      process.env.DATABASE_URL = database?.url;
    }
    if (dotnet.length > 0) {
      // The second lane cannot reach NuGet. Without network the tests that need it report that.
      await withProgress(report => {
        report('installing PowerShell');
        return installPwsh();
      }).catch(() => {});
      process.env.CAUSEWAY_PWSH_FOLDER = pwshFolder();
    }
    const cores = availableParallelism();
    const passed = await runTests(
      [
        gathered([...unit, ...postgres], cores),
        besideEachOther(model, cores),
        laned([...dotnet, ...e2e], needsDotnet),
      ],
      { signal: interrupted.signal, remarks: describeLeftOut(leftOut) },
    );
    return passed && !(leftOut.length > 0 && onCi());
  } finally {
    await database?.stop();
    if (e2e.length > 0 && !labWasUp) await labDown();
  }
}

const onCi = (): boolean => process.env.CI === 'true';

/** Which files did not run, and why: a machine without a .NET SDK runs the rest. */
function describeLeftOut(files: readonly string[]): string[] {
  if (files.length === 0) return [];
  const names = files.map(file => basename(file)).join(', ');
  const verdict = onCi() ? '; with CI=true that is a failure' : '';
  return [`left out: ${names}: ${MISSING_SDK}${verdict}`];
}
