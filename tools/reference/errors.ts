import { code, list, page, paragraph } from './markdown.ts';

export interface ErrorEntry {
  /** Of the answer, where an API answers with it. */
  readonly status?: number;
  readonly means: string;
  /** What the administrator does about it. */
  readonly todo: string;
}

/** Every error code, in the order of the alphabet. */
export function errorsPage(errors: Readonly<Record<string, ErrorEntry>>): string {
  return page(
    'Errors',
    paragraph(
      'A command prints the code with `--json`, and an API answers with it. The message beside it says what came and what was expected.',
    ),
    list(
      Object.keys(errors)
        .sort()
        .map(name => {
          const { status, means, todo } = errors[name]!;
          return `${code(name)}${status === undefined ? '' : ` (${status})`}: ${means} *What to do:* ${todo}`;
        }),
    ),
  );
}
