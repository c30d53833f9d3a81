import type { Log } from '@causeway/service';
import { type AccountMark, readAccountMark } from '../../directory/account-mark.ts';
import type { FoundAccount } from '../../directory/found-accounts.ts';
import type { ManagedDirectory } from '../../directory/managed-directory.ts';
import type { LedgerEntry } from '../../ledger/account-book.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ManagedDomain } from '../../managed-domain.ts';
import { slotsOf, touchNames } from '../names/touch-names.ts';
import { forgotten, newEntry } from '../plan.ts';

export interface AdoptionContext {
  ledger: Ledger;
  directory: Pick<ManagedDirectory, 'accounts'>;
  domain: ManagedDomain;
  log: Log;
}

/**
 * Teaches a ledger that is new, or older or newer than the directory, which accounts exist: whose each is, by its mark, and its names.
 * Nobody knows what is written to them, so the feed is read from its start. Once done, this does nothing until the ledger and the directory
 * lose each other again. Nothing may be written to accounts before it.
 * @throws CausewayError 'directory-unavailable'
 */
export async function adoptAccounts(context: AdoptionContext): Promise<void> {
  const { ledger, directory, log } = context;
  if (ledger.state.get('adoptedAt')) return;
  const there = new Set<string>();
  /** Accounts whose user has another account according to the ledger. Whether that one exists is known at the end. */
  const others: FoundAccount[] = [];
  let adopted = 0;
  for await (const page of directory.accounts())
    ledger.transaction(() => {
      for (const found of page) {
        there.add(found.guid);
        const known = adopt(context, found);
        if (known === 'another') others.push(found);
        if (known === 'adopted') adopted++;
      }
    });
  ledger.transaction(() => {
    let missing = 0;
    for (const entry of ledger.accounts.allManaged()) {
      if (there.has(entry.managedGuid!)) continue;
      ledger.accounts.save(forgotten(entry));
      missing++;
    }
    for (const found of others) {
      if (adopt(context, found) === 'adopted') adopted++;
      else log.error({ guid: found.guid }, 'two accounts claim to be the same person; review both');
    }
    ledger.state.set('adoptedAt', ledger.timestamp());
    if (adopted + missing === 0) return;
    const detail = `${adopted} accounts were in the directory alone, ${missing} in the ledger alone`;
    ledger.audit.add({ action: 'adopt-accounts', subject: context.domain.realm, detail });
    log.warn({ adopted, missing }, "the accounts of ledger and directory differed; adopted the directory's");
  });
}

/** @returns 'adopted' if the ledger did not know the account, 'another' if it knows another one of the same user */
function adopt({ ledger, domain }: AdoptionContext, found: FoundAccount): 'adopted' | 'another' | undefined {
  const { guid } = found;
  const mark = readAccountMark(found.mark);
  const entry = ledger.accounts.ofAccount(guid) ?? (mark && ledger.accounts.of(mark));
  if (entry?.managedGuid === guid) {
    takeNames(ledger, domain, entry, found);
    return undefined;
  }
  // The ledger's word alone must never be enough to delete an account.
  if (found.nonce === undefined || (entry === undefined && mark?.objectGuid === undefined)) return undefined;
  if (entry?.managedGuid != null) return 'another';
  const known = entry ? withAccount(entry, found) : entryOf(mark as Required<AccountMark>, found);
  ledger.accounts.save(known);
  takeNames(ledger, domain, known, found);
  return 'adopted';
}

/** The entry of a user of whom no record is known here. It wants the names that it has, until its record comes. */
function entryOf(mark: AccountMark, found: FoundAccount): LedgerEntry {
  const { guid, nonce, samAccountName, userPrincipalName = null } = found;
  const { forest, anchor, objectGuid } = mark;
  return {
    ...newEntry({ sourceAnchor: anchor, forest, objectGuid: objectGuid! }),
    ...{ managedGuid: guid, nonce: nonce!, samAccountName, userPrincipalName },
    ...{ wantedName: samAccountName, wantedPrincipal: userPrincipalName },
  };
}

/**
 * The entry of a user who was deleted here, or whose account was not found. A deleted user is deleted again. For anybody else, nobody knows
 * what is written to this account, so the same record is written again, as with `nothingIsWritten`.
 */
function withAccount(entry: LedgerEntry, { guid, nonce }: FoundAccount): LedgerEntry {
  const account = { ...entry, managedGuid: guid, nonce: nonce! };
  const { accountSequence } = entry;
  if (entry.deletedAt === null)
    return { ...account, accountSequence: accountSequence === null ? null : accountSequence - 1 };
  return { ...account, deletedAt: null, deleteSequence: entry.accountSequence ?? 0, wantsEnabled: false };
}

/** The directory decides what the account is called. A name that no forest owns yet becomes its forest's. */
function takeNames(ledger: Ledger, domain: ManagedDomain, entry: LedgerEntry, found: FoundAccount): void {
  const { samAccountName, userPrincipalName = null } = found;
  const called = { samAccountName, userPrincipalName };
  for (const slot of slotsOf(called, domain.realm))
    if (!ledger.names.owner(slot)) ledger.names.setOwner({ slot, forest: entry.forest, releasedAt: null });
  touchNames(ledger, domain, entry, called);
}
