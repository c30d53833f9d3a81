import { dependencyOf, lineOf, SCOPE, type SourceFile } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';

/** Packages, and rooms of packages, that only compute, so that every byte can be tested and fuzzed. */
const PURE: readonly string[] = [
  'packages/wire/src',
  'packages/credentials/src',
  'packages/protocols/src',
  'packages/records/src',
  'packages/contract/src',
  'packages/domain-services/src/names',
];

/** Also runs in a browser, so it uses nothing of Node. */
const FOR_BROWSERS = 'contract';

/** Node's modules that only compute. */
const COMPUTING: readonly string[] = ['node:crypto', 'node:util', 'node:zlib'];

export const READING_A_CLOCK = /\bDate\.now\b|\bnew Date\(\)|\bperformance\b|\bhrtime\b/;

/** What a pure file may not contain. */
const IMPURE: readonly { pattern: RegExp; what: string; why: string }[] = [
  { what: 'clock', pattern: READING_A_CLOCK, why: 'reads a clock' },
  {
    what: 'randomness',
    pattern:
      /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b|\b[gG]enerateKey(?:Pair)?(?:Sync)?\b|\bSetupSender\b|\bSendExport\b/,
    why: 'draws randomness',
  },
  { what: 'waiting', pattern: /\bset(?:Timeout|Interval|Immediate)\b/, why: 'waits' },
  { what: 'I/O', pattern: /\bprocess\.|\bconsole\.|\bfetch\(/, why: 'does I/O' },
];

export const PURITY: Rule = {
  name: 'purity',
  says: 'What is pure has no socket, file, clock, timer or randomness. `records` draws its keys, in the files of its keys, and what HPKE needs, and nothing else.',
  permissions: [
    { who: 'packages/records/src/*.ts', what: 'hpke', because: 'HPKE, computed by a library' },
    {
      who: 'packages/records/src/{sealing,signing}-key.ts',
      what: 'randomness',
      because: 'the two kinds of keys are made here',
    },
    {
      who: 'packages/records/src/seal.ts',
      what: 'randomness',
      because: 'HPKE encapsulates with a key that is drawn for it',
    },
    { who: 'packages/contract/src/**', what: 'zod', because: 'the schemas' },
  ],
  find: ({ files }) =>
    files
      .filter(({ path, isTest }) => !isTest && PURE.some(home => path.startsWith(`${home}/`)))
      .flatMap(file => [...impurities(file), ...foreign(file)])
      .map(finding => ({ ...finding, why: `${finding.why} in a pure room: let the caller hand it in` })),
};

/** What a file does besides computing. */
export function impurities(file: SourceFile): Finding[] {
  const at = (line: number) => ({ who: file.path, at: `${file.path}:${line}` });
  const modules = file.imports
    .filter(({ specifier }) => specifier.startsWith('node:'))
    .filter(({ specifier }) => file.name === FOR_BROWSERS || !COMPUTING.includes(specifier))
    .map(({ specifier, line }) => ({ ...at(line), what: specifier, why: `${specifier} is imported` }));
  const words = IMPURE.flatMap(({ pattern, what, why }) =>
    [...file.code.matchAll(new RegExp(pattern, 'g'))].map(match => ({
      ...at(lineOf(file, match.index)),
      what,
      why: `${match[0]} ${why}`,
    })),
  );
  return [...modules, ...words];
}

/** A library may do anything, so a pure file imports none without permission. */
function foreign({ path, imports }: SourceFile): Finding[] {
  return imports
    .map(({ specifier, line }) => ({ dependency: dependencyOf(specifier), line }))
    .filter(({ dependency }) => !/^(?:\.|node:)/.test(dependency) && !dependency.startsWith(SCOPE))
    .map(({ dependency, line }) => ({
      ...{ who: path, what: dependency, at: `${path}:${line}` },
      why: `${dependency} is imported`,
    }));
}
