import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, boolean, assert as check, constantFrom, option, property, record } from 'fast-check';
import { NO_RULES } from '../scope/rules.ts';
import { guidOf, person } from '../testing/fixtures.ts';
import {
  type DirectoryObject,
  decideObject,
  type ImportedChange,
  mergeImported,
  saysTooLittle,
} from './merge.ts';

const by = { scope: { domain: 'corp.example.com', ownAccount: 'connector' }, rules: NO_RULES };
const NAMES = [
  'userPrincipalName',
  'displayName',
  'title',
  'adminDescription',
  'userAccountControl',
] as const;
/** The imported attributes that a tombstone keeps ([MS-ADTS] 3.1.1.5.5.1.1). */
const KEPT = ['sAMAccountName', 'objectSid', 'userAccountControl'];

/** One write in the directory: for each attribute another value, none, or no change; or a deletion, or a restore. */
const change = record({
  values: record({
    userPrincipalName: option(constantFrom('a@corp.example.com', 'b@corp.example.com', null), {
      nil: undefined,
    }),
    displayName: option(constantFrom('A', 'B', null), { nil: undefined }),
    title: option(constantFrom('Clerk', null), { nil: undefined }),
    adminDescription: option(constantFrom('User_1', 'other', null), { nil: undefined }),
    userAccountControl: option(constantFrom('512', '514'), { nil: undefined }),
  }),
  kind: constantFrom('write', 'write', 'write', 'tombstone', 'recycle', 'restore', 'restore'),
  /** Connect imports after it. */
  seen: boolean(),
  /** The tenant acknowledges the deletion, and Connect forgets the object. */
  forgotten: boolean(),
});

/** A directory of one object that records what changed since the last import. */
class Directory {
  readonly attributes: Record<string, string | string[]> = { ...person(1).attributes };
  deleted = false;
  #delta: Record<string, string | null> = {};
  #isRestored = false;

  set(name: string, value: string | null): void {
    if (value === null && !(name in this.attributes)) return;
    this.#delta[name] = value;
    if (value === null) delete this.attributes[name];
    else this.attributes[name] = value;
  }

  remove(kind: 'tombstone' | 'recycle'): void {
    this.deleted = true;
    this.#isRestored = false;
    if (kind === 'recycle') return;
    for (const name of Object.keys(this.attributes)) if (!KEPT.includes(name)) this.set(name, null);
  }

  restore(): void {
    this.deleted = false;
    this.#isRestored = true;
  }

  /** The change as a delta reports it, without the unchanged objectClass; undefined if nothing changed. */
  takeDelta(): ImportedChange | undefined {
    const isChanged = Object.keys(this.#delta).length > 0 || this.#isRestored || this.deleted;
    const told = { ...toImported(this.#delta, this.deleted), objectClass: [], isRestored: this.#isRestored };
    this.#delta = {};
    this.#isRestored = false;
    return isChanged ? told : undefined;
  }

  whole(): ImportedChange {
    return toImported(this.attributes, this.deleted);
  }
}

test('merges deltas, some with several changes at once, to the same state as a full import', () => {
  check(
    property(array(change, { maxLength: 30 }), changes => {
      const directory = new Directory();
      let known: DirectoryObject | undefined = mergeImported(undefined, directory.whole(), true);
      const importDelta = (forgotten: boolean): void => {
        const delta = directory.takeDelta();
        if (delta === undefined) return;
        if (!saysTooLittle(known, delta)) known = mergeImported(known, delta, false);
        else known = mergeImported(known, directory.whole(), true);
        if (forgotten && known.deleted) known = undefined;
      };
      for (const { values, kind, seen, forgotten } of changes) {
        if (kind === 'restore' && directory.deleted) directory.restore();
        for (const name of directory.deleted ? [] : NAMES) {
          const value = values[name];
          if (value !== undefined) directory.set(name, value);
        }
        if ((kind === 'tombstone' || kind === 'recycle') && !directory.deleted) directory.remove(kind);
        if (seen) importDelta(forgotten); // a delta reports several changes as one
      }
      importDelta(false);
      const full = mergeImported(undefined, directory.whole(), true);
      if (known === undefined) return assert.ok(directory.deleted);
      const [byDeltas, byFull] = [decideObject('user', known, by), decideObject('user', full, by)];
      assert.equal(byDeltas.desiredDigest, byFull.desiredDigest);
      assert.equal(byDeltas.scopeReason, byFull.scopeReason);
    }),
    { numRuns: 1_000 },
  );
});

function toImported(
  attributes: Record<string, string | string[] | null>,
  isDeleted: boolean,
): ImportedChange {
  const { dn, objectClasses } = person(1);
  return {
    objectGuid: guidOf(1),
    distinguishedName: dn,
    isDeleted,
    isRestored: false,
    objectClass: objectClasses,
    attributes: { ...attributes },
  };
}

test("keeps a deleted object's names for the record of its deletion", () => {
  const gone = mergeImported(person(1), toImported({}, true), false);
  assert.equal(gone.attributes.userPrincipalName, 'user1@corp.example.com');
  assert.equal(decideObject('user', gone, by).desiredDigest, undefined);
});

test('reads a restored or unknown user whole, but not one created since the last import', () => {
  const made = toImported(person(1).attributes, false);
  const changed = { ...made, objectClass: [], attributes: { title: 'Clerk' } };
  assert.equal(saysTooLittle(undefined, made), false);
  assert.equal(saysTooLittle(person(1), changed), false);
  assert.equal(saysTooLittle(undefined, changed), true);
  assert.equal(saysTooLittle({ ...person(1), deleted: true }, changed), true);
  assert.equal(saysTooLittle(person(1), { ...changed, isRestored: true }), true);
  assert.equal(saysTooLittle(undefined, { ...changed, isDeleted: true }), false);
});
