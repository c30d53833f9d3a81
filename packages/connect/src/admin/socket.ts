import { join } from 'node:path';
import type { LocalSocket } from '@causeway/api';
import {
  defaultStateDirectory,
  localSocketPath,
  runtimeDirectory,
  writeRuntimeFile,
} from '@causeway/service';
import type { ConnectConfiguration } from '../configuration.ts';

/** Members of this group may open the socket of the admin API, and so do all that it can. */
export const ADMIN_GROUP = 'causeway-admins';

/**
 * Where the admin API's socket is: as configured; for the state's usual place in the runtime folder, where the group can reach it;
 * otherwise in the state folder, which only the service's user can enter.
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
 * Tells programs on this machine where the socket is: `connect.json` in the runtime folder. A Connect whose state and socket are
 * both in a place of its own is not told of: it is found by CAUSEWAY_CONNECT alone.
 */
export function announceSocket(socket: LocalSocket): void {
  const note = join(runtimeDirectory(), 'connect.json');
  writeRuntimeFile(note, `${JSON.stringify({ socket: socket.path })}\n`);
}
