import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The document on which the project is based, if it is beside the project. */
const SHARED = join(ROOT, '../shared/reference/tutorial.md');
/** Our own copies of its script. */
const OURS = ['docs/powershell.md', 'docs/tutorial.md'].map(name => join(ROOT, name));

/** The first script of a document, byte for byte. */
function scriptOf(document: string): string {
  const script = /^```powershell\n(\$adConnector = [\s\S]*?)^```$/m.exec(readFileSync(document, 'utf8'))?.[1];
  if (script === undefined) throw new Error(`the tutorial's script expected in ${document}`);
  return script;
}

/** The script in each of the available documents. */
export function tutorialScripts(): { document: string; script: string }[] {
  return [...OURS, SHARED].filter(existsSync).map(document => ({ document, script: scriptOf(document) }));
}

/** Replaces the two names, and nothing else. */
export function fillNames(script: string, forest: string, tenant: string): string {
  const filled = script
    .replace('<CASE SENSITIVE AD CONNECTOR NAME>', forest)
    .replace('<CASE SENSITIVE AZURE AD CONNECTOR NAME>', tenant);
  if (filled.includes('<CASE SENSITIVE')) throw new Error('a name is left to be filled in');
  return filled;
}
