import { setFlagsFromString } from 'node:v8';

/**
 * V8 looks for what is not used any more when the heap has grown to a multiple of what is, and what multiple that is, it makes out of how
 * busy the program has been. Services are idle for long and then handle batch after batch, each a few megabytes of text: V8 would look
 * after every few of them: half of the tenant's time. (What is newest has its limit in the launcher.)
 *
 * @param percent of what is in use
 */
export function setHeapGrowth(percent: number = 200): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
