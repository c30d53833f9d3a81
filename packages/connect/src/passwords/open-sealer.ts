import { CredentialSealer, type PublicKeyInfo } from '@causeway/records';

let ahead: { key: PublicKeyInfo; sealer: Promise<CredentialSealer> } | undefined;

/**
 * A sealer for one batch. Opening one takes a dozen steps, and each waits in libuv's pool behind the derivations of other batches. So the
 * next one is opened ahead.
 *
 * @throws Error if the key does not match its fingerprint
 */
export function openSealer(key: PublicKeyInfo): Promise<CredentialSealer> {
  const open = () => {
    const sealer = CredentialSealer.open(key);
    sealer.catch(() => {}); // thrown where it is awaited
    return { key, sealer };
  };
  const same = ahead?.key.publicKey === key.publicKey && ahead.key.fingerprint === key.fingerprint;
  const { sealer } = ahead && same ? ahead : open();
  ahead = open();
  return sealer;
}
