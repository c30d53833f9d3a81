import type { SyntaxId } from '../dcerpc/syntax.ts';

/** The drsuapi interface ([MS-DRSR] 4.1). */
export const DRSUAPI_INTERFACE: SyntaxId = {
  uuid: 'e3514235-4b06-11d1-ab04-00c04fc2dcd2',
  major: 4,
  minor: 0,
};

/** The operation numbers that we use. */
export const DrsOpnum = {
  bind: 0,
  unbind: 1,
  getNCChanges: 3,
  crackNames: 12,
  domainControllerInfo: 16,
} as const;

/** The identity of a client that is no DC ([MS-DRSR] 5.138, NTDSAPI_CLIENT_GUID). */
export const NTDSAPI_CLIENT_GUID = 'e24d201a-4fd6-11d1-a3da-0000f875ae0d';

/** Bytes of a DRS_HANDLE, a context handle. Valid only on the association that received it. */
export const DRS_HANDLE_BYTES = 20;

/** DRS_EXTENSIONS_INT.dwFlags ([MS-DRSR] 5.39). */
export const DrsExtension = {
  base: 0x0000_0001,
  strongEncryption: 0x0000_8000,
  getChangesRequestV6: 0x0040_0000,
  getChangesRequestV8: 0x0100_0000,
  getChangesReplyV6: 0x0400_0000,
  getChangesRequestV10: 0x2000_0000,
} as const;

/** DRS_OPTIONS ([MS-DRSR] 5.41) for GetNCChanges. */
export const DrsOption = {
  writableReplica: 0x0000_0010,
  initialSync: 0x0000_0020,
  neverSynced: 0x0020_0000,
} as const;

/** EXOP_REPL_OBJ ([MS-DRSR] 4.1.10.2.18): one object instead of a naming context. */
export const EXOP_REPL_OBJ = 6;
export const EXOP_SUCCESS = 1;
