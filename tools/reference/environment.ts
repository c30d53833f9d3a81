import { code, list, page, paragraph } from './markdown.ts';

export interface Variable {
  readonly readBy: string;
  readonly means: string;
}

/** Every environment variable that the program reads. */
export function environmentPage(variables: Readonly<Record<string, Variable>>): string {
  return page(
    'Environment variables',
    paragraph('An option on the command line wins over its variable.'),
    list(
      Object.entries(variables).map(
        ([name, { readBy, means }]) => `${code(name)}: ${means} Read by ${readBy}.`,
      ),
    ),
  );
}
