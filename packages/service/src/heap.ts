import { setFlagsFromString } from 'node:v8';

/**
 * V8 collects garbage when the heap has grown to a multiple of what is in use, and derives that multiple from how busy the program was.
 * Services idle for long and then handle batch after batch, each a few megabytes of text. V8 would collect after every few batches, which
 * takes half of the tenant's time. (The launcher limits the young generation.)
 *
 * @param percent of what is in use
 */
export function setHeapGrowth(percent: number = 200): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
