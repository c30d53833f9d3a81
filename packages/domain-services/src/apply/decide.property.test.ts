import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { comparePasswordOrder } from '@causeway/credentials';
import type { AccountRecord, CredentialRecord, WithdrawalRecord } from '@causeway/records';
import fc from 'fast-check';
import type { LedgerEntry } from '../ledger/account-book.ts';
import { decide } from './decide.ts';
import { deleted, planDeletion, planWrite, rememberWithdrawal } from './plan.ts';
import type { VerifiedItem } from './verified-item.ts';

const DOMAIN = { realm: 'AADDS.EXAMPLE.NET', sid: 'S-1-5-21-9-9-9' };
const GUID = randomUUID();
const CORP = 'corp.example.com';
const OTHER = 'other.example.org';
const CONTEXT = {
  users: 'OU=AADDC Users,DC=example',
  now: new Date(0),
  random: (length: number) => new Uint8Array(length),
  descriptor: new Uint8Array(),
  newNonce: () => GUID,
  blockOf: () => undefined,
};
const PROFILE = {
  ...{ displayName: null, givenName: null, surname: null, mail: null },
  ...{ department: null, jobTitle: null, telephoneNumber: null, mobile: null },
};

const NAMES = { samAccountName: 'a', userPrincipalName: 'a@b.c', keepsDigits: false, digitsKey: null };

const common = {
  ...{ tenant: 't', forest: CORP, sourceAnchor: 'anchor', objectGuid: GUID },
  signerKeyId: 'key',
};

/** What two forests sign about one anchor, shown as either forest's user. */
type Says = AccountRecord | CredentialRecord | WithdrawalRecord;
const of = <Record extends Says>(forest: string, record: Record): Record => ({ ...record, forest });

function accountRecord(sequence: number, isDeleted: boolean): AccountRecord {
  return {
    ...common,
    ...{ kind: 'account', sequence, deleted: isDeleted, enabled: sequence % 2 === 0, accountExpires: null },
    ...{ userPrincipalName: 'a@b.c', sAMAccountName: 'a', objectSid: 'S-1-5-21-1-2-3-1105' },
  };
}

function credentialRecord(sequence: number, version: number): CredentialRecord {
  return {
    ...common,
    ...{ kind: 'credential', sequence, mustChange: false, counter: 0 },
    passwordOrder: { version, originatingTime: version, originatingInvocationId: GUID },
    ...{ recipientKeyId: 'r', encapsulationDigest: '', encapsulation: '', sealed: '' },
  };
}

function withdrawalRecord(sequence: number, version: number): WithdrawalRecord {
  const { passwordOrder } = credentialRecord(sequence, version);
  return { ...common, kind: 'withdrawal', sequence, passwordOrder, reason: 'must-change' };
}

const believed = <Record extends Says>(record: Record) => ({ ...record, digest: JSON.stringify(record) });

/** Decides and writes, as `applyItems` does when every write succeeds. */
function deliver(
  entry: LedgerEntry | undefined,
  account: AccountRecord | null,
  credential: CredentialRecord | WithdrawalRecord | null,
  forest = CORP,
): LedgerEntry | undefined {
  const item: VerifiedItem = {
    ...{ person: { forest, anchor: 'anchor' }, origin: 'synchronized', profile: PROFILE },
    account: account && { ok: true, record: believed(account) },
    credential: credential && { ok: true, record: believed(credential) },
  };
  const decision = decide(entry, item, DOMAIN, () => undefined);
  if (decision.account.kind === 'delete' || decision.account.kind === 'bury') {
    const buried = planDeletion(entry, decision.account.record, CONTEXT.now);
    return buried.deleteSequence === null ? buried : deleted(buried, CONTEXT.now);
  }
  const parts = {
    account:
      decision.account.kind === 'upsert'
        ? { record: decision.account.record, sidRefused: false, sid: null, profile: PROFILE, names: NAMES }
        : undefined,
    credential:
      decision.credential.kind === 'write'
        ? { record: decision.credential.record, secret: { ntHash: new Uint8Array(16) } }
        : undefined,
    withdrawal: decision.credential.kind === 'withdraw' ? decision.credential.record : undefined,
  };
  if (decision.credential.kind === 'remember') return rememberWithdrawal(entry, decision.credential.record);
  if (!parts.account && !parts.credential && !parts.withdrawal) return entry;
  return { ...planWrite(entry, parts, CONTEXT).next, managedGuid: GUID };
}

/** A history as Connect signed it, and the feed as a hostile tenant shows it: any pairs, any order, any repeats. */
const history = fc
  .record({
    deletions: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
    versions: fc.array(fc.tuple(fc.nat(6), fc.boolean()), { minLength: 1, maxLength: 8 }),
  })
  .chain(({ deletions, versions }) => {
    const accounts = deletions.map((isDeleted, i) => accountRecord(2 * i + 1, isDeleted));
    const credentials = versions.map(([version, withdrawn], i) =>
      (withdrawn ? withdrawalRecord : credentialRecord)(2 * i + 2, version),
    );
    const any = <T>(list: T[]) => fc.option(fc.constantFrom(...list), { freq: 4 });
    return fc.record({
      accounts: fc.constant(accounts),
      credentials: fc.constant(credentials),
      feed: fc.array(fc.tuple(any(accounts), any(credentials)), { maxLength: 30 }),
    });
  });

test('no replay and no reordering makes a sequence or a password order go back', () => {
  fc.assert(
    fc.property(history, ({ feed }) => {
      let entry: LedgerEntry | undefined;
      for (const [account, credential] of feed) {
        const next = deliver(entry, account, credential);
        if (entry && next) {
          assert.ok((next.accountSequence ?? -1) >= (entry.accountSequence ?? -1));
          assert.ok((next.credentialSequence ?? -1) >= (entry.credentialSequence ?? -1));
          if (entry.passwordOrder && next.passwordOrder) {
            assert.ok(comparePasswordOrder(next.passwordOrder, entry.passwordOrder) >= 0);
          }
        }
        entry = next;
      }
    }),
  );
});

test('the newest records end in the newest state, whatever came before', () => {
  fc.assert(
    fc.property(history, ({ accounts, credentials, feed }) => {
      const account = accounts.at(-1)!;
      const newest = Math.max(...credentials.map(({ passwordOrder }) => passwordOrder.version));
      const credential = credentialRecord(1000, newest);
      let entry: LedgerEntry | undefined;
      for (const [a, c] of feed) entry = deliver(entry, a, c);
      entry = deliver(entry, account, credential)!;
      assert.equal(entry.accountSequence, account.sequence);
      if (account.deleted) {
        assert.ok(entry.deletedAt !== null && entry.managedGuid === null && !entry.hasCredential);
      } else {
        assert.equal(entry.wantsEnabled, account.enabled);
        assert.equal(entry.credentialSequence, 1000);
        assert.equal(entry.passwordOrder?.version, newest);
        assert.ok(entry.hasCredential && entry.deletedAt === null);
      }
      assert.deepEqual(deliver(entry, account, credential), entry);
    }),
  );
});

test('users of two forests with one anchor each end as their own records say, whoever they are shown as', () => {
  const shown = fc.tuple(fc.constantFrom(CORP, OTHER), fc.constantFrom(CORP, OTHER));
  fc.assert(
    fc.property(history, fc.array(shown, { minLength: 30, maxLength: 30 }), ({ feed }, places) => {
      const mixed = new Map<string, LedgerEntry | undefined>();
      const alone = new Map<string, LedgerEntry | undefined>();
      feed.forEach(([account, credential], i) => {
        const [envelope, signed] = places[i]!;
        const said = [account && of(signed, account), credential && of(signed, credential)] as const;
        mixed.set(envelope, deliver(mixed.get(envelope), ...said, envelope));
        if (envelope === signed) alone.set(signed, deliver(alone.get(signed), ...said, signed));
      });
      for (const forest of [CORP, OTHER]) {
        const entry = mixed.get(forest);
        assert.deepEqual(entry, alone.get(forest));
        assert.equal(entry?.forest ?? forest, forest);
      }
    }),
  );
});
