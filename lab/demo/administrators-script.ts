import { findSdk } from '@causeway/powershell';
import { dnsDomain } from '@causeway/samba';
import { localSocketPath } from '@causeway/service';
import type { LabDomain } from '../domains/table.ts';
import { type Stage, TENANT_NAME } from '../places/stage.ts';
import { powershells } from '../powershell/engine.ts';
import { fillNames, tutorialScripts } from '../powershell/tutorial.ts';

/**
 * Runs the tutorial's script on a forest, word for word, in a real PowerShell. On a machine without PowerShell, does the same by the
 * command line. Both return when Connect has been asked, not when the pass has ended.
 * @returns how it was run, for people
 */
export async function runAdministratorsScript(stage: Stage, forest: LabDomain): Promise<string> {
  if ((await findSdk()) === undefined) {
    await stage.forcePasswordSync(forest);
    return 'by the command line, because there is no .NET SDK on this machine, which PowerShell needs';
  }
  const [powershell] = await powershells();
  const script = fillNames(tutorialScripts()[0]!.script, dnsDomain(forest), `${TENANT_NAME} - AAD`);
  const result = await powershell!.run(script, {
    CAUSEWAY_CONNECT: localSocketPath(stage.stateOf('connect')),
  });
  if (result.code !== 0 || result.stderr !== '')
    throw new Error(`the tutorial's script ended with ${result.code}: ${result.stderr || result.stdout}`);
  return 'by PowerShell, word for word';
}
