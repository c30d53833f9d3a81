import { decodeGuid, type Guid, Reader, Writer } from '@causeway/wire';
import { decodeConformance, decodePointer, decodeWideString, encodeWideString } from '../ndr/ndr.ts';

/** DCs of one domain ([MS-DRSR] 4.1.5.1.8 has 10,000). */
export const MAX_DOMAIN_CONTROLLERS = 10_000;
const INFO_LEVEL = 2;

/** DS_DOMAIN_CONTROLLER_INFO_2W ([MS-DRSR] 4.1.5.1.5). */
export interface DomainControllerInfo {
  netbiosName: string | undefined;
  dnsHostName: string | undefined;
  siteName: string | undefined;
  computerName: string | undefined;
  serverName: string | undefined;
  ntdsDsaName: string | undefined;
  isPdc: boolean;
  isGlobalCatalog: boolean;
  ntdsDsaGuid: Guid;
}

/** IDL_DRSDomainControllerInfo ([MS-DRSR] 4.1.5), level 2. */
export function encodeDomainControllerInfo(request: { handle: Uint8Array; domain: string }): Uint8Array {
  const w = new Writer().raw(request.handle).u32le(1).u32le(1).u32le(0x0002_0000).u32le(INFO_LEVEL);
  encodeWideString(w, request.domain);
  return w.toBytes();
}

export function decodeDomainControllerInfoReply(stub: Uint8Array): {
  controllers: DomainControllerInfo[];
  status: number;
} {
  const r = new Reader(stub, 'DomainControllerInfo');
  const level = r.u32le('outVersion');
  r.skip(4, 'tag');
  const count = r.limited(r.u32le('cItems'), MAX_DOMAIN_CONTROLLERS, 'cItems');
  const present = decodePointer(r, 'rItems');
  if (present && level !== INFO_LEVEL) throw r.error('outVersion', `${INFO_LEVEL} expected, ${level} came`);
  const controllers = present ? decodeItems(r, count) : [];
  r.align(4);
  const status = r.u32le('status');
  r.end();
  return { controllers, status };
}

function decodeItems(r: Reader, count: number): DomainControllerInfo[] {
  decodeConformance(r, count, 'rItems.max_count');
  const fixed: { strings: boolean[]; isPdc: boolean; isGlobalCatalog: boolean; ntdsDsaGuid: Guid }[] = [];
  for (let i = 0; i < count; i++) {
    const strings = Array.from({ length: 7 }, () => decodePointer(r, 'rItems.name'));
    const isPdc = r.u32le('rItems.fIsPdc') !== 0;
    r.skip(4, 'rItems.fDsEnabled');
    const isGlobalCatalog = r.u32le('rItems.fIsGc') !== 0;
    r.skip(48, 'rItems.guids');
    fixed.push({
      strings,
      isPdc,
      isGlobalCatalog,
      ntdsDsaGuid: decodeGuid(r.slice(16, 'rItems.NtdsDsaObjectGuid')),
    });
  }
  return fixed.map(({ strings, isPdc, isGlobalCatalog, ntdsDsaGuid }) => {
    const names = strings.map(has => (has ? decodeWideString(r, 'rItems.name') : undefined));
    const [netbiosName, dnsHostName, siteName, , computerName, serverName, ntdsDsaName] = names;
    return {
      ...{ netbiosName, dnsHostName, siteName, computerName, serverName, ntdsDsaName },
      ...{ isPdc, isGlobalCatalog, ntdsDsaGuid },
    };
  });
}
