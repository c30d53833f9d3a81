import { existsSync } from 'node:fs';
import {
  exportSealingKey,
  generateSealingKey,
  importSealingKey,
  type PublicKeyInfo,
  type SealingKey,
  sealingPublicKey,
} from '@causeway/records';
import { readPrivateFile, writePrivateFile } from '@causeway/service';
import type { Places } from './places.ts';

/** The managed domain's sealing key; made once, its private half in its file alone. */
export async function ensureSealingKey(places: Places): Promise<SealingKey> {
  if (!existsSync(places.sealingKey)) {
    writePrivateFile(places.sealingKey, await exportSealingKey(await generateSealingKey()));
  }
  return openSealingKey(places);
}

/** @throws CausewayError 'file-unreadable' or 'file-not-private' */
export function openSealingKey(places: Places): Promise<SealingKey> {
  return importSealingKey(readPrivateFile(places.sealingKey));
}

export function publicSealingKey(key: SealingKey): PublicKeyInfo {
  return sealingPublicKey(key);
}
