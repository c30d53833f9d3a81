/** Most bytes of an answer, unless its first item alone is longer. A client reads twice as many. */
const MAX_BYTES = 4 * 1024 * 1024;

/** As many of the first items as fit into one answer. */
export function pageThatFits<T>(items: readonly T[]): T[] {
  let bytes = 0;
  const over = items.findIndex(item => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return bytes > MAX_BYTES;
  });
  return items.slice(0, over === -1 ? items.length : Math.max(1, over));
}
