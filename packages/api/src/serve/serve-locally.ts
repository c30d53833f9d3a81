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
  /** Elsewhere than in the state folder, which only the service's user can enter. */
  readonly path: string;
  /** Whose members may open it, where there is such a group. */
  readonly group: string;
}

/** Serves a service's local API on a socket: in its state folder for root and the service's user alone, or on the one given. */
export async function serveLocally(
  server: FastifyInstance,
  stateDirectory: string,
  socket?: LocalSocket,
): Promise<void> {
  const path = socket?.path ?? localSocketPath(stateDirectory);
  if (socket) makeRuntimeDirectory(dirname(path));
  onDisk(path, () => removeSocket(path)); // the state lock is held: whoever left this socket is gone
  try {
    await withPrivateUmask(() => server.listen({ path }));
  } catch (error) {
    throw diskError(error, path) ?? error;
  }
  restrictSocket(path, socket?.group);
}
