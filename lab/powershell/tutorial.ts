import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The document that the project comes from, where it lies beside the project. */
const SHARED = join(ROOT, '../shared/reference/tutorial.md');
/** Our own copies of its script. */
const OURS = ['docs/powershell.md', 'docs/tutorial.md'].map(name => join(ROOT, name));

/** The script that a document shows first, byte for byte. */
function scriptOf(document: string): string {
  const script = /^```powershell\n(\$adConnector = [\s\S]*?)^```$/m.exec(readFileSync(document, 'utf8'))?.[1];
  if (script === undefined) throw new Error(`the tutorial's script expected in ${document}`);
  return script;
}

/** The script as each document that is here has it. */
export function tutorialScripts(): { document: string; script: string }[] {
  return [...OURS, SHARED].filter(existsSync).map(document => ({ document, script: scriptOf(document) }));
}

/** With the two names filled in, and nothing else. */
export function fillNames(script: string, forest: string, tenant: string): string {
  const filled = script
    .replace('<CASE SENSITIVE AD CONNECTOR NAME>', forest)
    .replace('<CASE SENSITIVE AZURE AD CONNECTOR NAME>', tenant);
  if (filled.includes('<CASE SENSITIVE')) throw new Error('a name is left to be filled in');
  return filled;
}
