import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCEPTED_RECORDS } from '@causeway/contract';
import { HandClock } from '@causeway/service/testing';
import { ConnectPlace } from './connect-place.ts';
import { ProvisioningPeer } from './provisioning-peer.ts';
import { ScriptedForest } from './scripted-forest.ts';

/** A whole Connect over a scripted forest and a scripted tenant, neither enrolled nor started. */
export interface WholeConnect {
  readonly clock: HandClock;
  readonly peer: ProvisioningPeer;
  readonly forest: ScriptedForest;
  readonly place: ConnectPlace;
  close(): Promise<void>;
}

export async function wholeConnect(): Promise<WholeConnect> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-whole-connect-'));
  const clock = new HandClock();
  const peer = await ProvisioningPeer.listen();
  Object.assign(peer, { compares: true, accepts: ACCEPTED_RECORDS, domainAccepts: ACCEPTED_RECORDS });
  const forest = await ScriptedForest.listen('corp.example.com', clock);
  const place = new ConnectPlace(join(folder, 'state'), peer.url, [forest], clock);
  const close = async (): Promise<void> => {
    await place.stop();
    await Promise.all([peer.close(), forest.close()]);
    rmSync(folder, { recursive: true });
  };
  return { clock, peer, forest, place, close };
}
