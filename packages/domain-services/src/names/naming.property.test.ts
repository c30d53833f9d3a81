import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createLog } from '@causeway/service';
import fc from 'fast-check';
import type { NamingContext } from '../apply/names/look-at-names.ts';
import { newAccount, PageNames } from '../apply/names/page-names.ts';
import { reconcileNames } from '../apply/names/reconcile-names.ts';
import { forgotten, newEntry } from '../apply/plan.ts';
import { Ledger } from '../ledger/ledger.ts';
import { keyOf, type Person } from '../person.ts';
import { DirectoryPeer } from '../testing/directory-peer.ts';
import { claimsOf, slotOfName, slotOfPrincipal } from './naming.ts';

const DOMAIN = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-9-9-9' };
const log = createLog('test', { write: () => {} });
const FORESTS = ['corp.example.com', 'fabrikam.example.org'];
/** Only a few names, so that users collide: two that differ in case, one that is too long, two that nobody may have, and none at all. */
const NAMES = [
  'anna',
  'ANNA',
  'özil',
  'Özil',
  'berta',
  'anna.of.a.very.long.name',
  'krbtgt',
  'printer',
  null,
];
const PRINCIPALS = [
  'anna@x.example',
  'berta@x.example',
  'ANNA@x.example',
  'anna@aadds.example.net',
  'no good',
  null,
];

interface Said {
  forest: string;
  person: number;
  name: string | null;
  principal: string | null;
  gone: boolean;
}

const said = (forest: fc.Arbitrary<string>) =>
  fc.record({
    forest,
    person: fc.nat(3),
    name: fc.constantFrom(...NAMES),
    principal: fc.constantFrom(...PRINCIPALS),
    gone: fc.integer({ min: 0, max: 3 }).map(n => n === 0),
  });

type Of = Pick<Said, 'forest' | 'person'>;

/** For half of the users both forests use the same anchor and objectGUID. Each forest still has a user of its own. */
const idOf = ({ forest, person }: Of): string =>
  createHash('sha256')
    .update(person < 2 ? `${person}` : `${forest}/${person}`)
    .digest('hex')
    .slice(0, 32);
const personOf = (one: Of): Person => ({ forest: one.forest, anchor: idOf(one) });

/** What becomes of names in ledger and directory when forests send records, page by page. */
class World {
  readonly ledger = new Ledger(':memory:');
  readonly directory = new DirectoryPeer(DOMAIN.realm);
  readonly foreign = this.directory.add('printer', null);
  readonly context = {
    ledger: this.ledger,
    directory: this.directory,
    domain: DOMAIN,
    log,
  } as unknown as NamingContext;

  /** Writes a page as `startPage`, `writePage` and `settlePage` do: state first, names afterwards. */
  async page(page: readonly Said[]): Promise<void> {
    const newest = [...new Map(page.map(one => [keyOf(personOf(one)), one])).values()];
    const isNew = (one: Said) => !one.gone && this.ledger.accounts.of(personOf(one))?.managedGuid == null;
    const records = new Map(newest.map(one => [one, this.#record(one)]));
    const made = newest
      .filter(isNew)
      .map(one => newAccount(records.get(one)!, this.ledger.accounts.of(personOf(one))));
    const holders = (...asked: [string[], string[]]) => this.directory.holders(...asked);
    const names = await PageNames.open(this.ledger, holders, DOMAIN, made);
    for (const one of newest) {
      const entry = this.ledger.accounts.of(personOf(one));
      if (one.gone) this.#remove(one);
      else if (isNew(one)) this.#make(one, names.take(newAccount(records.get(one)!, entry)));
      else this.#save(one, entry!.managedGuid!);
    }
    await reconcileNames(this.context);
  }

  #record({ forest, person, name, principal }: Said) {
    const id = idOf({ forest, person });
    return {
      ...{ sourceAnchor: id, forest, objectGuid: id },
      ...{ sAMAccountName: name, userPrincipalName: principal },
    } as Parameters<typeof newAccount>[0];
  }

  #make(one: Said, taken: ReturnType<PageNames['take']>): void {
    let { names, due } = taken;
    let guid = this.directory.add(names.samAccountName, names.userPrincipalName);
    if (guid === undefined) {
      names = taken.standIn();
      due = claimsOf(newAccount(this.#record(one), undefined), DOMAIN).map(({ slot }) => slot);
      guid = this.directory.add(names.samAccountName, null);
    }
    assert.ok(guid, 'there is always a name');
    this.ledger.transaction(() => {
      this.#save(one, guid);
      this.ledger.names.save(personOf(one), names);
      for (const slot of taken.owned) {
        this.ledger.names.setOwner({ slot, forest: one.forest, releasedAt: null });
      }
      this.ledger.names.touch(due);
    });
  }

  #save(one: Said, managedGuid: string): void {
    const entry = this.ledger.accounts.of(personOf(one)) ?? newEntry(this.#record(one));
    const { name: wantedName, principal: wantedPrincipal } = one;
    this.ledger.accounts.save({
      ...entry,
      managedGuid,
      nonce: 'x',
      wantedName,
      wantedPrincipal,
      deletedAt: null,
    });
  }

  #remove(one: Said): void {
    const entry = this.ledger.accounts.of(personOf(one));
    if (!entry?.managedGuid) return;
    this.directory.accounts.delete(entry.managedGuid);
    this.ledger.accounts.save({ ...forgotten(entry), deletedAt: new Date().toISOString() });
  }

  /** All users who exist, by forest and person: their names here, and whether these are the wanted ones. */
  people() {
    return FORESTS.flatMap(forest =>
      [0, 1, 2, 3].flatMap(person => {
        const entry = this.ledger.accounts.of(personOf({ forest, person }));
        if (!entry?.managedGuid) return [];
        return [{ forest, person, entry, inDirectory: this.directory.accounts.get(entry.managedGuid)! }];
      }),
    );
  }

  /** Asserts that nobody has another user's true name, that directory and ledger agree, and that nothing is left to do. */
  check(): void {
    const slots = new Map<string, Person>();
    for (const { entry, inDirectory } of this.people()) {
      assert.deepEqual(inDirectory, { name: entry.samAccountName, principal: entry.userPrincipalName });
      const own = new Set([slotOfName(entry.samAccountName!)]);
      if (entry.userPrincipalName !== null) own.add(slotOfPrincipal(entry.userPrincipalName, DOMAIN.realm));
      for (const slot of own) {
        assert.ok(!slots.has(slot), `${slot} is had twice`);
        slots.set(slot, entry);
      }
    }
    for (const { entry } of this.people()) {
      for (const { slot } of claimsOf(entry, DOMAIN)) {
        const holder = slots.get(slot);
        if (holder === undefined || keyOf(holder) === keyOf(entry)) continue;
        const other = this.ledger.accounts.of(holder)!;
        const truly = claimsOf(other, DOMAIN).some(claim => claim.slot === slot);
        const reserved = this.ledger.names.owner(slot)?.forest !== entry.forest;
        assert.ok(truly || reserved, `${slot}: a stand-in did not yield`);
      }
    }
    // Names that an account outside the ledger has are retried. All others are settled.
    const due = this.ledger.names.due(Number.MAX_SAFE_INTEGER, 100);
    assert.deepEqual(
      due.filter(({ key }) => key !== 'a:PRINTER'),
      [],
    );
  }
}

const pages = (forest: fc.Arbitrary<string>) =>
  fc.array(fc.array(said(forest), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });

/** The last record of each user. */
const lastWords = (all: readonly Said[]): Said[] => [
  ...new Map(all.map(one => [keyOf(personOf(one)), one])).values(),
];

test("never gives a user a name that is truly another's, whatever two forests say in whatever pages", async () => {
  await fc.assert(
    fc.asyncProperty(pages(fc.constantFrom(...FORESTS)), async history => {
      const world = new World();
      for (const page of history) {
        await world.page(page);
        world.check();
      }
      world.ledger.close();
    }),
    { numRuns: 100 },
  );
});

test('within one forest the result depends only on what it says now, not on order, pages or history', async () => {
  const one = fc.constant(FORESTS[0]!);
  await fc.assert(
    fc.asyncProperty(pages(one), fc.array(fc.nat(), { maxLength: 8 }), async (history, order) => {
      const end = lastWords(history.flat()).filter(({ gone }) => !gone);
      const [lived, told] = [new World(), new World()];
      for (const page of history) await lived.page(page);
      const shuffled = end.map((said, i) => ({ said, at: order[i] ?? 0 })).toSorted((a, b) => a.at - b.at);
      for (const { said } of shuffled) await told.page([said]);
      const names = (world: World) =>
        world.people().map(({ person, entry }) => {
          const { samAccountName, userPrincipalName, wantedPrincipal } = entry;
          // The stand-in for a userPrincipalName depends on what was accepted before; wanted names do not.
          return [person, samAccountName, wantedPrincipal !== null && userPrincipalName === wantedPrincipal];
        });
      assert.deepEqual(names(lived), names(told));
      lived.ledger.close();
      told.ledger.close();
    }),
    { numRuns: 60 },
  );
});

test('ends as if nothing had happened after a kill before any change', async () => {
  await fc.assert(
    fc.asyncProperty(pages(fc.constantFrom(...FORESTS)), fc.nat(12), async (history, at) => {
      const [whole, killed] = [new World(), new World()];
      killed.directory.onChange = () => {
        if (killed.directory.changes === at) {
          killed.directory.changes++;
          throw new Error('killed');
        }
      };
      for (const page of history) {
        await whole.page(page);
        await killed.page(page).catch(() => reconcileNames(killed.context));
      }
      killed.check();
      // If users of two forests need the same name with digits, or the same name from an objectGUID, the first holder keeps it. A kill may
      // have changed who that is.
      const names = (world: World) => {
        const people = world.people();
        const byDigits = Map.groupBy(people, ({ entry }) => entry.digitsKey);
        return people.map(({ entry }) => {
          const { samAccountName, userPrincipalName, wantedPrincipal, digitsKey } = entry;
          const isShared = digitsKey !== null && byDigits.get(digitsKey)!.length > 1;
          const isMadeUp = /^[0-9a-f]{20}$/.test(samAccountName ?? '');
          const name = isShared ? digitsKey : isMadeUp ? 'made up' : samAccountName;
          // The stand-in for a userPrincipalName depends on what was accepted before, which a kill may change.
          return [name, userPrincipalName === wantedPrincipal ? userPrincipalName : 'a stand-in'];
        });
      };
      assert.deepEqual(names(killed), names(whole));
      whole.ledger.close();
      killed.ledger.close();
    }),
    { numRuns: 60 },
  );
});
