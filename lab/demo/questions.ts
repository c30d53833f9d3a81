import { eventually } from '@causeway/service/testing';
import { runCli } from '../places/run-cli.ts';
import type { Stage } from '../places/stage.ts';
import type { Person } from './cast.ts';

/** @returns the prerequisites that are not met or not known */
export async function askDoctor(stage: Stage): Promise<string[]> {
  const { stdout, stderr } = await runCli([
    ...['doctor', '--config', stage.configOf('connect'), ...stage.remote, '--json'],
  ]);
  if (stdout === '') throw new Error(`causeway doctor says: ${stderr}`);
  const { findings } = JSON.parse(stdout) as { findings: { id: string; met: boolean | null }[] };
  return findings.filter(({ met }) => met !== true).map(({ id }) => id);
}

/** Waits until the managed domain has an account for a person, and asks for its name. */
export async function learnManagedName(stage: Stage, who: Person): Promise<void> {
  await eventually(`${who.upn} has an account in the managed domain`, async () => {
    const shown = await stage
      .domainStatus<{ entry: { samAccountName: string; managedGuid: string | null } }>(who.upn)
      .catch(() => undefined);
    if (!shown?.entry.managedGuid) return false;
    who.managedName = shown.entry.samAccountName;
    return true;
  });
}

/** Credential records in Connect's requests so far, as the network sees them. */
export function legacyRecordsSent(stage: Stage): number {
  if (stage.proxy === undefined) throw new Error('the stage records no requests');
  return stage.proxy.requests
    .filter(request => request.path.endsWith('/sync/credentials'))
    .flatMap(
      request =>
        (JSON.parse(request.body.toString('utf8')) as { changes: { record: string | null }[] }).changes,
    )
    .filter(item => item.record !== null).length;
}
