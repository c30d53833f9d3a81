export { hasUnseen, isAccountName, MAX_USER_NAME } from './account-name.ts';
export { DecodeError } from './decode-error.ts';
export {
  dateToDstime,
  dateToFiletime,
  dstimeToDate,
  FILETIME_NEVER,
  type Filetime,
  filetimeToDate,
  filetimeToIso,
  MAX_DSTIME,
} from './filetime.ts';
export { decodeGuid, encodeGuid, type Guid, isGuid, NULL_GUID } from './guid.ts';
export { isLoopback } from './loopback.ts';
export { nameKey } from './name-key.ts';
export { Reader } from './reader.ts';
export {
  ACL_REVISION_DS,
  AccessMask,
  type Ace,
  AceFlag,
  AceType,
  type Acl,
  decodeSecurityDescriptor,
  encodeSecurityDescriptor,
  grantExtendedRight,
  hasExtendedRight,
  SE_DACL_PROTECTED,
  type SecurityDescriptor,
  withAces,
} from './security-descriptor.ts';
export { decodeSid, encodeSid, ridOf, type Sid } from './sid.ts';
export { decodeUtf16le, encodeUtf16le, fromHex, toHex } from './text.ts';
export { upperCase } from './upper-case.ts';
export { Writer } from './writer.ts';
