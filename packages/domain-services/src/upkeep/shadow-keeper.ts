import { encodeSid } from '@causeway/ldap';
import { describeError, every, type Service } from '@causeway/service';
import { domainSidOf } from '../apply/sid-history.ts';
import type { KeeperContext } from '../directory/keep-directory.ts';
import { writeInBulk } from '../directory/ldb/bulk.ts';
import type { LdbModify } from '../directory/ldb/ldb-modify.ts';
import { ShadowGroups, sidHistories } from '../directory/shadow-groups.ts';
import { accountDn } from '../directory/structure.ts';
import type { Write, WriteResult } from '../directory/write.ts';
import type { DueShadow } from '../ledger/sids/shadow-book.ts';
import { keyOf } from '../person.ts';

/** How often it is looked what is to be done. */
const BEAT_MS = 500;
/** At most so many at once, which takes a quarter of a second: a change of the feed waits no longer for it. */
const BATCH = 400;
/** From this many on `ldbmodify` is quicker. */
const BULK_FROM = 25;
/** How often it is looked among everybody: the end of an account is told by nobody. */
const LOOK_MS = 5_000;
/** Until what the directory refused is tried again. */
const AGAIN_MS = 60_000;
/** How often all of them are looked at. */
const COMPARE_MS = 60 * 60_000;

export interface ShadowKeeperOptions extends KeeperContext {
  /** Of its own: what the feed has started ahead waits for the feed's changes. */
  ldbModify: LdbModify;
  enabled: boolean;
}

/**
 * Keeps the groups by which people have their on-premises SIDs here. What is to be done is what differs in the ledger, so a kill only
 * repeats it. INVARIANT: what closes goes before what opens: of a SID that changed the old one opens nothing before the new one does.
 */
export class ShadowKeeper implements Service {
  readonly name = 'on-premises SIDs';
  readonly #options: ShadowKeeperOptions;
  /** What the directory refused, by person, and when it is tried again. */
  readonly #later = new Map<string, number>();
  #comparedAt: number | undefined;
  #lookAgainAt = 0;

  constructor(options: ShadowKeeperOptions) {
    this.#options = options;
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
          await this.#prepare(groups, signal);
          // While many were written, a page of the feed may have brought many more.
          if (this.#isTime()) while ((await this.#round(groups, signal)) >= BULK_FROM && !signal.aborted);
        } catch (error) {
          this.#lookAgainAt = 0;
          log.warn({ err: describeError(error) }, 'on-premises SIDs are not written; trying again');
          await ledger.clock.sleep(AGAIN_MS / 10, signal);
        } finally {
          await ldbModify.release();
        }
      },
      { clock: ledger.clock },
    );
  }

  /** Nothing is looked for among everybody while nothing changed, but for what is tried again. */
  #isTime(): boolean {
    const { clock, shadows } = this.#options.ledger;
    if (!shadows.takeChanged() && clock.monotonic() < this.#lookAgainAt) return false;
    this.#lookAgainAt = clock.monotonic() + LOOK_MS;
    return true;
  }

  /** Once at a start, and the comparison every hour. */
  async #prepare(groups: ShadowGroups, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.ledger;
    if (this.#comparedAt !== undefined && clock.monotonic() - this.#comparedAt < COMPARE_MS) return;
    if (this.#comparedAt === undefined) {
      await groups.ensureContainer();
      await this.#learnOfBefore();
      await this.#followSetting(signal);
    }
    await this.#compare(groups);
    this.#comparedAt = clock.monotonic();
  }

  /** Of accounts that a release before made the directory says the SID: it wrote none that is refused. */
  async #learnOfBefore(): Promise<void> {
    const { ledger, directory, log } = this.#options;
    if (ledger.state.get('shadowsLearnt') !== undefined) return;
    const found = await sidHistories(directory);
    ledger.transaction(() => {
      for (const { guid, sid } of found) {
        const person = ledger.accounts.managed(guid);
        if (person && !ledger.shadows.knows(person))
          ledger.shadows.want(person, sid, domainSidOf(sid) ?? null);
      }
      ledger.state.set('shadowsLearnt', ledger.timestamp());
    });
    if (found.length > 0) log.info({ people: found.length }, 'people from before get their on-premises SIDs');
  }

  /** `sIDHistory` is for who reads it; after a change of the setting it follows, one account after the other. */
  async #followSetting(signal: AbortSignal): Promise<void> {
    const { ledger, directory, enabled } = this.#options;
    const setting = enabled ? 'all' : 'none';
    const before = ledger.state.get('onPremisesSids') ?? 'all';
    if (before !== setting)
      for (const { sid, managedGuid } of ledger.shadows.all()) {
        if (signal.aborted) return;
        const sIDHistory = enabled && sid !== null ? [encodeSid(sid)] : [];
        await directory.write({ kind: 'modify', guid: managedGuid, values: { sIDHistory } });
      }
    ledger.state.set('onPremisesSids', setting);
  }

  /** What somebody else changed comes back; a group of nobody goes. */
  async #compare(groups: ShadowGroups): Promise<void> {
    const { ledger, directory, log } = this.#options;
    const found = new Map((await groups.list()).map(shadow => [shadow.sid, shadow.members]));
    const dnOf = (name: string | null) => name && accountDn(name, directory.users).toLowerCase();
    let differing = 0;
    for (const one of ledger.shadows.written()) {
      const members = found.get(one.sid);
      found.delete(one.sid);
      if (members?.length === 1 && members[0]!.toLowerCase() === dnOf(one.samAccountName)) continue;
      differing += 1;
      ledger.shadows.wrote(one, null);
    }
    // A ledger that was lost finds again what it had written.
    for (const one of ledger.shadows.all()) {
      const members = one.sid === null ? undefined : found.get(one.sid);
      if (members?.length !== 1 || members[0]!.toLowerCase() !== dnOf(one.samAccountName)) continue;
      ledger.shadows.wrote(one, one.sid);
      found.delete(one.sid!);
    }
    for (const sid of found.keys()) await groups.close(sid);
    if (differing + found.size > 0)
      log.warn(
        { differing, ofNobody: found.size },
        'on-premises SIDs are not as they were written: put right',
      );
  }

  /** @returns how many people have their SID now who had none before */
  async #round(groups: ShadowGroups, signal: AbortSignal): Promise<number> {
    const { ledger, enabled, log } = this.#options;
    let people = 0;
    let after: DueShadow | undefined;
    do {
      const due = ledger.shadows.due(enabled, BATCH, after);
      after = due.length === BATCH ? due.at(-1) : undefined;
      const now = ledger.clock.now();
      const going = due.filter(one => (this.#later.get(keyOf(one)) ?? 0) <= now);
      await this.#closeAll(
        groups,
        going.filter(({ written }) => written !== null),
      );
      people += await this.#openAll(groups, going.filter(isOpening));
    } while (after !== undefined && !signal.aborted);
    if (people > 0) log.info({ people }, 'on-premises SIDs written');
    return people;
  }

  async #closeAll(groups: ShadowGroups, due: readonly DueShadow[]): Promise<void> {
    const { ledger } = this.#options;
    for (const one of due) {
      const result = await groups.close(one.written!);
      // One that some user's primary group holds up opens nothing any more, and is deleted later.
      if (this.#went(one, result)) ledger.shadows.wrote(one, null);
    }
  }

  /** @returns how many have theirs now */
  async #openAll(groups: ShadowGroups, due: readonly Opening[]): Promise<number> {
    const { ledger, ldbModify, log } = this.#options;
    const single = [...new Map(due.map(one => [one.wanted, one])).values()];
    let opened = 0;
    const note = (one: Opening, result: WriteResult): void => {
      if (!this.#went(one, result)) return;
      ledger.shadows.wrote(one, one.wanted);
      opened++;
    };
    if (single.length < BULK_FROM) {
      for (const one of single) note(one, await groups.open(one.wanted, one.managedGuid));
      return opened;
    }
    const writes = single.map(one => groups.make(one.wanted, one.managedGuid));
    const of = new Map<Write, Opening>(writes.map((write, i) => [write, single[i]!]));
    const slow = (people: number, reason: string) =>
      log.info({ people, reason }, 'on-premises SIDs are written one by one');
    const writing = writeInBulk(
      ldbModify,
      writes,
      write => groups.open(of.get(write)!.wanted, of.get(write)!.managedGuid),
      slow,
    );
    if (single.length === BATCH) ldbModify.prepare();
    const results = await writing;
    ledger.transaction(() => {
      for (const [i, one] of single.entries()) note(one, results[i]!);
    });
    return opened;
  }

  /** What is refused is told once, and tried again. */
  #went(one: DueShadow, result: WriteResult): boolean {
    const { ledger, log } = this.#options;
    const key = keyOf(one);
    if (result.ok) {
      this.#later.delete(key);
      return true;
    }
    if (!this.#later.has(key))
      log.warn(
        { forest: one.forest, anchor: one.anchor, reason: result.reason },
        'its on-premises SID is not written yet',
      );
    this.#later.set(key, ledger.clock.now() + AGAIN_MS);
    return false;
  }
}

interface Opening extends DueShadow {
  wanted: string;
  managedGuid: string;
}

const isOpening = (one: DueShadow): one is Opening => one.wanted !== null && one.managedGuid !== null;
