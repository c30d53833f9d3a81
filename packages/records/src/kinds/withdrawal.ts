import { field, oneOf } from './check.ts';
import { OF_USER, passwordOrder, restoredPasswordOrder, saysEpoch } from './fields.ts';
import { type FieldsOf, type RecordOf, signedKind } from './kind.ts';

/** Why the password that was sent last cannot be used to sign in until another one is sent. */
export const WITHDRAWAL_REASONS = ['must-change', 'smart-card', 'empty-password', 'scope'] as const;
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number];

/**
 * Revokes the credential before it. It has no secret, and so no recipient. Only for a forest's users: the tenant has other means for its
 * own.
 */
export const WITHDRAWAL = signedKind({
  name: 'withdrawal',
  fields: {
    ...OF_USER,
    passwordOrder: field(
      passwordOrder,
      'the newest that the signer knows of: that of the password that was sent last, or of the one that the directory has',
    ),
    reason: field(
      oneOf(WITHDRAWAL_REASONS),
      '`must-change`: another password was set, which its user has to change. `smart-card`: the person signs in by smart card only. `empty-password`: the password is empty. `scope`: the person is not in the scope of password synchronization any more. A reader takes each of them alike',
    ),
  },
  versions: {
    1: { says: 'for a user of a forest', checks: {} },
    2: {
      says: 'of a forest [that was restored](#a-restored-forest)',
      checks: { passwordOrder: restoredPasswordOrder },
    },
  },
  versionOf: fields => (saysEpoch(fields) ? 2 : 1),
});

export type WithdrawalFields = FieldsOf<typeof WITHDRAWAL>;
export type WithdrawalRecord = RecordOf<typeof WITHDRAWAL>;
