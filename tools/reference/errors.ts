import { code, list, page, paragraph, plain, proseAndCode } from './markdown.ts';

export interface ErrorEntry {
  /** Of the answer, if it crosses an API. */
  readonly status?: number;
  /** `later`: the same call may succeed if it is repeated. */
  readonly retry?: 'later';
  readonly means: string;
  /** What the administrator does. A command stands on a line of its own, indented by two blanks. */
  readonly todo: string;
}

/** Errors of one place. */
export interface ErrorPart {
  readonly title: string;
  readonly errors: Readonly<Record<string, ErrorEntry>>;
}

/** Every error code with its meaning and what to do. @param merged codes of the previous release, each with its current one */
export function errorsPage(
  parts: readonly ErrorPart[],
  merged: Readonly<Record<string, string>> = {},
): string {
  const former = Object.entries(merged).map(([before, now]) => `${code(before)} is ${code(now)} now.`);
  return page(
    'Errors',
    paragraph(
      'A command prints the code with `--json`, and an API answers with it. The message beside it says what came and what was expected.',
    ),
    ...parts.flatMap(({ title, errors }) => [
      `## ${title}`,
      ...Object.keys(errors)
        .sort()
        .flatMap(name => entryOf(name, errors[name]!)),
    ]),
    ...(former.length === 0 ? [] : ['## Codes of the release before', list(former)]),
  );
}

function entryOf(name: string, { status, retry, means, todo }: ErrorEntry): string[] {
  const facts = [
    ...(status === undefined ? [] : [`Status ${status}.`]),
    ...(retry === undefined ? [] : ['The same call may succeed later.']),
  ];
  return [
    `### ${name}`,
    paragraph([plain(means), ...facts].join(' ')),
    ...proseAndCode(`What to do: ${todo}`),
  ];
}
