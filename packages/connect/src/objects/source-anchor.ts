import { decodeGuid } from '@causeway/wire';

const GUID_LENGTH = 16;

/**
 * The permanent anchor by which the tenant knows an object: base64 of objectGUID's 16 bytes in wire order, the first three groups little
 * endian ([MS-DTYP] 2.3.4.2).
 */
export function sourceAnchorOf(objectGuid: string): string {
  const [a, b, c, d, e] = objectGuid.split('-').map(group => Buffer.from(group, 'hex'));
  return Buffer.concat([a!.reverse(), b!.reverse(), c!.reverse(), d!, e!]).toString('base64');
}

/** The objectGUID of an anchor; undefined if no object can have that anchor. */
export function objectGuidOf(anchor: string): string | undefined {
  const bytes = Buffer.from(anchor, 'base64');
  return bytes.length === GUID_LENGTH && bytes.toString('base64') === anchor ? decodeGuid(bytes) : undefined;
}
