/**
 * A security provider from the association's view ([MS-RPCE] 3.3.1.5.2): tokens during the bind, then sealing and unsealing in place, one
 * PDU after the other in each direction.
 */
export interface SecurityContext {
  /** auth_type of the sec_trailer: 10 NTLM, 16 Kerberos. */
  readonly authType: number;
  /** Bytes of one PDU's auth_value. */
  readonly signatureLength: number;
  /** The key under which MS-DRSR encrypts secret attributes. Available after the last token. */
  readonly sessionKey: Uint8Array;
  /** The first token, for the bind. */
  start(): Uint8Array;
  /** The last token, for auth3, in answer to the one in the bind_ack. */
  finish(token: Uint8Array): Uint8Array;
  /** Encrypts `body` in place, and returns the signature over all three plain parts. */
  seal(header: Uint8Array, body: Uint8Array, trailer: Uint8Array): Uint8Array;
  /**
   * Decrypts `body` in place.
   * @throws SignatureError if the signature is not the peer's. The context cannot be used after that.
   */
  unseal(header: Uint8Array, body: Uint8Array, trailer: Uint8Array, signature: Uint8Array): void;
  /** Overwrites all keys. */
  wipe(): void;
}

/** A PDU that does not match its signature: altered on the way, out of order, or made with another key. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
}
