import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, boolean, assert as check, constantFrom, option, property, record } from 'fast-check';
import { guidOf, person } from '../testing/fixtures.ts';
import { type DirectoryObject, decideObject, mergeImported } from './merge.ts';

const context = { domain: 'corp.example.com', ownAccount: 'connector' };
const NAMES = [
  'userPrincipalName',
  'displayName',
  'title',
  'adminDescription',
  'userAccountControl',
] as const;

/** One write at the directory: of each attribute another value, none, or nothing. */
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
  seen: boolean(),
  deleted: constantFrom(false, false, false, false, true),
});

test('merging deltas, some of several changes at once, ends where a full import ends', () => {
  check(
    property(array(change, { maxLength: 30 }), changes => {
      const source = person(1);
      const directory: Record<string, string | string[]> = { ...source.attributes };
      let deleted = false;
      let known: DirectoryObject | undefined = mergeImported(undefined, toImported(directory, deleted), true);
      let delta: Record<string, string | null> = {};
      for (const { values, seen, deleted: gone } of changes) {
        if (deleted) break;
        for (const name of NAMES) {
          const value = values[name];
          if (value === undefined) continue;
          delta[name] = value;
          if (value === null) delete directory[name];
          else directory[name] = value;
        }
        deleted = gone;
        if (!seen && !deleted) continue; // a delta tells several changes as one
        known = mergeImported(known, toImported(delta, deleted), false);
        delta = {};
      }
      known = mergeImported(known, toImported(delta, deleted), false);
      const full = mergeImported(undefined, toImported(directory, deleted), true);
      const [byDeltas, byFull] = [decideObject(known, context), decideObject(full, context)];
      assert.equal(byDeltas.desiredDigest, byFull.desiredDigest);
      assert.equal(byDeltas.scopeReason, byFull.scopeReason);
    }),
  );
});

function toImported(attributes: Record<string, string | string[] | null>, isDeleted: boolean) {
  const { dn, objectClasses } = person(1);
  return {
    objectGuid: guidOf(1),
    distinguishedName: dn,
    isDeleted,
    objectClass: objectClasses,
    attributes: { ...attributes },
  };
}

test('a deleted object keeps the names it was known by, for the record of its deletion', () => {
  const gone = mergeImported(person(1), toImported({}, true), false);
  assert.equal(gone.attributes.userPrincipalName, 'user1@corp.example.com');
  assert.equal(decideObject(gone, context).desiredDigest, undefined);
});
