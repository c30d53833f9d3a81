import type { DomainHeldList } from '@causeway/contract';
import { CausewayError, HELD_WORDS, type ShownList } from '@causeway/service';
import type { LedgerEntry } from './account-book.ts';
import type { Ledger } from './ledger.ts';
import { mayBeEnabled } from './may-be-enabled.ts';

/** The operations that a ledger holds. Only Connect holds renames. */
type Operation = DomainHeldList['operation'];

/** Users and groups have a list each. */
const KINDS = ['user', 'group'] as const;
/** A list names up to this many; it may be longer. */
const LISTED = 10_000;

/** Whether a user can sign in at the managed domain now, whatever is pending for them. */
export const canStillSignIn = (ledger: Ledger, entry: LedgerEntry): boolean =>
  mayBeEnabled(entry, ledger.blocks.of(entry));

export const nameOf = (entry: LedgerEntry): string =>
  entry.userPrincipalName ?? entry.samAccountName ?? entry.wantedPrincipal ?? entry.anchor;

/** What is held, of one forest or of all. Every list is kept, so that it can be approved exactly as it was shown. */
export function listHeld(ledger: Ledger, operation: Operation, forest?: string): DomainHeldList[] {
  const scopes = ledger.bulk.scopes(operation).filter(scope => forest === undefined || scope === forest);
  return scopes.flatMap(scope =>
    KINDS.flatMap(kind => {
      const shown = ledger.bulk.show({ scope, operation, kind }, ledger.now());
      return shown === undefined ? [] : [describe(ledger, { ...shown, ceased: 0 })];
    }),
  );
}

/** @throws CausewayError 'no-such-list' */
export function getHeld(ledger: Ledger, digest: string): DomainHeldList {
  return describe(ledger, ledger.bulk.shown(digest));
}

/**
 * Approves those of a shown list that are still held, and nothing else. Adds to the audit trail.
 * @throws CausewayError 'no-such-list', or 'other-list' for a list of another operation
 */
export function approveHeld(ledger: Ledger, digest: string, operation: Operation): DomainHeldList {
  return ledger.transaction(() => {
    const approved = ledger.bulk.approve(digest);
    if (approved.operation !== operation) {
      const text = `the list ${digest} is one of ${HELD_WORDS[approved.operation].what}, not of ${HELD_WORDS[operation].what}\nTo approve it:\n  causeway domain ${HELD_WORDS[approved.operation].allow} ${digest}`;
      throw new CausewayError('other-list', text);
    }
    const detail = `${approved.lines.length} of ${approved.scope}; ${approved.ceased} did not hold any more`;
    // Only the tenant has the records of accounts that waited to be made.
    if (operation === 'create') ledger.state.set('cursor', '');
    ledger.audit.add({ action: HELD_WORDS[operation].allow, subject: digest, detail });
    return describe(ledger, approved);
  });
}

export function countHeld(
  { bulk }: Ledger,
  operation: Operation,
  kind: (typeof KINDS)[number] = 'user',
): number {
  const counts = bulk.scopes(operation).map(scope => bulk.countHeld({ scope, operation, kind }));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Users who can still sign in because their deletion is held. */
export function stillSigningIn(ledger: Ledger): string[] {
  return ledger.bulk.scopes('delete').flatMap(scope =>
    ledger.bulk.held({ scope, operation: 'delete', kind: 'user' }).flatMap(({ anchor }) => {
      const entry = ledger.accounts.of({ forest: scope, anchor });
      return entry && canStillSignIn(ledger, entry) ? [nameOf(entry)] : [];
    }),
  );
}

function describe(ledger: Ledger, list: ShownList & { ceased: number }): DomainHeldList {
  const { digest, scope: forest, operation, kind, since, lines, ceased } = list;
  const people = lines.slice(0, LISTED).map(({ anchor, change }) => {
    if (kind === 'group') {
      const group = ledger.groups.of({ forest, anchor });
      const name = group?.hasName ?? '';
      const user = `group ${name || (group?.wantedName ?? anchor)}`;
      return { user, name, sourceAnchor: anchor, sequence: Number(change), canSignIn: false };
    }
    const entry = ledger.accounts.of({ forest, anchor });
    return {
      user: entry ? nameOf(entry) : anchor,
      name: entry?.samAccountName ?? '',
      sourceAnchor: anchor,
      sequence: Number(change),
      canSignIn: operation === 'delete' && entry !== undefined && canStillSignIn(ledger, entry),
    };
  });
  const of = operation as Operation;
  return { digest, forest, operation: of, since, people, count: lines.length, ceased };
}
