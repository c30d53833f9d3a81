import { proseLines } from '../documents.ts';
import type { Rule } from '../rule.ts';

const MAX_LENGTH = 160;

/** An address cannot be broken. */
const UNBREAKABLE = /^\S+$/;

export const DOCUMENT_LINES: Rule = {
  name: 'document-lines',
  says: 'A line of a document has at most 160 characters; blocks of code do not count.',
  permissions: [
    {
      who: 'docs/formats.md',
      because: 'a row of its tables says all of a field, and is compared with the code',
    },
  ],
  find: ({ documents }) =>
    [...documents].flatMap(([path, text]) =>
      proseLines(text).flatMap((line, i) =>
        [...line].length <= MAX_LENGTH || UNBREAKABLE.test(line)
          ? []
          : [
              {
                who: path,
                at: `${path}:${i + 1}`,
                why: `a line of ${[...line].length} characters, ${MAX_LENGTH} at most: break it`,
              },
            ],
      ),
    ),
};
