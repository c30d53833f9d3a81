import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, createLog } from '@causeway/service';
import { loadConnectConfiguration } from '../configuration.ts';
import { Connect } from '../sync/connect.ts';
import { enrol } from '../tenant/identity.ts';
import { ProvisioningPeer } from './provisioning-peer.ts';

export const FORESTS = ['corp.example.com', 'fabrikam.example.org'] as const;

/** A Connect with two forests whose domain controllers do not exist, enrolled at a scripted tenant. */
export async function openConnect(clock?: Clock): Promise<{
  connect: Connect;
  peer: ProvisioningPeer;
  stateDirectory: string;
  reopen(): Promise<Connect>;
  close(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-admin-'));
  const stateDirectory = join(folder, 'state');
  const peer = await ProvisioningPeer.listen();
  process.env.CAUSEWAY_TEST_PASSWORD = 'not a real one';
  const file = join(folder, 'connect.yaml');
  const connectors = FORESTS.map(forest => ({
    name: forest,
    forest,
    server: '127.0.0.1',
    ldapsPort: 1,
    caFile: file,
    account: `reader@${forest}`,
    password: 'env:CAUSEWAY_TEST_PASSWORD',
  }));
  writeFileSync(file, JSON.stringify({ stateDirectory, tenant: { url: peer.url }, connectors }));
  await enrol(stateDirectory, { url: peer.url }, 'a-code');
  const log = createLog('test', { write: () => {} });
  const open = () => Connect.open(loadConnectConfiguration(file), log, undefined, clock);
  let connect = await open();
  return {
    connect,
    peer,
    stateDirectory,
    reopen: async () => {
      await connect.close();
      connect = await open();
      return connect;
    },
    close: async () => {
      await connect.close();
      await peer.close();
      rmSync(folder, { recursive: true });
    },
  };
}
