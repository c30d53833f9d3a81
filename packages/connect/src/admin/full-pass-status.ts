import { CallError } from '@causeway/api';
import type { FullPasswordSync } from '@causeway/contract';
import { pairingState } from '../pairing/pairing-state.ts';
import { expectedEnd, ratePerSecond } from '../passwords/full-pass-progress.ts';
import type { Connector } from '../sync/connector.ts';

/** A connector's last forced full pass, its progress, and what it waits for. */
export async function fullPassStatus(connector: Connector): Promise<FullPasswordSync | null> {
  const { store } = connector.context;
  const pass = store.passes.last();
  if (pass === undefined) return null;
  const total = store.space.countInScope();
  const now = store.clock.now();
  const rate = ratePerSecond(pass, connector.pace, now);
  const { id, requestedAt, startedAt, readAt, completedAt, users } = pass;
  return {
    ...{ id, requestedAt, startedAt, readAt, completedAt, users, total, rate },
    expectedAt: expectedEnd(pass, total, rate, now),
    owed: store.owed.count(),
    waitingFor: completedAt === null ? await waitingFor(connector, readAt !== null) : null,
  };
}

async function waitingFor(connector: Connector, read: boolean): Promise<string | null> {
  const { name, context, lastError } = connector;
  const { store, tenant } = context;
  if (context.staging) return 'this Connect stages: it goes once it is promoted';
  if (!store.settings.passwordSync) return `password hash synchronization of '${name}' is switched off`;
  if (store.cursors.get('dirsync-cookie') === undefined)
    return 'the full import of the directory is not completed';
  const owed = store.owed.count();
  if (read && owed > 0) {
    try {
      const pairing = pairingState(store, await tenant.configuration(false, 1));
      if (pairing.state === 'unconfirmed')
        return `the managed domain's key is not confirmed, and ${owed} users are owed their legacy credentials: compare with 'causeway domain fingerprint', then run 'causeway connect trust-domain FINGERPRINT'`;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      return `the tenant does not answer: ${error.message}`;
    }
  }
  return lastError === null ? null : `it is tried again: ${lastError.split('\n')[0]}`;
}
