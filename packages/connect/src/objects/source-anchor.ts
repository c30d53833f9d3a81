import { encodeGuid } from '@causeway/wire';

/** The anchor by which the tenant knows an object for its whole life: base64 of objectGUID's 16 bytes. */
export function sourceAnchorOf(objectGuid: string): string {
  return Buffer.from(encodeGuid(objectGuid)).toString('base64');
}
