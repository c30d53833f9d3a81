/** A text of a source: a string, or a piece of a template. */
export interface Text {
  readonly text: string;
  readonly line: number;
}

/** An import of a source, as written. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import type`: does not exist at run time. */
  readonly isType: boolean;
}

export interface Source {
  /** The source with comments and quoted text blanked. Every offset and line stays the same. */
  readonly code: string;
  readonly texts: readonly Text[];
  readonly imports: readonly Import[];
}

/** A regular expression begins where an operand is expected, and contains no line break. */
const REGEX = String.raw`(?<=(?:^|[(,=:[!&|?{};>]|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*`;
const TOKEN = new RegExp(
  String.raw`\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|${REGEX}|[\`{}]`,
  'g',
);
/** The rest of a template, up to its end or its next `${`. */
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(`|\$\{)?/y;

/** Import and re-export statements at the beginning of a line; `import()`, `require()` and `import.meta.resolve()` anywhere. */
const IMPORT =
  /^[ \t]*(?:import|export)\b(?<type>\s+type\b)?[^'"`;=()]*?\bfrom\s*(?=['"])|^[ \t]*import\s*(?=['"])|\b(?:import|require|import\.meta\.resolve)\(\s*(?=['"])/gm;

/** Reads TypeScript as far as the rules need: code, texts and imports. */
export function readSource(source: string): Source {
  const { code, texts } = split(source);
  const imports = [...code.matchAll(IMPORT)].flatMap(match => {
    const start = match.index + match[0].length;
    const end = code.indexOf(code[start]!, start + 1);
    const specifier = source.slice(start + 1, end);
    return [{ specifier, line: lineAt(source, start), isType: match.groups?.type !== undefined }];
  });
  return { code, texts, imports };
}

function split(source: string): { code: string; texts: Text[] } {
  const texts: Text[] = [];
  /** For each template that is open at this point, how many braces are open within its `${`. */
  const templates: number[] = [];
  let code = '';
  const keep = (end: number): void => {
    code += source.slice(code.length, end);
  };
  const blank = (end: number): void => {
    code += source.slice(code.length, end).replace(/[^\n]/g, ' ');
  };
  const text = (start: number, end: number): void => {
    keep(start);
    texts.push({ text: source.slice(start, end), line: lineAt(source, start) });
    blank(end);
  };
  const template = (start: number): number => {
    TEMPLATE.lastIndex = start;
    const match = TEMPLATE.exec(source)!;
    const [all, end = ''] = match;
    text(start, start + all.length - end.length);
    if (end === '${') templates.push(0);
    return start + all.length;
  };
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(source); match !== null; match = TOKEN.exec(source)) {
    const [token] = match;
    const end = match.index + token.length;
    keep(match.index);
    if (token === '`') TOKEN.lastIndex = template(end);
    else if (token === '{' && templates.length > 0) templates[templates.length - 1]!++;
    else if (token === '}' && templates.length > 0) {
      if (templates.at(-1)! > 0) templates[templates.length - 1]!--;
      else {
        templates.pop();
        TOKEN.lastIndex = template(end);
      }
    } else if (token[0] === '/') blank(end);
    else if (token.length > 1) text(match.index + 1, end - 1);
  }
  keep(source.length);
  return { code, texts };
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;
