import { join } from 'node:path';
import type { LocalSocket } from '@causeway/api';
import {
  defaultStateDirectory,
  localSocketPath,
  runtimeDirectory,
  writeRuntimeFile,
} from '@causeway/service';
import type { ConnectConfiguration } from '../configuration.ts';

/** Members of this group may open the socket of the admin API, and so do everything that the API can. */
export const ADMIN_GROUP = 'causeway-admins';

/**
 * Where the admin API's socket is. A configured path comes first. If the state is in its usual place, the socket is in the runtime
 * folder, where the group can reach it. Otherwise it is in the state folder, which only the service's user can enter.
 */
export function adminSocket(configuration: ConnectConfiguration): LocalSocket | undefined {
  const { stateDirectory, adminApi } = configuration;
  const usual =
    process.platform !== 'win32' && stateDirectory === defaultStateDirectory('connect')
      ? join(runtimeDirectory(), 'connect.sock')
      : undefined;
  const path = adminApi?.socket ?? usual;
  return path === undefined ? undefined : { path, group: ADMIN_GROUP };
}

export function adminSocketPath(configuration: ConnectConfiguration): string {
  return adminSocket(configuration)?.path ?? localSocketPath(configuration.stateDirectory);
}

/**
 * Writes `connect.json` into the runtime folder, where programs on this machine look up the socket. If state and socket are both
 * in a place of their own, Connect announces nothing, and programs find it only by CAUSEWAY_CONNECT.
 */
export function announceSocket(socket: LocalSocket): void {
  const note = join(runtimeDirectory(), 'connect.json');
  writeRuntimeFile(note, `${JSON.stringify({ socket: socket.path })}\n`);
}
