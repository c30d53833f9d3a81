import { dirname } from 'node:path';
import type { Rule } from '../rule.ts';

const MOST = 20;

export const FOLDERS: Rule = {
  name: 'folders',
  says: 'A folder has at most 20 files; tests do not count.',
  permissions: [],
  find: ({ files }) => {
    const folders = Map.groupBy(
      files.filter(({ path }) => !path.endsWith('.test.ts')),
      ({ path }) => dirname(path),
    );
    return [...folders]
      .filter(([, { length }]) => length > MOST)
      .map(([who, { length }]) => ({
        ...{ who, at: who },
        why: `${length} files, more than ${MOST}: make folders of those that belong together`,
      }));
  },
};
