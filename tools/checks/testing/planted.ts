import { projectOf } from '../project.ts';
import { breachesOf, type Rule } from '../rule.ts';

/** The breaches of a rule in a project of these files. */
export const planted = (rule: Rule, files: Readonly<Record<string, string>>): string[] =>
  breachesOf(rule, projectOf(files));

/** A package.json that declares these. */
export const manifest = (...names: string[]): string =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map(name => [name, '1.0.0'])) });
