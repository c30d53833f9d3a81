import { timingSafeEqual } from 'node:crypto';
import type { Key, RecipientContext } from 'hpke';
import { SEALING_INFO, suite } from './hpke-suite.ts';
import { type PublicKeyInfo, rawPublicKeyInfo } from './public-key.ts';

const SEED_LENGTH = 32;
const PUBLIC_LENGTH = 1216;
const BEGIN = '-----BEGIN CAUSEWAY SEALING KEY-----';
const END = '-----END CAUSEWAY SEALING KEY-----';
const MAX_TEXT_LENGTH = 4096;

/** How many batches' contexts are kept. Records come in the order of their batches, with few in between. */
const MAX_CONTEXTS = 16;

/** A managed domain's X-Wing key. The private part leaves it only through `exportSealingKey`. */
export class SealingKey {
  readonly publicKey: PublicKeyInfo;
  readonly #privateKey: Key;
  readonly #contexts = new Map<string, Promise<RecipientContext>>();

  constructor(privateKey: Key, publicKey: PublicKeyInfo) {
    this.#privateKey = privateKey;
    this.publicKey = publicKey;
  }

  /** The seed: a secret. */
  serialize(): Promise<Uint8Array> {
    return suite.SerializePrivateKey(this.#privateKey);
  }

  /**
   * The batch that an encapsulation began. Decapsulation costs half a millisecond, so the last ones are kept.
   *
   * @param encapsulation in base64url
   */
  context(encapsulation: string): Promise<RecipientContext> {
    const kept = this.#contexts.get(encapsulation);
    if (kept !== undefined) return kept;
    const bytes = new Uint8Array(Buffer.from(encapsulation, 'base64url'));
    const context = suite.SetupRecipient(this.#privateKey, bytes, { info: SEALING_INFO });
    if (this.#contexts.size >= MAX_CONTEXTS) this.#contexts.delete(this.#contexts.keys().next().value!);
    this.#contexts.set(encapsulation, context);
    return context;
  }
}

export async function generateSealingKey(): Promise<SealingKey> {
  const { privateKey, publicKey } = await suite.GenerateKeyPair(true);
  return new SealingKey(privateKey, rawPublicKeyInfo('sealing', await suite.SerializePublicKey(publicKey)));
}

/** Text lines of base64 between two markers: seed, then public key. A secret. */
export async function exportSealingKey(key: SealingKey): Promise<string> {
  const seed = await key.serialize();
  const bytes = Buffer.concat([seed, Buffer.from(key.publicKey.publicKey, 'base64url')]);
  const lines = bytes.toString('base64').match(/.{1,64}/g)!;
  seed.fill(0);
  bytes.fill(0);
  return [BEGIN, ...lines, END, ''].join('\n');
}

/** @throws Error if the text is no sealing key, or its two halves do not belong together */
export async function importSealingKey(text: string): Promise<SealingKey> {
  const lines = text.length > MAX_TEXT_LENGTH ? [] : text.trim().split(/\r?\n/);
  const bytes = new Uint8Array(Buffer.from(lines.slice(1, -1).join(''), 'base64'));
  if (lines[0] !== BEGIN || lines.at(-1) !== END || bytes.length !== SEED_LENGTH + PUBLIC_LENGTH) {
    throw new Error(`a sealing key expected: '${BEGIN}', ${SEED_LENGTH + PUBLIC_LENGTH} bytes, '${END}'`);
  }
  const raw = bytes.slice(SEED_LENGTH);
  const privateKey = await suite.DeserializePrivateKey(bytes.slice(0, SEED_LENGTH), true);
  bytes.fill(0);
  const publicKey = await suite.DeserializePublicKey(raw);
  // One half must open what is sealed to the other, or no record would ever open.
  const sent = await suite.SendExport(publicKey, SEALING_INFO, 32);
  const received = await suite.ReceiveExport(privateKey, sent.encapsulatedSecret, SEALING_INFO, 32);
  if (!timingSafeEqual(sent.exportedSecret, received)) {
    throw new Error('the private and the public half of the sealing key do not belong together');
  }
  return new SealingKey(privateKey, rawPublicKeyInfo('sealing', raw));
}

export function sealingPublicKey(key: SealingKey): PublicKeyInfo {
  return key.publicKey;
}
