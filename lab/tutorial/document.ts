/** One step of a document's reader, in the document's order. */
export type Step = { line: number } & (
  | { kind: 'file'; path: string; content: string }
  | { kind: 'shell'; command: string; expected: string[] }
  | { kind: 'powershell'; script: string; expected: string[] }
);

const FENCE = /^```(\S*)\s*$/;
const PROMPT = '# ';
const FILE_HEADING = /^# (\/\S+)$/;

/**
 * Reads the steps of a document. A ` ```console ` block has commands after the prompt `# `, and their output. A ` ```yaml ` or ` ```ini `
 * block whose first line is `# /PATH` is a file. A ` ```powershell ` block is a script, and a ` ```text ` block right after one is its
 * output. Other blocks are ignored.
 * @throws Error with the line that does not follow this
 */
export function parseDocument(markdown: string): Step[] {
  const lines = markdown.split('\n');
  const steps: Step[] = [];
  for (let i = 0; i < lines.length; i++) {
    const language = FENCE.exec(lines[i]!)?.[1];
    if (language === undefined) continue;
    const begin = i + 1;
    i = lines.indexOf('```', begin);
    if (i === -1) throw new Error(`line ${begin}: the block that begins here does not end`);
    const body = lines.slice(begin, i);
    if (language === 'console') steps.push(...commandsOf(body, begin + 1));
    else if (language === 'powershell')
      steps.push({ kind: 'powershell', line: begin + 1, script: `${body.join('\n')}\n`, expected: [] });
    else if (language === 'yaml' || language === 'ini') {
      const path = FILE_HEADING.exec(body[0] ?? '')?.[1];
      if (path === undefined)
        throw new Error(`line ${begin + 1}: a block of ${language} begins with '# /PATH'`);
      steps.push({ kind: 'file', line: begin + 1, path, content: `${body.slice(1).join('\n')}\n` });
    } else if (language === 'text') {
      const script = steps.at(-1);
      if (script?.kind !== 'powershell')
        throw new Error(`line ${begin + 1}: a text block tells what the script before it prints`);
      script.expected = body;
    }
  }
  return steps;
}

function commandsOf(body: readonly string[], firstLine: number): Step[] {
  const steps: Extract<Step, { kind: 'shell' }>[] = [];
  let open = false;
  body.forEach((text, i) => {
    const last = steps.at(-1);
    if (open) last!.command += `\n${text}`;
    else if (text.startsWith(PROMPT))
      steps.push({ kind: 'shell', line: firstLine + i, command: text.slice(PROMPT.length), expected: [] });
    else if (last) last.expected.push(text);
    else throw new Error(`line ${firstLine + i}: a command behind '${PROMPT}' expected`);
    open = (open || text.startsWith(PROMPT)) && text.endsWith('\\');
  });
  return steps;
}

/** @returns the account whose password a command asks for, as the document shows it; undefined if it asks for none */
export function passwordAsked(expected: readonly string[]): string | undefined {
  return expected.map(line => /^Password for \[?(.+?)\]?:$/.exec(line)?.[1]).find(Boolean);
}

/** Stands for what differs from run to run: any text within a line, any lines as a line of its own. */
const ANYTHING = '…';

/** @returns what is wrong, in words; undefined if the output matches the document */
export function compareOutput(expected: readonly string[], actual: readonly string[]): string | undefined {
  const told = expected.map(line => line.trimEnd());
  const came = actual.map(line => line.trimEnd());
  while (came.at(-1) === '') came.pop();
  const fits = (e: number, a: number): boolean => {
    if (e === told.length) return a === came.length;
    if (told[e] === ANYTHING) return fits(e + 1, a) || (a < came.length && fits(e, a + 1));
    return a < came.length && matches(told[e]!, came[a]!) && fits(e + 1, a + 1);
  };
  if (fits(0, 0)) return undefined;
  return `the document says\n${indent(told)}\nand this came\n${indent(came)}`;
}

function matches(pattern: string, line: string): boolean {
  const parts = pattern.split(ANYTHING);
  if (parts.length === 1) return pattern === line;
  if (!line.startsWith(parts[0]!)) return false;
  let at = parts[0]!.length;
  for (const part of parts.slice(1, -1)) {
    const found = line.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  const last = parts.at(-1)!;
  return line.length - last.length >= at && line.endsWith(last);
}

const indent = (lines: readonly string[]): string => lines.map(line => `  ${line}`).join('\n');
