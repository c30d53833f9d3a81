import { readFile } from 'node:fs/promises';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isLoopback } from '@causeway/wire';
import { connectError, LdapError } from './ldap-error.ts';

export interface TransportOptions {
  /** `ldaps://host[:636]` anywhere; `ldap://host[:389]` on a loopback address only; or a Unix socket. */
  url: string | { socketPath: string };
  /** PEM text of the CA that issued the server's certificate, or its file. ldaps needs one of the two. */
  ca?: string | Buffer;
  caFile?: string;
  /** The name in the certificate, if it is not the host in `url` (an address, for example). */
  serverName?: string;
  timeoutMs: number;
}

export interface Transport {
  socket: Socket;
  /** How errors name the server. */
  peer: string;
}

/** A server that is switched off while a call waits is detected 10 s after this. */
const KEEP_ALIVE_MS = 10_000;

/** @throws LdapError `unreachable`, `timeout`, `certificate`, `protocol` or `syntax` (a URL that is not allowed). */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const { url, timeoutMs } = options;
  if (typeof url !== 'string') {
    const { socketPath } = url;
    return established(connectSocket({ path: socketPath }), 'connect', socketPath, timeoutMs);
  }
  const { secure, host, port } = parseUrl(url);
  const peer = `${host}:${port}`;
  if (!secure) return established(connectSocket({ host, port }), 'connect', peer, timeoutMs);
  const ca = options.ca ?? (await readCa(options.caFile, peer));
  const name = options.serverName ?? host;
  const socket = connectTls({
    host,
    port,
    ca,
    minVersion: 'TLSv1.2',
    // Node allows no address as server name (RFC 6066 3). Without a name it checks the certificate against the host.
    ...(isIP(name) ? {} : { servername: name }),
  });
  return established(socket, 'secureConnect', peer, timeoutMs);
}

function parseUrl(text: string): { secure: boolean; host: string; port: number } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['ldap:', 'ldaps:'].includes(url.protocol) || url.hostname === '') {
    throw new LdapError('syntax', `'ldaps://host[:port]' expected, '${text}' came`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'ldaps:';
  if (!secure && !isLoopback(host)) {
    throw new LdapError(
      'syntax',
      `'${text}' would send passwords in the clear: use ldaps://, ldap:// is for loopback addresses`,
    );
  }
  return { secure, host, port: url.port === '' ? (secure ? 636 : 389) : Number(url.port) };
}

async function readCa(file: string | undefined, peer: string): Promise<Buffer> {
  if (file === undefined) {
    throw new LdapError(
      'certificate',
      `no CA given for ${peer}: give the file of the CA that issued its certificate`,
    );
  }
  try {
    return await readFile(file);
  } catch (cause) {
    throw new LdapError('certificate', `the CA file '${file}' cannot be read: check path and permissions`, {
      cause,
    });
  }
}

async function established(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  peer: string,
  timeoutMs: number,
): Promise<Transport> {
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () =>
      reject(
        new LdapError(
          'timeout',
          `${peer} did not answer within ${timeoutMs} ms: check address, port and firewall`,
        ),
      ),
    timeoutMs,
  );
  const refused = (cause: unknown) => reject(connectError(peer, cause));
  socket.once('error', refused);
  socket.once(event, () => resolve());
  try {
    await promise;
    return { socket, peer };
  } catch (error) {
    socket.on('error', () => {}); // later errors have no other listener
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    socket.off('error', refused);
  }
}
