import { REFUSAL_REASONS, type Refusal } from '@causeway/records';

/** Why Domain Services does not write a record that is genuine in itself: the reasons that the ledger and the directory add. */
export const LEDGER_REFUSALS = {
  'older-sequence': 'an older record than the one that was written: an old state was replayed',
  'older-password-order': 'an older password than the one that was written',
  'anchor-moved': 'the source anchor belongs to another objectGUID now: the user was made anew',
  relabelled: 'a synchronized user is shown as cloud-only, or the other way round',
  retyped: 'the source anchor belongs to a user and is shown as a group, or the other way round',
  'older-than-deletion': 'the list is older than the deletion of its group: an old state was replayed',
  'record-mismatch': 'the record was made for another user',
  'protected-name': 'the name belongs to an account that synchronization does not touch',
  'protected-sid': 'nobody can have the SID here: it is privileged, or of the managed domain itself',
  'other-forest-sid':
    'it has no on-premises SID here: an administrator confirmed its domain for another forest',
  'sid-not-written': 'the directory does not take the on-premises SID, which is tried again',
  'invalid-name': 'the name cannot be one in Active Directory',
  'machine-name': 'machines treat the name as special: the account has five digits more',
  'name-taken': 'another account, or a group, has the name',
  'group-not-written': 'the directory does not take the group, which is tried again',
  'name-reserved': 'the name is reserved for the forest that had it last',
  'name-refused': 'the directory does not take the name',
  'no-name': 'the record says no name that can be written',
  'made-anew': 'the account came back and could not be restored: it was made anew, with another SID',
  'profile-withheld':
    'the profile that the record signs has not come, or another one in its place: what was written before stands',
  'no-account': 'the credential has no account: no account record was accepted',
  unclaimed:
    'it is in the directory, and no record of it has come: an account is disabled, and a group has no members, until one does',
  'growth-threshold': 'more new accounts within 24 hours than go without a question',
  'deletion-threshold': 'more deletions within 24 hours than go without a question',
} as const;

export type RefusalCode = Refusal | keyof typeof LEDGER_REFUSALS;

/** The plain reason of every refusal, by its code. */
export const REASONS: Readonly<Record<RefusalCode, string>> = { ...REFUSAL_REASONS, ...LEDGER_REFUSALS };

/** Why no user or group from the feed can have a name. */
export interface Obstacle {
  code: RefusalCode;
  detail: string;
}

/** A record that is not written. `acceptable` is what an administrator could accept it as. */
export interface Refused {
  kind: 'refused' | 'waiting';
  code: RefusalCode;
  reason: string;
  sequence: number;
  acceptable: string | null;
}

/** @param detail what was found, added to the plain reason */
export function refuse(code: RefusalCode, sequence: number, detail?: string): Refused {
  const reason = detail === undefined ? REASONS[code] : `${REASONS[code]} (${detail})`;
  return { kind: 'refused', code, reason, sequence, acceptable: null };
}

/** A refusal that waits for `causeway domain accept`. */
export function waitFor(code: RefusalCode, sequence: number, detail: string, acceptable: string): Refused {
  return { ...refuse(code, sequence, detail), kind: 'waiting', acceptable };
}
