import { createServer, type Server, type Socket } from 'node:net';
import { BerReader } from 'ldapts';
import { type LdapConnection, type LdapOptions, openLdap } from '../connection.ts';
import { MessageSplitter } from '../message-splitter.ts';
import { tlv } from '../tlv.ts';

/** A search as the client requested it. */
export interface AskedSearch {
  base: string;
  attributes: string[];
  /** Values that the filter compares, by attribute in lower case. */
  compared: Map<string, Buffer[]>;
  /** Values of the controls by object identifier; empty for a control without one. */
  controls: Map<string, Buffer>;
}

export interface PeerEntry {
  dn: string;
  attributes: Record<string, readonly (string | Uint8Array)[]>;
}

export interface PeerAnswer {
  entries?: Iterable<PeerEntry>;
  /** resultCode of RFC 4511 A.1; 0 by default. */
  code?: number;
  controls?: Record<string, Buffer>;
}

const SEARCH_REQUEST = 0x63;
const FILTER_EQUAL = 0xa3;

/** An LDAP server on loopback with scripted answers to searches. */
export class LdapPeer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly asked: AskedSearch[] = [];

  static async listen(answer: (asked: AskedSearch) => PeerAnswer): Promise<LdapPeer> {
    const peer = new LdapPeer(answer);
    await new Promise<void>(resolve => peer.#server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  private constructor(answer: (asked: AskedSearch) => PeerAnswer) {
    this.#server = createServer(socket => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      const splitter = new MessageSplitter();
      socket.on('data', async chunk => {
        for (const message of splitter.push(chunk)) {
          const request = readRequest(message);
          if (request === undefined) continue;
          this.asked.push(request.search);
          await send(socket, request.id, answer(request.search));
        }
      });
    });
  }

  connect(options: Partial<LdapOptions> = {}): Promise<LdapConnection> {
    const { port } = this.#server.address() as { port: number };
    return openLdap({ url: `ldap://127.0.0.1:${port}`, timeoutMs: 10_000, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

async function send(
  socket: Socket,
  id: Buffer,
  { entries = [], code = 0, controls = {} }: PeerAnswer,
): Promise<void> {
  for (const { dn, attributes } of entries) {
    const list = Object.entries(attributes).map(([name, values]) =>
      tlv(0x30, tlv(4, name), tlv(0x31, Buffer.concat(values.map(value => tlv(4, value))))),
    );
    const message = tlv(0x30, tlv(2, id), tlv(0x64, tlv(4, dn), tlv(0x30, ...list)));
    if (!socket.write(message) && !socket.destroyed)
      await new Promise(resolve => socket.once('drain', resolve).once('close', resolve));
  }
  const told = Object.entries(controls).map(([oid, value]) => tlv(0x30, tlv(4, oid), tlv(4, value)));
  const done = tlv(0x65, tlv(10, Buffer.of(code)), tlv(4), tlv(4));
  socket.write(tlv(0x30, tlv(2, id), done, ...(told.length > 0 ? [tlv(0xa0, ...told)] : [])));
}

/** @returns undefined for anything but a search */
function readRequest(message: Buffer): { id: Buffer; search: AskedSearch } | undefined {
  const reader = new BerReader(message);
  reader.readSequence();
  const id = reader.readString(0x02, true) as Buffer;
  if (reader.peek() !== SEARCH_REQUEST) return undefined;
  reader.readSequence(SEARCH_REQUEST);
  const base = reader.readString() ?? '';
  reader.readEnumeration(); // scope
  reader.readEnumeration(); // aliases
  reader.readInt();
  reader.readInt();
  reader.readBoolean();
  const compared = new Map<string, Buffer[]>();
  readFilter(reader, compared);
  const attributes: string[] = [];
  reader.readSequence();
  for (const end = reader.offset + reader.length; reader.offset < end; )
    attributes.push(reader.readString() ?? '');
  return { id, search: { base, attributes, compared, controls: readControls(reader) } };
}

function readFilter(reader: BerReader, compared: Map<string, Buffer[]>): void {
  const tag = reader.peek()!;
  if (tag === FILTER_EQUAL) {
    reader.readSequence(tag);
    const name = (reader.readString() ?? '').toLowerCase();
    const value = reader.readString(0x04, true) as Buffer;
    compared.set(name, [...(compared.get(name) ?? []), Buffer.from(value)]);
  } else if ((tag & 0x20) !== 0) {
    reader.readSequence(tag);
    for (const end = reader.offset + reader.length; reader.offset < end; ) readFilter(reader, compared);
  } else reader.readString(tag, true);
}

function readControls(reader: BerReader): Map<string, Buffer> {
  const controls = new Map<string, Buffer>();
  if (reader.peek() !== 0xa0) return controls;
  reader.readSequence(0xa0);
  for (const end = reader.offset + reader.length; reader.offset < end; ) {
    reader.readSequence();
    const own = reader.offset + reader.length;
    const oid = reader.readString() ?? '';
    if (reader.offset < own && reader.peek() === 0x01) reader.readBoolean();
    controls.set(
      oid,
      reader.offset < own ? Buffer.from(reader.readString(0x04, true) as Buffer) : Buffer.alloc(0),
    );
  }
  return controls;
}

/** The values within a SEQUENCE, as bytes. */
export function elementsOf(bytes: Buffer): Buffer[] {
  const reader = new BerReader(bytes);
  reader.readSequence();
  const found: Buffer[] = [];
  for (const end = reader.offset + reader.length; reader.offset < end; )
    found.push(Buffer.from((reader.readString(reader.peek()!, true) as Buffer | null) ?? []));
  return found;
}
