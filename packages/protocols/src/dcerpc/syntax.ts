import { decodeGuid, encodeGuid, type Guid, type Reader, type Writer } from '@causeway/wire';

/** p_syntax_id_t ([C706] 12.6.3.1): an interface or a transfer syntax with its version. */
export interface SyntaxId {
  uuid: Guid;
  major: number;
  minor: number;
}

export const NDR20: SyntaxId = { uuid: '8a885d04-1ceb-11c9-9fe8-08002b104860', major: 2, minor: 0 };

/** What a client can offer at bind time ([MS-RPCE] 2.2.2.14). */
export const BindTimeFeature = { securityContextMultiplexing: 1, keepConnectionOnOrphan: 2 } as const;

/** The transfer syntax that stands for a set of bind-time features ([MS-RPCE] 3.3.1.5.3). */
export function bindTimeFeatureSyntax(features: number): SyntaxId {
  const bits = features.toString(16).padStart(2, '0');
  return { uuid: `6cb71c2c-9812-4540-${bits}00-000000000000`, major: 1, minor: 0 };
}

export function encodeSyntaxId(w: Writer, syntax: SyntaxId): void {
  w.raw(encodeGuid(syntax.uuid)).u16le(syntax.major).u16le(syntax.minor);
}

export function decodeSyntaxId(r: Reader, field: string): SyntaxId {
  return { uuid: decodeGuid(r.slice(16, field)), major: r.u16le(field), minor: r.u16le(field) };
}
