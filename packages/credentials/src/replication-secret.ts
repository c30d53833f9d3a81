import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DecodeError } from '@causeway/wire';
import { desDecryptBlock, desEncryptBlock } from './des.ts';
import { Rc4 } from './rc4.ts';

const SALT_LENGTH = 16;
const CHECKSUM_LENGTH = 4;

/**
 * Opens the envelope of a secret attribute in a replication reply, ENCRYPTED_PAYLOAD ([MS-DRSR] 4.1.10.2.20): salt, then RC4 of checksum
 * and data under MD5(session key, salt).
 *
 * @param sessionKey of the connection's security context: 16 bytes with NTLM, the whole subkey with Kerberos
 * @param field path of the value, for errors
 * @returns the data, a copy; the four hash attributes still have the RID layer
 * @throws DecodeError if it is too short, or if the checksum shows that the session key is wrong
 */
export function openReplicationPayload(
  sessionKey: Uint8Array,
  payload: Uint8Array,
  field: string,
): Uint8Array {
  if (payload.length < SALT_LENGTH + CHECKSUM_LENGTH) {
    const least = SALT_LENGTH + CHECKSUM_LENGTH;
    throw new DecodeError(field, 'truncated', `at least ${least} bytes expected, got ${payload.length}`);
  }
  const keyed = new Uint8Array(sessionKey.length + SALT_LENGTH);
  keyed.set(sessionKey);
  keyed.set(payload.subarray(0, SALT_LENGTH), sessionKey.length);
  const key = hash('md5', keyed, 'buffer');
  const cipher = new Rc4(key);
  const opened = cipher.process(payload.subarray(SALT_LENGTH));
  cipher.wipe();
  key.fill(0);
  keyed.fill(0);

  const data = opened.slice(CHECKSUM_LENGTH);
  const expected = new DataView(opened.buffer).getUint32(0, true);
  opened.fill(0);
  if (crc32(data) !== expected) {
    data.fill(0);
    throw new DecodeError(field, 'unexpected', 'the checksum does not match: not made with this session key');
  }
  return data;
}

/**
 * Removes the second layer of `unicodePwd`, `dBCSPwd` and their histories: two DES blocks per hash, keyed by the account's RID ([MS-SAMR]
 * 2.2.11.1). Returns a new array as long as `data`.
 *
 * @throws DecodeError if the RID is 0 or `data` is no multiple of 16 bytes
 */
export function removeRidLayer(data: Uint8Array, rid: number): Uint8Array {
  return ridLayer(data, rid, desDecryptBlock);
}

/** The inverse of `removeRidLayer`. */
export function addRidLayer(data: Uint8Array, rid: number): Uint8Array {
  return ridLayer(data, rid, desEncryptBlock);
}

function ridLayer(
  data: Uint8Array,
  rid: number,
  cryptBlock: (key: Uint8Array, block: Uint8Array) => Uint8Array,
): Uint8Array {
  if (!Number.isInteger(rid) || rid < 1 || rid > 0xffff_ffff) {
    throw new DecodeError('rid', 'unexpected', `a RID from 1 to 4294967295 expected, got ${rid}`);
  }
  if (data.length % 16 !== 0) {
    throw new DecodeError('hash', 'unexpected', `a multiple of 16 bytes expected, got ${data.length}`);
  }
  const i = [rid & 0xff, (rid >>> 8) & 0xff, (rid >>> 16) & 0xff, rid >>> 24] as const;
  const keys = [
    expandKey([i[0], i[1], i[2], i[3], i[0], i[1], i[2]]),
    expandKey([i[3], i[0], i[1], i[2], i[3], i[0], i[1]]),
  ];
  const result = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 8) {
    const block = cryptBlock(keys[(at >> 3) & 1]!, data.subarray(at, at + 8));
    result.set(block, at);
    block.fill(0);
  }
  return result;
}

/** Spreads 56 bits over the upper seven of each of eight bytes. The lowest is parity, which DES ignores. */
function expandKey(seven: readonly number[]): Uint8Array {
  const key = new Uint8Array(8);
  for (let i = 0; i < 8; i++) {
    const high = i === 0 ? 0 : seven[i - 1]! << 8;
    const low = i === 7 ? 0 : seven[i]!;
    key[i] = ((high | low) >> i) & 0xfe;
  }
  return key;
}
