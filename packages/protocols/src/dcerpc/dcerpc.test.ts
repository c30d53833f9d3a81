import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ntHash } from '@causeway/credentials';
import { toHex } from '@causeway/wire';
import { decodeDrsBindReply, encodeDrsBind } from '../drsuapi/bind.ts';
import { DRSUAPI_INTERFACE, DrsOpnum } from '../drsuapi/interface.ts';
import { NtlmClient } from '../ntlm/client.ts';
import * as recorded from '../testing/recorded.ts';
import { Association } from './association.ts';

test('x', () => {
  const security = new NtlmClient({
    domain: 'SRC',
    user: 'svcsync',
    ntHash: ntHash('Sync-Passw0rd1'),
    targetName: 'ldap/dc30.src.test',
    clientChallenge: new Uint8Array(8).fill(0xaa),
    exportedSessionKey: new Uint8Array(16).fill(0x55),
    now: 0n,
  });
  const association = new Association({ interface: DRSUAPI_INTERFACE, security });
  assert.equal(toHex(association.start()), toHex(recorded.BIND));
  const events = association.receive(recorded.BIND_ACK);
  assert.deepEqual(
    events.map(e => e.type),
    ['send', 'bound'],
  );
  assert.ok(events[0]?.type === 'send');
  assert.equal(toHex(events[0].bytes), toHex(recorded.AUTH3));
  const [pdu] = association.request(DrsOpnum.bind, encodeDrsBind({ flags: 0x05408001 }));
  assert.equal(toHex(pdu!), toHex(recorded.SEALED_REQUEST));
  const [event] = association.receive(recorded.SEALED_RESPONSE);
  assert.ok(event?.type === 'response');
  assert.equal(toHex(event.stub), toHex(recorded.RESPONSE_STUB));
  console.log(decodeDrsBindReply(event.stub));
});
