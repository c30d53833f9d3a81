import { join } from 'node:path';
import type { Endpoint } from '@causeway/api';
import { CausewayError, lockStateSoon } from '@causeway/service';
import { Database } from '../store/database.ts';
import { Staging } from '../store/settings/staging.ts';
import { type Agent, enrol } from '../tenant/identity.ts';
import type { Connect } from './connect.ts';

/**
 * Enrols a Connect that writes or one that stages.
 * @throws CausewayError and CallError as `enrol`
 */
export function enrolConnect(
  stateDirectory: string,
  endpoint: Endpoint,
  { code, staging }: { readonly code: string; readonly staging: boolean },
): Promise<Agent> {
  // Before the identity exists, so that a Connect that stages can never seem to write, whenever this is interrupted.
  const beforeSaved = () => keepStanding(stateDirectory, staging);
  return enrol(stateDirectory, endpoint, code, { staging, beforeSaved });
}

async function keepStanding(stateDirectory: string, staging: boolean): Promise<void> {
  const lock = await lockStateSoon(stateDirectory);
  try {
    const db = new Database(join(stateDirectory, 'connect.db'));
    const kept = new Staging(db);
    if (staging) kept.begin();
    else if (kept.since !== undefined) kept.end();
    db.close();
  } finally {
    lock.release();
  }
}

/**
 * Changes places with the Connect that writes, by a code of an administrator of the tenant.
 * @throws CausewayError 'not-staging'; CallError if the tenant refuses
 */
export async function promote(connect: Connect, code: string, caller: string) {
  refuseToPromote(connect);
  const demoted = await connect.tenant.promote(code);
  const names = demoted.map(({ name }) => `'${name}'`).join(' and ');
  const text = `this Connect was promoted by ${caller}${names === '' ? '' : `; ${names} stages now`}`;
  connect.store.events.add('changedPlaces', null, text);
  return { demoted };
}

function refuseToPromote({ staging, agent }: Connect): void {
  if (staging) return;
  const text = `this Connect (agent ${agent.agentId}) does not stage: it writes already`;
  throw new CausewayError('not-staging', text);
}
