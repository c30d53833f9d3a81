import { ObjectChange } from '@causeway/contract';
import {
  encodableAccount,
  profileDigest,
  recordName,
  type SigningKey,
  signAccountRecord,
} from '@causeway/records';
import type { ScopeContext } from '../context.ts';
import type { ProfileRules } from '../scope/rules.ts';
import { isStranger } from '../store/comparing/marks.ts';
import type { SpaceObject } from '../store/space-object.ts';
import { accountOf } from './decide-account.ts';
import { decideProfile } from './profile/decide-profile.ts';

export interface RecordContext {
  readonly tenant: string;
  readonly forest: string;
  readonly signingKey: SigningKey;
  readonly scope: ScopeContext;
  /** The rules that decided what the tenant should have. */
  readonly profile: ProfileRules | undefined;
}

/**
 * The change that brings the tenant up to date for one object, with its signed account record and, in words, the profile values it leaves
 * out. If there can be no change, returns the reason in words. The digest in the connector space decides between upsert and delete.
 *
 * INVARIANT: state before names. A value that no record can hold costs only itself: a name becomes null, a SID becomes nobody's.
 */
export function decideExport(
  object: SpaceObject,
  sequence: number,
  context: RecordContext,
): { change: ObjectChange; recordName: string; leftOut: readonly string[] } | { problem: string } {
  const { accountName, ...account } = accountOf(object, context.scope, context.profile);
  const isNameless = isStranger(object) && object.attributes.sAMAccountName === undefined;
  const deleted = object.desiredDigest === undefined;
  const { anchor: sourceAnchor, guid: objectGuid } = object;
  const onPremises = encodableAccount({
    tenant: context.tenant,
    forest: context.forest,
    sourceAnchor,
    objectGuid,
    sequence,
    userPrincipalName: isNameless ? null : account.userPrincipalName,
    sAMAccountName: isNameless ? null : account.onPremisesSamAccountName,
    objectSid: account.onPremisesSecurityIdentifier,
    enabled: account.accountEnabled && !deleted,
    accountExpires: account.accountExpires,
    deleted,
    ...(context.profile && !deleted && { profileDigest: profileDigest(account.profile) }),
  });
  // The record is for the managed domain. The names beside it are what the tenant shows.
  const fields =
    accountName === undefined ? onPremises : encodableAccount({ ...onPremises, sAMAccountName: accountName });
  const record = signAccountRecord(context.signingKey, fields);
  const names = {
    userPrincipalName: onPremises.userPrincipalName,
    onPremisesSamAccountName: onPremises.sAMAccountName,
    onPremisesSecurityIdentifier: onPremises.objectSid,
  };
  // Refuse here what the tenant's contract would refuse, so that one such object does not fail a whole batch.
  const change = ObjectChange.safeParse(
    deleted
      ? { operation: 'delete', sourceAnchor, sequence, record }
      : { operation: 'upsert', sourceAnchor, objectGuid, ...account, ...names, sequence, record },
  );
  const leftOut = deleted ? [] : decideProfile(object.attributes, context.profile).problems;
  if (change.success) return { change: change.data, recordName: recordName(record)!, leftOut };
  const [issue] = change.error.issues;
  return { problem: `${issue?.path.join('.')}: ${issue?.message}` };
}
