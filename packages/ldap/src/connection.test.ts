import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import {
  bytesOf,
  DirSyncControl,
  highestCommittedUSN,
  LdapError,
  type LdapErrorCode,
  type LdapOptions,
  openLdap,
  readRootDse,
} from './index.ts';
import { CA, CERTIFICATE, EXPIRED_CERTIFICATE, OTHER_CA, SERVER_KEY } from './testing/certificates.ts';

/** How a scripted peer reacts to the n-th request (from 0) on a connection. */
type Script = (socket: Socket, request: Buffer, n: number) => void;

/** BER with a length of one byte, which is all that these scripts need. */
const tlv = (tag: number, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as string)));
  return Buffer.concat([
    body.length < 128 ? Buffer.of(tag, body.length) : Buffer.of(tag, 0x81, body.length),
    body,
  ]);
};
/** The message id of a request, in one byte. */
const idOf = (request: Buffer): Buffer =>
  Buffer.of(request[request[1]! < 128 ? 4 : request[1] === 0x81 ? 5 : 7]!);
const result = (request: Buffer, operation: number, code: number, text = ''): Buffer =>
  tlv(0x30, tlv(2, idOf(request)), tlv(operation, tlv(10, Buffer.of(code)), tlv(4), tlv(4, text)));
const entry = (request: Buffer, dn: string, attributes: Record<string, (string | Buffer)[]>): Buffer =>
  tlv(
    0x30,
    tlv(2, idOf(request)),
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

async function listen(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

async function plainPeer(
  t: TestContext,
  script: Script,
  options: Partial<LdapOptions> = {},
): Promise<LdapOptions> {
  const server = createServer(socket => {
    let n = 0;
    socket.on('data', request => script(socket, request, n++));
  });
  return { url: `ldap://127.0.0.1:${await listen(t, server)}`, timeoutMs: 300, ...options };
}

async function tlsPeer(t: TestContext, cert: string, script: Script = () => {}): Promise<LdapOptions> {
  const server = createTlsServer({ cert, key: SERVER_KEY }, socket => {
    let n = 0;
    socket.on('error', () => {});
    socket.on('data', request => script(socket, request, n++));
  });
  return { url: `ldaps://127.0.0.1:${await listen(t, server)}`, timeoutMs: 2000, ca: CA };
}

async function fails(code: LdapErrorCode, text: RegExp, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof LdapError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, text);
    return true;
  });
}

test('signs in over TLS with the right CA, by address and by name', async t => {
  const options = await tlsPeer(t, CERTIFICATE, (socket, request) => socket.write(result(request, 0x61, 0)));
  const bind = { dn: 'admin@dc1.test', password: 'right' };
  await (await openLdap({ ...options, bind })).close();
  await (await openLdap({ ...options, bind, serverName: 'dc1.test' })).close();
});

test('rejects an expired certificate, another CA, another name and no CA before it sends anything', async t => {
  let requests = 0;
  const script = () => {
    requests++;
  };
  const bind = { dn: 'admin@dc1.test', password: 'never sent' };
  const good = { ...(await tlsPeer(t, CERTIFICATE, script)), bind };
  await fails(
    'certificate',
    /has expired: renew it/,
    openLdap({ ...(await tlsPeer(t, EXPIRED_CERTIFICATE, script)), bind }),
  );
  await fails('certificate', /not issued by the given CA/, openLdap({ ...good, ca: OTHER_CA }));
  await fails('certificate', /for another name/, openLdap({ ...good, serverName: 'dc2.test' }));
  const { ca: _, ...withoutCa } = good;
  await fails('certificate', /no CA given/, openLdap(withoutCa));
  await fails(
    'certificate',
    /CA file '.*' cannot be read/,
    openLdap({ ...withoutCa, caFile: '/nonexistent/ca.pem' }),
  );
  assert.equal(requests, 0);
});

test('distinguishes an absent host, a closed port, plain LDAP behind ldaps and a silent peer', async t => {
  await fails(
    'unreachable',
    /ECONNREFUSED/,
    openLdap({ url: 'ldaps://127.0.0.1:1', ca: CA, timeoutMs: 500 }),
  );
  await fails(
    'unreachable',
    /ENOENT/,
    openLdap({ url: { socketPath: '/nonexistent/ldapi' }, timeoutMs: 500 }),
  );
  const plain = await plainPeer(t, socket => socket.write('this is not TLS at all, but some banner'));
  await fails(
    'protocol',
    /does not speak TLS/,
    openLdap({ ...plain, url: String(plain.url).replace('ldap:', 'ldaps:'), ca: CA }),
  );
  const silent = await plainPeer(t, () => {});
  await fails(
    'timeout',
    /did not answer within 300 ms/,
    openLdap({ ...silent, url: String(silent.url).replace('ldap:', 'ldaps:'), ca: CA }),
  );
});

test('sends no password in the clear off loopback', async () => {
  for (const url of [
    'ldap://dc1.test',
    'ldap://192.0.2.1',
    'http://127.0.0.1',
    'dc1',
    'ldap://127.0.0.1.example.com',
  ]) {
    await fails('syntax', /expected|in the clear/, openLdap({ url, timeoutMs: 500 }));
  }
});

test('explains a wrong password as the controller does, and never shows it', async t => {
  const diagnostic =
    '80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533, v3839\0';
  const options = await plainPeer(t, (socket, request) =>
    socket.write(result(request, 0x61, 49, diagnostic)),
  );
  const attempt = openLdap({ ...options, bind: { dn: 'joe@corp', password: 'Secret-in-no-log' } });
  await fails('invalid-credentials', /'joe@corp'.*the account is disabled/, attempt);
  await attempt.catch(error =>
    assert.equal(JSON.stringify([error.message, error]).includes('Secret-in-no-log'), false),
  );
});

test('refuses an empty password, which a server would take for an anonymous sign-in', async t => {
  const options = await plainPeer(t, (socket, request) => socket.write(result(request, 0x61, 0)));
  await fails(
    'invalid-credentials',
    /empty/,
    openLdap({ ...options, bind: { dn: 'joe@corp', password: '' } }),
  );
});

test('stops waiting if the peer closes in the middle of a message, or instead of one', async t => {
  for (const [bytes, text] of [
    [5, /in the middle of a message/],
    [0, /before the answer came/],
  ] as const) {
    const options = await plainPeer(t, (socket, request) =>
      socket.end(result(request, 0x65, 0).subarray(0, bytes)),
    );
    const connection = await openLdap(options);
    const [first, second] = [connection.search(''), connection.search('')];
    await fails('closed', text, first);
    await fails('closed', text, second);
    assert.equal(connection.usable, false);
  }
});

test('a missing answer ends in a timeout and an unusable connection', async t => {
  const connection = await openLdap(await plainPeer(t, () => {}));
  await fails('timeout', /did not answer within 300 ms/, connection.search('DC=x'));
  await fails('timeout', /./, connection.search('DC=x'));
});

test('waits longer for a change that is known to take longer', async t => {
  const slow = await plainPeer(t, (socket, request) => {
    setTimeout(() => socket.write(result(request, 0x67, 0)), 600);
  });
  await using connection = await openLdap(slow);
  await connection.modify('DC=x', [{ operation: 'delete', attribute: 'mail', values: [] }], [], 5_000);
});

test('reports bytes that are no LDAP, false lengths and unrelated answers as protocol errors', async t => {
  const answers: [Script, RegExp][] = [
    [socket => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), /no LDAP: LDAPMessage.tag/],
    [socket => socket.write(Buffer.from('3084ffffffff', 'hex')), /above the limit/],
    [(socket, request) => socket.write(tlv(0x30, tlv(2, idOf(request)), tlv(0x65))), /resultCode/],
    [(socket, request) => socket.write(result(request, 0x67, 0)), /operation 103 in answer to search/],
    [socket => socket.write(Buffer.from('300c020163650a0a010004000400', 'hex').subarray(0, 14)), /./],
    [socket => socket.write(result(Buffer.of(0x30, 3, 2, 1, 99), 0x65, 0)), /message 99, which nobody sent/],
  ];
  for (const [script, text] of answers) {
    const connection = await openLdap(await plainPeer(t, script));
    await fails('protocol', text, connection.search('DC=x'));
    assert.equal(connection.usable, false);
  }
});

test('reports a notice of disconnection with its reason', async t => {
  const options = await plainPeer(t, socket =>
    socket.write(result(Buffer.of(0x30, 3, 2, 1, 0), 0x78, 52, 'going down')),
  );
  await fails('busy', /unavailable.*going down/, (await openLdap(options)).search('DC=x'));
});

test('maps results to codes that programs can decide on', async t => {
  const codes: [number, LdapErrorCode][] = [
    [12, 'critical-extension'],
    [19, 'constraint'],
    [32, 'no-such-object'],
    [50, 'access-denied'],
    [51, 'busy'],
    [53, 'unwilling'],
    [68, 'already-exists'],
    [99, 'other'],
  ];
  let code = 0;
  const connection = await openLdap(
    await plainPeer(t, (socket, request) => socket.write(result(request, 0x67, code, 'because'))),
  );
  for (const [number, expected] of codes) {
    code = number;
    const change = { operation: 'replace', attribute: 'mail', values: [] } as const;
    await fails(expected, /modify of 'CN=a' failed: .*because/, connection.modify('CN=a', [change]));
  }
  await connection.close();
});

test('queues calls and sends one request at a time', async t => {
  let inFlight = 0;
  let most = 0;
  const options = await plainPeer(t, (socket, request) => {
    most = Math.max(most, ++inFlight);
    setTimeout(() => {
      inFlight--;
      socket.write(result(request, 0x65, 0));
    }, 5);
  });
  const connection = await openLdap(options);
  await Promise.all(Array.from({ length: 10 }, () => connection.search('DC=x')));
  assert.equal(most, 1);
  await connection.close();
  await fails('closed', /closed by its user/, connection.search('DC=x'));
});

test('keeps bytes as bytes, text as text, cleared attributes without values, and names as requested', async t => {
  const guid = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  const options = await plainPeer(t, (socket, request) => {
    socket.write(
      entry(request, 'CN=Zoë,DC=x', {
        objectGUID: [guid],
        MAIL: ['zoë@x'],
        department: [],
        info: [Buffer.of(0xff)],
      }),
    );
    socket.write(result(request, 0x65, 0));
  });
  const connection = await openLdap(options);
  const [found] = await connection.search('DC=x', {
    attributes: ['objectguid', 'mail', 'department', 'title'],
  });
  assert.equal(found!.dn, 'CN=Zoë,DC=x');
  assert.ok(bytesOf(found!, 'objectguid')?.equals(guid));
  assert.deepEqual(
    { ...found!.attributes, objectguid: 0 },
    {
      objectguid: 0,
      mail: ['zoë@x'],
      department: [],
      info: [Buffer.of(0xff)],
    },
  );
  await connection.close();
});

test('reports a server that is no domain controller', async t => {
  const options = await plainPeer(t, (socket, request) => {
    socket.write(entry(request, '', { highestCommittedUSN: ['9007199254740993'] }));
    socket.write(result(request, 0x65, 0));
  });
  const connection = await openLdap(options);
  assert.equal(await highestCommittedUSN(connection), 9007199254740993n);
  await fails(
    'protocol',
    /defaultNamingContext: an Active Directory domain controller expected/,
    readRootDse(connection),
  );
  await connection.close();
});

test('writes the DirSync control as MS-ADTS 3.1.1.3.4.1.3 specifies, and reads its answer', async t => {
  let sent: Buffer = Buffer.alloc(0);
  const value = tlv(0x30, tlv(2, Buffer.of(1)), tlv(2, Buffer.of(0)), tlv(4, 'MSDS'));
  const options = await plainPeer(t, (socket, request) => {
    sent = request;
    const done = tlv(0x65, tlv(10, Buffer.of(0)), tlv(4), tlv(4));
    const controls = tlv(0xa0, tlv(0x30, tlv(4, '1.2.840.113556.1.4.841'), tlv(4, value)));
    socket.write(tlv(0x30, tlv(2, idOf(request)), done, controls));
  });
  const connection = await openLdap(options);
  const control = new DirSyncControl({ flags: 0x8000_0001, maxBytes: 65_536, cookie: Buffer.from('abc') });
  await connection.search('DC=x', { controls: [control] });
  // SEQUENCE { Flags -2147483647, MaxBytes 65536, Cookie 'abc' } in a critical control.
  assert.ok(
    sent.includes(Buffer.from('0101ff0412301002048000000102030100000403616263', 'hex')),
    sent.toString('hex'),
  );
  assert.equal(control.response?.more, true);
  assert.equal(control.response?.cookie.toString(), 'MSDS');
  await connection.close();
  assert.throws(() => new DirSyncControl({ maxBytes: 2 ** 30 }), /at most/);
  assert.throws(() => new DirSyncControl({ cookie: Buffer.alloc(2 ** 21) }), /at most/);
});
