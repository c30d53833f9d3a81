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

/** How often it is looked what is to be done. */
const BEAT_MS = 500;
/** Groups that are written after each other. */
const BATCH = 100;
/** How often it is looked whether a name is free that a group wants. */
const NAMES_MS = 60_000;
/** How often all of them are looked at. */
const COMPARE_MS = 60 * 60_000;
const AGAIN_MS = 5_000;

export interface GroupKeeperOptions extends KeeperContext {
  deletionThreshold: number;
  /** A name may be a person's now, which a group has let go of. */
  onNamesDue?: () => void;
  /** The tenant is to be told what became of groups. */
  onUnreported?: () => void;
  /** Whether the feed writes many people. What opens waits for them; what closes does not. */
  isLoading?: () => boolean;
}

/**
 * Keeps the groups of forests and their members in the directory as their records say. What is to be done is what differs in the ledger,
 * so a kill only repeats it, and the order in which people, groups and members come does not matter. INVARIANT: what closes goes before
 * what opens.
 */
export class GroupKeeper implements Service {
  readonly name = 'groups';
  readonly #options: GroupKeeperOptions;
  #comparedAt: number | undefined;
  #namesAt = 0;
  /** What was to be told when `onUnreported` was called last. */
  #told = 0;
  /** Groups of whose members in the directory it was not known yet who is in them: those that a new ledger found there. */
  readonly #unsure = new Set<string>();
  /** Of these, those whose members were not looked at since. */
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

  /** All that is to be done now. */
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

  /** What is in a group that was found in the directory is not written again. */
  async #learnMembers(context: GroupContext, entry: GroupEntry): Promise<void> {
    const key = keyOf(entry);
    if (!this.#unseen.delete(key)) return;
    const { isWhole } = await lookAtMembers(context, entry);
    if (isWhole) this.#unsure.delete(key);
  }

  /** Whom somebody put into a group while no ledger knew it is known once all of it has come. */
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

  /** What somebody else changed comes back. At the start, too: the ledger or the directory may be an older one. */
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
