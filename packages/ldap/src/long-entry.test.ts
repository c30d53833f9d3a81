import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '@causeway/wire';
import { truncationsAndMutations } from '@causeway/wire/testing';
import { LdapError } from './ldap-error.ts';
import { CUT_OPTION, LongEntry } from './long-entry.ts';
import { MAX_MESSAGE_LENGTH, MessageSplitter } from './message-splitter.ts';
import { LdapPeer } from './testing/ldap-peer.ts';
import { tlv } from './tlv.ts';

const attribute = (name: string, ...values: (string | Buffer)[]) =>
  tlv(0x30, tlv(4, name), tlv(0x31, ...values.map(value => tlv(4, value))));
const entry = (...attributes: Buffer[]) =>
  tlv(0x30, tlv(2, Buffer.of(1)), tlv(0x64, tlv(4, 'CN=g'), tlv(0x30, ...attributes)));
/** The bytes after the header of a message. */
const body = (message: Buffer) => message.subarray(message[1]! < 0x80 ? 2 : 2 + (message[1]! & 0x7f));

const MANY = Array.from({ length: 30_000 }, (_, n) => `CN=${n},OU=${'x'.repeat(40)}`);
const MAIL = attribute('mail', 'g@x');
const LONG = entry(attribute('member;range=1-1', ...MANY), MAIL, attribute('member;range=0-0', 'CN=a'));
const SHORT = entry(attribute(`member;range=1-1${CUT_OPTION}`), MAIL, attribute('member;range=0-0', 'CN=a'));

test('skips a long attribute and keeps the others, however the bytes are split', () => {
  const behind = Buffer.from('what comes next');
  for (const size of [13, 1_000, 65_536, LONG.length + 100]) {
    const long = new LongEntry(body(LONG).length);
    let rest = Buffer.alloc(0);
    const all = Buffer.concat([body(LONG), behind]);
    for (let at = 0; at < all.length; at += size)
      rest = Buffer.concat([rest, long.push(all.subarray(at, at + size))]);
    assert.ok(long.message!.equals(SHORT), `in pieces of ${size}`);
    assert.equal(rest.toString(), behind.toString());
  }
});

test('a truncated or altered long entry is rejected, incomplete or well-formed', () => {
  const vector = body(entry(attribute('member;range=1-1', 'CN=a', 'CN=b', 'CN=c', 'CN=d'), MAIL));
  let cut = 0;
  truncationsAndMutations(vector, { seed: 3 }, bytes => {
    const long = new LongEntry(bytes.length, MAIL.length);
    long.push(Buffer.from(bytes));
    if (!long.message) return;
    new MessageSplitter().push(long.message);
    if (long.message.includes(CUT_OPTION)) cut += 1;
  });
  assert.ok(cut > 100, 'some are read to their end');
});

test('rejects a long message that is no search entry, and one that exceeds every limit', () => {
  const length = MAX_MESSAGE_LENGTH + 1;
  const header = (n: number) => Buffer.from(`3084${n.toString(16).padStart(8, '0')}`, 'hex');
  const refused = (bytes: Buffer, cuts: boolean) =>
    assert.throws(
      () => new MessageSplitter().push(bytes, cuts),
      (error: unknown) => error instanceof DecodeError && error.reason === 'limit',
    );
  refused(header(length), false);
  refused(header(0x7fff_ffff), true);
  refused(Buffer.concat([header(length), Buffer.from('020101658400fffff0', 'hex')]), true);
});

test('a search that allows it gets the short attributes of an entry too long for memory, and continues', async () => {
  const value = `CN=${'x'.repeat(250)}`;
  const values = Array.from({ length: 70_000 }, () => value);
  await using peer = await LdapPeer.listen(() => ({
    entries: [
      { dn: 'CN=g', attributes: { member: values, mail: ['g@x'] } },
      { dn: 'CN=h', attributes: { member: ['CN=a'] } },
    ],
  }));
  await using connection = await peer.connect();
  const found = await connection.search('DC=x', { cutsLongEntries: true, attributes: ['Member', 'mail'] });
  assert.deepEqual(
    found.map(({ dn, cut, attributes }) => ({ dn, cut, ...attributes })),
    [
      { dn: 'CN=g', cut: ['Member'], mail: ['g@x'] },
      { dn: 'CN=h', cut: undefined, Member: ['CN=a'] },
    ],
  );
  await assert.rejects(connection.search('DC=x'), (error: unknown) => {
    assert.ok(error instanceof LdapError);
    return /above the limit/.test(error.message);
  });
});
