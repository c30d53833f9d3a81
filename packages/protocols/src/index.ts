export {
  Association,
  type AssociationEvent,
  type AssociationOptions,
  BindRejectedError,
} from './dcerpc/association.ts';
export { type SecurityContext, SignatureError } from './dcerpc/security.ts';
export { BindTimeFeature, type SyntaxId } from './dcerpc/syntax.ts';
export { type DrsBindReply, type DrsExtensions, decodeDrsBindReply, encodeDrsBind } from './drsuapi/bind.ts';
export {
  type CrackedName,
  decodeCrackNamesReply,
  encodeCrackNames,
  MAX_NAMES,
  NameFormat,
} from './drsuapi/crack-names.ts';
export {
  type DomainControllerInfo,
  decodeDomainControllerInfoReply,
  encodeDomainControllerInfo,
} from './drsuapi/domain-controller-info.ts';
export type { DsName } from './drsuapi/dsname.ts';
export {
  decodeReply,
  decodeReplyHeader,
  decodeReplyStatus,
  type Reply,
  type ReplyHeader,
} from './drsuapi/get-nc-changes-reply.ts';
export {
  encodeGetNCChanges,
  type GetNCChangesRequest,
  type UsnVector,
  ZERO_USN_VECTOR,
} from './drsuapi/get-nc-changes-request.ts';
export {
  DRSUAPI_INTERFACE,
  DrsExtension,
  DrsOpnum,
  DrsOption,
  EXOP_REPL_OBJ,
  EXOP_SUCCESS,
} from './drsuapi/interface.ts';
export { type AttributeType, PrefixTable } from './drsuapi/prefix-table.ts';
export {
  decodePropertyMetaData,
  type PropertyMetaData,
  type ReplicatedAttribute,
  type ReplicatedObject,
} from './drsuapi/replicated-object.ts';
export type { Cursor } from './drsuapi/up-to-date-vector.ts';
export { decodeEptMapReply, EPM_INTERFACE, EPM_PORT, EPT_MAP_OPNUM, encodeEptMap } from './epm/epm.ts';
export { NtlmClient, type NtlmOptions } from './ntlm/client.ts';
