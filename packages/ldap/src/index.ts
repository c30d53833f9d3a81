// Directories hold values in these encodings, so whoever reads or writes them needs the codecs too.
export { decodeGuid, decodeSid, encodeGuid, encodeSid } from '@causeway/wire';
export {
  type LdapChange,
  type LdapConnection,
  type LdapOptions,
  openLdap,
} from './connection.ts';
export {
  bypassPasswordHash,
  ControlOid,
  DirSyncControl,
  DirSyncFlag,
  ExtendedDnControl,
  type LdapControl,
  permissiveModify,
  SdFlag,
  SdFlagsControl,
  showDeleted,
} from './controls.ts';
export { escapeRdn, filterEscape, guidFilter, parentDn, parseDn, rdnText } from './dn.ts';
export { bytesOf, type LdapAttributes, type LdapEntry, type LdapValue, textOf } from './entry.ts';
export { type ExtendedDn, parseExtendedDn } from './extended-dn.ts';
export { type CompiledFilter, compileFilter, type TextValues } from './filter-match.ts';
export { LdapError, type LdapErrorCode } from './ldap-error.ts';
export {
  highestCommittedUSN,
  type RootDse,
  readCurrentTime,
  readInvocationId,
  readRootDse,
} from './root-dse.ts';
export { rangeOf, rangeOption, readValueRange, type ValueRange } from './value-range.ts';
