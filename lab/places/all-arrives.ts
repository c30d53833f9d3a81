import type { ConnectArrival, ConnectStatus, DomainArrival, DomainStatus } from '@causeway/contract';
import { eventually, NotYet, type Patience } from '@causeway/service/testing';
import type { Stage } from './stage.ts';

const PATIENCE: Patience = { patienceMs: 60_000 };

/** Waits until Connect and Domain Services both report, of a head made from now on, that everything arrived. */
export async function allArrives(stage: Stage, patience = PATIENCE): Promise<void> {
  const since = new Date().toISOString();
  const lacks = ({ state, completeAsOf, alarm }: ConnectArrival | DomainArrival): boolean =>
    !['complete', 'not all written'].includes(state) || (completeAsOf ?? '') <= since || alarm !== null;
  const look = async () => {
    const { arrivals } = await stage.domainStatus<DomainStatus>();
    const { connectors } = await stage.connectStatus<ConnectStatus>();
    const all = [...arrivals, ...connectors.map(({ arrival }) => arrival)];
    return !all.some(lacks) || new NotYet(JSON.stringify(all.filter(lacks)));
  };
  await eventually('everything has come', look, patience);
}
