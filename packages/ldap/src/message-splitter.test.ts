import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { MessageParser } from 'ldapts';
import { MAX_MESSAGE_LENGTH, MessageSplitter } from './message-splitter.ts';

/** A modify answer from Samba 4.17, protocols.md 7.1. */
const RESULT = Buffer.from('301d02010167180a01000400041130303030303030303a2053756363657373', 'hex');
/** A search entry: dn `cn=a`, attribute `mail` with two values; encoded by hand after RFC 4511 4.5.2. */
const ENTRY = Buffer.from(
  '302402010264' +
    '1f0404636e3d61' +
    '301730150404' +
    '6d61696c' +
    '310d0405' +
    '6140782e79' +
    '0404' +
    '62406878',
  'hex',
);

test('returns whole messages, however the bytes are split', () => {
  const stream = Buffer.concat([RESULT, ENTRY, RESULT]);
  for (let size = 1; size <= stream.length; size++) {
    const splitter = new MessageSplitter();
    const messages: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) {
      messages.push(...splitter.push(stream.subarray(at, at + size)));
    }
    assert.deepEqual(messages, [RESULT, ENTRY, RESULT], `in pieces of ${size}`);
    assert.equal(splitter.cutOff, false);
  }
});

function refused(hex: string, field: string): void {
  assert.throws(
    () => new MessageSplitter().push(Buffer.from(hex, 'hex')),
    (e: unknown) => e instanceof DecodeError && e.field === `LDAPMessage.${field}`,
    hex,
  );
}

test('rejects false lengths, results without a code and other protocols with the name of the field', () => {
  refused('474554202f20', 'tag'); // GET /
  refused('308000', 'length'); // indefinite
  refused('30857fffffffff', 'length');
  refused(`3084${(MAX_MESSAGE_LENGTH + 1).toString(16).padStart(8, '0')}`, 'length');
  refused('30050201016700', 'resultCode');
  refused('300b0201016706040004000400', 'resultCode');
  refused('300702010164040404', 'length'); // the entry's name is longer than the message
  refused('3003020101', 'protocolOp');
});

test('rejects deep nesting', () => {
  let inner = Buffer.alloc(0);
  for (let i = 0; i < 20; i++) inner = Buffer.concat([Buffer.of(0x30, inner.length), inner]);
  const body = Buffer.concat([Buffer.from('020101', 'hex'), inner]);
  refused(Buffer.concat([Buffer.of(0x30, body.length), body]).toString('hex'), 'nesting');
});

test('the message parser reads every accepted message to its end', () => {
  for (const [i, vector] of [RESULT, ENTRY].entries()) {
    truncationsAndMutations(vector, { seed: 7 + i }, bytes => {
      for (const message of new MessageSplitter().push(Buffer.from(bytes))) {
        const parser = new MessageParser();
        parser.on('error', () => {});
        parser.read(message, new Map());
      }
    });
  }
});
