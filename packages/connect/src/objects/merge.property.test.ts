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
/** What a tombstone keeps ([MS-ADTS] 3.1.1.5.5.1.1) of what is imported. */
const KEPT = ['sAMAccountName', 'objectSid', 'userAccountControl'];

/** One write at the directory: of each attribute another value, none, or nothing; or the end of a life, or the begin of the next. */
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
  /** The tenant takes the deletion, and Connect forgets the object. */
  forgotten: boolean(),
});

/** A directory of one object that knows what changed since the last import. */
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

  /** As a delta tells it, which has no objectClass: it did not change. Undefined: nothing changed. */
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

test('merging deltas, some of several changes at once, ends where a full import ends', () => {
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
        if (seen) importDelta(forgotten); // a delta tells several changes as one
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

test('a deleted object keeps the names it was known by, for the record of its deletion', () => {
  const gone = mergeImported(person(1), toImported({}, true), false);
  assert.equal(gone.attributes.userPrincipalName, 'user1@corp.example.com');
  assert.equal(decideObject('user', gone, by).desiredDigest, undefined);
});

test('who was made since the last import is told whole; who was restored, or is not known, is not', () => {
  const made = toImported(person(1).attributes, false);
  const changed = { ...made, objectClass: [], attributes: { title: 'Clerk' } };
  assert.equal(saysTooLittle(undefined, made), false);
  assert.equal(saysTooLittle(person(1), changed), false);
  assert.equal(saysTooLittle(undefined, changed), true);
  assert.equal(saysTooLittle({ ...person(1), deleted: true }, changed), true);
  assert.equal(saysTooLittle(person(1), { ...changed, isRestored: true }), true);
  assert.equal(saysTooLittle(undefined, { ...changed, isDeleted: true }), false);
});
