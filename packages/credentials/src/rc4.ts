/**
 * The RC4 stream, which OpenSSL 3 refuses. NTLM sealing and the replication envelope need it. One object is one stream: each call continues
 * where the last one ended.
 */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  /** @throws RangeError if the key is not 1 to 256 bytes long. */
  constructor(key: Uint8Array) {
    if (key.length < 1 || key.length > 256) {
      throw new RangeError(`an RC4 key has 1 to 256 bytes, got ${key.length}`);
    }
    const state = this.#state;
    for (let i = 0; i < 256; i++) state[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      const s = state[i]!;
      j = (j + s + key[i % key.length]!) & 0xff;
      state[i] = state[j]!;
      state[j] = s;
    }
  }

  /** Encrypts or decrypts (the same operation) into a new array. */
  process(bytes: Uint8Array): Uint8Array {
    const result = new Uint8Array(bytes);
    this.processInPlace(result);
    return result;
  }

  processInPlace(bytes: Uint8Array): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 0xff;
      const a = state[i]!;
      j = (j + a) & 0xff;
      const b = state[j]!;
      state[i] = b;
      state[j] = a;
      bytes[at]! ^= state[(a + b) & 0xff]!;
    }
    this.#i = i;
    this.#j = j;
  }

  /** Forgets the key. The object must not be used afterwards. */
  wipe(): void {
    this.#state.fill(0);
    this.#i = 0;
    this.#j = 0;
  }
}
