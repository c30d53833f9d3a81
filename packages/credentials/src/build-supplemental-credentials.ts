import { encodeUtf16le, Writer } from '@causeway/wire';
import { EncryptionType, type KerberosKeys, keysProblem } from './kerberos-keys.ts';

interface Key {
  enctype: number;
  key: Uint8Array;
}

/** [MS-SAMR] 2.2.10.4 and 2.2.10.6: bytes before the first key entry, and bytes per entry. */
const KERBEROS = { revision: 3, headerLength: 16, entryLength: 20 };
const NEWER_KEYS = { revision: 4, headerLength: 20 + 4, entryLength: 24 };

/**
 * Builds `supplementalCredentials` in the only shape that Samba stores unchanged. Samba parses the blob, encodes it again and expects the
 * same bytes: four newer keys in the order 18, 17, 3, 1, and the older package beside them (Samba 4.17, `password_hash_bypass`). The two
 * DES keys are random, so that nothing matches them.
 *
 * @param keys provides AES-256 and AES-128 with salt and iterations
 * @param random a source of random bytes; asked twice for 8
 * @throws Error if the keys have a `keysProblem`: write no supplementalCredentials then
 */
export function buildSupplementalCredentials(
  keys: KerberosKeys,
  random: (length: number) => Uint8Array,
): Uint8Array {
  const problem = keysProblem(keys);
  if (problem !== undefined) throw new Error(problem);
  const salt = encodeUtf16le(keys.salt);
  const aes = [EncryptionType.aes256, EncryptionType.aes128].map(
    type => keys.keys.find(({ enctype }) => enctype === type)!,
  );
  const des = [EncryptionType.desMd5, EncryptionType.desCrc].map(enctype => ({ enctype, key: random(8) }));

  const newer = keyTable(NEWER_KEYS, [...aes, ...des], salt, keys.iterations);
  const older = keyTable(KERBEROS, des, salt, keys.iterations);
  const names = encodeUtf16le('Kerberos-Newer-Keys\0Kerberos');

  const w = new Writer(2048);
  w.u32le(0)
    .u32le(0)
    .zeros(4)
    .raw(encodeUtf16le(' '.repeat(48)));
  w.u16le(0x50).u16le(3);
  property(w, 'Primary:Kerberos-Newer-Keys', 1, newer.view());
  property(w, 'Packages', 2, names);
  property(w, 'Primary:Kerberos', 1, older.view());
  w.u8(0);
  w.setU32le(4, w.length - 13);
  const result = w.toBytes();
  for (const used of [w, newer, older]) used.wipe();
  return result;
}

/** One KERB_STORED_CREDENTIAL of either revision: header, entries, salt and keys, without gaps except revision 3's. */
function keyTable(layout: typeof KERBEROS, keys: Key[], salt: Uint8Array, iterations: number): Writer {
  const isNewer = layout === NEWER_KEYS;
  const w = new Writer(512);
  // Samba writes one empty entry after those of revision 3, and none after those of revision 4.
  const gap = isNewer ? 0 : layout.entryLength;
  const saltOffset = layout.headerLength + keys.length * layout.entryLength + gap;
  w.u16le(layout.revision).u16le(0).u16le(keys.length);
  w.zeros(isNewer ? 6 : 2); // no service, old and older keys
  w.u16le(salt.length).u16le(salt.length).u32le(saltOffset);
  if (isNewer) w.u32le(iterations);
  let keyOffset = saltOffset + salt.length;
  for (const { enctype, key } of keys) {
    w.zeros(8);
    if (isNewer) w.u32le(iterations);
    w.u32le(enctype).u32le(key.length).u32le(keyOffset);
    keyOffset += key.length;
  }
  w.zeros(gap).raw(salt);
  for (const { key } of keys) w.raw(key);
  return w;
}

/** USER_PROPERTY ([MS-SAMR] 2.2.10.2), whose value is written as upper-case hex. */
function property(w: Writer, name: string, reserved: number, value: Uint8Array): void {
  const encodedName = encodeUtf16le(name);
  if (value.length > 0x7fff) throw new Error(`the value of ${name} is too long: ${value.length} bytes`);
  w.u16le(encodedName.length)
    .u16le(2 * value.length)
    .u16le(reserved)
    .raw(encodedName);
  for (const byte of value) {
    w.u8(hexDigit(byte >> 4)).u8(hexDigit(byte & 15));
  }
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x41 + value - 10;
}
