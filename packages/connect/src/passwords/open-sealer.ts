import { CredentialSealer, type PublicKeyInfo } from '@causeway/records';

let ahead: { key: PublicKeyInfo; sealer: Promise<CredentialSealer> } | undefined;

/**
 * A sealer for one batch. To open it takes a dozen steps, each of which waits in libuv's pool behind the derivations of other batches:
 * the next one is opened ahead.
 *
 * @throws Error when the key is not the one that the fingerprint is of
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
