import {
  Association,
  DRSUAPI_INTERFACE,
  decodeEptMapReply,
  EPM_INTERFACE,
  EPM_PORT,
  EPT_MAP_OPNUM,
  encodeEptMap,
} from '@causeway/protocols';
import { ReplicationError } from './replication-error.ts';
import { RpcConnection } from './transport.ts';

/** Asks a host's endpoint mapper for the TCP port of its replication service. */
export async function findReplicationPort(options: {
  host: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** The endpoint mapper's port: 135 except in tests. */
  mapperPort?: number | undefined;
}): Promise<number> {
  const { host, mapperPort = EPM_PORT } = options;
  const association = new Association({ interface: EPM_INTERFACE });
  const connection = await RpcConnection.open({
    ...options,
    port: mapperPort,
    association,
  });
  try {
    const reply = await connection.call(EPT_MAP_OPNUM, encodeEptMap(DRSUAPI_INTERFACE));
    const port = decodeEptMapReply(reply, DRSUAPI_INTERFACE);
    if (port !== undefined) return port;
  } catch (cause) {
    if (!(cause instanceof ReplicationError && cause.code === 'fault')) throw cause;
    const hint = 'it may want authentication there: name the replication port instead';
    throw new ReplicationError('fault', `the endpoint mapper of ${host} refuses to answer; ${hint}`, {
      cause,
    });
  } finally {
    connection.close();
  }
  throw new ReplicationError('not-a-dc', `${host} is no domain controller: it offers no replication service`);
}
