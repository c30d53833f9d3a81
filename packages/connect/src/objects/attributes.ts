import { createHash } from 'node:crypto';
import type { StoredAttributes } from '../store/space-object.ts';

/** The first value of an attribute; undefined if it has none or an empty one. */
export function first(attributes: StoredAttributes, name: string): string | undefined {
  const values = attributes[name];
  const value = typeof values === 'string' ? values : values?.[0];
  return value === '' ? undefined : value;
}

/**
 * The digest that shows whether the tenant's copy has to change: equal input gives an equal digest.
 * @param desired its keys always in the same order
 */
export const digestOf = (desired: object, objectGuid: string): string =>
  createHash('sha256')
    .update(JSON.stringify([objectGuid, desired]))
    .digest('base64url');
