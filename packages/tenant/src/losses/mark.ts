import { timingSafeEqual } from 'node:crypto';
import { EPOCH_LENGTH } from '../changes/epochs.ts';
import { keyedDigest } from '../tenancy/digest.ts';

/** How far the tenant's changes went, or were read. A cursor of the feed and the mark of a comparison carry it, under the tenant's MAC. */
export interface Mark {
  readonly epoch: string;
  /** Of the epoch. */
  readonly generation: string;
  /** Positions: of what is new, and of what was sent again. */
  readonly news: number;
  readonly again: number;
  /** When it was given out, in milliseconds since 1970. */
  readonly at: number;
}

/** Each for its own use: the cursors of the feeds of users and of groups, and the mark of a comparison. */
export type MarkKind = 'cursor' | 'groups' | 'mark';

/** Bytes of a number. */
const NUMBER_LENGTH = 6;
const BODY_LENGTH = 2 * EPOCH_LENGTH + 3 * NUMBER_LENGTH;
/** 46 bytes in base64url: the contract allows a cursor up to 64 characters. */
const MARK = /^[A-Za-z0-9_-]{62}$/;
/** Length of the body in the text; the MAC follows. */
const BODY_TEXT = (BODY_LENGTH * 4) / 3;

/** @param key the tenant's `digestKey` */
export function writeMark(key: string, kind: MarkKind, { epoch, generation, news, again, at }: Mark): string {
  const body = Buffer.alloc(BODY_LENGTH);
  body.write(epoch + generation, 'hex');
  for (const [index, number] of [news, again, at].entries())
    body.writeUIntBE(number, 2 * EPOCH_LENGTH + index * NUMBER_LENGTH, NUMBER_LENGTH);
  const text = body.toString('base64url');
  return text + keyedDigest(key, kind, text);
}

/** @returns undefined for a text that this tenant did not give out */
export function readMark(key: string, kind: MarkKind, text: string): Mark | undefined {
  if (!MARK.test(text)) return undefined;
  const [said, mac] = [text.slice(0, BODY_TEXT), text.slice(BODY_TEXT)];
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(keyedDigest(key, kind, said)))) return undefined;
  const body = Buffer.from(said, 'base64url');
  const id = (index: number): string =>
    body.toString('hex', index * EPOCH_LENGTH, (index + 1) * EPOCH_LENGTH);
  const number = (index: number): number =>
    body.readUIntBE(2 * EPOCH_LENGTH + index * NUMBER_LENGTH, NUMBER_LENGTH);
  return { epoch: id(0), generation: id(1), news: number(0), again: number(1), at: number(2) };
}
