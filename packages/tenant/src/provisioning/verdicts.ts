import { SourceAnchor, type Verdict, type VerdictCode } from '@causeway/contract';
import { CausewayError } from '@causeway/service';
import type { z } from 'zod';

export const applied = (sourceAnchor: string): Verdict => ({ sourceAnchor, verdict: 'applied' });
export const unchanged = (sourceAnchor: string): Verdict => ({ sourceAnchor, verdict: 'unchanged' });

export function refused(sourceAnchor: string, code: VerdictCode, reason: string): Verdict {
  return { sourceAnchor, verdict: 'refused', code, reason };
}

export function retry(sourceAnchor: string, code: VerdictCode, reason: string): Verdict {
  return { sourceAnchor, verdict: 'retry', code, reason };
}

/**
 * Parses the items of a batch one by one, so that one bad item costs itself and not its batch: it has its verdict then.
 * @throws CausewayError 'bad-request' for an item that does not even name its source anchor
 */
export function parseItems<Item>(schema: z.ZodType<Item>, items: readonly unknown[]): (Item | Verdict)[] {
  return items.map((item, index) => {
    const parsed = schema.safeParse(item);
    if (parsed.success) return parsed.data;
    const anchor = SourceAnchor.safeParse((item as { sourceAnchor?: unknown } | null)?.sourceAnchor);
    if (!anchor.success) {
      throw new CausewayError(
        'bad-request',
        `body.changes.${index}.sourceAnchor: ${anchor.error.issues[0]!.message}`,
      );
    }
    const issue = parsed.error.issues[0]!;
    return refused(anchor.data, 'invalid', `${issue.path.join('.') || 'item'}: ${issue.message}`);
  });
}
