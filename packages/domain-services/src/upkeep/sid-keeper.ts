import { encodeSid } from '@causeway/ldap';
import { describeError, every, type Service } from '@causeway/service';
import type { KeeperContext } from '../directory/keep-directory.ts';
import { BULK_FROM, writeInBulk } from '../directory/ldb/bulk.ts';
import type { LdbModify } from '../directory/ldb/ldb-modify.ts';
import { ShadowGroups } from '../directory/shadow-groups.ts';
import type { Write, WriteResult } from '../directory/write.ts';
import type { DueSid, Sharing } from '../ledger/sids/sid-book.ts';
import { keyOf } from '../person.ts';
import { lookAtSids } from './look-at-sids.ts';

/** How often to look for work. */
const BEAT_MS = 500;
/** Up to this many objects at once, which takes a quarter of a second: a change from the feed waits no longer than that. */
const BATCH = 400;
/** How often it is looked among all: the end of an account, or of a group, is told by nobody. */
const LOOK_MS = 5_000;
/** How long to wait before retrying what the directory refused. */
const AGAIN_MS = 60_000;
/** How often to compare all of them with the directory. */
const COMPARE_MS = 60 * 60_000;
const NOT_WRITTEN = 'sid-not-written';

export interface SidKeeperOptions extends KeeperContext {
  /** One of its own: the one that the feed has started ahead waits for the changes of the feed. */
  ldbModify: LdbModify;
  sharing: Sharing;
}

/**
 * Keeps the on-premises SIDs of users and security groups: the shadow group of each, by which Samba puts the SID into tickets, and
 * `sIDHistory`, for whatever reads that. The differences in the ledger are the work to do, so a kill only repeats work. INVARIANT: it
 * revokes access before it grants any: when a SID changes, the old one stops working before the new one does.
 */
export class SidKeeper implements Service {
  readonly name = 'on-premises SIDs';
  readonly #options: SidKeeperOptions;
  /** What the directory refused, by object, and when to retry it. */
  readonly #later = new Map<string, number>();
  /** SIDs whose groups are empty and cannot be deleted yet, and when to retry that. */
  readonly #empty = new Map<string, number>();
  #comparedAt: number | undefined;
  #lookAgainAt = 0;
  #isLoading = false;

  constructor(options: SidKeeperOptions) {
    this.#options = options;
  }

  /** Whether it writes many SIDs, as after an initial load. */
  get isLoading(): boolean {
    return this.#isLoading;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { domainWhenUp, directory, ledger, ldbModify, log } = this.#options;
    const domain = await domainWhenUp(signal);
    if (domain === undefined) return;
    const groups = new ShadowGroups(directory, domain);
    await every(
      BEAT_MS,
      signal,
      async () => {
        try {
          await this.#prepare(groups);
          // While many were written, a page of the feed may have brought many more.
          if (this.#isTime()) while ((await this.#round(groups, signal)) >= BULK_FROM && !signal.aborted);
        } catch (error) {
          this.#lookAgainAt = 0;
          log.warn({ err: describeError(error) }, 'cannot write on-premises SIDs; retrying');
          await ledger.clock.sleep(AGAIN_MS / 10, signal);
        } finally {
          this.#isLoading = false;
          await ldbModify.release();
        }
      },
      { clock: ledger.clock },
    );
  }

  /** Does not look through all objects while nothing changed, except for retries. */
  #isTime(): boolean {
    const { clock, sids } = this.#options.ledger;
    if (!sids.takeChanged() && clock.monotonic() < this.#lookAgainAt) return false;
    this.#lookAgainAt = clock.monotonic() + LOOK_MS;
    return true;
  }

  /** Prepares the container once at the start, and compares every hour. */
  async #prepare(groups: ShadowGroups): Promise<void> {
    const { clock } = this.#options.ledger;
    if (this.#comparedAt !== undefined && clock.monotonic() - this.#comparedAt < COMPARE_MS) return;
    const isStart = this.#comparedAt === undefined;
    if (isStart) await groups.ensureContainer();
    await this.#compare(groups);
    if (isStart) this.#followSetting();
    this.#comparedAt = clock.monotonic();
  }

  /** A changed setting also removes what is from before the rule. Refusals of the last run are seen again. */
  #followSetting(): void {
    const { ledger, sharing } = this.#options;
    ledger.transaction(() => {
      ledger.problems.forget(NOT_WRITTEN);
      if (ledger.state.get('onPremisesSids') !== sharing) ledger.sids.takeAll(sharing);
      ledger.state.set('onPremisesSids', sharing);
    });
  }

  /** Undoes changes by others, and removes groups that belong to no object. */
  async #compare(groups: ShadowGroups): Promise<void> {
    const { differing, ofNobody } = await lookAtSids(this.#options, groups);
    for (const sid of ofNobody) await this.#takeAway(groups, sid);
    if (differing + ofNobody.length > 0)
      this.#options.log.warn(
        { differing, ofNobody: ofNobody.length },
        'on-premises SIDs differed from what was written; corrected them',
      );
  }

  /** @returns how many objects have got a SID */
  async #round(groups: ShadowGroups, signal: AbortSignal): Promise<number> {
    const { ledger, sharing, log } = this.#options;
    await this.#deleteEmpty(groups);
    let objects = 0;
    let after: DueSid | undefined;
    do {
      const due = ledger.sids.due(sharing, BATCH, after);
      after = due.length === BATCH ? due.at(-1) : undefined;
      const now = ledger.clock.now();
      const opening: Opening[] = [];
      for (const one of due) {
        if ((this.#later.get(keyOf(one)) ?? 0) > now) continue;
        if ((await this.#close(groups, one)) && isOpening(one)) opening.push(one);
      }
      objects += await this.#openAll(groups, opening);
    } while (after !== undefined && !signal.aborted);
    if (objects > 0) log.info({ objects }, 'wrote on-premises SIDs');
    return objects;
  }

  /** Removes what the object should no longer have. @returns whether nothing of it is left */
  async #close(groups: ShadowGroups, one: DueSid): Promise<boolean> {
    const { ledger, directory } = this.#options;
    const { wanted, written, history, managedGuid } = one;
    if (written !== null && written !== wanted) {
      if (!this.#went(one, await this.#takeAway(groups, written))) return false;
      ledger.sids.wrote(one, null);
    }
    if (history !== null && history !== wanted && managedGuid !== null) {
      const values = { sIDHistory: [] };
      if (!this.#went(one, await directory.write({ kind: 'modify', guid: managedGuid, values })))
        return false;
      ledger.sids.wroteHistory(one, null);
    }
    return true;
  }

  /** Empties a group, which grants no access from then on, and deletes it, at once or later. */
  async #takeAway(groups: ShadowGroups, sid: string): Promise<WriteResult> {
    const { ledger, log } = this.#options;
    const emptied = await groups.empty(sid);
    if (!emptied.ok) return emptied;
    const deleted = await groups.delete(sid);
    if (deleted.ok) this.#empty.delete(sid);
    else {
      // For example, its RID is the primary group of a user.
      if (!this.#empty.has(sid))
        log.warn(
          { sid, reason: deleted.reason },
          'cannot delete the empty group of an on-premises SID yet; it grants nothing',
        );
      this.#empty.set(sid, ledger.clock.now() + AGAIN_MS);
    }
    return emptied;
  }

  async #deleteEmpty(groups: ShadowGroups): Promise<void> {
    const { ledger } = this.#options;
    for (const [sid, tryAt] of this.#empty) {
      if (ledger.sids.isWritten(sid)) this.#empty.delete(sid);
      else if (tryAt <= ledger.clock.now()) await this.#takeAway(groups, sid);
    }
  }

  /** @returns how many objects have got their SID */
  async #openAll(groups: ShadowGroups, due: readonly Opening[]): Promise<number> {
    const { ledger, directory, ldbModify, log } = this.#options;
    const objects = [...new Map(due.map(one => [one.wanted, one])).values()];
    const writes = new Map(
      objects.flatMap(one => writesFor(groups, one).map(write => [write, one] as const)),
    );
    const write = (one: Write): Promise<WriteResult> => {
      const { wanted, managedGuid } = writes.get(one)!;
      // The group may exist already.
      return one.kind === 'add' ? groups.open(wanted, managedGuid) : directory.write(one);
    };
    let opened = 0;
    const note = (one: Write, result: WriteResult): void => {
      const object = writes.get(one)!;
      if (!this.#went(object, result)) return;
      if (one.kind === 'add') ledger.sids.wrote(object, object.wanted);
      else ledger.sids.wroteHistory(object, object.wanted);
      if (one.kind === 'add') opened++;
    };
    const slow = (count: number, reason: string) =>
      log.info(
        { writes: count, reason },
        'cannot write on-premises SIDs in one batch; writing them one by one',
      );
    const all = [...writes.keys()];
    if (all.length >= BULK_FROM) this.#isLoading = true;
    const writing = writeInBulk(ldbModify, all, write, slow);
    if (objects.length === BATCH) ldbModify.prepare();
    const results = await writing;
    ledger.transaction(() => {
      for (const [i, one] of all.entries()) note(one, results[i]!);
    });
    return opened;
  }

  /** Reports a refusal once, and retries it. */
  #went(one: DueSid, result: WriteResult): boolean {
    const { ledger, log } = this.#options;
    const key = keyOf(one);
    const { forest, anchor, sequence } = one;
    if (result.ok) {
      if (this.#later.delete(key)) ledger.problems.clear(one, 'sid', NOT_WRITTEN);
      return true;
    }
    const { reason } = result;
    if (!this.#later.has(key)) log.warn({ forest, anchor, reason }, 'cannot write an on-premises SID yet');
    this.#later.set(key, ledger.clock.now() + AGAIN_MS);
    // For an account of which no record has come yet, only `unclaimed` is reported.
    const others = ledger.problems.of(one).filter(({ kind, code }) => kind === 'sid' && code !== NOT_WRITTEN);
    if (!result.gone && sequence !== null && others.length === 0)
      ledger.problems.save({
        ...{ forest, anchor, kind: 'sid', verified: true, outcome: 'failed', code: NOT_WRITTEN, reason },
        ...{ acceptable: null, sequence, at: ledger.timestamp() },
      });
    return false;
  }
}

interface Opening extends DueSid {
  wanted: string;
  managedGuid: string;
}

const isOpening = (one: DueSid): one is Opening => one.wanted !== null && one.managedGuid !== null;

/** A new account has its SID in `sIDHistory` from the start. */
function writesFor(groups: ShadowGroups, { wanted, written, history, managedGuid }: Opening): Write[] {
  const values = { sIDHistory: [encodeSid(wanted)] };
  return [
    ...(written === wanted ? [] : [groups.make(wanted, managedGuid)]),
    ...(history === wanted ? [] : [{ kind: 'modify' as const, guid: managedGuid, values }]),
  ];
}
