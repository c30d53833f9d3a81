import { parentPort, workerData } from 'node:worker_threads';
import { agentSend, call } from '@causeway/api';
import { synchronizationRoutes } from '@causeway/contract';

/** A thread of its own, so that what the crowd costs the bench itself is not counted: asks at a steady pace, whatever the answers do. */
const { url, identity, everyMs } = workerData;
const send = agentSend({ url }, identity);
const ask = async (): Promise<void> => {
  const began = performance.now();
  await call(send, synchronizationRoutes.getSyncConfiguration);
  parentPort!.postMessage(performance.now() - began);
};
await ask();
const timer = setInterval(ask, everyMs);
parentPort!.once('message', () => {
  clearInterval(timer);
  parentPort!.close();
});
