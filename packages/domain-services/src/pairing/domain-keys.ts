import { existsSync } from 'node:fs';
import {
  domainFingerprint,
  exportSealingKey,
  exportSigningKey,
  generateSealingKey,
  generateSigningKey,
  importSealingKey,
  importSigningKey,
  type PublicKeyInfo,
  type SealingKey,
  type SigningKey,
  sealingPublicKey,
  signingPublicKey,
} from '@causeway/records';
import { readPrivateFile, writePrivateFile } from '@causeway/service';
import type { Places } from '../places.ts';

/** The managed domain's keys: one to which records are sealed, and one that signs receipts. */
export interface DomainKeys {
  sealing: SealingKey;
  receipts: SigningKey;
}

/** The public part of the keys. */
export interface PublicDomainKeys {
  /** Of both keys: the one for `causeway connect trust-domain` and `causeway tenant trust-domain`. */
  fingerprint: string;
  key: PublicKeyInfo;
  receiptKey: PublicKeyInfo;
}

/** Makes the keys once. Each private half is only in its own file. */
export async function ensureDomainKeys(places: Places): Promise<DomainKeys> {
  if (!existsSync(places.sealingKey)) {
    writePrivateFile(places.sealingKey, await exportSealingKey(await generateSealingKey()));
  }
  if (!existsSync(places.receiptKey)) {
    writePrivateFile(places.receiptKey, exportSigningKey(generateSigningKey()));
  }
  return openDomainKeys(places);
}

/** False until the creation of the domain has made the keys. */
export const holdsDomainKeys = (places: Places): boolean =>
  existsSync(places.sealingKey) && existsSync(places.receiptKey);

/** @throws CausewayError 'file-unreadable' or 'file-not-private' */
export async function openDomainKeys(places: Places): Promise<DomainKeys> {
  return {
    sealing: await importSealingKey(readPrivateFile(places.sealingKey)),
    receipts: importSigningKey(readPrivateFile(places.receiptKey)),
  };
}

export function publicDomainKeys(keys: DomainKeys): PublicDomainKeys {
  const key = sealingPublicKey(keys.sealing);
  const receiptKey = signingPublicKey(keys.receipts);
  return { fingerprint: domainFingerprint(key.publicKey, receiptKey.publicKey), key, receiptKey };
}
