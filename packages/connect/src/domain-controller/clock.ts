import { type LdapConnection, readCurrentTime } from '@causeway/ldap';
import type { ConnectorContext } from '../context.ts';

/** Beyond this difference Kerberos fails, too. */
const LIMIT_MS = 5 * 60_000;

/** This machine's clock and the domain controller's are too far apart. */
export interface ClockDifference {
  /** ISO 8601, by this machine's clock. */
  since: string;
  /** How far this machine's clock is ahead. Negative if it is behind. */
  aheadSeconds: number;
}

export function clockDifference({ store }: Pick<ConnectorContext, 'store'>): ClockDifference | undefined {
  const stored = store.cursors.get('clock-difference');
  return stored === undefined ? undefined : (JSON.parse(stored) as ClockDifference);
}

/**
 * Compares this machine's clock with the domain controller's. Sequences and durations use this machine's clock. Connect signs and
 * sends everything even if the clock is wrong.
 */
export async function judgeClock(
  context: Pick<ConnectorContext, 'store' | 'connector'>,
  ldap: LdapConnection,
): Promise<void> {
  const { store, connector } = context;
  const theirs = await readCurrentTime(ldap);
  if (theirs === undefined) return;
  const before = clockDifference(context);
  const ahead = store.clock.now() - theirs.getTime();
  const aheadSeconds = Math.round(ahead / 1000);
  if (Math.abs(ahead) <= LIMIT_MS) {
    if (before === undefined) return;
    const text = `this machine's clock is as that of the domain controller '${connector.server}' again`;
    store.db.transaction(() => {
      store.cursors.set('clock-difference', undefined);
      store.events.add('alarmOver', connector.name, text);
    });
    return;
  }
  const difference: ClockDifference = { since: before?.since ?? store.db.timestamp(), aheadSeconds };
  store.db.transaction(() => {
    store.cursors.set('clock-difference', JSON.stringify(difference));
    if (before === undefined)
      store.events.add('alarm', connector.name, clockAlarm(connector.server, difference));
  });
}

function clockAlarm(server: string, { aheadSeconds }: ClockDifference): string {
  const [seconds, way] = [Math.abs(aheadSeconds), aheadSeconds > 0 ? 'ahead of' : 'behind'];
  return `ALARM: this machine's clock is ${seconds} seconds ${way} that of the domain controller '${server}': set the clock that is wrong. Everything goes on meanwhile`;
}
