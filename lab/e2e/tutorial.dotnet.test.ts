import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stopDomain } from '@causeway/samba';
import { labUp } from '../domains/lifecycle.ts';
import { labDirectory } from '../domains/state.ts';
import { DOMAINS, domainDirectory, layoutOf } from '../domains/table.ts';
import { deleteUser } from '../domains/users.ts';
import { powershells } from '../powershell/engine.ts';
import { fillNames } from '../powershell/tutorial.ts';
import { compareOutput, parseDocument, type Step } from '../tutorial/document.ts';
import { LAB, type Outcome, TutorialShell } from '../tutorial/shell.ts';

/** docs/tutorial.md is played from its first command to its last, as its reader would, and what it says of the output compared. */

const DOCUMENT = join(import.meta.dirname, '../../docs/tutorial.md');
/** What the reader fills in where the script has two names left open. */
const NAMES = ['corp.example.com', 'contoso - AAD'] as const;

const [powershell] = await powershells();
const MADE = [DOMAINS.managed, DOMAINS.fabrikam];

function forget(domain: (typeof MADE)[number]): void {
  rmSync(domainDirectory(domain), { recursive: true, force: true });
}

// The reader's forests have no account for Connect yet, and there is no managed domain.
for (const domain of MADE) {
  await stopDomain(layoutOf(domain));
  forget(domain);
}
await deleteUser(DOMAINS.onprem, 'causeway-connect').catch(() => {}); // it may not be there
const shell = new TutorialShell();

after(async () => {
  await shell.close();
  for (const domain of MADE) {
    await stopDomain(layoutOf(domain));
    // What the reader made names its files by the reader's lab: where another folder is behind that name, nobody else finds them.
    if (labDirectory() !== LAB) forget(domain);
  }
  await labUp(); // the tutorial ends with taking it all down, and other tests go on
});

let scripts = 0;

async function play(step: Exclude<Step, { kind: 'file' }>): Promise<Outcome> {
  if (step.kind === 'shell') return shell.run(step.command);
  const file = `script${++scripts}.ps1`;
  await shell.write(file, fillNames(step.script, ...NAMES));
  const variables = Object.entries(powershell!.environment).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...variables, ...powershell!.command, file].map(part => `'${part}'`).join(' ');
  return shell.run(command);
}

/** A step that failed leaves nothing for those behind it to stand on. */
let failed = false;

for (const step of parseDocument(readFileSync(DOCUMENT, 'utf8'))) {
  const what =
    step.kind === 'file' ? step.path : step.kind === 'shell' ? step.command.split('\n')[0] : 'a script';
  test(`line ${step.line}: ${what}`, async () => {
    assert.ok(!failed, 'a step before this one failed');
    failed = true;
    if (step.kind === 'file') await shell.write(step.path, step.content);
    else {
      const { lines } = await play(step);
      const wrong = compareOutput(step.expected, lines);
      assert.equal(wrong, undefined, `docs/tutorial.md, line ${step.line}: ${wrong}`);
    }
    failed = false;
  });
}
