import { isPackage, lineOf, type SourceFile } from '../project.ts';
import type { Finding, Rule } from '../rule.ts';

const TABLES = 'packages/service/src/errors/';
const TABLE = /^packages\/service\/src\/errors\/[a-z]+-errors\.ts$/;
/** A row's first line. */
const ROW = /^ {2}'?([a-z][\w-]*)'?: \{$/gm;
/** An error with its code. `code` is empty if it is assembled from parts, or passed in. */
const MADE = /\bnew (?:CausewayError\(|CallError\(\s*[\w.]+,)\s*(?:'(?<code>[^']+)')?/g;
/** The same in the PowerShell module. */
const MADE_IN_MODULE = /\bnew (?:Api\.)?ConnectException\(\s*"(?<code>[^"]+)"/g;
/** What the server answers with by itself, without an error of ours. */
const ANSWERED = /\bcode: '(?<code>[^']+)'/g;

interface Place {
  readonly code: string;
  readonly at: string;
}

export const ERRORS: Rule = {
  name: 'errors',
  says: 'An error code stands in one table of `service/src/errors`, with status, meaning and what to do, and is thrown somewhere.',
  permissions: [
    { who: 'invalid_client', because: 'the code of RFC 6749 by which the tenant refuses an agent its token' },
  ],
  find: ({ files, module }) => {
    const rows = files.filter(({ path }) => TABLE.test(path)).flatMap(rowsOf);
    const throwing = files.filter(file => isPackage(file) && !file.isTest && !file.path.startsWith(TABLES));
    const thrown = [...throwing.flatMap(thrownIn), ...[...module].flatMap(thrownInModule)];
    const codes = new Set(thrown.map(({ code }) => code));
    const parts = throwing.flatMap(partsOf);
    return [
      ...rows.flatMap(({ code, at }, i) => twice(rows, code, at, i)),
      ...rows
        .filter(({ code }) => !codes.has(code) && !parts.some(fits => fits(code)))
        .map(({ code, at }) => finding(code, at, `'${code}' is thrown nowhere: take its row away`)),
      ...thrown
        .filter(({ code }) => !rows.some(row => row.code === code))
        .map(({ code, at }) => finding(code, at, `'${code}' stands in no table: add its row in ${TABLES}`)),
    ];
  },
};

const finding = (who: string, at: string, why: string): Finding => ({ who, at, why });

function rowsOf(file: SourceFile): Place[] {
  return [...file.text.matchAll(ROW)].map(match => ({
    code: match[1]!,
    at: `${file.path}:${lineOf(file, match.index)}`,
  }));
}

function twice(rows: readonly Place[], code: string, at: string, i: number): Finding[] {
  const first = rows.findIndex(row => row.code === code);
  if (first === i) return [];
  return [finding(code, at, `'${code}' has a row already (${rows[first]!.at}): take one of them away`)];
}

function thrownIn(file: SourceFile): Place[] {
  const found = [...file.text.matchAll(MADE)];
  if (file.name === 'api') found.push(...file.text.matchAll(ANSWERED));
  return found.flatMap(({ groups, index }) => {
    const code = groups?.code;
    return code === undefined ? [] : [{ code, at: `${file.path}:${lineOf(file, index)}` }];
  });
}

function thrownInModule([path, text]: [string, string]): Place[] {
  return [...text.matchAll(MADE_IN_MODULE)].map(({ groups, index }) => ({
    code: groups!.code!,
    at: `${path}:${text.slice(0, index).split('\n').length}`,
  }));
}

/** Of a file that puts codes together: whether a code can come of one of its texts. */
function partsOf(file: SourceFile): ((code: string) => boolean)[] {
  if (![...file.text.matchAll(MADE)].some(({ groups }) => groups?.code === undefined)) return [];
  const texts = file.texts.map(({ text }) => text).filter(text => /^[a-z-]{3,}$/.test(text));
  return texts.map(
    text => code =>
      code === text ||
      (text.endsWith('-') && code.startsWith(text)) ||
      (text.startsWith('-') && code.endsWith(text)),
  );
}
