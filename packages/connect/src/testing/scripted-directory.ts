import { createServer, type Server, type Socket } from 'node:net';
import { ControlOid, encodeGuid, encodeSid, type LdapConnection, openLdap } from '@causeway/ldap';

/** An object as DirSync reports it. `undefined`: the attribute no longer has a value. */
export interface ScriptedObject {
  guid: string;
  dn: string;
  objectSid?: string;
  /** GUID of its container. */
  parent?: string;
  attributes?: Record<string, string | string[] | undefined>;
}

/** The details of a question. */
export interface Asked {
  /** The directory's position when it gave out the cookie of this request. */
  cookie: string | undefined;
  /** Whether it names an object. */
  names(guid: string): boolean;
}

type Answer = readonly ScriptedObject[] | 'close' | ((asked: Asked) => readonly ScriptedObject[]);

/** A question for the values of a link. */
export interface AskedLinks {
  readonly attribute: 'member' | 'memberOf';
  /** The first value requested. */
  readonly from: number;
  /** Whether only some objects are requested. */
  readonly isNamed: boolean;
  names(guid: string): boolean;
}

/** What was requested: everything, the changes since a cookie, or objects by GUID. */
export type Question = 'full' | 'delta' | 'whole';

/** A domain controller's LDAP on loopback that answers an import: its identity, and DirSync as scripted. */
export class ScriptedDirectory {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The answer to each kind of question. */
  readonly answers: Record<Question, Answer> = { full: [], delta: [], whole: [] };
  /** Objects with all values of a link. */
  links: (asked: AskedLinks) => readonly ScriptedObject[] = () => [];
  readonly asked: Question[] = [];
  /** Its position: the part of its cookies after their common beginning. */
  position = '';
  /** Attributes of its schema for look-ups. */
  schema: readonly Record<string, readonly string[]>[] = [];
  /** What it reports of itself, and of each object looked up alone. */
  readonly self: Record<string, (string | Buffer)[]> = { ...SELF };

  static async listen(): Promise<ScriptedDirectory> {
    const directory = new ScriptedDirectory();
    await new Promise<void>(resolve => directory.#server.listen(0, '127.0.0.1', resolve));
    return directory;
  }

  private constructor() {
    this.#server = createServer(socket => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      let received: Buffer = Buffer.alloc(0);
      socket.on('data', chunk => {
        received = Buffer.concat([received, chunk]);
        // Requests come one at a time, so a complete message is everything received.
        const { header, length } = readLength(received, 1);
        if (received.length < header + length) return;
        const request = received;
        received = Buffer.alloc(0);
        this.#answer(socket, request);
      });
    });
  }

  connect(): Promise<LdapConnection> {
    const { port } = this.#server.address() as { port: number };
    return openLdap({ url: `ldap://127.0.0.1:${port}`, timeoutMs: 5_000 });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #answer(socket: Socket, request: Buffer): void {
    const id = idOf(request);
    const text = request.toString('latin1');
    const names = (guid: string) => request.includes(Buffer.from(encodeGuid(guid)));
    const [, attribute, from] = LINKS.exec(text) ?? [];
    if (attribute === 'member' || attribute === 'memberOf') {
      const found = this.links({ attribute, from: Number(from), names, isNamed: text.includes(NAMED) });
      socket.write(Buffer.concat([...found.map(object => entryOf(id, object)), done(id)]));
      return;
    }
    if (text.includes('attributeSchema')) {
      const found = this.schema.map(one =>
        entry(id, 'CN=attribute', Object.fromEntries(Object.entries(one).map(([k, v]) => [k, [...v]]))),
      );
      socket.write(Buffer.concat([...found, done(id)]));
      return;
    }
    if (!text.includes(ControlOid.dirSync)) {
      socket.write(Buffer.concat([entry(id, 'CN=dc', this.self), done(id)]));
      return;
    }
    const [, cookie] = COOKIES.exec(text) ?? [];
    const question = text.includes('objectGUID') ? 'whole' : cookie !== undefined ? 'delta' : 'full';
    this.asked.push(question);
    const script = this.answers[question];
    if (script === 'close') {
      socket.destroy();
      return;
    }
    const answer = typeof script === 'function' ? script({ cookie, names }) : script;
    const entries = answer.map(object => entryOf(id, object));
    const value = tlv(0x30, tlv(2, Buffer.of(0)), tlv(2, Buffer.of(0)), tlv(4, `${COOKIE}${this.position}.`));
    const control = tlv(0xa0, tlv(0x30, tlv(4, ControlOid.dirSync), tlv(4, value)));
    socket.write(Buffer.concat([...entries, done(id, control)]));
  }
}

const COOKIE = 'a-cookie-of-the-scripted-directory';
/** With a final point, because what follows in a request may look like a digit. */
const COOKIES = new RegExp(`${COOKIE}(\\d*)\\.`);
const LINKS = /(member|memberOf);range=(\d+)-/;
/** A filter on objectGUID: the attribute's name and the head of 16 bytes. */
const NAMED = 'objectGUID\x04\x10';
const SELF = {
  defaultNamingContext: ['DC=corp,DC=example,DC=com'],
  configurationNamingContext: ['CN=Configuration,DC=corp,DC=example,DC=com'],
  rootDomainNamingContext: ['DC=corp,DC=example,DC=com'],
  dsServiceName: ['CN=NTDS Settings,CN=DC1'],
  dnsHostName: ['dc1.corp.example.com'],
  highestCommittedUSN: ['1'],
  invocationId: [Buffer.alloc(16, 7)],
};

/** BER as LDAP uses it (RFC 4511 5.1). */
function tlv(tag: number, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as string)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const head = body.length < 128 ? [body.length] : [0x84, ...length];
  return Buffer.concat([Buffer.of(tag, ...head), body]);
}

function readLength(bytes: Buffer, at: number): { header: number; length: number } {
  const first = bytes[at] ?? 0;
  if (first < 128) return { header: at + 1, length: first };
  const size = first & 0x7f;
  return { header: at + 1 + size, length: bytes.length < at + 1 + size ? 1 : bytes.readUIntBE(at + 1, size) };
}

/** The message id, as bytes. */
function idOf(request: Buffer): Buffer {
  const { header } = readLength(request, 1);
  return request.subarray(header + 2, header + 2 + request[header + 1]!);
}

const entry = (id: Buffer, dn: string, attributes: Record<string, (string | Buffer)[]>): Buffer =>
  tlv(
    0x30,
    tlv(2, id),
    tlv(
      0x64,
      tlv(4, dn),
      tlv(
        0x30,
        ...Object.entries(attributes).map(([name, values]) =>
          tlv(0x30, tlv(4, name), tlv(0x31, ...values.map(value => tlv(4, value)))),
        ),
      ),
    ),
  );

const entryOf = (id: Buffer, { guid, dn, objectSid, parent, attributes = {} }: ScriptedObject): Buffer =>
  entry(id, dn, {
    objectGUID: [Buffer.from(encodeGuid(guid))],
    ...(objectSid !== undefined && { objectSid: [Buffer.from(encodeSid(objectSid))] }),
    ...(parent !== undefined && { parentGUID: [Buffer.from(encodeGuid(parent))] }),
    ...Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, value === undefined ? [] : [value].flat()]),
    ),
  });

const done = (id: Buffer, controls: Buffer = Buffer.alloc(0)): Buffer =>
  tlv(0x30, tlv(2, id), tlv(0x65, tlv(10, Buffer.of(0)), tlv(4), tlv(4)), controls);
