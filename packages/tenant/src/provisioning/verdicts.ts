import { SourceAnchor, type Verdict, type VerdictCode } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import { z } from 'zod';

export const applied = (sourceAnchor: string): Verdict => ({ sourceAnchor, verdict: 'applied' });
export const unchanged = (sourceAnchor: string): Verdict => ({ sourceAnchor, verdict: 'unchanged' });

export function refused(sourceAnchor: string, code: VerdictCode, reason: string): Verdict {
  return { sourceAnchor, verdict: 'refused', code, reason };
}

export function retry(sourceAnchor: string, code: VerdictCode, reason: string): Verdict {
  return { sourceAnchor, verdict: 'retry', code, reason };
}

/** No object of a directory becomes another kind. */
export const reTyped = (was: 'user' | 'group'): string =>
  `the source anchor is a ${was}'s of this forest, and no object becomes another kind: look at the object, and at the attribute that Connect takes anchors from`;

const Named = z.object({ sourceAnchor: SourceAnchor });

/**
 * Parses the items of a batch one by one, so that one bad item fails alone and not its batch: it gets its verdict here.
 * @throws CausewayError 'bad-request' for an item that does not even name its source anchor
 */
export const parseItems = <Item>(schema: z.ZodType<Item>, items: readonly unknown[]): (Item | Verdict)[] =>
  parseNamed<Item, Verdict>(schema, items, Named);

/** The same for items whose verdict needs more than their source anchor. @param naming what a verdict repeats of its item */
export function parseNamed<Item, V extends Verdict>(
  schema: z.ZodType<Item>,
  items: readonly unknown[],
  naming: z.ZodType<Omit<V, Exclude<keyof Verdict, 'sourceAnchor'>>>,
): (Item | V)[] {
  return items.map((item, index) => {
    const parsed = schema.safeParse(item);
    if (parsed.success) return parsed.data;
    const named = naming.safeParse(item);
    if (!named.success) {
      const { path, message } = named.error.issues[0]!;
      throw new CausewayError('bad-request', `body.changes.${[index, ...path].join('.')}: ${message}`);
    }
    const { path, message } = parsed.error.issues[0]!;
    const verdict = refused(named.data.sourceAnchor, 'invalid', `${path.join('.') || 'item'}: ${message}`);
    return { ...named.data, ...verdict } as unknown as V;
  });
}
