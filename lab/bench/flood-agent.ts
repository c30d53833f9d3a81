import { parentPort, workerData } from 'node:worker_threads';
import { agentSend, call } from '@causeway/api';
import { synchronizationRoutes } from '@causeway/contract';

/** Asks at a steady pace, however long the answers take. A thread of its own keeps the cost of the crowd out of the numbers. */
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
