import type { Rule } from '../rule.ts';

const MOST = 300;
const REASON = '// Long because ';

export const LENGTHS: Rule = {
  name: 'lengths',
  says: `A file has at most 300 lines, unless its first line says why (\`${REASON}…\`); tests and released migrations do not count.`,
  permissions: [{ who: 'packages/*/src/**/migrations.ts', because: 'released migrations stay as they are' }],
  find: ({ files }) =>
    files
      .filter(({ path }) => !path.endsWith('.test.ts'))
      .map(({ path, text }) => ({ path, text, lines: text.trimEnd().split('\n').length }))
      .filter(({ text, lines }) => lines > MOST !== text.startsWith(REASON))
      .map(({ path, lines }) => ({
        ...{ who: path, at: `${path}:1` },
        why:
          lines > MOST
            ? `${lines} lines, more than ${MOST}: move one of the things that it holds to a file of its own`
            : `it says why it is long, and has ${lines} lines: take the comment away`,
      })),
};
