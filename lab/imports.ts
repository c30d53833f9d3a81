/** An import of a source file, as it is written, and its line. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** Import and re-export statements, at the beginning of a line, and `import()` anywhere. */
const IMPORT =
  /^[ \t]*(?:import|export)\b[^'"`;=()]*?\bfrom\s*(['"])([^'"\n]+)\1|^[ \t]*import\s*(['"])([^'"\n]+)\3|\b(?:import|require)\(\s*(['"])([^'"\n]+)\5/gm;

/** What a source imports, types too. @param source without comments */
export function importsOf(source: string): Import[] {
  return [...source.matchAll(IMPORT)].map(match => ({
    specifier: (match[2] ?? match[4] ?? match[6])!,
    line: lineAt(source, match.index),
  }));
}

/** Blanks comments and keeps every line's number; `//` within a quoted address stays. */
export function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, text => text.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;
