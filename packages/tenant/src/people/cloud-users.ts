import { randomUUID } from 'node:crypto';
import { EMPTY_PROFILE, MailNickname } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { lockCounter } from '../changes/change-counter.ts';
import { changes } from '../changes/change-signal.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { endTokens, refuseLastAdministrator } from './administrators.ts';
import { accountColumns, type CloudUser, credentialColumns, NO_LEGACY, nextOrder } from './cloud-records.ts';
import { forgetMember } from './directory-groups.ts';
import { makeCloudCredential, makePassword } from './passwords.ts';
import { provisionNames } from './provision-names.ts';
import { existingCloudUser, type User } from './users.ts';

export interface NewCloudUser {
  readonly userPrincipalName: string;
  readonly displayName?: string | undefined;
  readonly mailNickname?: string | undefined;
  readonly administrator: boolean;
  /** The user must change the password before it opens anything. */
  readonly mustChange: boolean;
}

export interface MadePassword {
  readonly id: string;
  readonly userPrincipalName: string;
  /** Returned once; only its cloud credential is stored. */
  readonly password: string;
}

/** Makes a cloud-only user. @throws CausewayError 'user-exists' or 'bad-mail-nickname' */
export async function createCloudUser(scope: TenantScope, user: NewCloudUser): Promise<MadePassword> {
  const made = await scope.transaction(inside => insertCloudUser(inside, user));
  changes.emit(scope.tenantId);
  return made;
}

/** The same inside a transaction. */
export async function insertCloudUser(inside: TenantScope, user: NewCloudUser): Promise<MadePassword> {
  const { userPrincipalName } = user;
  const id = randomUUID();
  const password = makePassword();
  const name = userPrincipalName.split('@')[0]!;
  const row = {
    id,
    user_principal_name: userPrincipalName,
    mail_nickname: checkedNickname(user.mailNickname ?? name),
    account_enabled: true,
    must_change: user.mustChange,
    credential_record: null,
  };
  const now = inside.now();
  const cloud_credential = await makeCloudCredential(password);
  const counter = await lockCounter(inside);
  const upn_key = nameKey(userPrincipalName);
  await refuseTakenName(inside, userPrincipalName, upn_key);
  const seq = counter.next();
  const record = await accountColumns(inside, { ...row, account_sequence: null, deleted: false }, seq);
  await inside
    .insert('users', {
      ...row,
      ...record,
      ...nextOrder(inside, { order_version: null }, now),
      origin: 'cloud',
      ...{ sign_in_name: userPrincipalName, upn_key, wanted_key: upn_key, wanted_since: seq },
      profile: JSON.stringify({ ...EMPTY_PROFILE, displayName: user.displayName ?? name }),
      administrator: user.administrator,
      cloud_credential,
      credential_change_date: now,
      credential_received_at: now,
      created_at: now,
    })
    .execute();
  await counter.save();
  return { id, userPrincipalName, password };
}

/** @throws CausewayError 'user-exists' or 'name-reserved' */
async function refuseTakenName(inside: TenantScope, name: string, key: string): Promise<void> {
  const holder = inside
    .select('users')
    .select('id')
    .where(one => one.or([one('upn_key', '=', key), one('wanted_key', '=', key)]));
  if (await holder.where('deleted_at', 'is', null).executeTakeFirst()) {
    throw new CausewayError('user-exists', `there is a user '${name}' already`);
  }
  const reserved = await inside
    .select('reserved_names')
    .select(['forest', 'until'])
    .where('name_key', '=', key)
    .where('until', '>', inside.now())
    .executeTakeFirst();
  if (reserved === undefined || reserved.forest === CLOUD_FOREST) return;
  const text =
    `'${name}' was a name of ${reserved.forest} and is kept for that forest until ${reserved.until.toISOString()}\n` +
    `To free it:\n  causeway tenant name free ${name}`;
  throw new CausewayError('name-reserved', text);
}

function checkedNickname(text: string): string {
  if (MailNickname.min(1).safeParse(text).success) return text;
  throw new CausewayError(
    'bad-mail-nickname',
    `'${text}' cannot be an account name: at most 64 characters expected, without blanks and without "/\\[]:;|=,+*?<>@`,
  );
}

/**
 * Sets another temporary password. It deletes the legacy credentials of the previous one, and disables the account
 * in the managed domain until the user has changed the temporary password.
 */
export async function resetPassword(scope: TenantScope, name: string): Promise<MadePassword> {
  const password = makePassword();
  const cloud_credential = await makeCloudCredential(password);
  const user = await change(scope, name, before => {
    const now = scope.now();
    return {
      cloud_credential,
      credential_change_date: now,
      credential_received_at: now,
      must_change: true,
      ...nextOrder(scope, before, now),
      ...NO_LEGACY,
    };
  });
  return { id: user.id, userPrincipalName: user.user_principal_name, password };
}

/**
 * Sets the password that the user chose, which ends every session.
 * @returns the epoch of the sessions that it opens; undefined if the password that the user gave was changed meanwhile
 */
export async function setChosenPassword(
  scope: TenantScope,
  checked: User,
  password: string,
): Promise<number | undefined> {
  const cloud_credential = await makeCloudCredential(password);
  const set = await scope.transaction(async inside => {
    const counter = await lockCounter(inside);
    const user = await inside.select('users').selectAll().where('id', '=', checked.id).executeTakeFirst();
    if (!user || user.deleted_at || user.cloud_credential !== checked.cloud_credential) return undefined;
    const now = scope.now();
    const order = nextOrder(scope, user, now);
    const next: CloudUser = { ...user, deleted: false };
    const seq = counter.next();
    const legacy = await credentialColumns(inside, next, password, order, seq);
    // The account record comes last, because its sequence is the user's largest.
    const account_sequence = legacy.credential_sequence ?? user.account_sequence;
    const { credential_record } = legacy;
    const account = await accountColumns(inside, { ...next, account_sequence, credential_record }, seq);
    const { session_epoch } = await inside
      .update('users')
      .set({
        ...{ cloud_credential, credential_change_date: now, credential_received_at: now },
        ...{ must_change: false, ...order, ...legacy, ...account },
      })
      .where('id', '=', user.id)
      .returning('session_epoch')
      .executeTakeFirstOrThrow();
    await counter.save();
    return session_epoch;
  });
  changes.emit(scope.tenantId);
  return set;
}

export async function setEnabled(scope: TenantScope, name: string, enabled: boolean): Promise<User> {
  return change(scope, name, () => ({ account_enabled: enabled }));
}

/** Deletes a cloud-only user with its credential, tokens and memberships. The order of its passwords stays. */
export async function deleteCloudUser(scope: TenantScope, name: string): Promise<User> {
  const user = await change(scope, name, () => ({
    deleted_at: scope.now(),
    account_enabled: false,
    administrator: false,
    cloud_credential: null,
    credential_change_date: null,
    credential_received_at: null,
    must_change: false,
    ...NO_LEGACY,
  }));
  await scope.delete('group_members').where('user_id', '=', user.id).execute();
  await forgetMember(scope, user.id);
  return user;
}

type Changes = Partial<
  Omit<User, 'profile' | 'tenant_id' | 'id' | 'origin' | 'forest' | 'source_anchor' | 'created_at'>
>;

/** Changes a cloud-only user and signs a new account record. @throws CausewayError 'last-administrator' */
async function change(scope: TenantScope, name: string, changesOf: (user: User) => Changes): Promise<User> {
  const changed = await scope.transaction(async inside => {
    const counter = await lockCounter(inside);
    const user = await existingCloudUser(inside, name);
    const values = changesOf(user);
    const next = { ...user, ...values };
    await refuseLastAdministrator(inside, user, next);
    const deleted = next.deleted_at !== null;
    const record = await accountColumns(inside, { ...next, deleted }, counter.next());
    const leaves = deleted ? [{ id: user.id, before: user, after: user, gone: true }] : [];
    const { id: _, ...names } = (await provisionNames(inside, leaves)).get(user.id) ?? { id: '' };
    await inside
      .update('users')
      .set({ ...values, ...record, ...names })
      .where('id', '=', user.id)
      .execute();
    // A token must not outlive the password, or the account, that it was made for.
    if (next.must_change || !next.account_enabled) await endTokens(inside, user.id);
    await counter.save();
    return next;
  });
  changes.emit(scope.tenantId);
  return changed;
}
