import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { call, httpSend } from '@causeway/api';
import { administrationRoutes } from '@causeway/contract';
import { Browser, enrolAgent, RelyingParty, runTenantCommand, spawnTenant } from '@causeway/tenant/testing';
import { median, percentile } from './measure/numbers.ts';
import type { Measurement } from './measure/row.ts';

const SIGN_INS = 100;
const REDIRECT = 'https://portal.example.net/callback';
const BUDGET_MS = 250;
const EVERY_MS = 50;
/** The unit in which the kernel counts CPU time (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100;

/**
 * A hundred people sign in at once, from the page to the ID token. Measures how long a Connect waits for the tenant meanwhile.
 * @param databaseUrl PGlite when absent
 */
export async function measureFlood(databaseUrl = ''): Promise<Measurement[]> {
  const state = mkdtempSync(join(tmpdir(), 'causeway-flood-'));
  const { child, url } = await spawnTenant(['--state', state, '--listen', '127.0.0.1:0'], {
    DATABASE_URL: databaseUrl,
  });
  try {
    const name = 'administrator@contoso.example.net';
    const made = await runTenantCommand(['create', 'contoso', '--admin', name, '--state', state, '--json']);
    const { administratorPassword: password, tokenFile } = JSON.parse(made.stdout);
    const token = readFileSync(tokenFile, 'utf8').trim();
    const admin = httpSend({ url }, async () => token);
    const agent = await enrolAgent(url, admin, 'connect');
    const body = { name: 'portal', redirectUris: [REDIRECT] };
    const app = await call(admin, administrationRoutes.registerApplication, { body });
    const party = await RelyingParty.discover(app.issuer, app.clientId, REDIRECT);
    const signIn = () => party.signIn(new Browser(), name, password);
    const identity = { clientId: agent.id, ...agent };
    const workerData = {
      url,
      everyMs: EVERY_MS,
      identity: { ...identity, send: undefined, signingKey: undefined },
    };
    const asking = new Worker(new URL('./flood-agent.ts', import.meta.url), { workerData });
    let waits: number[] = [];
    asking.on('message', (wait: number) => waits.push(wait));
    for (let i = 0; i < 10; i++) await signIn();
    waits = [];
    await delay(2000);
    const alone = waits;
    waits = [];

    const cpuBefore = cpuSeconds(child.pid!);
    const flood = Promise.all(Array.from({ length: SIGN_INS }, signIn));
    const done = (await flood).filter(claims => claims !== undefined).length;
    if (done !== SIGN_INS) throw new Error(`${done} of ${SIGN_INS} sign-ins came to an end`);
    asking.postMessage('end');
    await once(asking, 'exit');
    const cpu = cpuSeconds(child.pid!) - cpuBefore;
    const against = { against: 'the same without them', yardstick: median(alone), unit: 'ms' };
    const what = `a Connect's wait during ${SIGN_INS} sign-ins at once`;
    return [
      { name: 'code flows for a second of the tenant’s CPU', value: SIGN_INS / cpu, unit: '/s' },
      { name: `${what}, p50`, value: median(waits), ...against, budget: { of: 'value', atMost: BUDGET_MS } },
      { name: `${what}, p95`, value: percentile(waits, 0.95), ...against },
    ];
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    rmSync(state, { recursive: true, force: true });
  }
}

/** User and system time of a process so far (proc(5), `stat`). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
