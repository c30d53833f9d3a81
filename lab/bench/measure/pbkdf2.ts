import { pbkdf2, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { CLOUD_ITERATIONS, CLOUD_SALT_LENGTH } from '@causeway/credentials';
import { timed } from './numbers.ts';

const derive = promisify(pbkdf2);
/** Bytes of the upper-case hex of an NT hash in UTF-16LE. */
const INPUT_LENGTH = 64;
const KEY_LENGTH = 32;

/** @returns how long deriving as many cloud credentials takes by itself, on all cores */
export async function measurePbkdf2(count: number): Promise<number> {
  const input = randomBytes(INPUT_LENGTH);
  const salt = randomBytes(CLOUD_SALT_LENGTH);
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await derive(input, salt, CLOUD_ITERATIONS, KEY_LENGTH, 'sha256');
  };
  const workers = Array.from({ length: 2 * availableParallelism() }, () => worker);
  return (await timed(() => Promise.all(workers.map(work => work())))).ms;
}
