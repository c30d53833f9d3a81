import { basename, dirname, join } from 'node:path';
import { lineOf, type SourceFile } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';
import { impurities } from './purity.ts';
import { statements } from './sql.ts';

/** Files that are named after what they decide, compare, plan or merge. */
const DECIDING = /^(?:(?:decide|compare|plan|merge)(?:-[a-z-]+)?|[a-z-]+-(?:decision|comparison|plan))\.ts$/;

const WAITING = /\b(?:async|await)\b/g;
/** Types that hold state or a connection. */
const HOLDER =
  /^import\b[^'"`;=()]*?\b(Store|ConnectorStore|Ledger|\w+Book|StateDatabase|Database|TenantScope|\w+Client|ApplyContext|ConnectorContext)\b[^'"`;=()]*?\bfrom\b/gm;

export const DECIDERS: Rule = {
  name: 'deciding',
  says: 'Files named `decide`, `compare`, `plan` or `merge`, alone or with more words, do no I/O, read no clock and see no store, nor does what they import from their package.',
  permissions: [],
  find: ({ files }) => {
    const byPath = new Map(files.map(file => [file.path, file]));
    return files
      .filter(({ path, isTest }) => !isTest && DECIDING.test(basename(path)))
      .flatMap(file => [
        ...said(file, WAITING, 'waits'),
        ...said(file, HOLDER, 'is a store or a connection'),
        ...reached(file, byPath).flatMap(other =>
          [...impurities(other), ...statements(other)].map(doing(file)),
        ),
      ]);
  },
};

const said = (file: SourceFile, pattern: RegExp, what: string): Finding[] =>
  [...file.code.matchAll(pattern)].map(match => ({
    ...{ who: file.path, at: `${file.path}:${lineOf(file, match.index)}` },
    why: `${match[1] ?? match[0]} ${what}, in a file that only decides: let the caller hand in the data, or give the file another name`,
  }));

const doing =
  (decider: SourceFile) =>
  ({ at, why }: Finding): Finding => ({
    ...{ who: decider.path, at },
    why: `${why}, and ${decider.path} only decides: let its caller hand the value in, or give it another name`,
  });

/** A file and everything that it imports from its package at run time. */
function reached(file: SourceFile, byPath: ReadonlyMap<string, SourceFile>): SourceFile[] {
  const found = new Set([file]);
  for (const { path, imports } of found) {
    for (const { specifier, isType } of imports) {
      const target = specifier.startsWith('.') && !isType && byPath.get(join(dirname(path), specifier));
      if (target) found.add(target);
    }
  }
  return [...found];
}
