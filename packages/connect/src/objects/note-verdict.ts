import { isDone, type Verdict } from '@causeway/contract';
import type { ConnectorContext } from '../context.ts';
import { EventId } from '../store/events.ts';
import type { SpaceObject } from '../store/space-object.ts';

/** Before the digest of what the tenant took without the name: who has that waits for the name, and is exported again. */
export const WITHOUT_NAME = 'without its name: ';

export const isWhole = (verdict: Verdict): boolean => isDone(verdict) && verdict.code === undefined;

/** What the tenant did not take: it is tried again soon, or waits for a change. */
export function noteRefusal(
  context: ConnectorContext,
  object: SpaceObject,
  { verdict, code, reason }: Verdict,
  summary: { refused: number; retried: number },
): void {
  if (verdict !== 'retry') {
    summary.refused += 1;
    quarantine(context, object, code ?? 'refused', reason ?? 'the tenant refused it without a reason');
    return;
  }
  summary.retried += 1;
  const { store, connector } = context;
  const why = reason ?? 'the tenant asked for another try';
  store.queue.put('object', object.guid, { quarantined: false, code: code ?? 'retry', reason: why });
  const text = `object put in the retry queue: '${object.dn}': ${why}`;
  store.events.add(EventId.retryQueued, 'info', connector.name, text);
}

export function quarantine(
  context: ConnectorContext,
  object: SpaceObject,
  code: string,
  reason: string,
): void {
  const { store, connector } = context;
  const known = store.queue.get('object', object.guid);
  store.queue.put('object', object.guid, { quarantined: true, code, reason });
  if (known?.reason === reason) return;
  const text = `export of '${object.dn}' refused: ${reason}`;
  store.events.add(EventId.runErrors, 'warn', connector.name, text);
}
