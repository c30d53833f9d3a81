import {
  CLOUD_FOREST,
  type GroupFields,
  type MembersFields,
  type Refusal,
  type SigningKey,
  signGroupRecord,
  signingPublicKey,
  signMembers,
} from '../index.ts';
import { partsOf, signedBy, withPart } from './fixtures.ts';
import { numberedGroup } from './groups.ts';

/** What a tenant, or another forest, could show instead of what the forest signed. */
export interface Hostile {
  readonly what: string;
  readonly record: string;
  /** The refusal by a reader that trusts the signer only for its forest. */
  readonly refusal: Refusal;
}

/**
 * Variants of a slice by an attacker without the forest's key, and by a signer outside its rights.
 *
 * @param stranger a signer whose key nobody confirmed
 */
export function hostileMembers(signer: SigningKey, stranger: SigningKey, fields: MembersFields): Hostile[] {
  const { members } = fields;
  const other = numberedGroup(4_000_000);
  return [
    ...changed(signMembers(signer, fields), {
      'one more member': { members: [...members, '~'] },
      'one member fewer': { members: members.slice(1) },
      'another member': { members: [...members.slice(1), '~'] },
      'an empty list': { members: [] },
      'the list of another group': { sourceAnchor: other.sourceAnchor, objectGuid: other.objectGuid },
      'another prefix': { prefix: fields.prefix === '' ? '0' : '' },
      'an old slice with a higher sequence': { sequence: fields.sequence + 1_000_000 },
      "another forest's": { forest: 'elsewhere.example.com' },
    }),
    ...relabelled(signer, stranger, signMembers(signer, fields), record =>
      signMembers(record.signer, { ...fields, ...record.changes }),
    ),
  ];
}

/** The same for a group's record. */
export function hostileGroups(signer: SigningKey, stranger: SigningKey, fields: GroupFields): Hostile[] {
  const other = numberedGroup(4_000_000);
  return [
    ...changed(signGroupRecord(signer, fields), {
      'a group of the other type': { securityEnabled: !fields.securityEnabled },
      'a group of another scope': { scope: fields.scope === 'global' ? 'universal' : 'global' },
      'the SID of another group': { objectSid: other.objectSid },
      'the name of another group': { sAMAccountName: other.sAMAccountName },
      'another group': { sourceAnchor: other.sourceAnchor, objectGuid: other.objectGuid },
      'a forged or undone deletion': { deleted: !fields.deleted },
      'an old record with a higher sequence': { sequence: fields.sequence + 1_000_000 },
    }),
    ...relabelled(signer, stranger, signGroupRecord(signer, fields), record =>
      signGroupRecord(record.signer, { ...fields, ...record.changes }),
    ),
  ];
}

const changed = (record: string, changes: Record<string, object>): Hostile[] =>
  Object.entries(changes).map(([what, change]) => ({
    what,
    record: withPart(record, 1, { ...partsOf(record).payload, ...change }),
    refusal: 'bad-signature',
  }));

function relabelled(
  signer: SigningKey,
  stranger: SigningKey,
  genuine: string,
  signedWith: (as: { signer: SigningKey; changes: { forest?: string; tenant?: string } }) => string,
): Hostile[] {
  const { header, payload } = partsOf(genuine);
  const strangers = { ...header, kid: signingPublicKey(stranger).keyId };
  const ofAccount = { ...header, typ: 'causeway-account+jws' };
  const cloud = {
    ...payload,
    version: 2,
    forest: CLOUD_FOREST,
    ...('objectSid' in payload && { objectSid: null }),
  };
  return [
    {
      what: 'signed by a stranger',
      record: signedBy(stranger, strangers, payload),
      refusal: 'unknown-signer',
    },
    {
      what: "a stranger's signature with the signer's id",
      record: signedBy(stranger, header, payload),
      refusal: 'bad-signature',
    },
    { what: 'signed for the cloud forest', record: signedBy(signer, header, cloud), refusal: 'other-forest' },
    {
      what: 'signed for another forest',
      record: signedWith({ signer, changes: { forest: 'elsewhere.example.com' } }),
      refusal: 'other-forest',
    },
    {
      what: 'signed for another tenant',
      record: signedWith({ signer, changes: { tenant: 'another tenant' } }),
      refusal: 'other-tenant',
    },
    { what: 'signed as an account', record: signedBy(signer, ofAccount, payload), refusal: 'wrong-kind' },
    { what: 'with extra data appended', record: `${genuine}~AAAA`, refusal: 'bad-signature' },
  ];
}
