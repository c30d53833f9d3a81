import { lineOf } from '../project.ts';
import type { Rule } from '../rule.ts';

const TABLE = 'packages/connect/src/store/events.ts';
const ROW = /^ {2}(\w+): (?:row|logged)\(/gm;

export const EVENTS: Rule = {
  name: 'events',
  says: 'An event of Connect is a row of `connect/src/store/events.ts`, and is added somewhere.',
  permissions: [],
  find: ({ files }) => {
    const adding = files.filter(
      ({ path, isTest, code }) =>
        path.startsWith('packages/connect/src/') && !isTest && path !== TABLE && code.includes('events'),
    );
    const names = new Set(adding.flatMap(({ texts }) => texts.map(({ text }) => text)));
    return files
      .filter(({ path }) => path === TABLE)
      .flatMap(file => [...file.text.matchAll(ROW)].map(match => ({ file, match })))
      .filter(({ match }) => !names.has(match[1]!))
      .map(({ file, match: [, name], match: { index } }) => ({
        who: name!,
        at: `${TABLE}:${lineOf(file, index)}`,
        why: `'${name}' is added nowhere: add it where it happens, or take its row away`,
      }));
  },
};
