import { isDone, type Verdict } from '@causeway/contract';
import type { ConnectorContext } from '../context.ts';
import type { Run } from '../runs/run.ts';
import type { SpaceObject } from '../store/space-object.ts';

/** Prefix of the digest of an object that the tenant accepted without its name. The object waits for the name and is exported again. */
export const WITHOUT_NAME = 'without its name: ';

export const isWhole = (verdict: Verdict): boolean => isDone(verdict) && verdict.code === undefined;

interface Tally {
  readonly summary: { refused: number; retried: number };
  readonly run: Run;
}

interface Why {
  readonly code: string;
  readonly reason: string;
}

/** Notes an object that the tenant did not accept: it is retried soon, or waits for a change. */
export function noteRefusal(
  context: ConnectorContext,
  object: SpaceObject,
  { verdict, code, reason }: Verdict,
  tally: Tally,
): void {
  if (verdict !== 'retry') {
    const why = { code: code ?? 'refused', reason: reason ?? 'the tenant refused it without a reason' };
    quarantine(context, object, why, tally);
    return;
  }
  tally.summary.retried += 1;
  const { store, connector } = context;
  const why = reason ?? 'the tenant asked for another try';
  tally.run.fail({ guid: object.guid, dn: object.dn, code: code ?? 'retry', reason: why });
  store.queue.put('object', object.guid, { quarantined: false, code: code ?? 'retry', reason: why });
  const text = `object put in the retry queue: '${object.dn}': ${why}`;
  store.events.add('retryQueued', connector.name, text);
}

export function quarantine(context: ConnectorContext, object: SpaceObject, why: Why, tally: Tally): void {
  tally.summary.refused += 1;
  setAside(context, object, why, tally.run);
}

/** Notes that the tenant accepted everything but the name. */
export function withoutName(
  context: ConnectorContext,
  object: SpaceObject,
  verdict: Verdict,
  run: Run,
): void {
  const { code = 'refused', reason = 'the tenant did not take its name' } = verdict;
  setAside(context, object, { code, reason }, run);
}

/** Notes that some profile values were left out. There is nothing to retry before one of them changes. */
export function withoutValues(
  { store, connector }: ConnectorContext,
  { guid, dn }: SpaceObject,
  leftOut: readonly string[],
  run: Run,
): void {
  if (leftOut.length === 0) return;
  const reason = leftOut.join('; ');
  run.fail({ guid, dn, code: 'value-not-taken', reason });
  store.events.add('runErrors', connector.name, `export of '${dn}' without some values: ${reason}`);
}

function setAside(context: ConnectorContext, object: SpaceObject, { code, reason }: Why, run: Run): void {
  const { store, connector } = context;
  run.fail({ guid: object.guid, dn: object.dn, code, reason });
  const known = store.queue.get('object', object.guid);
  store.queue.put('object', object.guid, { quarantined: true, code, reason });
  if (known?.reason === reason) return;
  const text = `export of '${object.dn}' refused: ${reason}`;
  store.events.add('runErrors', connector.name, text);
}
