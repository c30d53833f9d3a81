import { type ReplicatedUser, type ReplicationPage, wipeUser } from '@causeway/active-directory';
import { mapLimit } from '@causeway/service';
import type { Sending } from './password-channel.ts';
import { isSwitchedOn, type PasswordChannel } from './password-channel.ts';
import { type PasswordSummary, processUsers } from './process-users.ts';

/** Slices on their way at once: while one is at the tenant, others are derived and sealed. */
export const SLICES_IN_FLIGHT = 2;

interface Slice {
  readonly users: readonly ReplicatedUser[];
  /** The users are told whole, not only what changed of them. */
  readonly whole: boolean;
}

/**
 * Sends what replication brings, in slices of one batch. INVARIANT: when this ends, however it does, nothing is in flight any more, and
 * every hash and key of every page that was taken is wiped.
 *
 * @param onSlice is told what became of each slice
 * @returns false when the channel was switched off meanwhile, and users were passed over
 */
export async function sendPages(
  channel: PasswordChannel,
  pages: AsyncIterable<ReplicationPage>,
  sending: Sending,
  onSlice: (done: PasswordSummary) => void,
): Promise<boolean> {
  const { context, controller, inFlight } = channel;
  let on = true;
  const stillOn = (): boolean => {
    on &&= isSwitchedOn(channel);
    return on;
  };
  const send = async ({ users, whole }: Slice): Promise<void> => {
    if (stillOn()) {
      const options = { whole, ...sending, single: () => controller.single() };
      onSlice(await processUsers(context, users, options));
    } else {
      for (const user of users) wipeUser(user);
    }
  };
  await mapLimit(slicesOf(pages, context.settings.passwordBatch, stillOn), SLICES_IN_FLIGHT, slice => {
    const guids = slice.users.map(({ objectGuid }) => objectGuid);
    return inFlight.run(guids, () => send(slice));
  });
  return on;
}

/** Ends early when it may not go on. What it yielded and was taken is the taker's to wipe; it wipes the rest of its page. */
async function* slicesOf(
  pages: AsyncIterable<ReplicationPage>,
  size: number,
  mayGoOn: () => boolean,
): AsyncGenerator<Slice, void, undefined> {
  for await (const { users, fullCycle } of pages) {
    let taken = 0;
    try {
      for (; taken < users.length; taken += size) {
        if (!mayGoOn()) return;
        yield { users: users.slice(taken, taken + size), whole: fullCycle };
      }
    } finally {
      for (const user of users.slice(taken)) wipeUser(user); // not `page.wipe`: those before them may be in flight
    }
  }
}
