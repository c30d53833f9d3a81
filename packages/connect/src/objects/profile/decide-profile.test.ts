import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_PROFILE, MAX_PROFILE_LENGTH, Profile } from '@causeway/contract';
import { canonicalProfile } from '@causeway/records';
import { guidOf } from '../../testing/fixtures.ts';
import { sourceAnchorOf } from '../source-anchor.ts';
import { decideProfile } from './decide-profile.ts';
import { flatProfile, PROFILE_FLOWS, profileFlows } from './flows.ts';

const RULES = { extensions: ['division'] };

test('fills every attribute from its mapped source, in a form that the contract accepts', () => {
  const texts = Object.entries(PROFILE_FLOWS).filter(([name]) => name !== 'manager');
  const attributes = Object.fromEntries(texts.map(([name, source]) => [source, `of ${name}`]));
  const { profile, problems } = decideProfile(
    { ...attributes, manager: guidOf(7), division: ['West', 'East', 'West'] },
    RULES,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(Profile.parse(profile), profile);
  for (const [name] of texts) assert.deepEqual([profile[name as 'city']].flat(), [`of ${name}`], name);
  assert.equal(profile.manager, sourceAnchorOf(guidOf(7)));
  assert.deepEqual(profile.extensions, { division: ['East', 'West'] });
  assert.deepEqual(
    Object.keys(flatProfile(profile)).toSorted(),
    profileFlows(RULES)
      .map(({ destination }) => destination)
      .toSorted(),
  );
});

test('sends the previous release nothing that it does not know', () => {
  const { profile } = decideProfile(
    { displayName: 'x'.repeat(2000), l: 'Oslo', division: 'West' },
    undefined,
  );
  assert.deepEqual(profile, { ...EMPTY_PROFILE, displayName: 'x'.repeat(1024) });
});

test('leaves out a value that cannot be sent with the reason, and sends the rest', () => {
  const { profile, problems } = decideProfile(
    {
      displayName: '\ud800',
      l: 'x'.repeat(2049),
      st: 'Viken',
      manager: 'CN=as a release before kept it',
      proxyAddresses: ['smtp:a@b.c', 'x\0', ''],
      division: Array.from({ length: 501 }, (_, n) => `${n}`),
    },
    RULES,
  );
  assert.deepEqual(profile, { ...EMPTY_PROFILE, state: 'Viken', proxyAddresses: ['smtp:a@b.c'] });
  assert.deepEqual(
    problems.map(text => text.split(':')[0]),
    ['displayName', 'l', 'proxyAddresses', 'division'],
  );
});

test('leaves out the longest attributes of a profile that is too long', () => {
  const { profile, problems } = decideProfile(
    {
      displayName: 'Alice',
      proxyAddresses: Array.from({ length: 300 }, (_, n) => `smtp:${'x'.repeat(100)}${n}@corp.example.com`),
      extensionAttribute1: 'y'.repeat(2000),
    },
    RULES,
  );
  assert.ok(canonicalProfile(profile).length <= MAX_PROFILE_LENGTH);
  assert.equal(profile.extensionAttribute1?.length, 2000);
  assert.equal(profile.proxyAddresses, undefined);
  assert.match(problems.join(), /^proxyAddresses: /);
});
