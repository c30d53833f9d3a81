export { buildSupplementalCredentials } from './build-supplemental-credentials.ts';
export {
  CLOUD_ITERATIONS,
  CLOUD_SALT_LENGTH,
  deriveCloudCredential,
  parseCloudCredential,
  verifyCloudCredential,
} from './cloud-credential.ts';
export { desDecryptBlock, desEncryptBlock } from './des.ts';
export {
  deriveKey,
  deriveKeySha2,
  EncryptionType,
  type KerberosKeys,
  keysProblem,
  stringToKey,
  wipeKeys,
} from './kerberos-keys.ts';
export { md4 } from './md4.ts';
export { nfold } from './nfold.ts';
export { isHashOfEmptyPassword, NT_HASH_LENGTH, ntHash } from './nt-hash.ts';
export { comparePasswordOrder, inEpoch, isSameWrite, type PasswordOrder } from './password-order.ts';
export { Rc4 } from './rc4.ts';
export { addRidLayer, openReplicationPayload, removeRidLayer } from './replication-secret.ts';
export { parseSupplementalCredentials } from './supplemental-credentials.ts';
