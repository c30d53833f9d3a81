import {
  NT_HASH_LENGTH,
  openReplicationPayload,
  parseSupplementalCredentials,
  removeRidLayer,
  wipeKeys,
} from '@causeway/credentials';
import {
  decodePropertyMetaData,
  type PrefixTable,
  type ReplicatedAttribute,
  type ReplicatedObject,
} from '@causeway/protocols';
import { DecodeError, decodeSid, decodeUtf16le, Reader, ridOf } from '@causeway/wire';
import { domainSidOf } from '../directory-identity.ts';
import { AttributeOid } from './attributes.ts';
import type { DrsSession } from './drs-session.ts';
import type { ReplicatedDirectory, ReplicatedUser } from './replication.ts';

/** The attributes of one object that were asked for. */
type Attributes = Partial<Record<keyof typeof AttributeOid, ReplicatedAttribute>>;

const NAME_OF_OID = new Map(
  Object.entries(AttributeOid).map(([name, oid]) => [oid as string, name as keyof typeof AttributeOid]),
);

/**
 * What a reply says about one object, with its secrets decrypted. Undefined if it says nothing about an account, as for a group whose name
 * came because users' names were asked for.
 */
export function decodeUser(
  object: ReplicatedObject,
  table: PrefixTable,
  { sessionKey, directory }: Pick<DrsSession, 'sessionKey' | 'directory'>,
): ReplicatedUser | undefined {
  const attributes: Attributes = {};
  for (const attribute of object.attributes) {
    const name = NAME_OF_OID.get(table.oidOf(attribute.type) ?? '');
    if (name) attributes[name] = attribute;
  }
  const { objectSid: _sid, sAMAccountName: _name, ...telling } = attributes;
  if (Object.keys(telling).length === 0) return undefined;
  const user: ReplicatedUser = {
    objectGuid: object.name.guid,
    distinguishedName: object.name.name,
    isDeleted: false,
    ntHash: 'absent',
    kerberosKeys: 'absent',
  };
  try {
    decodePlain(user, object, attributes);
    if (directory && !user.isDeleted) checkDomain(user, directory);
    decodeSecrets(user, attributes, sessionKey);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    wipeUser(user);
    user.ntHash = 'absent';
    user.kerberosKeys = 'absent';
    delete user.keysProblem;
    user.problem = error.message;
  }
  return user;
}

/** Overwrites a user's hash and keys. */
export function wipeUser(user: ReplicatedUser): void {
  if (typeof user.ntHash !== 'string') user.ntHash.fill(0);
  if (typeof user.kerberosKeys !== 'string') wipeKeys(user.kerberosKeys);
}

/** Never decrypts a hash from another domain as one of ours. */
function checkDomain({ objectSid }: ReplicatedUser, { domainSid }: ReplicatedDirectory): void {
  if (objectSid === undefined || domainSidOf(objectSid) === domainSid) return;
  const text = `one of the domain ${domainSid} expected, ${objectSid} came: it is another domain's`;
  throw new DecodeError('objectSid', 'unexpected', text);
}

function decodePlain(user: ReplicatedUser, object: ReplicatedObject, attributes: Attributes): void {
  if (attributes.unicodePwd?.metaData) {
    const metaData = decodePropertyMetaData(attributes.unicodePwd.metaData);
    user.passwordOrder = {
      version: metaData.version,
      originatingTime: metaData.timeChanged,
      originatingInvocationId: metaData.originatingInvocationId,
    };
  }
  const sid = singleValue(attributes.objectSid) ?? object.name.sid;
  if (sid) user.objectSid = decodeSid(sid);
  const deleted = singleValue(attributes.isDeleted);
  user.isDeleted = deleted !== undefined && new Reader(deleted, 'isDeleted').u32le('value') !== 0;
  const name = singleValue(attributes.sAMAccountName);
  if (name) user.sAMAccountName = decodeUtf16le(name);
  const principal = singleValue(attributes.userPrincipalName);
  if (principal) user.userPrincipalName = decodeUtf16le(principal);
  const control = singleValue(attributes.userAccountControl);
  if (control) user.userAccountControl = new Reader(control, 'userAccountControl').u32le('value');
  const lastSet = singleValue(attributes.pwdLastSet);
  if (lastSet) user.pwdLastSet = BigInt.asIntN(64, new Reader(lastSet, 'pwdLastSet').u64le('value'));
}

function decodeSecrets(user: ReplicatedUser, attributes: Attributes, sessionKey: Uint8Array): void {
  const { unicodePwd, supplementalCredentials } = attributes;
  if (unicodePwd) {
    const payload = singleValue(unicodePwd);
    user.ntHash = payload ? decryptHash(payload, user, sessionKey) : 'cleared';
  }
  if (supplementalCredentials) {
    const payload = singleValue(supplementalCredentials);
    if (payload) decryptKeys(payload, user, sessionKey);
    else user.kerberosKeys = 'cleared';
  }
}

function decryptHash(payload: Uint8Array, user: ReplicatedUser, sessionKey: Uint8Array): Uint8Array {
  const layered = openReplicationPayload(sessionKey, payload, 'unicodePwd');
  try {
    if (layered.length !== NT_HASH_LENGTH) {
      throw new DecodeError(
        'unicodePwd',
        'unexpected',
        `${NT_HASH_LENGTH} bytes expected, got ${layered.length}`,
      );
    }
    if (!user.objectSid)
      throw new DecodeError('objectSid', 'unexpected', 'a password without a SID to decrypt it');
    return removeRidLayer(layered, ridOf(user.objectSid));
  } finally {
    layered.fill(0);
  }
}

/** INVARIANT: bad keys cost the keys only; the hash is kept without them. */
function decryptKeys(payload: Uint8Array, user: ReplicatedUser, sessionKey: Uint8Array): void {
  user.kerberosKeys = 'none';
  let blob: Uint8Array | undefined;
  try {
    blob = openReplicationPayload(sessionKey, payload, 'supplementalCredentials');
    const { kerberosKeys, problem } = parseSupplementalCredentials(blob);
    if (kerberosKeys) user.kerberosKeys = kerberosKeys;
    if (problem !== undefined) user.keysProblem = problem;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    user.keysProblem = error.message;
  } finally {
    blob?.fill(0);
  }
}

/** The single value; undefined if the attribute is missing, cleared or empty. */
function singleValue(attribute: ReplicatedAttribute | undefined): Uint8Array | undefined {
  const value = attribute?.values[0];
  return value?.length ? value : undefined;
}
