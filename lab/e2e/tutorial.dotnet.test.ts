import { rmSync } from 'node:fs';
import { after } from 'node:test';
import { stopDomain } from '@causeway/samba';
import { addMembers } from '../domains/groups.ts';
import { labUp } from '../domains/lifecycle.ts';
import { seededUser } from '../domains/seed.ts';
import { labDirectory } from '../domains/state.ts';
import { DOMAINS, domainDirectory, layoutOf } from '../domains/table.ts';
import { deleteUser } from '../domains/users.ts';
import { powershells } from '../powershell/engine.ts';
import { fillNames } from '../powershell/tutorial.ts';
import { playDocument } from '../tutorial/play.ts';
import { LAB, type Outcome, TutorialShell } from '../tutorial/shell.ts';

/** Plays docs/tutorial.md from its first command to its last, as a reader would, and compares the output that it shows. */

/** What the reader fills in for the two names that the script leaves open. */
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
await deleteUser(DOMAINS.onprem, 'causeway-connect').catch(() => {}); // it may not exist
const shell = new TutorialShell();

after(async () => {
  await shell.close();
  for (const domain of MADE) {
    await stopDomain(layoutOf(domain));
    // The reader's domains name their files by the reader's lab. Behind another folder of that name, nobody else finds them.
    if (labDirectory() !== LAB) forget(domain);
  }
  await labUp(); // the tutorial ends by taking it all down, and other tests need it
  await addMembers(DOMAINS.onprem, 'Sales team 1', ['alice']).catch(() => {}); // for the next time it is played
});

let scripts = 0;

async function runScript(script: string): Promise<Outcome> {
  const file = `script${++scripts}.ps1`;
  await shell.write(file, fillNames(script, ...NAMES));
  const variables = Object.entries(powershell!.environment).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...variables, ...powershell!.command, file].map(part => `'${part}'`).join(' ');
  return shell.run(command);
}

/** The document names the files with the passwords. */
async function passwordOf(account: string): Promise<string> {
  const [, user] = /^(.+)@AADDS\.EXAMPLE\.NET$/.exec(account)!;
  if (user !== 'Administrator') return seededUser(user!.replace('\\@', '@'), DOMAINS.onprem)!.password!;
  return (await shell.run('cat /var/lib/causeway/domain/administrator.password')).lines[0]!;
}

playDocument('docs/tutorial.md', { shell, runScript, passwordOf });
