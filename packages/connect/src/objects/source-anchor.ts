/**
 * The anchor by which the tenant knows an object for its whole life: base64 of objectGUID's 16 bytes as they travel, the first
 * three groups little endian ([MS-DTYP] 2.3.4.2).
 */
export function sourceAnchorOf(objectGuid: string): string {
  const [a, b, c, d, e] = objectGuid.split('-').map(group => Buffer.from(group, 'hex'));
  return Buffer.concat([a!.reverse(), b!.reverse(), c!.reverse(), d!, e!]).toString('base64');
}
