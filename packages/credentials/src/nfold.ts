/**
 * n-fold (RFC 3961, 5.1): repeats the bytes, each copy rotated right by 13 more bits, up to the least common multiple of both lengths, and
 * adds the pieces of `lengthBytes` in ones' complement.
 */
export function nfold(bytes: Uint8Array, lengthBytes: number): Uint8Array {
  if (bytes.length === 0 || lengthBytes < 1) throw new RangeError('n-fold takes at least one byte');
  const inputBits = bytes.length * 8;
  const total = leastCommonMultiple(bytes.length, lengthBytes);
  const sum = new Uint32Array(lengthBytes);
  for (let at = 0; at < total; at++) {
    const copy = Math.floor(at / bytes.length);
    // The bit of the input with which this byte of the rotated copy begins.
    const start = ((((at % bytes.length) * 8 - 13 * copy) % inputBits) + inputBits) % inputBits;
    const high = bytes[start >> 3]!;
    const low = bytes[((start >> 3) + 1) % bytes.length]!;
    sum[at % lengthBytes]! += (((high << 8) | low) >> (8 - (start & 7))) & 0xff;
  }
  // Ones' complement addition: the carry out of the top is added at the bottom.
  for (let carry = 0, first = true; first || carry !== 0; first = false) {
    for (let i = lengthBytes - 1; i >= 0; i--) {
      carry += sum[i]!;
      sum[i] = carry & 0xff;
      carry >>>= 8;
    }
  }
  return Uint8Array.from(sum);
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
