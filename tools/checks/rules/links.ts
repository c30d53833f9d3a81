import { dirname, join } from 'node:path';
import { anchorsOf, linksOf } from '../documents.ts';
import type { Project } from '../project.ts';
import type { Rule } from '../rule.ts';

export const LINKS: Rule = {
  name: 'links',
  says: 'A link between documents leads to a file that is there, and to a heading that is in it.',
  permissions: [],
  find: project =>
    [...project.documents].flatMap(([path, text]) =>
      linksOf(text).flatMap(({ target, line }) => {
        const why = whyNot(project, path, target);
        return why === undefined ? [] : [{ who: path, at: `${path}:${line}`, why }];
      }),
    ),
};

function whyNot({ documents, paths }: Project, from: string, link: string): string | undefined {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : join(dirname(from), decodeURIComponent(file)).replace(/\/$/, '');
  if (!paths.has(target)) return `the link '${link}' leads nowhere: there is no ${target}`;
  if (anchor === undefined || anchorsOf(documents.get(target) ?? '').includes(anchor)) return undefined;
  return `the link '${link}' leads nowhere: no heading of ${target} is called so`;
}
