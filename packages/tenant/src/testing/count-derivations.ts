import { createHook } from 'node:async_hooks';

/** Counts the PBKDF2 derivations that Node itself starts: each is an asynchronous resource of this name. */
export async function countDerivations(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === 'PBKDF2REQUEST') count++;
    },
  }).enable();
  try {
    await work();
  } finally {
    hook.disable();
  }
  return count;
}
