import { type ReplicatedUser, type ReplicationPage, wipeUser } from '@causeway/active-directory';
import { mapLimit } from '@causeway/service';
import type { Sending } from './password-channel.ts';
import { isSwitchedOn, type PasswordChannel } from './password-channel.ts';
import { type PasswordSummary, processUsers } from './process-users.ts';

/** Slices in flight at once: while one is at the tenant, others are derived and sealed. */
export const SLICES_IN_FLIGHT = 2;

interface Slice {
  readonly users: readonly ReplicatedUser[];
  /** The users are complete, not only their changes. */
  readonly whole: boolean;
}

/**
 * Sends what replication brings, in slices of one batch.
 * INVARIANT: when this ends, however it ends, nothing is in flight any more, and every hash and key of every page taken is wiped.
 *
 * @param onSlice receives the result of each slice
 * @returns false if the channel was switched off meanwhile and users were skipped
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

/** Ends early if it must not continue. The caller wipes the slices it took; this wipes the rest of the page. */
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
      for (const user of users.slice(taken)) wipeUser(user); // not `page.wipe`: the users before them may be in flight
    }
  }
}
