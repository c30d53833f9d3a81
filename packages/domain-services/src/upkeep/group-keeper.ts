import { describeError, every, type Service } from '@causeway/service';
import { ManagedGroups } from '../directory/groups/managed-groups.ts';
import type { KeeperContext } from '../directory/keep-directory.ts';
import { closeUnclaimed } from '../groups/close-unclaimed.ts';
import { deleteGroups } from '../groups/delete-groups.ts';
import type { GroupContext, Stop } from '../groups/group-context.ts';
import { Later } from '../groups/later.ts';
import { lookAtGroups, lookAtMembers } from '../groups/look-at-groups.ts';
import { writeGroups } from '../groups/write-groups.ts';
import { writeMembers } from '../groups/write-members.ts';
import type { GroupEntry } from '../ledger/groups/group-book.ts';
import { keyOf } from '../person.ts';

/** How often to look for work. */
const BEAT_MS = 500;
/** How many groups are written in one batch. */
const BATCH = 100;
/** How often to check whether a name that a group wants is free. */
const NAMES_MS = 60_000;
/** How often to compare all groups with the directory. */
const COMPARE_MS = 60 * 60_000;
const AGAIN_MS = 5_000;

export interface GroupKeeperOptions extends KeeperContext {
  deletionThreshold: number;
  /** Called when a group has released a name that a user may have now. */
  onNamesDue?: () => void;
  /** Called when there is something about groups to report to the tenant. */
  onUnreported?: () => void;
  /** Whether many people or SIDs are being written. What opens waits for them; what closes does not. */
  isLoading?: () => boolean;
}

/**
 * Keeps the groups of forests and their members in the directory as their records say. The differences in the ledger are the work to do. So
 * a kill only repeats work, and the order in which users, groups and members come does not matter. INVARIANT: it revokes access before it
 * grants any.
 */
export class GroupKeeper implements Service {
  readonly name = 'groups';
  readonly #options: GroupKeeperOptions;
  #comparedAt: number | undefined;
  #namesAt = 0;
  /** What there was to report when `onUnreported` was last called. */
  #told = 0;
  /** Groups that a new ledger found in the directory, while it does not know yet who belongs to them. */
  readonly #unsure = new Set<string>();
  /** Those of them whose members were not checked since. */
  readonly #unseen = new Set<string>();

  constructor(options: GroupKeeperOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { domainWhenUp, directory, ledger, log } = this.#options;
    const domain = await domainWhenUp(signal);
    if (domain === undefined) return;
    const groups = new ManagedGroups(directory);
    const context = { ledger, directory, groups, domain, log, later: new Later(ledger.clock) };
    const beat = async (): Promise<void> => {
      try {
        const due = ledger.names.isAnyDue(ledger.clock.now());
        await this.turn(context, signal);
        if (!due && ledger.names.isAnyDue(ledger.clock.now())) this.#options.onNamesDue?.();
        this.#tell();
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ err: describeError(error) }, 'cannot write groups; retrying');
        await ledger.clock.sleep(AGAIN_MS, signal);
      }
    };
    await every(BEAT_MS, signal, beat, { clock: ledger.clock });
  }

  #tell(): void {
    const newest = this.#options.ledger.unreportedGroups.newest();
    if (newest > this.#told) this.#options.onUnreported?.();
    this.#told = Math.max(this.#told, newest);
  }

  /** Does all pending work. */
  async turn(context: GroupContext, signal: AbortSignal): Promise<void> {
    await this.#compare(context, signal);
    const freed = await deleteGroups(context, this.#options.deletionThreshold);
    // A name may be free now, and after each group that is written.
    if (freed > 0) this.#namesAt = 0;
    // A group that is to have no rights any more loses them first.
    let groups = await this.#writeDue(context, false, signal);
    let members = await writeMembers(context, 'delete', signal);
    const { isLoading = () => false } = this.#options;
    const opening: Stop = {
      get aborted() {
        return signal.aborted || isLoading();
      },
    };
    if (!opening.aborted) {
      groups += await this.#writeDue(context, true, opening);
      groups += await this.#lookAtNames(context, opening);
      members += await writeMembers(context, 'add', opening, entry => this.#learnMembers(context, entry));
    }
    if (!opening.aborted) await this.#learnOthers(context, signal);
    await closeUnclaimed(context);
    if (groups + members > 0) context.log.info({ groups, members }, 'wrote groups');
  }

  async #writeDue(context: GroupContext, securityEnabled: boolean, signal: Stop): Promise<number> {
    const { ledger } = this.#options;
    let written = 0;
    let last: GroupEntry | undefined;
    do {
      const due = ledger.groups.due(securityEnabled, BATCH, last);
      last = due.length === BATCH ? due.at(-1) : undefined;
      written += await writeGroups(context, due, signal);
    } while (last !== undefined && !signal.aborted);
    if (written > 0) this.#namesAt = 0;
    return written;
  }

  /** A name that was let go of is taken by the group that wants it. */
  async #lookAtNames(context: GroupContext, signal: Stop): Promise<number> {
    const { ledger } = this.#options;
    if (ledger.clock.monotonic() < this.#namesAt) return 0;
    let written = 0;
    let last: GroupEntry | undefined;
    do {
      const differing = ledger.groups.differing(BATCH, last);
      last = differing.length === BATCH ? differing.at(-1) : undefined;
      written += await writeGroups(context, differing, signal);
    } while (last !== undefined && !signal.aborted);
    this.#namesAt = ledger.clock.monotonic() + NAMES_MS;
    return written;
  }

  /** Does not write members again that a group already had when it was found in the directory. */
  async #learnMembers(context: GroupContext, entry: GroupEntry): Promise<void> {
    const key = keyOf(entry);
    if (!this.#unseen.delete(key)) return;
    const { isWhole } = await lookAtMembers(context, entry);
    if (isWhole) this.#unsure.delete(key);
  }

  /** Members that were added by hand while no ledger knew the group can be told apart once all records have come. */
  async #learnOthers(context: GroupContext, signal: AbortSignal): Promise<void> {
    const { ledger } = this.#options;
    if (this.#unsure.size === 0 || !ledger.state.get('groupsReadAt')) return;
    for (const entry of ledger.groups.allManaged()) {
      if (signal.aborted) return;
      if (this.#unsure.has(keyOf(entry))) await lookAtMembers(context, entry);
    }
    this.#unsure.clear();
    this.#unseen.clear();
  }

  /** Undoes changes by others. Runs at the start, too, because the ledger or the directory may be an older one. */
  async #compare(context: GroupContext, signal: AbortSignal): Promise<void> {
    const { ledger, log } = this.#options;
    const { clock } = ledger;
    if (this.#comparedAt !== undefined && clock.monotonic() - this.#comparedAt < COMPARE_MS) return;
    const { differing, missing, adopted } = await lookAtGroups(context);
    let [strangers, lost] = [0, 0];
    for (const entry of ledger.groups.allManaged()) {
      if (signal.aborted) return;
      const found = await lookAtMembers(context, entry);
      strangers += found.strangers;
      lost += found.lost;
      if (found.isWhole) continue;
      for (const keys of [this.#unsure, this.#unseen]) keys.add(keyOf(entry));
    }
    this.#comparedAt = clock.monotonic();
    if (differing + missing + adopted + strangers + lost > 0)
      log.warn(
        { differing, missing, adopted, strangers, lost },
        'groups differed from what was written; corrected them (strangers: members that somebody else added)',
      );
  }
}
