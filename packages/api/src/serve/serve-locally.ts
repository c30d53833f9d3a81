import { dirname } from 'node:path';
import {
  diskError,
  localSocketPath,
  makeRuntimeDirectory,
  onDisk,
  removeSocket,
  restrictSocket,
  withPrivateUmask,
} from '@causeway/service';
import type { FastifyInstance } from 'fastify';

export interface LocalSocket {
  /** Outside the state folder, which only the service's user can enter. */
  readonly path: string;
  /** Its members may open the socket, if there is such a group. */
  readonly group: string;
}

/** Serves a service's local API on a socket: on the given one, or in its state folder for root and the service's user only. */
export async function serveLocally(
  server: FastifyInstance,
  stateDirectory: string,
  socket?: LocalSocket,
): Promise<void> {
  const path = socket?.path ?? localSocketPath(stateDirectory);
  if (socket) makeRuntimeDirectory(dirname(path));
  onDisk(path, () => removeSocket(path)); // the state lock is held, so whoever left this socket no longer runs
  try {
    await withPrivateUmask(() => server.listen({ path }));
  } catch (error) {
    throw diskError(error, path) ?? error;
  }
  restrictSocket(path, socket?.group);
}
