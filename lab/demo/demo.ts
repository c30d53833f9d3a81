import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { labDown } from '../domains/lifecycle.ts';
import { seedFile } from '../domains/seed.ts';
import { labPath } from '../domains/state.ts';
import { DOMAINS, krb5ConfFile, labForests } from '../domains/table.ts';
import { freshStage } from '../places/fresh-stage.ts';
import { type Stage, TENANT_NAME } from '../places/stage.ts';
import { type Step, tellStory } from './story.ts';

/** Process ids of a stage that was left running. */
const keptFile = (): string => labPath('kept.json');

const print = (line = ''): void => void process.stdout.write(`${line}\n`);
const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

/** Plays the story on real domains and tells it. With `keep` everything stays running, otherwise nothing. */
export async function playDemo(options: { keep?: boolean }): Promise<void> {
  const started = performance.now();
  if (existsSync(keptFile()))
    throw new Error('the demo is still running: end it with ./causeway demo --stop');
  print('Causeway: one password, three places, on real directories');
  print();
  print('  0. two Active Directory forests on loopback addresses');
  const stage = await freshStage(
    { forests: labForests, headIntervalMs: 1000, record: true, dns: 'internal' },
    line => print(`     ${line}`),
  );
  const onSignal = (): void => {
    print('\nending everything …');
    void closeAll(stage).finally(() => process.exit(130));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);

  try {
    for (const [index, step] of tellStory(stage).steps.entries()) await tell(step, index + 1);
    if (options.keep) await stage.stopRecording();
  } catch (error) {
    await closeAll(stage);
    throw error;
  }
  if (options.keep) keep(stage);
  else await closeAll(stage);
  print();
  const setUp = Number(process.env.CAUSEWAY_SETUP_MS ?? 0) / 1000;
  print(`The story took ${secondsSince(started)}; downloads and set-up before it ${setUp.toFixed(1)} s.`);
  print(
    options.keep
      ? whatNext(stage)
      : 'Nothing is left running. ./causeway demo --keep leaves it all for you to try.',
  );
}

/** Stops what `--keep` left running. */
export async function stopDemo(): Promise<void> {
  if (existsSync(keptFile())) {
    const pids = JSON.parse(readFileSync(keptFile(), 'utf8')) as number[];
    for (const pid of pids) await endProcess(pid);
    rmSync(keptFile());
  }
  await labDown();
  print('The demo has ended; nothing is left running.');
}

async function tell(step: Step, number: number): Promise<void> {
  const since = performance.now();
  const title = `${String(number).padStart(3)}. ${step.title}`;
  if (process.stdout.isTTY) process.stdout.write(`${title} …`);
  try {
    const seen = await step.run();
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K');
    print(title);
    print(`     ${seen} (${secondsSince(since)})`);
  } catch (error) {
    print();
    throw error;
  }
}

async function closeAll(stage: Stage): Promise<void> {
  await stage.close();
  await labDown();
}

function keep(stage: Stage): void {
  const pids = stage.places.map(place => place.pid).filter(pid => pid !== undefined);
  writeFileSync(keptFile(), JSON.stringify(pids), { mode: 0o600 });
}

async function endProcess(pid: number): Promise<void> {
  const alive = (): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  if (alive()) process.kill(pid, 'SIGTERM');
  for (let waited = 0; alive() && waited < 200; waited++)
    await new Promise(resolve => setTimeout(resolve, 100));
  if (alive()) process.kill(pid, 'SIGKILL');
}

function whatNext(stage: Stage): string {
  const config = (name: string): string => `--config ${stage.configOf(name)}`;
  return [
    '',
    'Where everything is:',
    `  on-premises domain   ${DOMAINS.onprem.realm}, ${DOMAINS.onprem.address}   passwords of the people: ${seedFile()}`,
    `  tenant '${TENANT_NAME}'     ${stage.tenantUrl}/t/${TENANT_NAME}/oidc   administrator's token: ${stage.tokenFile}`,
    `  managed domain       ${DOMAINS.managed.realm}, ${DOMAINS.managed.address}   krb5.conf: ${krb5ConfFile()}`,
    `  logs                 ${stage.directory}/*.log`,
    '',
    'What to try, with any USER of that file, such as alice:',
    '  ./causeway lab kinit USER --realm managed          a Kerberos ticket with an on-premises password',
    '  ./causeway lab smb USER --realm managed            an SMB session by NTLM',
    '  ./causeway lab ldap USER --realm managed           LDAP binds: simple over TLS, and GSSAPI',
    `  ./causeway connect status ${config('connect')}`,
    `  ./causeway domain status ${config('domain')}`,
    `  ./causeway tenant status ${stage.remote.join(' ')}`,
    '  ./causeway demo --stop                             end it all',
  ].join('\n');
}
