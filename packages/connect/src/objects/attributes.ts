import { createHash } from 'node:crypto';
import type { StoredAttributes } from '../store/space-object.ts';

/** The first value of an attribute; undefined where it has none, or an empty one. */
export function first(attributes: StoredAttributes, name: string): string | undefined {
  const values = attributes[name];
  const value = typeof values === 'string' ? values : values?.[0];
  return value === '' ? undefined : value;
}

/**
 * The digest by which a change of what the tenant should have is recognized: the same gives the same digest.
 * @param desired its keys in one order, whatever it says
 */
export const digestOf = (desired: object, objectGuid: string): string =>
  createHash('sha256')
    .update(JSON.stringify([objectGuid, desired]))
    .digest('base64url');
