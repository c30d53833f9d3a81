import { join } from 'node:path';
import { readProject } from './project.ts';
import { breachesOf, unusedOf } from './rule.ts';
import { RULES } from './rules.ts';

const project = readProject(join(import.meta.dirname, '../..'));
const breaches = RULES.flatMap(rule => [...breachesOf(rule, project), ...unusedOf(rule, project)]);
for (const breach of breaches) process.stderr.write(`${breach}\n`);
process.stdout.write(
  breaches.length === 0 ? `${RULES.length} rules hold\n` : `${breaches.length} breaches of the rules\n`,
);
if (breaches.length > 0) process.exitCode = 1;
