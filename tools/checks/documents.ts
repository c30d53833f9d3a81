/** A link of a document to a file, to a heading, or to both. */
export interface Link {
  /** As written. */
  readonly target: string;
  readonly line: number;
}

/** The lines of a document, with code blocks blanked. */
export function proseLines(text: string): string[] {
  let fence: string | undefined;
  return text.split('\n').map(line => {
    const [, mark] = /^\s*(```+|~~~+)/.exec(line) ?? [];
    if (fence !== undefined) {
      if (mark?.startsWith(fence)) fence = undefined;
      return '';
    }
    fence = mark;
    return mark === undefined ? line : '';
  });
}

const CODE_SPAN = /`[^`]*`/g;

/** Links that do not lead to the web. */
export function linksOf(text: string): Link[] {
  return proseLines(text).flatMap((line, i) =>
    [...line.replace(CODE_SPAN, span => ' '.repeat(span.length)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => ({ target: target!, line: i + 1 }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  const counts = new Map<string, number>();
  return proseLines(text).flatMap(line => {
    const [, heading] = /^#{1,6}\s+(.+?)\s*#*$/.exec(line) ?? [];
    if (heading === undefined) return [];
    const anchor = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return [count === 0 ? anchor : `${anchor}-${count}`];
  });
}
