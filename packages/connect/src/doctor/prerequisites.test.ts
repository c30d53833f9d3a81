import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Facts } from './finding.ts';
import { judgePrerequisites, warningsOf } from './prerequisites.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const KEY = { keyId: 'k', publicKey: 'AAAA', fingerprint: 'AAAA-BBBB' };
const CONFIRMED = {
  ...{ ...KEY, receiptKey: 'BBBB' },
  ...{ realm: 'AADDS.EXAMPLE.NET', confirmedAt: '2026-11-23T12:00:00.000Z' },
};

const CONFIRMATION = {
  ...{ realm: 'AADDS.EXAMPLE.NET', fingerprint: 'AAAA-BBBB', owed: 3 },
  confirmed: { at: '2026-11-23T12:00:00.000Z', by: 'admin@contoso.example' },
};

type ConnectFacts = Extract<Facts['connect'], { ok: true }>['value'];

/** Facts that meet every prerequisite, except for what a test changes. */
function facts(
  change: {
    status?: object;
    connector?: object;
    version?: string;
    groups?: string[];
    confirmation?: object | null;
  } = {},
): Facts {
  const connector = {
    name: 'corp.example.com',
    passwordSync: true,
    lastObjectCycleAt: '2026-11-24T11:59:00.000Z',
    lastPasswordCycleAt: '2026-11-24T11:59:00.000Z',
    lastError: null,
    exported: 25,
    passwords: 24,
    ...{ suppressedDeletes: 0, stillSigningIn: [], stillSigningInCount: 0 },
    arrival: { state: 'complete', receiptAt: '2026-11-24T11:59:30.000Z', missing: [] },
    ...change.connector,
  };
  const status = {
    tenant: { id: 't', name: 'contoso', url: 'https://tenant.example.net', minimumAgentVersion: '0.1.0' },
    signingKey: KEY,
    pairing: { state: 'confirmed', realm: 'AADDS.EXAMPLE.NET', confirmed: null, offered: KEY },
    connectors: [connector],
    events: [],
    ...change.status,
  } as unknown as ConnectFacts['status'];
  return {
    connect: { ok: true, value: { status, version: change.version ?? '0.1.0' } },
    tenant: {
      ok: true,
      value: {
        userPrincipalName: 'admin@contoso.example',
        groups: change.groups ?? ['AAD DC Administrators'],
        confirmation: (change.confirmation === undefined
          ? CONFIRMATION
          : change.confirmation) as typeof CONFIRMATION,
      },
    },
    now: NOW,
  };
}

const finding = (given: Facts, id: string) => judgePrerequisites(given).find(each => each.id === id)!;

test('meets every prerequisite, leaves nothing to do, and says how it found out', () => {
  for (const each of judgePrerequisites(facts())) {
    assert.deepEqual([each.id, each.met, each.next], [each.id, true, null]);
    assert.match(each.how, /asked|receipt/);
  }
});

test('a Connect that does not answer leaves its prerequisites unknown, not unmet', () => {
  const silent: Facts = { ...facts(), connect: { ok: false, reason: 'connect is not running' } };
  const ofTenant = ['aad-dc-administrators', 'confirmed-at-tenant'];
  for (const each of judgePrerequisites(silent).filter(({ id }) => !ofTenant.includes(id))) {
    assert.equal(each.met, null, each.id);
    assert.match(each.found, /not running/);
    assert.match(each.next!, /causeway connect run/);
  }
  const anonymous: Facts = { ...facts(), tenant: { ok: false, reason: 'no token' } };
  for (const id of ofTenant) {
    const { met, found } = finding(anonymous, id);
    assert.deepEqual([met, found], [null, 'no token']);
  }
});

for (const [what, change, id, found, next] of [
  [
    'a managed domain whose release does not read withdrawals',
    {
      status: {
        pairing: { state: 'confirmed', realm: 'R', confirmed: null, offered: KEY, reads: ['account-3'] },
      },
    },
    'paired',
    /does not read withdrawal-1:/,
    /update Domain Services/,
  ],
  [
    'a managed domain that cannot read the passwords of a restored forest',
    {
      status: {
        pairing: {
          ...{ state: 'confirmed', realm: 'R', confirmed: null, offered: KEY },
          reads: ['account-3', 'withdrawal-1'],
        },
      },
      connector: { epoch: 1_795_437_727_000_008 },
    },
    'paired',
    /does not read credential-3, withdrawal-2:/,
    /update Domain Services/,
  ],
  [
    'a tenant that is down',
    {
      status: {
        pairing: { state: 'unknown', reason: 'ECONNREFUSED', realm: null, confirmed: null, offered: null },
      },
    },
    'tenant',
    /ECONNREFUSED/,
    /tenant agents list/,
  ],
  [
    'a domain controller that is down',
    { connector: { lastError: "the domain controller '127.0.0.10' cannot be used" } },
    'synchronized',
    /corp\.example\.com: the domain controller/,
    /causeway connect status/,
  ],
  [
    'an error with advice',
    { connector: { lastError: 'the disk is full\nMake room:\n  df -h' } },
    'synchronized',
    /corp\.example\.com: the disk is full$/,
    /^Make room: df -h$/,
  ],
  ['a missing cycle', { connector: { lastObjectCycleAt: null } }, 'synchronized', /no cycle/, /wait/],
  [
    'an old cycle',
    { connector: { lastPasswordCycleAt: '2026-11-24T11:00:00.000Z' } },
    'password-hash-synchronization',
    /last cycle was at/,
    /connect run/,
  ],
  [
    'a channel that is off',
    { connector: { passwordSync: false } },
    'password-hash-synchronization',
    /switched off/,
    /-SourceConnector 'corp\.example\.com'/,
  ],
  ['an old Connect', { version: '0.0.9' }, 'connect-version', /0\.0\.9, at least 0\.1\.0/, /update/],
  [
    'a Connect that is too old for the tenant',
    {
      status: {
        tenant: { id: 't', name: 'contoso', url: 'https://tenant.example.net', minimumAgentVersion: null },
        pairing: {
          ...{ state: 'unknown', code: 'agent-too-old', reason: '0.2.0 is needed' },
          ...{ realm: null, confirmed: null, offered: null },
        },
      },
    },
    'connect-version',
    /0\.2\.0 is needed/,
    /update/,
  ],
  [
    'a tenant without a managed domain',
    { status: { pairing: { state: 'off', realm: null, confirmed: null, offered: null } } },
    'managed-domain',
    /no managed domain/,
    /causeway domain create/,
  ],
  [
    'a managed domain that was withdrawn while Connect trusts it',
    {
      status: {
        pairing: {
          ...{ state: 'unconfirmed', realm: 'AADDS.EXAMPLE.NET', offered: null },
          confirmed: CONFIRMED,
        },
      },
    },
    'managed-domain',
    /shows no managed domain any more.*AADDS\.EXAMPLE\.NET/,
    /causeway domain register/,
  ],
  [
    'a managed domain that was replaced by another one',
    {
      status: {
        pairing: {
          ...{ state: 'unconfirmed', realm: 'AADDS2.EXAMPLE.NET', confirmed: CONFIRMED },
          offered: { fingerprint: 'CCCC-DDDD' },
        },
      },
    },
    'paired',
    /keys of AADDS2\.EXAMPLE\.NET yet; the tenant offers CCCC-DDDD in the place of AADDS\.EXAMPLE\.NET \(AAAA-BBBB\)/,
    /causeway connect trust-domain/,
  ],
  [
    'an unconfirmed key',
    {
      status: {
        pairing: { state: 'unconfirmed', realm: 'AADDS.EXAMPLE.NET', confirmed: null, offered: KEY },
      },
    },
    'paired',
    /AAAA-BBBB/,
    /causeway connect trust-domain/,
  ],
  [
    'a managed domain that does not trust this Connect',
    { connector: { arrival: { state: 'no receipt yet', receiptAt: null, missing: [] } } },
    'paired',
    /has not answered/,
    /trust-agent AAAA-BBBB --forest/,
  ],
  [
    'an administrator who is not a member',
    { groups: [] },
    'aad-dc-administrators',
    /admin@contoso\.example is none/,
    /tenant group add 'AAD DC Administrators' admin@contoso\.example/,
  ],
  [
    'keys that are not confirmed at the tenant',
    { confirmation: { ...CONFIRMATION, confirmed: null } },
    'confirmed-at-tenant',
    /seals no password to AADDS\.EXAMPLE\.NET yet, and 3 cloud-only people .* AAAA-BBBB/,
    /causeway domain fingerprint.*causeway tenant trust-domain/,
  ],
  [
    'a tenant without a managed domain to confirm',
    { confirmation: null },
    'confirmed-at-tenant',
    /no managed domain/,
    /causeway domain create/,
  ],
] as const) {
  test(`fails for ${what}, with what was found and the next command`, () => {
    const each = finding(facts(change as Parameters<typeof facts>[0]), id);
    assert.equal(each.met, false);
    assert.match(each.found, found);
    assert.match(each.next!, next);
  });
}

test('requires no confirmation for a tenant of an older release, which asks for none', () => {
  const before = facts();
  assert.ok(before.tenant.ok);
  delete before.tenant.value.confirmation;
  const { met, found } = finding(before, 'confirmed-at-tenant');
  assert.deepEqual([met, found], [true, 'the tenant is of a release before and asks for no confirmation']);
});

test("reports the alarm of a managed domain on this machine that is no longer the tenant's", () => {
  const here = { realm: 'AADDS.EXAMPLE.NET', alarm: 'ALARM: not any more', next: 'causeway domain register' };
  const lost = finding({ ...facts(), domain: here }, 'managed-domain');
  assert.deepEqual([lost.met, lost.found, lost.next], [false, here.alarm, here.next]);
  const well = finding({ ...facts(), domain: { ...here, alarm: null, next: null } }, 'managed-domain');
  assert.deepEqual([well.met, well.found], [true, 'the tenant names AADDS.EXAMPLE.NET']);
});

test('warns of an outdated Samba on this machine, and leaves the prerequisites as they are', () => {
  const domain = { realm: 'AADDS.EXAMPLE.NET', alarm: null, next: null };
  const samba = { version: '4.17.12-Debian', warning: 'Samba 4.17.12-Debian lacks fixes' };
  assert.deepEqual(warningsOf(facts()), []);
  assert.deepEqual(warningsOf({ ...facts(), domain }), []);
  const warned = { ...facts(), domain: { ...domain, samba } };
  assert.deepEqual(warningsOf(warned), [samba.warning]);
  assert.deepEqual(judgePrerequisites(warned), judgePrerequisites(facts()));
});

test('warns of a managed domain on this machine that other machines cannot find', () => {
  const domain = { realm: 'AADDS.EXAMPLE.NET', alarm: null, next: null };
  const warnings = (mode: 'internal' | 'none', answers: boolean) =>
    warningsOf({ ...facts(), domain: { ...domain, dns: { mode, answers, address: '10.0.0.4' } } });
  assert.deepEqual(warnings('internal', true), []);
  assert.match(warnings('internal', false)[0]!, /DNS of AADDS\.EXAMPLE\.NET at 10\.0\.0\.4 does not name/);
  assert.match(warnings('none', false)[0]!, /answers no DNS.*causeway domain dns --set internal/);
});

test('warns when another domain controller replaces the preferred one, and when it lags', () => {
  const preferred = 'dc1.corp.example.com';
  const at = '2026-11-24T11:00:00.000Z';
  const warnings = (domainController: Record<string, unknown>) =>
    warningsOf(facts({ connector: { domainController } }));
  const never = { server: preferred, preferred, since: null, reason: null, lagsSince: null };
  assert.deepEqual(warnings(never), []);
  const instead = { ...never, server: 'dc2', since: at, reason: 'dc1 cannot be used' };
  assert.deepEqual(warnings(instead), [
    `corp.example.com: dc2 is read instead of ${preferred}, since ${at}: dc1 cannot be used`,
  ]);
  const [, lags] = warnings({ ...instead, lagsSince: at });
  assert.match(lags!, /dc2 has not got all.*causeway connect accept-dc 'corp\.example\.com'/);
});

test('reports held deletions, with the people who can still sign in and what to do', () => {
  const names = Array.from({ length: 12 }, (_, n) => `user${n}@corp.example.com`);
  const connector = { suppressedDeletes: 20, stillSigningIn: names, stillSigningInCount: 14 };
  const { met, found, next } = finding(facts({ connector }), 'nobody-waits-to-be-deleted');
  assert.equal(met, false);
  assert.match(found, /20 deletions wait .*user0@corp\.example\.com, .*user9@corp\.example\.com and 4 more/);
  assert.match(next!, /causeway connect deletions --connector 'corp\.example\.com'/);
  const groups = { suppressedDeletes: 3, suppressedRemovals: 4 };
  const ofGroups = finding(facts({ connector: { groups } }), 'nobody-waits-to-be-deleted');
  assert.deepEqual([ofGroups.met, ofGroups.next], [false, next]);
  assert.match(ofGroups.found, /7 deletions of groups, or removals/);
  const missing = [{ user: 'eve@corp.example.com', what: 'not deleted', refused: 'deletion-threshold' }];
  const arrival = { state: 'not all written', receiptAt: '2026-11-24T11:59:30.000Z', missing };
  const there = finding(facts({ connector: { arrival } }), 'nobody-waits-to-be-deleted');
  assert.match(there.found, /the managed domain holds deletions: eve@corp\.example\.com/);
  assert.match(there.next!, /causeway domain deletions/);
});

test('reports the last comparison with the tenant, and fails for held deletions and for users who differ again and again', () => {
  const well = {
    ...{ at: '2026-11-24T11:59:50.000Z', differing: 2, saidAnew: 5 },
    ...{ alarmed: 0, strangers: 3, strangersHeld: 0 },
  };
  const judged = (change: object | undefined) => {
    const comparison = change && { ...well, ...change };
    return finding(facts({ connector: { comparison } }), 'tenant-has-what-it-acknowledged');
  };
  assert.equal(judged(undefined).met, true, 'a release before cannot be compared');
  const { met, found } = judged({});
  assert.deepEqual(
    [met, found],
    [
      true,
      'corp.example.com: compared 2026-11-24T11:59:50.000Z, 2 differ, 5 signed anew within a day; 3 who are not known here are looked up',
    ],
  );
  const held = judged({ strangersHeld: 40 });
  assert.deepEqual([held.met, /40 deletions .* wait/.test(held.found)], [false, true]);
  assert.match(held.next!, /causeway connect deletions --connector 'corp\.example\.com'/);
  const again = judged({ alarmed: 1 });
  assert.deepEqual([again.met, /1 of them differed again/.test(again.found)], [false, true]);
});

test("warns of a Connect that stages, and requires of it neither sent passwords nor the managed domain's trust", () => {
  const since = '2026-11-24T11:00:00.000Z';
  const arrival = { state: 'no receipt yet', receiptAt: null, missing: [] };
  const of = facts({
    status: { staging: { since, agentId: 'a' } },
    connector: { lastPasswordCycleAt: null, exported: 0, arrival },
  });
  const findings = judgePrerequisites(of);
  assert.deepEqual(
    findings.filter(({ met }) => met !== true),
    [],
  );
  const [passwords] = findings.filter(({ id }) => id === 'password-hash-synchronization');
  assert.match(passwords!.found, /this Connect stages/);
  assert.match(warningsOf(of).join(), new RegExp(`stages since ${since}.*connect promote`));
  const stale = facts({
    status: { staging: { since, agentId: 'a' } },
    connector: { lastObjectCycleAt: '2026-11-24T11:00:00.000Z' },
  });
  assert.equal(judgePrerequisites(stale).find(({ id }) => id === 'synchronized')!.met, false);
});
