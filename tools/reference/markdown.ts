/** The longest line of a document. */
export const MAX_LINE = 160;

export const GENERATED =
  'This page is made from the code by `npm run reference`. Change the code, not the page.';

/** Words that Markdown would read as the mark of a list, a heading or a quotation at the beginning of a line. */
const MARK = /^(?:[-+*>]|#{1,6}|\d+[.)])$/;
/** A code span, with what is attached to it, stays on one line. */
const WORD = /(?:`[^`]*`|[^\s`])+/g;

/** Fills lines with a paragraph's words. @param first how the first line begins; the others are indented to match */
export function paragraph(text: string, first = ''): string {
  const words: string[] = [];
  for (const word of text.match(WORD) ?? []) {
    if (MARK.test(word) && words.length > 0) words.push(`${words.pop()} ${word}`);
    else words.push(word);
  }
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && first.length + line.length + 1 + word.length > MAX_LINE) {
      lines.push(line);
      line = word;
    } else line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].map((each, i) => (i === 0 ? first : ' '.repeat(first.length)) + each).join('\n');
}

/** An item of a list. */
export const item = (text: string): string => paragraph(text, '- ');

/** Finds code in a text without Markdown: quoted parts that begin like a command, an option or a path. */
const CODE = /`[^`]+`|'((?:causeway|--|\/)[^']*)'/g;

/** Turns such a text into Markdown. */
export function plain(text: string): string {
  const escaped = (prose: string): string => prose.replace(/[\\*<>|]/g, '\\$&');
  let at = 0;
  let made = '';
  for (const match of text.matchAll(CODE)) {
    made += escaped(text.slice(at, match.index)) + (match[1] === undefined ? match[0] : code(match[1]));
    at = match.index + match[0].length;
  }
  return made + escaped(text.slice(at));
}

/** The text as a sentence. */
export function sentence(text: string): string {
  const begun = /^[a-z]+\b(?![A-Z.\d])/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

export const code = (text: string): string => `\`${text}\``;

export const codeBlock = (lines: readonly string[]): string => ['```sh', ...lines, '```'].join('\n');

/** The blocks of a text in which commands stand on lines of their own, indented by two blanks. */
export function proseAndCode(text: string): string[] {
  const blocks: { isCode: boolean; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const isCode = line.startsWith('  ');
    if (blocks.at(-1)?.isCode !== isCode || line.trim() === '') blocks.push({ isCode, lines: [] });
    if (line.trim() !== '') blocks.at(-1)!.lines.push(line.trim());
  }
  return blocks
    .filter(({ lines }) => lines.length > 0)
    .map(({ isCode, lines }) => (isCode ? codeBlock(lines) : paragraph(plain(lines.join(' ')))));
}

/** A page of blocks, separated by empty lines. The items of one list are one block. */
export function page(title: string, ...blocks: readonly string[]): string {
  return `${[`# ${title}`, GENERATED, ...blocks].filter(block => block !== '').join('\n\n')}\n`;
}

export const list = (items: readonly string[]): string => items.map(item).join('\n');
