export {
  Association,
  type AssociationEvent,
  BindRejectedError,
} from './dcerpc/association.ts';
export { BindTimeFeature } from './dcerpc/syntax.ts';
export { decodeDrsBindReply, encodeDrsBind } from './drsuapi/bind.ts';
export {
  type CrackedName,
  decodeCrackNamesReply,
  encodeCrackNames,
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
  type ReplicatedAttribute,
  type ReplicatedObject,
} from './drsuapi/replicated-object.ts';
export { decodeEptMapReply, EPM_INTERFACE, EPM_PORT, EPT_MAP_OPNUM, encodeEptMap } from './epm/epm.ts';
export { NtlmClient } from './ntlm/client.ts';
