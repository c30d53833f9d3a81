import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ntHash } from '@causeway/credentials';
import { DecodeError, toHex } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { encodeDrsBind } from '../drsuapi/bind.ts';
import { DRSUAPI_INTERFACE, DrsOpnum } from '../drsuapi/interface.ts';
import { decodeEptMapReply, EPM_INTERFACE, EPT_MAP_OPNUM, encodeEptMap } from '../epm/epm.ts';
import { NtlmClient } from '../ntlm/client.ts';
import * as recorded from '../testing/recorded.ts';
import { TestServer, type TestServerOptions } from '../testing/test-server.ts';
import { Association, type AssociationOptions, BindRejectedError } from './association.ts';
import { Framer } from './framer.ts';
import { MAX_RESPONSE_BYTES, ResponseBuffer } from './response-buffer.ts';
import { SignatureError } from './security.ts';

function recordedClient(): NtlmClient {
  return new NtlmClient({
    domain: 'SRC',
    user: 'svcsync',
    ntHash: ntHash('Sync-Passw0rd1'),
    targetName: 'ldap/dc30.src.test',
    clientChallenge: new Uint8Array(8).fill(0xaa),
    exportedSessionKey: new Uint8Array(16).fill(0x55),
    now: 0n,
  });
}

/** A drsuapi association in the state after the recorded DRSBind request. */
function recordedAssociation(): Association {
  const association = new Association({ interface: DRSUAPI_INTERFACE, security: recordedClient() });
  association.start();
  association.receive(recorded.BIND_ACK.slice());
  association.request(DrsOpnum.bind, encodeDrsBind({ flags: 0x05408001 }));
  return association;
}

/** An association and a server, bound to each other. */
function boundPair(
  serverOptions: TestServerOptions = {},
  options: Partial<AssociationOptions> = {},
): { association: Association; server: TestServer } {
  const association = new Association({ interface: DRSUAPI_INTERFACE, ...options });
  const server = new TestServer(serverOptions);
  for (const bytes of server.receive(association.start()).send) {
    for (const event of association.receive(bytes)) if (event.type === 'send') server.receive(event.bytes);
  }
  return { association, server };
}

const account = { domain: 'SRC', user: 'svcsync', ntHash: ntHash('Sync-Passw0rd1') };

test('writes the recorded endpoint mapper exchange byte for byte', () => {
  const association = new Association({ interface: EPM_INTERFACE });
  assert.equal(toHex(association.start()), toHex(recorded.EPM_BIND));
  assert.deepEqual(association.receive(recorded.EPM_BIND_ACK), [{ type: 'bound' }]);
  const [pdu] = association.request(EPT_MAP_OPNUM, encodeEptMap(DRSUAPI_INTERFACE));
  assert.equal(toHex(pdu!.subarray(24)), toHex(recorded.EPT_MAP_REQUEST));
  assert.equal(decodeEptMapReply(recorded.EPT_MAP_REPLY, DRSUAPI_INTERFACE), 49153);
});

test('ignores a tower of another interface, and an unregistered interface', () => {
  assert.equal(decodeEptMapReply(recorded.EPT_MAP_REPLY, EPM_INTERFACE), undefined);
  const unregistered = new Uint8Array(40);
  unregistered.set([0xd6, 0xa0, 0xc9, 0x16], 36);
  assert.equal(decodeEptMapReply(unregistered, DRSUAPI_INTERFACE), undefined);
});

test('writes the recorded bind, logon and sealed call byte for byte', () => {
  const association = new Association({ interface: DRSUAPI_INTERFACE, security: recordedClient() });
  assert.equal(toHex(association.start()), toHex(recorded.BIND));
  const [send, bound] = association.receive(recorded.BIND_ACK);
  assert.ok(send?.type === 'send' && bound?.type === 'bound');
  assert.equal(toHex(send.bytes), toHex(recorded.AUTH3));
  assert.equal(association.headerSigning, true);
  const [pdu] = association.request(DrsOpnum.bind, recorded.DRS_BIND_REQUEST);
  assert.equal(toHex(pdu!), toHex(recorded.SEALED_REQUEST));
  const [answer] = association.receive(recorded.SEALED_RESPONSE.slice());
  assert.ok(answer?.type === 'response');
  assert.equal(toHex(answer.stub), toHex(recorded.RESPONSE_STUB));
});

test('accepts bytes one at a time, and a Buffer', () => {
  const association = recordedAssociation();
  const events = [];
  for (const byte of recorded.SEALED_RESPONSE) events.push(...association.receive(Buffer.from([byte])));
  assert.equal(events.length, 1);
  assert.ok(events[0]?.type === 'response');
  assert.equal(toHex(events[0].stub), toHex(recorded.RESPONSE_STUB));
});

test('detects an altered byte anywhere in the sealed part', () => {
  for (const at of [20, 30, 90, recorded.SEALED_RESPONSE.length - 1]) {
    const altered = recorded.SEALED_RESPONSE.slice();
    altered[at]! ^= 1;
    const association = recordedAssociation();
    assert.throws(() => association.receive(altered), SignatureError, `at ${at}`);
  }
});

test('rejects a response without its security trailer', () => {
  const bare = recorded.SEALED_RESPONSE.slice(0, -24);
  const header = new DataView(bare.buffer);
  header.setUint16(8, bare.length, true);
  header.setUint16(10, 0, true);
  const association = recordedAssociation();
  assert.throws(() => association.receive(bare), /sec_trailer: type 10 at level 6/);
});

for (const sealed of [false, true]) {
  test(`splits stubs larger than a fragment, both ways (${sealed ? 'sealed' : 'plain'})`, () => {
    const { association, server } = boundPair(
      { maxReceive: 2048, fragmentBytes: 1000, ...(sealed ? { account } : {}) },
      sealed ? { security: recordedClient() } : {},
    );
    for (const length of [0, 1, 999, 1000, 50_001]) {
      const stub = Uint8Array.from({ length }, (_, i) => i % 251);
      const calls = association.request(7, stub).flatMap(pdu => {
        assert.ok(pdu.length <= 2048);
        return server.receive(pdu).calls;
      });
      assert.equal(calls.length, 1);
      assert.equal(calls[0]!.opnum, 7);
      assert.equal(Buffer.compare(calls[0]!.stub, stub), 0, 'the request arrived');
      assert.equal(server.requestFragments > 1, length > 2048);

      // All fragments in one stream, split where no PDU ends.
      const stream = Buffer.concat(server.respond(stub));
      const events = [];
      for (let at = 0; at < stream.length; at += 777) {
        events.push(...association.receive(stream.subarray(at, at + 777)));
      }
      assert.equal(events.length, 1);
      assert.ok(events[0]?.type === 'response');
      assert.equal(Buffer.compare(events[0].stub, stub), 0, 'the response arrived');
    }
  });
}

test('offers bind-time features, and knows what the server accepted', () => {
  const { association } = boundPair({}, { bindTimeFeatures: 3 });
  assert.equal(association.bindTimeFeatures, 3);
});

test('a fault ends a call but not the association', () => {
  const { association, server } = boundPair({ account }, { security: recordedClient() });
  association.request(1, new Uint8Array(4)).forEach(pdu => {
    server.receive(pdu);
  });
  assert.deepEqual(association.receive(server.fault(0x1c01_0002)), [{ type: 'fault', status: 0x1c01_0002 }]);
  association.request(1, new Uint8Array(4)).forEach(pdu => {
    server.receive(pdu);
  });
  const [event] = association.receive(Buffer.concat(server.respond(Uint8Array.of(1, 2, 3))));
  assert.equal(event?.type, 'response');
});

test('a second call waits for the first', () => {
  const { association } = boundPair();
  association.request(1, new Uint8Array(4));
  assert.throws(() => association.request(1, new Uint8Array(4)), /cannot begin while .* calling/);
});

test('reports a bind_nak with its reason', () => {
  const association = new Association({ interface: EPM_INTERFACE });
  association.start();
  const nak = Buffer.from('05000d03100000001500000001000000080001050000', 'hex').subarray(0, 21);
  assert.throws(
    () => association.receive(nak),
    (e: unknown) => e instanceof BindRejectedError && e.nakReason === 8,
  );
});

test('reports separately that the server does not have the interface', () => {
  const ack = recorded.EPM_BIND_ACK.slice();
  ack.set([2, 0, 1, 0], 36); // provider rejection, abstract syntax not supported
  const association = new Association({ interface: EPM_INTERFACE });
  association.start();
  assert.throws(
    () => association.receive(ack),
    (e: unknown) => e instanceof BindRejectedError && e.nakReason === undefined,
  );
});

const lies: [string, (pdu: DataView) => void, RegExp][] = [
  ['a fragment shorter than its header', pdu => pdu.setUint16(8, 15, true), /PDU\.frag_length: at least/],
  ['a fragment larger than agreed', pdu => pdu.setUint16(8, 5841, true), /PDU\.frag_length: 5841 is above/],
  ['a trailer larger than its fragment', pdu => pdu.setUint16(10, 5000, true), /PDU\.frag_length: at least/],
  ['an answer to another call', pdu => pdu.setUint32(12, 9, true), /PDU\.call_id: 2 expected, 9 came/],
  ['big-endian data', pdu => pdu.setUint8(4, 0), /PDU\.packed_drep/],
  ['another version', pdu => pdu.setUint8(0, 4), /PDU\.rpc_vers: 5 expected, 4 came/],
  ['a missing first fragment', pdu => pdu.setUint8(3, 2), /PDU\.pfc_flags: a first fragment expected/],
  ['a request', pdu => pdu.setUint8(2, 0), /PDU\.PTYPE: 0 came while calling/],
  ['more padding than body', pdu => pdu.setUint8(0x5a, 200), /sec_trailer\.auth_pad_length/],
];
for (const [what, lie, expected] of lies) {
  test(`rejects ${what}`, () => {
    const pdu = recorded.SEALED_RESPONSE.slice();
    lie(new DataView(pdu.buffer));
    const association = recordedAssociation();
    assert.throws(
      () => association.receive(pdu),
      (e: unknown) => e instanceof DecodeError && expected.test(e.message),
    );
  });
}

test('a false alloc_hint allocates little, and the whole response is limited', () => {
  const before = process.memoryUsage().arrayBuffers;
  const buffer = new ResponseBuffer(0xffff_ffff);
  assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 1024 * 1024);
  const fragment = new Uint8Array(8 * 1024 * 1024);
  assert.throws(
    () => {
      for (let i = 0; i <= MAX_RESPONSE_BYTES / fragment.length; i++) {
        buffer.place(fragment);
        buffer.advance(fragment.length);
      }
    },
    (e: unknown) => e instanceof DecodeError && e.reason === 'limit',
  );
});

test('accepts nothing after wipe', () => {
  const association = recordedAssociation();
  association.wipe();
  assert.deepEqual(association.receive(recorded.SEALED_RESPONSE), []);
  assert.throws(() => association.request(0, new Uint8Array(0)), /closed/);
});

test('tells a stream that ends between PDUs from one that ends within one', () => {
  const framer = new Framer();
  framer.push(recorded.EPM_BIND_ACK, () => {});
  assert.equal(framer.atBoundary, true);
  framer.push(recorded.EPM_BIND_ACK.subarray(0, 20), () => {});
  assert.equal(framer.atBoundary, false);
});

/** Ignores the two errors that are a refusal. Any other error fails the test. */
function refusing(decode: () => void): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof SignatureError || error instanceof BindRejectedError)) throw error;
  }
}

test('reads or rejects by field every truncated or altered bind_ack', () => {
  truncationsAndMutations(recorded.BIND_ACK, { seed: 21 }, bytes => {
    const association = new Association({ interface: DRSUAPI_INTERFACE, security: recordedClient() });
    association.start();
    refusing(() => association.receive(bytes));
  });
});

test('reads or rejects by field every truncated or altered bind_nak and fault', () => {
  const nak = Buffer.from('05000d0310000000170000000100000008000105000000', 'hex');
  truncationsAndMutations(nak, { seed: 25 }, bytes => {
    const association = new Association({ interface: EPM_INTERFACE });
    association.start();
    refusing(() => association.receive(bytes));
  });
  const { association, server } = boundPair();
  for (const pdu of association.request(3, new Uint8Array(0))) server.receive(pdu);
  truncationsAndMutations(server.fault(0x1c01_0002), { seed: 26 }, bytes => {
    const fresh = boundPair().association;
    fresh.request(3, new Uint8Array(0));
    refusing(() => fresh.receive(bytes));
  });
});

test('reads or rejects by field every truncated or altered sealed response', () => {
  truncationsAndMutations(recorded.SEALED_RESPONSE, { seed: 22 }, bytes => {
    const association = recordedAssociation();
    refusing(() => association.receive(bytes));
  });
});

test('reads or rejects by field every truncated or altered plain response in fragments', () => {
  const { association, server } = boundPair({ fragmentBytes: 64 });
  server.receive(association.request(3, new Uint8Array(0))[0]!);
  const stream = new Uint8Array(Buffer.concat(server.respond(recorded.EPT_MAP_REPLY)));
  truncationsAndMutations(stream, { seed: 23 }, bytes => {
    const fresh = boundPair().association;
    fresh.request(3, new Uint8Array(0));
    refusing(() => fresh.receive(bytes));
  });
});

test('reads or rejects by field every truncated or altered ept_map reply', () => {
  truncationsAndMutations(recorded.EPT_MAP_REPLY, { seed: 24 }, bytes => {
    decodeEptMapReply(bytes, DRSUAPI_INTERFACE);
  });
});
