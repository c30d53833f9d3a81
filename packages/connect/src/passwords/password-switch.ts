import { FORCE_FULL_PASSWORD_SYNC } from '@causeway/contract';
import type { PassRequest } from '../store/full-passes.ts';
import type { ConnectorStore } from '../store/store.ts';
import type { PasswordChannel } from './password-channel.ts';

/** How long switching the channel off waits for batches in flight. */
const PATIENCE_MS = 10_000;

/**
 * The password channel's switch. When off, none of the forest's passwords is read or sent. Nothing is lost, because the watermark stays.
 * When switched on, the channel starts at its watermark, with the full pass that the connector's parameter asks for. A running channel
 * restarts.
 */
export async function switchPasswords(
  { context, inFlight }: PasswordChannel,
  enabled: boolean,
): Promise<PassRequest | undefined> {
  const { store, connector } = context;
  const ran = store.settings.get().passwordSync;
  if (!ran && !enabled) return undefined;
  const request = store.db.transaction(() => {
    store.settings.setPasswordSync(enabled);
    const [event, what] = enabled
      ? (['started', ran ? 'restarts' : 'starts'] as const)
      : (['stopped', 'stops'] as const);
    store.events.add(event, connector.name, `the password channel of '${connector.name}' ${what}`);
    return startChannel(store);
  });
  if (enabled) return request;
  const patience = new AbortController();
  await Promise.race([inFlight.settled(), store.clock.sleep(PATIENCE_MS, patience.signal)]);
  patience.abort();
  return undefined;
}

/**
 * On each start of the channel, starts the full pass that the parameter asks for. The parameter is then 0 again, so that the next start
 * does not ask again. The pass itself survives every restart.
 */
export function startChannel({ db, settings, passes }: ConnectorStore): PassRequest | undefined {
  const value = settings.parameter(FORCE_FULL_PASSWORD_SYNC);
  if (!settings.passwordSync || (value !== 1 && value !== '1')) return undefined;
  return db.transaction(() => {
    settings.setValue(FORCE_FULL_PASSWORD_SYNC, '0');
    return passes.request();
  });
}
